//! The function that receives Zid's webhooks.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), inlet_aws::Error> {
    inlet_aws::lambda::receiver::run::<inlet_zid::Zid>().await
}
