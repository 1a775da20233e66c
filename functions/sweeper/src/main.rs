//! The function that sends again what is stored and was never processed.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), inlet_aws::sweeper::Failed> {
    inlet_aws::sweeper::run().await
}
