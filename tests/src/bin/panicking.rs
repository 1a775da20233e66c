//! A receiver with a bug: reading panics, and says all that it was reading. For the test of what the log tells then.

use inlet::answer::{Answer, Outcome};
use inlet::delivery::Delivery;
use inlet::patience::AfterFailure;
use inlet::proof::{Claim, Comparison, Rejection, Trust, Verified};
use inlet::provider::Provider;
use inlet::reading::Reading;
use inlet::request::Unverified;
use inlet::secret::Secret;
use serde::Deserialize;

/// Like a provider whose proof is its key.
struct Panicking;

#[derive(Deserialize)]
struct Credential {
    key1: Secret,
}

impl Provider for Panicking {
    // The name of one whose stores have such a credential.
    const NAME: &'static str = "zort";
    const AFTER_FAILURE: AfterFailure = AfterFailure::not_documented("it is none");
    type Credential = Credential;
    type Settings = ();

    fn claim(request: &Unverified, credential: &Credential) -> Result<Claim, Rejection> {
        let key = request.header("key1").ok_or(Rejection::Missing { expected: "key1" })?;
        let comparisons = vec![Comparison::new(key, credential.key1.clone())];
        Ok(Claim::Shared { comparisons, trust: Trust::SharedSecret })
    }

    fn read(delivery: &Verified<Delivery>) -> Reading {
        panic!("what is this: {}", String::from_utf8_lossy(delivery.body()))
    }

    fn answer(_: &Outcome<'_>, (): &()) -> Answer {
        Answer::ok(serde_json::json!({}))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), inlet_aws::Error> {
    inlet_aws::receiver::run::<Panicking>().await
}
