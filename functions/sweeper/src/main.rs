//! The sweeper: it sends events again that are stored and were never processed.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), inlet_aws::Error> {
    inlet_aws::lambda::sweeper::run().await
}
