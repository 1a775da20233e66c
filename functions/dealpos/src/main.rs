//! The function that receives DealPOS's webhooks.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), inlet_aws::Error> {
    inlet_aws::lambda::receiver::run::<inlet_dealpos::DealPos>().await
}
