//! The processor: it gives every event to one consumer.
//!
//! | set | consumer | file |
//! |---|---|---|
//! | neither of the two | the EventBridge bus of `INLET_BUS` | `event_bridge.rs` |
//! | `INLET_CONSUMER_FUNCTION` | a Lambda function | `function.rs` |
//! | `INLET_CONSUMER_URL` | an HTTPS endpoint | `https/` |
//!
//! For your own logic in Rust write a [`Consumer`](inlet::process::Consumer) in a file like `event_bridge.rs`, and name
//! it here; `examples/stock.rs` is one.

mod configured;
mod event_bridge;
mod function;
mod https;
#[cfg(test)]
mod tests;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), inlet_aws::Error> {
    inlet_aws::lambda::processor::run(configured::Configured::new).await
}
