//! A processor whose consumer has a bug: it panics with everything that it was given. For the test of the log's content
//! after a panic.

use std::convert::Infallible;

use inlet::message::Message;
use inlet::process::{ConsumeError, Consumer};

struct Panicking;

impl Consumer for Panicking {
    async fn consume(&self, messages: &[Message]) -> Vec<Result<(), ConsumeError>> {
        panic!("what is this: {:?}", messages.iter().map(Message::json).collect::<Vec<_>>())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), inlet_aws::Error> {
    inlet_aws::lambda::processor::run(|_, _| Ok::<_, Infallible>(Panicking)).await
}
