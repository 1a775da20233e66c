//! The parts of a price that `template.yaml` decides: alarms, and the length of a line of the API's log. `local/bench.py`
//! parses the template as SAM does, and writes it as JSON.

use std::fs;

use serde_json::Value;

use super::Failure;
use crate::place;

/// Typical values of the API's log line, by the name of the variable.
const CONTEXT: [(&str, &str); 9] = [
    ("requestId", "JKJaXmPLvHcESHA="),
    ("requestTime", "12/Jun/2025:08:01:12 +0000"),
    ("routeKey", "ANY /dealpos/{store}/{topic}"),
    ("status", "200"),
    ("responseLatency", "25"),
    ("integrationLatency", "20"),
    ("integrationStatus", "200"),
    ("responseLength", "17"),
    ("error.responseType", "-"),
];

/// The parsed template.
pub struct Template(Value);

impl Template {
    /// Reads the template that `local/bench.py` wrote.
    ///
    /// # Errors
    /// If it was not written.
    pub fn read() -> Result<Self, Failure> {
        let file = place::state().join("template.json");
        let text = fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(Self(serde_json::from_slice(&text)?))
    }

    /// Returns the number of metrics that the alarms of a deployment with this provider and the bus read: AWS bills an
    /// alarm for each of them. The alarm over the rules of the bus reads one metric for each rule, and counts as one.
    pub fn alarm_metrics(&self, provider: &str) -> usize {
        let mut letters = provider.chars();
        let name: String =
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect();
        let conditions = ["WithAlarms".to_owned(), "WithBusAlarms".to_owned(), format!("With{name}Alarms")];
        let is_there =
            |alarm: &&Value| conditions.iter().any(|condition| alarm["Condition"] == condition.as_str());
        let metrics = |alarm: &Value| {
            let queries = alarm["Properties"]["Metrics"].as_array().into_iter().flatten();
            queries.filter(|query| query["MetricStat"].is_object()).count().max(1)
        };
        self.of_type("AWS::CloudWatch::Alarm").filter(is_there).map(metrics).sum()
    }

    /// Returns the length of a line of the API's log with typical values, in bytes.
    ///
    /// # Errors
    /// If the template has no such line, or the line has a variable without a typical value.
    pub fn api_log_len(&self) -> Result<usize, Failure> {
        let mut apis = self.of_type("AWS::Serverless::HttpApi");
        let format =
            apis.find_map(|api| api["Properties"]["AccessLogSettings"]["Format"]["Fn::Sub"].as_str());
        let mut line = format.ok_or("the template has no log of the API")?.replace("${Stage}", "prod");
        // The longest name first, because some names are the beginning of others.
        let mut context = CONTEXT;
        context.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        for (name, value) in context {
            line = line.replace(&format!("$context.{name}"), value);
        }
        if line.contains("$context") {
            return Err(format!("a variable without a value: {line}").into());
        }
        Ok(line.len())
    }

    fn of_type(&self, kind: &'static str) -> impl Iterator<Item = &Value> {
        let resources = self.0["Resources"].as_object().into_iter().flat_map(|resources| resources.values());
        resources.filter(move |resource| resource["Type"] == kind)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn alarm(condition: &str, properties: Value) -> Value {
        json!({"Type": "AWS::CloudWatch::Alarm", "Condition": condition, "Properties": properties})
    }

    #[test]
    fn an_alarm_is_billed_for_each_metric_that_it_reads() {
        let ratio = json!({"Metrics": [{"MetricStat": {}}, {"MetricStat": {}}, {"Expression": "a / b"}]});
        let query = json!({"Metrics": [{"Expression": "SELECT MAX(m)"}]});
        let template = Template(json!({"Resources": {
            "One": alarm("WithAlarms", json!({"MetricName": "m"})),
            "Ratio": alarm("WithZidAlarms", ratio),
            "Bus": alarm("WithBusAlarms", query),
            "Other": alarm("WithZipAlarms", json!({"MetricName": "m"})),
            "Table": {"Type": "AWS::DynamoDB::Table", "Condition": "WithAlarms"},
        }}));
        assert_eq!((template.alarm_metrics("zid"), template.alarm_metrics("zip")), (4, 3));
    }

    #[test]
    fn a_line_of_the_api_log_needs_a_value_for_each_variable() {
        let api = |format: &str| {
            let settings = json!({"AccessLogSettings": {"Format": {"Fn::Sub": format}}});
            Template(
                json!({"Resources": {"Api": {"Type": "AWS::Serverless::HttpApi", "Properties": settings}}}),
            )
        };
        let line = api(r#"{"s":"$context.status","i":"$context.integrationStatus","g":"${Stage}"}"#);
        assert_eq!(line.api_log_len().expect("a line"), r#"{"s":"200","i":"200","g":"prod"}"#.len());
        assert!(api("$context.path").api_log_len().is_err());
        assert!(Template(json!({})).api_log_len().is_err());
    }
}
