//! A provider for the tests of the domain itself: it goes by a key in the query.

use std::time::Duration;

use crate::canonical::Kind;
use crate::delivery::Delivery;
use crate::proof::{Claim, Comparison, Rejection, Verified, verify};
use crate::provider::Provider;
use crate::provider::parsed_event::{ParsedEvent, UnknownReason};
use crate::provider::response::{Outcome, Response};
use crate::provider::retry_policy::RetryPolicy;
use crate::received_at::ReceivedAt;
use crate::request::{Headers, Method, Request, Unverified};
use crate::secret::Secret;
use crate::store::StoreName;
use crate::trust::Trust;

/// Proved by its key; without one the request is not this scheme's.
pub(crate) struct TestProvider;

/// A credential that makes no claim of a key true.
pub(crate) const OF_ANOTHER_KIND: &str = "of another kind";

impl Provider for TestProvider {
    const NAME: &'static str = "keyed";
    const RETRY_POLICY: RetryPolicy = RetryPolicy::not_documented("it is none");
    const RETRY_WINDOW: Duration = Duration::from_mins(10);
    const MIXED_DEDUP_KINDS: &'static [Kind] = &[Kind::Order];
    const SECRET_PARAMETERS: &'static [&'static str] = &["key"];
    type Credential = Secret;
    type Settings = ();

    fn claim(request: &Unverified, secret: &Secret) -> Result<Claim, Rejection> {
        if secret.text() == OF_ANOTHER_KIND {
            return Err(Rejection::NoCredentialForTopic);
        }
        let key = request.query("key").ok_or(Rejection::Missing { expected: "key" })?;
        let comparisons = vec![Comparison::new(key.as_bytes(), secret.clone())];
        Ok(Claim::Shared { comparisons, trust: Trust::UrlToken })
    }

    fn parse(_: &Verified<Delivery>) -> ParsedEvent {
        ParsedEvent::unknown("keyed", UnknownReason::Event, None)
    }

    fn respond(_: &Outcome<'_>, (): &()) -> Response {
        Response::ok(serde_json::json!({}))
    }
}

/// A request to the store `demo`.
pub(crate) fn sent(query: &str, body: &str) -> Request {
    Request {
        method: Method::Post,
        store: StoreName::parse("demo").unwrap(),
        topic: None,
        query: query.into(),
        headers: Headers::default(),
        body: body.into(),
    }
}

/// The request with its proof, as a delivery.
pub(crate) fn delivered(request: Request, received_at: ReceivedAt) -> Verified<Delivery> {
    let query = format!("{}&key=k", request.query);
    let proved = Unverified::new(Request { query, ..request });
    verify::<TestProvider>(proved, &[Secret::new("k").unwrap()], received_at).unwrap()
}
