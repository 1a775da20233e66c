//! The function that receives ZORT's webhooks.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), inlet_aws::Error> {
    inlet_aws::lambda::receiver::run::<inlet_zort::Zort>().await
}
