//! The function that sends again what is stored and was never processed.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), inlet_aws::Error> {
    inlet_aws::lambda::sweeper::run().await
}
