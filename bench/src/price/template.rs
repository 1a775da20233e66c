//! The parts of a price that `template.yaml` decides: alarms, and the length of a line of the API's log.

/// The template.
const TEMPLATE: &str = include_str!("../../../template.yaml");

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

/// Returns the number of metrics that the alarms of a deployment with this provider and the bus read: AWS bills an alarm for
/// each of them. The alarm over the rules of the bus reads one metric for each rule, and counts as one.
pub fn alarm_metrics(provider: &str) -> usize {
    let of_all = ["WithAlarms".to_owned(), "WithBusAlarms".to_owned()];
    let mut letters = provider.chars();
    let name: String =
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect();
    let is_there = |condition: &str| {
        of_all.iter().any(|of_all| of_all == condition) || condition == format!("With{name}Alarms")
    };
    resources(TEMPLATE)
        .filter(|resource| resource.contains("    Type: AWS::CloudWatch::Alarm\n"))
        .filter(|resource| property(resource, "Condition").is_some_and(is_there))
        .map(|alarm| alarm.matches("MetricStat:").count().max(1))
        .sum()
}

/// Returns the length of a line of the API's log with typical values, in bytes.
///
/// # Errors
/// If the template has no such line, or the line has a variable without a typical value.
pub fn api_log_len() -> Result<usize, String> {
    let (_, settings) =
        TEMPLATE.split_once("AccessLogSettings:").ok_or("the template has no log of the API")?;
    let (_, format) = settings.split_once("Format: !Sub >-\n").ok_or("the API's log has no format")?;
    let lines = format.lines().take_while(|line| line.starts_with("          "));
    let mut line = lines.map(str::trim).collect::<Vec<_>>().join(" ").replace("${Stage}", "prod");
    // The longest name first, because some names are the beginning of others.
    let mut context = CONTEXT;
    context.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    for (name, value) in context {
        line = line.replace(&format!("$context.{name}"), value);
    }
    if line.contains("$context") {
        Err(format!("a variable without a value: {line}"))
    } else {
        Ok(line.len())
    }
}

/// Returns the text of each resource.
fn resources(template: &str) -> impl Iterator<Item = &str> {
    let (_, resources) = template.split_once("\nResources:\n").unwrap_or_default();
    resources.split("\n\n").filter(|block| block.starts_with("  ") && !block.starts_with("   "))
}

fn property<'r>(resource: &'r str, name: &str) -> Option<&'r str> {
    resource.lines().find_map(|line| line.strip_prefix("    ")?.strip_prefix(name)?.strip_prefix(": "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alarm_of_the_template_is_of_all_or_of_a_provider() {
        let of_all = alarm_metrics("none");
        let of_providers: usize =
            inlet_providers::NAMES.iter().map(|name| alarm_metrics(name) - of_all).sum();
        let alarms = TEMPLATE.matches("Type: AWS::CloudWatch::Alarm").count();
        assert!(of_all + of_providers >= alarms, "{of_all} and {of_providers} metrics of {alarms} alarms");
        for name in inlet_providers::NAMES {
            assert!(alarm_metrics(name) > of_all, "{name} has no alarm");
        }
    }

    #[test]
    fn a_line_of_the_api_log_has_a_value_for_each_variable() {
        let len = api_log_len().expect("a line");
        assert!((150..500).contains(&len), "{len} bytes");
    }
}
