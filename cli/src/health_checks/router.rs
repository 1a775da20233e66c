//! Checks of the router, the function behind the API's route `$default`: it exists, forwards, and does not fail. The
//! alarm of unknown paths is among the alarms of the stack.

use aws_sdk_cloudformation::types::StackResourceSummary;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Datapoint, Dimension, Statistic};
use inlet_aws::client::clock;

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::health_checks::check::{Check, DEPLOY_AGAIN};
use crate::health_checks::receivers::capitalised;
use crate::http;
use crate::output::counted;
use crate::providers::{ALL, ProviderHandle};

/// The time in which failed invocations are counted, in seconds.
const LATELY: i64 = 3600;

/// Runs the checks. A deployment without any receiver has no router and needs none.
pub(super) async fn check_all(deployment: &Deployment, resources: &[StackResourceSummary]) -> Vec<Check> {
    let receiver = ALL
        .iter()
        .copied()
        .find(|provider| function(resources, &format!("{}Function", capitalised(provider.name))).is_some());
    match (receiver, function(resources, "RouterFunction")) {
        (None, _) => Vec::new(),
        (Some(_), None) => {
            let finding = "it is not deployed: a delivery whose path is slightly wrong is lost";
            vec![Check::fail("router", finding, DEPLOY_AGAIN)]
        }
        (Some(receiver), Some(function)) => {
            let (forwards, failures) =
                tokio::join!(check_route(deployment, receiver), check_failures(deployment, function));
            vec![forwards, failures]
        }
    }
}

/// Returns the name of the function with this logical id.
fn function<'stack>(resources: &'stack [StackResourceSummary], id: &str) -> Option<&'stack str> {
    resources.iter().find(|one| one.logical_resource_id() == Some(id))?.physical_resource_id()
}

/// Sends a GET, which has no effect, to a path in upper case, which matches the route `$default` only.
async fn check_route(deployment: &Deployment, provider: ProviderHandle) -> Check {
    let url = format!("{}/{}/doctor/probe", deployment.api, provider.name.to_ascii_uppercase());
    let sent = match http::client(&deployment.api) {
        Ok(client) => client.get(url).send().await.ok(),
        Err(failure) => return Check::not_checked("router", &failure),
    };
    route(sent.map(|response| response.status().as_u16()), &deployment.stage)
}

/// Judges the response to a slightly wrong path: its status, or None without a response.
fn route(status: Option<u16>, stage: &str) -> Check {
    match status {
        Some(200) => Check::pass("router", "it forwards a slightly wrong path to the receiver"),
        Some(404) => {
            let next = format!("check in the AWS console if the API has the route $default; {DEPLOY_AGAIN}");
            Check::fail("router", "a slightly wrong path gets a 404", next)
        }
        Some(status) => {
            let finding = format!("a slightly wrong path gets a {status}");
            Check::fail("router", finding, format!("read the log /inlet/{stage}/router"))
        }
        None => {
            Check::fail("router", "it does not respond", "check the network, then the API in the AWS console")
        }
    }
}

async fn check_failures(deployment: &Deployment, function: &str) -> Check {
    let now = clock::now().millis() / 1000;
    let at = DateTime::from_secs;
    let asked = aws_sdk_cloudwatch::Client::new(&deployment.config)
        .get_metric_statistics()
        .namespace("AWS/Lambda")
        .metric_name("Errors")
        .dimensions(Dimension::builder().name("FunctionName").value(function).build())
        .start_time(at(now.saturating_sub(LATELY)))
        .end_time(at(now))
        .period(60)
        .statistics(Statistic::Sum)
        .send()
        .await;
    match asked {
        Ok(found) => failures(found.datapoints().iter().filter_map(Datapoint::sum).sum(), &deployment.stage),
        Err(error) => Check::not_checked("router", &Failure::aws("its errors cannot be read", &error)),
    }
}

/// Judges the number of invocations that failed recently.
fn failures(count: f64, stage: &str) -> Check {
    if count < 1.0 {
        return Check::pass("router", "none of its invocations failed within the last hour");
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, at least 1")]
    let failed = counted(count as u64, "invocation", "invocations");
    Check::warning(
        "router",
        format!("{failed} failed within the last hour; the deliveries got a 5xx"),
        format!("read the log /inlet/{stage}/router"),
    )
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::types::ResourceStatus;

    use super::*;
    use crate::output::Status::{Fail, Pass, Warning};

    #[test]
    fn only_a_forwarded_path_passes() {
        let checks = [Some(200), Some(404), Some(503), None].map(|status| route(status, "prod"));
        assert_eq!(checks.each_ref().map(|check| check.status), [Pass, Fail, Fail, Fail]);
        let next = checks.each_ref().map(|check| check.next.as_deref().unwrap_or_default());
        assert!(next[1].contains("$default") && next[2].ends_with("/inlet/prod/router"), "{next:?}");
    }

    #[test]
    fn a_failed_invocation_is_a_warning() {
        let checks = [0.0, 1.0, 12.0].map(|count| failures(count, "prod"));
        assert_eq!(checks.each_ref().map(|check| check.status), [Pass, Warning, Warning]);
        assert!(checks[1].finding.starts_with("1 invocation failed"), "{}", checks[1].finding);
        assert!(checks[2].finding.starts_with("12 invocations failed"), "{}", checks[2].finding);
    }

    #[test]
    fn a_function_is_found_by_its_logical_id() {
        let resource = StackResourceSummary::builder().logical_resource_id("RouterFunction");
        let resource = resource.physical_resource_id("inlet-RouterFunction-1").resource_type("function");
        let resources = [resource.resource_status(ResourceStatus::CreateComplete).build()];
        assert_eq!(function(&resources, "RouterFunction"), Some("inlet-RouterFunction-1"));
        assert_eq!(function(&resources, "ZidFunction"), None);
    }
}
