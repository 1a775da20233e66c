//! Checks that the sweeper runs.

use std::time::Duration;

use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use inlet_aws::client::clock;

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::health_checks::check::Check;

/// Maximum time since the last run of the sweeper, which runs every minute.
const SWEPT_WITHIN: Duration = Duration::from_mins(5);

pub(super) async fn check_sweeper(deployment: &Deployment) -> Vec<Check> {
    let client = aws_sdk_cloudwatchlogs::Client::new(&deployment.config);
    let group = format!("/inlet/{}/sweeper", deployment.stage);
    let since = clock::now().earlier(SWEPT_WITHIN).millis();
    let lines = client.filter_log_events().log_group_name(&group).start_time(since);
    let mut lines = lines.into_paginator().send();
    let mut ran = false;
    loop {
        match lines.next().await {
            Some(Ok(page)) if page.events().iter().filter_map(FilteredLogEvent::message).any(is_swept) => {
                return vec![Check::pass("sweeper", "it ran within the last five minutes")];
            }
            Some(Ok(page)) => ran |= !page.events().is_empty(),
            Some(Err(error)) => {
                return vec![Check::not_checked("sweeper", &Failure::aws("its log cannot be read", &error))];
            }
            None => break,
        }
    }
    vec![if ran {
        let finding = "it completed no run within the last five minutes";
        Check::fail("sweeper", finding, format!("read the last lines of the log {group}"))
    } else {
        let finding = "it did not run within the last five minutes";
        Check::fail("sweeper", finding, "check in the AWS console if its schedule is disabled")
    }]
}

/// Returns true if a line of the sweeper's log reports a complete run (`inlet_aws::lambda::sweeper`). A crash writes
/// lines too.
fn is_swept(line: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(line)
        .is_ok_and(|line| line.get("outcome").is_some_and(|outcome| outcome == "swept"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_complete_run_of_the_sweeper_counts() {
        for (line, is) in [
            (r#"{"level":"info","message":"sweep","outcome":"swept","Resent":0}"#, true),
            (r#"{"level":"error","message":"sweep","outcome":"failed","reason":"swept away"}"#, false),
            ("RequestId: 1 Error: Runtime exited with error: exit status 101", false),
            (r#"{"type":"platform.report","record":{"status":"timeout"}}"#, false),
        ] {
            assert_eq!(is_swept(line), is, "{line}");
        }
    }
}
