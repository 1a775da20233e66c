//! Checks of the consumer that the stack names: a Lambda function, or an HTTPS endpoint.

use aws_sdk_cloudformation::types::Stack;
use aws_sdk_lambda::config::{Builder, Region};
use aws_sdk_sqs::types::QueueAttributeName;
use aws_sdk_ssm::operation::get_parameter::GetParameterError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::health_checks::check::Check;
use crate::health_checks::surroundings::parameter;
use crate::output::counted;

/// The most seconds that the template allows for a call.
const MAX_SECONDS: i32 = 40;

/// The lengths of a signing secret in bytes, after its prefix: those of Standard Webhooks.
const SECRET_LENS: std::ops::RangeInclusive<usize> = 24..=64;

/// Returns true if the stack's events go to a function or an endpoint, and not to the bus.
pub(super) fn replaces_bus(stack: &Stack) -> bool {
    ["ConsumerFunctionArn", "ConsumerUrl"].iter().any(|name| named(stack, name).is_some())
}

/// Checks the function or the endpoint. None if events go to the bus.
pub(super) async fn check(deployment: &Deployment, stack: &Stack) -> Option<Check> {
    // A stack that is older than the parameter has the processor's default.
    let limit = parameter(stack, "ConsumerTimeoutSeconds").unwrap_or(20);
    match (named(stack, "ConsumerFunctionArn"), named(stack, "ConsumerUrl")) {
        (Some(arn), _) => Some(check_function(deployment, &arn, limit).await),
        (None, Some(url)) => Some(check_secrets(deployment, &url).await),
        (None, None) => None,
    }
}

fn named(stack: &Stack, name: &str) -> Option<String> {
    parameter(stack, name).filter(|value: &String| !value.is_empty())
}

async fn check_function(deployment: &Deployment, arn: &str, limit: i32) -> Check {
    let mut client = Builder::from(&deployment.config);
    // The fourth part of `arn:aws:lambda:{region}:{account}:function:{name}`.
    if let Some(region) = arn.split(':').nth(3).filter(|region| !region.is_empty()) {
        client = client.region(Region::new(region.to_owned()));
    }
    let client = aws_sdk_lambda::Client::from_conf(client.build());
    match client.get_function_configuration().function_name(arn).send().await {
        Ok(function) => {
            timeout(arn, function.timeout().unwrap_or_default(), limit, visibility(deployment).await)
        }
        Err(error) => {
            let failure = Failure::aws("the function cannot be described", &error);
            let next = "deploy the function, or give the stack the ARN of another one (ConsumerFunctionArn)";
            Check::missing_or_not_checked("consumer", arn, &failure, next)
        }
    }
}

/// Judges the timeout of the function by the time that the processor waits for it, and by the time until a message is
/// received again. All are in seconds.
fn timeout(arn: &str, timeout: i32, limit: i32, visibility: Option<i32>) -> Check {
    if timeout <= limit {
        let finding = format!(
            "events go to {arn}, whose timeout of {timeout} s is within ConsumerTimeoutSeconds={limit}"
        );
        return Check::pass("consumer", finding);
    }
    let finding = format!(
        "the timeout of {arn}, {timeout} s, is longer than ConsumerTimeoutSeconds={limit}: Inlet cannot end a call that \
         it no longer waits for"
    );
    let finding = match visibility {
        Some(visibility) if timeout > visibility => {
            format!("{finding}, and the next attempt begins beside it after {visibility} s")
        }
        _ => finding,
    };
    let next = if timeout <= MAX_SECONDS {
        format!("set the function's Timeout to {limit}, or deploy with ConsumerTimeoutSeconds={timeout}")
    } else {
        format!(
            "set the function's Timeout to {limit} or less (ConsumerTimeoutSeconds may be {MAX_SECONDS} at most)"
        )
    };
    Check::warning("consumer", finding, next)
}

/// Returns the visibility timeout of the event queue in seconds. None if it cannot be read: another check says so.
async fn visibility(deployment: &Deployment) -> Option<i32> {
    let name = QueueAttributeName::VisibilityTimeout;
    let get = deployment.clients().sqs.get_queue_attributes().queue_url(&deployment.queue_url);
    let output = get.attribute_names(name.clone()).send().await.ok()?;
    output.attributes()?.get(&name)?.parse().ok()
}

