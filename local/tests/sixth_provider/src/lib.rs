//! A provider that does not exist: two events, signed with HMAC-SHA256 over the raw body.

mod events;
mod canonical;
inlet::with_tools! { mod tools; }
// rustfmt does not look into macros.
#[cfg(rustfmt)]
mod tools;

use inlet::delivery::Delivery;
use inlet::drift::shapes::Shapes;
use inlet::proof::{Claim, MacAlgorithm, Rejection, Signature, SignedContent, Verified, base64_signature};
use inlet::provider::Provider;
use inlet::provider::catalogue::find;
use inlet::provider::parsed_event::{ParsedEvent, UnknownReason};
use inlet::provider::response::{Outcome, Response};
use inlet::provider::retry_policy::RetryPolicy;
use inlet::request::Unverified;
use inlet::secret::Secret;
use inlet::value::time::Time;
use serde::Deserialize;
use serde_json::json;

pub use events::EVENTS;

/// The header with the signature.
const SIGNATURE: &str = "x-toy-signature";

/// The toy provider.
#[derive(Debug)]
pub struct Toy;

/// The name by which the list of providers knows [`Toy`].
pub type ThisProvider = Toy;

/// The key that signs a store's deliveries.
#[derive(Debug, Deserialize)]
pub struct Credential {
    secret: Secret,
}

impl Provider for Toy {
    const NAME: &'static str = "toy";
    const RETRY_POLICY: RetryPolicy = RetryPolicy::not_documented("a provider that does not exist");
    const SHAPES: Shapes = Shapes::new(include_str!("../shapes.txt"));
    type Credential = Credential;
    type Settings = ();

    fn is_topic(part: &str) -> bool {
        find(EVENTS, part).is_some()
    }

    fn claim(request: &Unverified, credential: &Credential) -> Result<Claim, Rejection> {
        let given = request.header(SIGNATURE).ok_or(Rejection::Missing { expected: SIGNATURE })?;
        let signature = base64_signature(given).ok_or(Rejection::Malformed { what: SIGNATURE })?;
        Ok(Claim::Mac {
            algorithm: MacAlgorithm::HmacSha256,
            key: credential.secret.clone(),
            contents: vec![SignedContent::Body],
            signatures: vec![Signature::Given(signature)],
        })
    }

    fn parse(delivery: &Verified<Delivery>) -> ParsedEvent {
        let topic = delivery.topic().unwrap_or_default();
        let payload = delivery.json().filter(|body| body.is_object());
        match (find(EVENTS, topic), payload) {
            (Some(row), Some(payload)) => ParsedEvent::of(row, &payload, Time::parse_rfc3339),
            (Some(_), None) => ParsedEvent::unknown(topic, UnknownReason::Body, None),
            (None, _) => ParsedEvent::unknown(topic, UnknownReason::Event, None),
        }
    }

    fn respond(_: &Outcome<'_>, (): &()) -> Response {
        Response::ok(json!({"received": true}))
    }
}

#[cfg(test)]
mod tests;
