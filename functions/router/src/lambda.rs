//! The receivers as Lambda functions that are invoked directly. Only this file links the Lambda client.

use std::time::Duration;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::Builder;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::primitives::Blob;
use aws_types::SdkConfig;
use inlet::fault::Fault;
use inlet_aws::client::connect::describe_sdk_error;
use inlet_aws::lambda::router::Invoker;
use serde_json::value::RawValue;

/// Maximum duration of an invocation: a receiver's `Timeout` and its start. API Gateway waits 30 s.
const INVOCATION: Duration = Duration::from_secs(28);

/// Maximum time to open a connection.
const CONNECT: Duration = Duration::from_secs(1);

const CONTEXT: &str = "the receiver cannot be invoked";

/// The Lambda service.
pub(crate) struct Lambda(Client);

impl Lambda {
    /// Makes the client. It opens its connection with its first call.
    pub(crate) fn new(config: &SdkConfig) -> Self {
        // After an attempt that timed out, a second one would end after API Gateway's limit.
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(INVOCATION)
            .operation_timeout(INVOCATION)
            .build();
        Self(Client::from_conf(Builder::from(config).timeout_config(timeouts).build()))
    }
}

impl Invoker for Lambda {
    async fn invoke(&self, function: &str, event: &RawValue) -> Result<Box<RawValue>, Fault> {
        let call = self.0.invoke().function_name(function).payload(Blob::new(event.get()));
        let response =
            call.send().await.map_err(|error| Fault::transient(CONTEXT, describe_sdk_error(&error)))?;
        if response.function_error().is_some() {
            return Err(Fault::transient(CONTEXT, "the function failed or ran out of time"));
        }
        let payload = response.payload().map(Blob::as_ref).unwrap_or_default();
        serde_json::from_slice(payload).map_err(|_| Fault::transient(CONTEXT, "its response is not JSON"))
    }
}
