//! The router's function: it invokes the receiver that a slightly wrong path names.

mod lambda;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), inlet_aws::Error> {
    inlet_aws::lambda::router::run(lambda::Lambda::new).await
}
