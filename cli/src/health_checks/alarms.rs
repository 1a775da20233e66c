//! Checks of the states of the alarms.

use aws_sdk_cloudwatch::types::StateValue;

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::health_checks::check::Check;

pub(super) async fn check_alarms(deployment: &Deployment, names: Vec<String>) -> Vec<Check> {
    if names.is_empty() {
        let next = "deploy with the template parameter Alarms=yes to create them";
        return vec![Check::unknown("alarms", "no alarms are deployed", next)];
    }
    let client = aws_sdk_cloudwatch::Client::new(&deployment.config);
    let mut ringing = Vec::new();
    let mut known = 0_usize;
    // One call takes at most 100 names.
    for some in names.chunks(100) {
        match client.describe_alarms().set_alarm_names(Some(some.to_vec())).send().await {
            Ok(described) => {
                known = known.saturating_add(described.metric_alarms().len());
                let alarmed = described
                    .metric_alarms()
                    .iter()
                    .filter(|one| one.state_value() == Some(&StateValue::Alarm));
                ringing.extend(alarmed.map(|alarm| {
                    let (name, about) = (alarm.alarm_name().unwrap_or_default(), alarm.alarm_description());
                    Check::fail(
                        "alarms",
                        format!("{name} is in state ALARM"),
                        about.unwrap_or("read its section in docs/runbook.md"),
                    )
                }));
            }
            Err(error) => {
                return vec![Check::not_checked(
                    "alarms",
                    &Failure::aws("their states cannot be read", &error),
                )];
            }
        }
    }
    if known < names.len() {
        let finding = format!("{} of {} do not exist", names.len().saturating_sub(known), names.len());
        let next = "deploy with Alarms=no, then with Alarms=yes: a deployment without a change creates none";
        ringing.push(Check::fail("alarms", finding, next));
    }
    if ringing.is_empty() {
        vec![Check::pass("alarms", format!("none of {known} is in state ALARM"))]
    } else {
        ringing
    }
}
