//! The processor: it publishes every event on the bus.
//!
//! For your own logic write a [`Consumer`](inlet::process::Consumer) in a file like `event_bridge.rs`, and name
//! it here; `examples/stock.rs` is one.

mod event_bridge;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), inlet_aws::Error> {
    inlet_aws::lambda::processor::run(event_bridge::EventBridge::new).await
}
