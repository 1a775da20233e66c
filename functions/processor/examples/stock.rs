//! The consumer of docs/consumers.md, complete: a `main.rs` that keeps a stock up to date instead of publishing.

use aws_types::SdkConfig;
use inlet::fault::Fault;
use inlet::message::Message;
use inlet::process::{ConsumeError, Consumer};
use inlet_aws::client::config::{Config, ConfigError};

/// Your own logic.
struct Stock;

impl Stock {
    #[expect(clippy::unnecessary_wraps, reason = "yours may find a setting missing")]
    fn new(_: &Config, _: &SdkConfig) -> Result<Self, ConfigError> {
        Ok(Self)
    }

    #[expect(clippy::unused_async, reason = "yours waits for another service")]
    async fn update(&self, event: &str) -> Result<(), Fault> {
        if event.is_empty() { Err(Fault::transient("the stock is down", "a reason")) } else { Ok(()) }
    }
}

impl Consumer for Stock {
    async fn consume(&self, messages: &[Message]) -> Vec<Result<(), ConsumeError>> {
        let mut outcomes = Vec::new();
        for message in messages {
            outcomes.push(self.update(message.json()).await.map_err(ConsumeError::Transient));
        }
        outcomes
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), inlet_aws::Error> {
    inlet_aws::lambda::processor::run(Stock::new).await
}
