//! The consumer `function`: it invokes a Lambda function with a list of events and waits for its response.
//!
//! ```json
//! {"events": [{"specversion": "1.0", "id": "zid/riyadh/order/81230457/9f2c41d8a3b7e6f0", …}]}
//! ```
//!
//! The response is empty, `null` or `{}` if all events are processed, else it lists the failures:
//!
//! ```json
//! {"failures": [{"id": "zid/…", "kind": "permanent", "reason": "no such product"}]}
//! ```

mod response;

use std::time::Duration;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::config::{Builder, Region, StalledStreamProtectionConfig};
use aws_sdk_lambda::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_lambda::operation::RequestId as _;
use aws_sdk_lambda::operation::invoke::{InvokeError, InvokeOutput};
use aws_sdk_lambda::primitives::Blob;
use aws_types::SdkConfig;
use futures_util::future::join_all;
use inlet::fault::Fault;
use inlet::message::Message;
use inlet::process::{ConsumeError, Consumer};
use inlet_aws::client::connect::describe_sdk_error;
use tokio::time::Instant;

/// Maximum length of a payload, in bytes: the 6 MB of a synchronous invocation, less a reserve for the
/// rest of the payload.
const MAX_LEN: usize = 6_000_000;

/// Maximum time to open a connection to Lambda.
const CONNECT: Duration = Duration::from_secs(1);

/// The time in which throttled invocations are retried: Lambda has not started the function.
const THROTTLED: Duration = Duration::from_secs(3);

/// The first pause after a throttled invocation. Each further pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Lambda's error codes for payloads that it never accepts. Every other error is transient.
const NEVER: [&str; 2] = ["RequestTooLargeException", "InvalidRequestContentException"];

/// Lambda's error codes for invocations that were not started because of a limit.
const THROTTLES: [&str; 2] = ["TooManyRequestsException", "EC2ThrottledException"];

const NOT_PROCESSED: &str = "the function did not process the event";

/// The function.
pub(crate) struct Function {
    client: Client,
    arn: String,
    timeout: Duration,
}

/// The result of one invocation.
enum Invoked {
    /// The invocation had a response, an error, or no response in time.
    Ended(Vec<Result<(), ConsumeError>>),
    /// Lambda never accepts this payload.
    Refused(Fault),
}

impl Function {
    /// Returns the function with this ARN, with this time limit for each call. The SDK retries no call: after a lost
    /// connection the function may still be running.
    pub(crate) fn new(arn: &str, timeout: Duration, config: &SdkConfig) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(timeout)
            .operation_timeout(timeout);
        let mut client = Builder::from(config)
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts.build())
            // The protection would end a response that does not begin within seconds.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        // The fourth part of `arn:aws:lambda:{region}:{account}:function:{name}`: the function may be in another
        // region.
        if let Some(region) = arn.split(':').nth(3).filter(|region| !region.is_empty()) {
            client = client.region(Region::new(region.to_owned()));
        }
        Self { client: Client::from_conf(client.build()), arn: arn.to_owned(), timeout }
    }

    /// Invokes the function with these messages. If Lambda refuses the payload, each message is sent alone, and a
    /// message that is refused alone is sent once more as a reference.
    async fn call(&self, messages: &[Message]) -> Vec<Result<(), ConsumeError>> {
        let texts: Vec<&str> = messages.iter().map(Message::json).collect();
        let refused = match self.invoke(messages, &texts).await {
            Invoked::Ended(outcomes) => return outcomes,
            Invoked::Refused(fault) => fault,
        };
        match messages {
            [message] if message.without_data().json().len() < message.json().len() => {
                let reference = message.without_data();
                match self.invoke(messages, &[reference.json()]).await {
                    Invoked::Ended(outcomes) => outcomes,
                    Invoked::Refused(fault) => vec![Err(ConsumeError::Permanent(fault))],
                }
            }
            [_] => vec![Err(ConsumeError::Permanent(refused))],
            _ => {
                let alone = messages.iter().map(|message| self.call(std::slice::from_ref(message)));
                Box::pin(join_all(alone)).await.into_iter().flatten().collect()
            }
        }
    }

    async fn invoke(&self, messages: &[Message], texts: &[&str]) -> Invoked {
        let payload = format!("{{\"events\":[{}]}}", texts.join(","));
        let began = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let invocation = self.client.invoke().function_name(&self.arn);
            let error = match invocation.payload(Blob::new(payload.as_str())).send().await {
                Ok(output) => return Invoked::Ended(outcomes(messages, &output)),
                Err(error) => error,
            };
            let code = error.code().unwrap_or_default();
            if NEVER.contains(&code) || status(&error) == Some(413) {
                return Invoked::Refused(Fault::permanent(NOT_PROCESSED, describe_sdk_error(&error)));
            }
            let is_throttled = THROTTLES.contains(&code) || status(&error) == Some(429);
            if is_throttled && began.elapsed().saturating_add(pause) < THROTTLED {
                tokio::time::sleep(pause).await;
                pause = pause.saturating_mul(2);
                continue;
            }
            // The function may still be running, and one of the events may be the cause.
            let is_late = matches!(error, SdkError::TimeoutError(_));
            let failure = if is_late { ConsumeError::TimedOut } else { ConsumeError::Transient };
            let story = describe_sdk_error(&error);
            let same = |_| Err(failure(Fault::transient(NOT_PROCESSED, story.clone())));
            return Invoked::Ended(messages.iter().map(same).collect());
        }
    }
}

impl Consumer for Function {
    async fn consume(&self, messages: &[Message]) -> Vec<Result<(), ConsumeError>> {
        let calls = in_calls(messages, MAX_LEN).into_iter().map(|messages| self.call(messages));
        join_all(calls).await.into_iter().flatten().collect()
    }

    fn time_limit(&self) -> Option<Duration> {
        Some(self.timeout.saturating_add(THROTTLED))
    }
}

/// Returns the messages in as few calls as possible, in order, each with at most this number of bytes. A message that
/// is larger is alone.
fn in_calls(messages: &[Message], max_len: usize) -> Vec<&[Message]> {
    let mut calls = Vec::new();
    let mut rest = messages;
    while !rest.is_empty() {
        let mut len = 0_usize;
        let fits = |message: &&Message| {
            // One more for the comma.
            len = len.saturating_add(message.json().len()).saturating_add(1);
            len <= max_len
        };
        let count = rest.iter().take_while(fits).count().max(1);
        let (call, others) = rest.split_at(count.min(rest.len()));
        calls.push(call);
        rest = others;
    }
    calls
}

fn status(error: &SdkError<InvokeError>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

/// Returns the outcomes in an invocation's response. After an unhandled error, or a response that cannot be read, the
/// outcomes of the single events are unknown: all of them count as crashed.
fn outcomes(messages: &[Message], output: &InvokeOutput) -> Vec<Result<(), ConsumeError>> {
    let payload = output.payload().map(Blob::as_ref).unwrap_or_default();
    let story = if output.function_error().is_some() {
        response::describe_unhandled(payload)
    } else {
        match response::parse(payload, messages) {
            Ok(outcomes) => return outcomes,
            Err(error) => error.to_string(),
        }
    };
    // The request id finds the rest in the function's own log; the rest may contain personal data.
    let story = format!("{story}, request {}", output.request_id().unwrap_or("unknown"));
    let same = |_| Err(ConsumeError::Crashed(Fault::permanent(NOT_PROCESSED, story.clone())));
    messages.iter().map(same).collect()
}
