//! The consumer that the environment names. Only the client of this consumer is made.

use std::time::Duration;

use aws_types::SdkConfig;
use inlet::message::Message;
use inlet::process::{ConsumeError, Consumer};
use inlet_aws::Error;
use inlet_aws::client::config::Config;

use crate::event_bridge::EventBridge;
use crate::function::Function;
use crate::https::Endpoint;

/// Default time limit of one call of a function or an endpoint.
const DEFAULT_TIMEOUT_SECONDS: u32 = 20;

/// The consumer that the environment names.
pub(crate) enum Configured {
    Bus(EventBridge),
    Function(Function),
    Endpoint(Endpoint),
}

impl Configured {
    /// Makes the consumer.
    ///
    /// # Errors
    /// If its name, ARN or URL is missing or invalid, or the root certificates cannot be used.
    pub(crate) fn new(environment: &Config, config: &SdkConfig) -> Result<Self, Error> {
        let seconds = environment.consumer_timeout_seconds.unwrap_or(DEFAULT_TIMEOUT_SECONDS);
        let timeout = Duration::from_secs(seconds.max(1).into());
        Ok(match (&environment.consumer_function, &environment.consumer_url) {
            (Some(arn), _) => Self::Function(Function::new(arn, timeout, config)),
            (None, Some(url)) => Self::Endpoint(Endpoint::new(url, timeout, &environment.stage, config)?),
            (None, None) => Self::Bus(EventBridge::new(environment, config)?),
        })
    }
}

impl Consumer for Configured {
    async fn consume(&self, messages: &[Message]) -> Vec<Result<(), ConsumeError>> {
        match self {
            Self::Bus(bus) => bus.consume(messages).await,
            Self::Function(function) => function.consume(messages).await,
            Self::Endpoint(endpoint) => endpoint.consume(messages).await,
        }
    }

    fn time_limit(&self) -> Option<Duration> {
        match self {
            Self::Bus(bus) => bus.time_limit(),
            Self::Function(function) => function.time_limit(),
            Self::Endpoint(endpoint) => endpoint.time_limit(),
        }
    }

    fn allows_earlier_events_again(&self) -> bool {
        match self {
            Self::Bus(bus) => bus.allows_earlier_events_again(),
            Self::Function(function) => function.allows_earlier_events_again(),
            Self::Endpoint(endpoint) => endpoint.allows_earlier_events_again(),
        }
    }
}
