//! A receiver with a bug: parsing panics with everything that it was parsing. For the test of the log's content after a
//! panic.

use inlet::delivery::Delivery;
use inlet::proof::{Claim, Comparison, Rejection, Verified};
use inlet::provider::Provider;
use inlet::provider::parsed_event::ParsedEvent;
use inlet::provider::response::{Outcome, Response};
use inlet::provider::retry_policy::RetryPolicy;
use inlet::request::Unverified;
use inlet::secret::Secret;
use inlet::trust::Trust;
use serde::Deserialize;

/// A provider whose proof is its key.
struct Panicking;

#[derive(Deserialize)]
struct Credential {
    key1: Secret,
}

impl Provider for Panicking {
    // The name of a provider whose stores have such a credential.
    const NAME: &'static str = "zort";
    const RETRY_POLICY: RetryPolicy = RetryPolicy::not_documented("it is none");
    type Credential = Credential;
    type Settings = ();

    fn claim(request: &Unverified, credential: &Credential) -> Result<Claim, Rejection> {
        let key = request.header("key1").ok_or(Rejection::Missing { expected: "key1" })?;
        let comparisons = vec![Comparison::new(key, credential.key1.clone())];
        Ok(Claim::Shared { comparisons, trust: Trust::SharedSecret })
    }

    fn parse(delivery: &Verified<Delivery>) -> ParsedEvent {
        panic!("what is this: {}", String::from_utf8_lossy(delivery.body()))
    }

    fn respond(_: &Outcome<'_>, (): &()) -> Response {
        Response::ok(serde_json::json!({}))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), inlet_aws::Error> {
    inlet_aws::lambda::receiver::run::<Panicking>().await
}
