//! Checks of the surroundings of a deployment: the account's limits in the region, the protection of the stack, and the
//! subscribers of the alarms. None of them breaks a deployment today, so every finding is a warning.

use std::str::FromStr;

use aws_sdk_apigateway::types::ThrottleSettings;
use aws_sdk_cloudformation::types::Stack;
use aws_sdk_lambda::types::AccountLimit;

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::health_checks::check::Check;
use crate::output::counted;

/// The concurrent executions below which receivers and processor can get into each other's way. New accounts have 10 to
/// 50, established ones 1000.
const ENOUGH_CONCURRENCY: i32 = 100;

/// The page with the quotas of the regions.
const QUOTAS: &str = "docs/scaling.md lists the quotas of the regions";

/// Runs the checks. A disposable stage needs no protection and no subscribers.
pub(super) async fn check_all(deployment: &Deployment, stack: &Result<Stack, Failure>) -> Vec<Check> {
    let stack = match stack {
        Ok(stack) => stack,
        Err(failure) => return vec![Check::not_checked("stack", failure)],
    };
    let topic = output(stack, "AlarmTopicArn").filter(|_| !deployment.is_disposable());
    let subscribers = async {
        match topic {
            Some(topic) => Some(check_subscribers(deployment, topic).await),
            None => None,
        }
    };
    let (concurrency, api, subscribers) =
        tokio::join!(check_concurrency(deployment, stack), check_api_limits(deployment, stack), subscribers);
    let mut checks = vec![concurrency, api];
    if !deployment.is_disposable() {
        let is_protected = stack.enable_termination_protection() == Some(true);
        checks.push(termination_protection(&deployment.stack, is_protected));
        if let Some(subscribers) = subscribers {
            checks.push(subscribers);
            checks.extend(parameter(stack, "RunbookUrl").map(|address: String| runbook(&address)));
        }
    }
    checks
}

/// Describes the stack.
///
/// # Errors
/// If it does not exist, or AWS cannot be called.
pub(super) async fn describe_stack(deployment: &Deployment) -> Result<Stack, Failure> {
    let client = aws_sdk_cloudformation::Client::new(&deployment.config);
    let described = client.describe_stacks().stack_name(&deployment.stack).send().await;
    let described = described.map_err(|error| Failure::aws("the stack cannot be described", &error))?;
    described.stacks.unwrap_or_default().into_iter().next().ok_or_else(|| Failure::NotFound {
        what: format!("stack {}", deployment.stack),
        next: "list the stacks with `aws cloudformation list-stacks`".to_owned(),
    })
}

/// Returns an output of the stack.
fn output<'stack>(stack: &'stack Stack, name: &str) -> Option<&'stack str> {
    stack.outputs().iter().find(|one| one.output_key() == Some(name))?.output_value()
}

/// Returns a parameter of the stack. None if the stack is older than the parameter.
pub(super) fn parameter<T: FromStr>(stack: &Stack, name: &str) -> Option<T> {
    stack.parameters().iter().find(|one| one.parameter_key() == Some(name))?.parameter_value()?.parse().ok()
}

async fn check_concurrency(deployment: &Deployment, stack: &Stack) -> Check {
    let asked = aws_sdk_lambda::Client::new(&deployment.config).get_account_settings().send().await;
    match asked {
        Ok(settings) => {
            let limit = settings.account_limit().map(AccountLimit::concurrent_executions);
            concurrency(limit.unwrap_or_default(), parameter(stack, "ProcessorConcurrency"))
        }
        Err(error) => Check::not_checked("account", &Failure::aws("Lambda's limits cannot be read", &error)),
    }
}

/// Returns the check of the account's concurrent executions in the region.
fn concurrency(limit: i32, of_processor: Option<u32>) -> Check {
    let finding = format!("Lambda may run {limit} functions concurrently in this account and region");
    if limit >= ENOUGH_CONCURRENCY {
        return Check::pass("account", finding);
    }
    let taken = of_processor.map(|taken| format!("; the processor may take {taken} of them"));
    Check::warning(
        "account",
        format!("{finding}{}", taken.unwrap_or_default()),
        "request an increase of the quota `Concurrent executions` of AWS Lambda in Service Quotas",
    )
}

async fn check_api_limits(deployment: &Deployment, stack: &Stack) -> Check {
    let client = aws_sdk_apigateway::Client::new(&deployment.config);
    let account = match client.get_account().send().await {
        Ok(account) => account,
        Err(error) => {
            let failure = Failure::aws("the API quotas of the region cannot be read", &error);
            return Check::not_checked("api", &failure);
        }
    };
    let routes = parameter(stack, "RequestsPerSecond").zip(parameter(stack, "RequestBurst"));
    match (account.throttle_settings(), routes) {
        (Some(account), Some((per_second, burst))) => api_limits(account, per_second, burst),
        _ => Check::unknown("api", "not checked: the quotas or the stack's limits are not known", QUOTAS),
    }
}