async fn check_secrets(deployment: &Deployment, url: &str) -> Check {
    let name = format!("/inlet-consumer/{}", deployment.stage);
    let get = deployment.clients().ssm.get_parameter().name(&name).with_decryption(true);
    match get.send().await {
        Ok(got) => secrets(url, &name, got.parameter.and_then(|parameter| parameter.value).as_deref()),
        Err(error) if error.as_service_error().is_some_and(GetParameterError::is_parameter_not_found) => {
            secrets(url, &name, None)
        }
        Err(error) => {
            let failure = Failure::aws("the secrets that sign requests cannot be read", &error);
            Check::not_checked("consumer", &failure)
        }
    }
}

/// Judges the value of the parameter with the secrets that sign requests to the endpoint.
fn secrets(url: &str, name: &str, value: Option<&str>) -> Check {
    let url = without_query(url);
    let next = "docs/consumers.md#an-https-endpoint has the command that sets it";
    let Some(value) = value else {
        let finding = format!("the parameter {name} does not exist, so nothing is sent to {url}");
        return Check::fail("consumer", finding, next);
    };
    let list: Vec<Value> = serde_json::from_str(value).unwrap_or_default();
    let usable = list.iter().filter(|secret| secret.as_str().is_some_and(is_usable)).count();
    let unusable = list.len().saturating_sub(usable);
    match (usable, unusable) {
        (0, _) => {
            let finding = format!(
                "{name} has no secret of the form whsec_ and the base64 of 24 to 64 bytes in a JSON list, so nothing is \
                 sent to {url}"
            );
            Check::fail("consumer", finding, next)
        }
        (_, 0) => {
            let secrets = counted(usable, "secret signs", "secrets sign");
            Check::pass("consumer", format!("events go to {url}; {secrets} each request"))
        }
        (_, unusable) => {
            let finding =
                format!("{unusable} of the {} secrets in {name} cannot be used and do not sign", list.len());
            Check::warning("consumer", finding, "each is whsec_ and the base64 of 24 to 64 bytes")
        }
    }
}

/// A query may contain a key.
fn without_query(url: &str) -> &str {
    url.split('?').next().unwrap_or_default()
}

fn is_usable(secret: &str) -> bool {
    let key = secret.trim().strip_prefix("whsec_").and_then(|key| STANDARD.decode(key).ok());
    key.is_some_and(|key| SECRET_LENS.contains(&key.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Status;

    const ARN: &str = "arn:aws:lambda:eu-central-1:123456789012:function:orders:live";
    const NAME: &str = "/inlet-consumer/prod";
    const URL: &str = "https://hooks.example.com/inlet?key=hidden";

    #[test]
    fn a_function_that_outlasts_a_call_is_a_warning() {
        let check = |seconds| timeout(ARN, seconds, 20, Some(180));
        assert_eq!([3, 20].map(|seconds| check(seconds).status), [Status::Pass; 2]);
        for (seconds, finding, next) in [
            (21, "21 s, is longer than ConsumerTimeoutSeconds=20", "ConsumerTimeoutSeconds=21"),
            (60, "no longer waits for", "Timeout to 20 or less"),
            (900, "begins beside it after 180 s", "may be 40 at most"),
        ] {
            let check = check(seconds);
            assert_eq!(check.status, Status::Warning, "{seconds}");
            assert!(check.finding.contains(finding), "{}", check.finding);
            assert!(check.next.as_deref().unwrap_or_default().contains(next), "{:?}", check.next);
        }
        assert!(!check(60).finding.contains("beside it"), "it ends before the next attempt");
    }

    #[test]
    fn an_endpoint_needs_a_secret_that_signs() {
        let good = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
        let two = format!(r#"["{good}", "{good}"]"#);
        let mixed = format!(r#"["{good}", "canary"]"#);
        for (value, status) in [
            (None, Status::Fail),
            (Some(""), Status::Fail),
            (Some("[]"), Status::Fail),
            (Some(good), Status::Fail),
            (Some(r#"["canary"]"#), Status::Fail),
            (Some(r#"["whsec_c2hvcnQ="]"#), Status::Fail),
            (Some(mixed.as_str()), Status::Warning),
            (Some(two.as_str()), Status::Pass),
        ] {
            let check = secrets(URL, NAME, value);
            assert_eq!(check.status, status, "{value:?}: {}", check.finding);
            let all = format!("{check:?}");
            assert!(!all.contains("canary") && !all.contains("hidden") && !all.contains("MDEy"), "{all}");
        }
        assert!(secrets(URL, NAME, Some(&two)).finding.contains("2 secrets sign each request"));
    }
}
