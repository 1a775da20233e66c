//! A provider and a store for the tests of the credentials.

use std::sync::Arc;
use std::time::Duration;

use inlet::delivery::Delivery;
use inlet::proof::{Claim, Rejection, Verified};
use inlet::provider::Provider;
use inlet::provider::parsed_event::{ParsedEvent, UnknownReason};
use inlet::provider::response::{Outcome, Response};
use inlet::provider::retry_policy::RetryPolicy;
use inlet::receive::Store;
use inlet::request::Unverified;
use inlet::store::StoreName;
use serde_json::Value;

/// A provider whose credentials are plain text.
pub(super) struct TestProvider;

impl Provider for TestProvider {
    const NAME: &'static str = "test";
    const RETRY_POLICY: RetryPolicy = RetryPolicy::not_documented("test");
    type Credential = String;
    type Settings = ();

    fn claim(_: &Unverified, _: &String) -> Result<Claim, Rejection> {
        Err(Rejection::NoCredentialForTopic)
    }

    fn parse(_: &Verified<Delivery>) -> ParsedEvent {
        ParsedEvent::unknown("", UnknownReason::Event, None)
    }

    fn respond(_: &Outcome<'_>, (): &()) -> Response {
        Response::ok(Value::Null)
    }
}

pub(super) fn name(text: &str) -> StoreName {
    StoreName::parse(text).unwrap()
}

pub(super) fn store() -> Arc<Store<TestProvider>> {
    Arc::new(Store {
        credentials: vec![],
        settings: (),
        defaults: inlet::canonical::StoreDefaults::default(),
    })
}

/// A millisecond less than a time.
pub(super) fn almost(time: Duration) -> Duration {
    time.saturating_sub(Duration::from_millis(1))
}