/// Returns the check of the requests that all APIs of the account may receive in the region by the limits of one route.
fn api_limits(account: &ThrottleSettings, per_second: f64, burst: i32) -> Check {
    let finding = format!(
        "all APIs of the account together may receive {} requests a second here, with a burst of {}",
        account.rate_limit(),
        account.burst_limit()
    );
    if account.rate_limit() >= per_second && account.burst_limit() >= burst {
        return Check::pass("api", finding);
    }
    Check::warning(
        "api",
        format!("{finding}; RequestsPerSecond={per_second} and RequestBurst={burst} promise more"),
        format!("lower the two parameters, or request an increase in Service Quotas; {QUOTAS}"),
    )
}

/// Returns the check that a stack of a protected stage cannot be deleted by mistake.
fn termination_protection(stack: &str, is_protected: bool) -> Check {
    if is_protected {
        return Check::pass("stack", "it has termination protection");
    }
    Check::warning(
        "stack",
        "it has no termination protection: if it is deleted, the API's address is lost at every provider",
        format!(
            "aws cloudformation update-termination-protection --enable-termination-protection --stack-name {stack}"
        ),
    )
}

async fn check_subscribers(deployment: &Deployment, topic: &str) -> Check {
    let asked =
        aws_sdk_sns::Client::new(&deployment.config).get_topic_attributes().topic_arn(topic).send().await;
    match asked {
        Ok(found) => {
            let count = |name| {
                found
                    .attributes()
                    .and_then(|all| all.get(name))
                    .and_then(|text| text.parse().ok())
                    .unwrap_or(0)
            };
            subscribers(topic, count("SubscriptionsConfirmed"), count("SubscriptionsPending"))
        }
        Err(error) => Check::not_checked("alarms", &Failure::aws("their topic cannot be read", &error)),
    }
}

/// Returns the check of the subscriptions of the topic that every alarm notifies.
fn subscribers(topic: &str, confirmed: u64, pending: u64) -> Check {
    match (confirmed, pending) {
        (0, 0) => Check::warning(
            "alarms",
            "their topic has no subscriber, so no operator is notified",
            format!("deploy with the parameter AlarmEmail, or subscribe to {topic}"),
        ),
        (0, waiting) => Check::warning(
            "alarms",
            format!(
                "{} not confirmed, so no operator is notified",
                counted(waiting, "subscription is", "subscriptions are")
            ),
            "open the link in the e-mail `AWS Notification - Subscription Confirmation`",
        ),
        (ready, _) => {
            Check::pass("alarms", format!("they notify {}", counted(ready, "subscriber", "subscribers")))
        }
    }
}

/// Returns the check of the address with which the text of every alarm ends.
fn runbook(address: &str) -> Check {
    if address.starts_with("https://") || address.starts_with("http://") {
        return Check::pass("alarms", format!("their texts link to {address}"));
    }
    Check::warning(
        "alarms",
        format!("their texts end with {address}, which is not a link in an e-mail"),
        "deploy with the parameter RunbookUrl: the full address of docs/runbook.md in your copy of the repository",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Status::{self, Pass, Warning};

    fn statuses<const N: usize>(checks: [Check; N]) -> [Status; N] {
        checks.map(|check| check.status)
    }

    #[test]
    fn fewer_than_100_concurrent_executions_are_a_warning() {
        let limits = [10, 99, 100, 1000];
        assert_eq!(statuses(limits.map(|limit| concurrency(limit, Some(5)))), [Warning, Warning, Pass, Pass]);
        let finding = concurrency(10, Some(5)).finding;
        assert!(finding.contains("10 functions concurrently") && finding.contains("may take 5"), "{finding}");
    }

    #[test]
    fn limits_of_a_route_above_the_regions_are_a_warning() {
        let account = ThrottleSettings::builder().rate_limit(2500.0).burst_limit(1250).build();
        let routes = [(1000.0, 1000), (2500.0, 1250), (2501.0, 1000), (1000.0, 1251)];
        let checks = routes.map(|(per_second, burst)| api_limits(&account, per_second, burst));
        assert_eq!(statuses(checks), [Pass, Pass, Warning, Warning]);
    }

    #[test]
    fn a_stack_without_termination_protection_is_a_warning() {
        let checks = [false, true].map(|is_protected| termination_protection("inlet-prod", is_protected));
        let next = checks[0].next.clone().unwrap_or_default();
        assert!(next.ends_with("--stack-name inlet-prod"), "{next}");
        assert_eq!(statuses(checks), [Warning, Pass]);
    }

    #[test]
    fn only_a_full_address_is_a_link_in_an_e_mail() {
        let addresses = ["docs/runbook.md", "https://example.com/docs/runbook.md"];
        assert_eq!(statuses(addresses.map(runbook)), [Warning, Pass]);
    }

    #[test]
    fn only_a_confirmed_subscriber_counts() {
        let checks = [(0, 0), (0, 2), (1, 0), (2, 1)]
            .map(|(confirmed, pending)| subscribers("arn", confirmed, pending));
        let findings = checks.each_ref().map(|check| check.finding.clone());
        assert_eq!(statuses(checks), [Warning, Warning, Pass, Pass], "{findings:?}");
        assert!(findings[1].contains("2 subscriptions are not confirmed"), "{findings:?}");
    }
}
