//! The metrics in a function's log, in CloudWatch's embedded metric format. CloudWatch bills each combination of a
//! namespace, a name and the dimensions' values as a metric.

use std::collections::BTreeSet;

use serde_json::Value;

/// Returns the metrics of a log.
pub fn of_log(log: &str) -> BTreeSet<String> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.flat_map(|line| of_line(&line)).collect()
}

fn of_line(line: &Value) -> Vec<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut found = Vec::new();
    for directive in list(&line["_aws"]["CloudWatchMetrics"]) {
        for dimensions in list(&directive["Dimensions"]) {
            let values = list(&dimensions).iter().map(|name| text(&line[text(name)])).collect::<Vec<_>>();
            let of_set = format!("{} {dimensions} {values:?}", directive["Namespace"]);
            found.extend(
                list(&directive["Metrics"]).iter().map(|metric| format!("{} {of_set}", metric["Name"])),
            );
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_counts_once_for_each_set_of_dimension_values() {
        let line = |provider: &str| {
            format!(
                r#"{{"_aws":{{"CloudWatchMetrics":[{{"Namespace":"Inlet","Dimensions":[["Stage"],["Stage","Provider"]],"Metrics":[{{"Name":"Accepted"}}]}}]}},"Stage":"a","Provider":"{provider}"}}"#
            )
        };
        let log = format!("{}\n{}\n{}\nnot JSON\n{{}}\n", line("zid"), line("zid"), line("zip"));
        assert_eq!(of_log(&log).len(), 3, "{:?}", of_log(&log));
    }
}
