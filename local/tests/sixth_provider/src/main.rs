//! The function that receives the toy provider's webhooks.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), inlet_aws::Error> {
    inlet_aws::lambda::receiver::run::<inlet_toy::Toy>().await
}
