//! ZORT (Thailand): 23 triggers of an inventory, each with a URL of its own in ZORT's settings.
//!
//! Facts: <https://developers.zortout.com/overview/webhook> (API v4) and
//! <https://developers-v3.zortout.com/overview/webhook> (v3, with examples). The body's encoding, most payloads,
//! the request of "Verify and Save", retries, time limit, order and the response's body are not documented. This
//! receiver accepts what public receivers accept.

mod events;
mod canonical;
mod body;
mod families;
pub mod api;
inlet::with_tools! { mod tools; }
// rustfmt does not look into macros.
#[cfg(rustfmt)]
mod tools;

use inlet::delivery::Delivery;
use inlet::drift::shapes::Shapes;
use inlet::proof::{Claim, Comparison, Rejection, Verified};
use inlet::provider::Provider;
use inlet::provider::catalogue::{EventSpec, find};
use inlet::provider::parsed_event::{ParsedEvent, UnknownReason};
use inlet::provider::response::{Outcome, Response};
use inlet::provider::retry_policy::RetryPolicy;
use inlet::request::{Method, Unverified};
use inlet::secret::Secret;
use inlet::trust::Trust;
use serde::Deserialize;
use serde_json::json;

pub use events::EVENTS;

/// The query parameter, and the field of a body, that names the trigger.
const METHOD: &str = "method";

/// The event name of a delivery without a trigger's name. ZORT's "Verify and Save" may send one. The delivery is kept,
/// because it may be an event. The response is 200, because ZORT might not save the webhook
/// after a refusal.
const VERIFY: &str = "VERIFY";

/// The query parameters that are content: a request that has one is more than a test of the URL.
const CONTENT_PARAMETERS: [&str; 7] = [METHOD, "payload", "id", "orderid", "productid", "number", "sku"];

/// ZORT.
#[derive(Debug)]
pub struct Zort;

/// The name by which the list of providers knows [`Zort`].
pub type ThisProvider = Zort;

/// The three keys, values that the merchant chooses when the webhook is set up.
#[derive(Debug, Deserialize)]
pub struct Credential {
    key1: Secret,
    key2: Option<Secret>,
    key3: Option<Secret>,
}

impl Provider for Zort {
    const NAME: &'static str = "zort";
    const RETRY_POLICY: RetryPolicy =
        RetryPolicy::not_documented("not documented on https://developers.zortout.com/overview/webhook");
    const SHAPES: Shapes = Shapes::new(include_str!("../shapes.txt"));
    type Credential = Credential;
    type Settings = ();

    fn is_topic(part: &str) -> bool {
        find(EVENTS, part).is_some()
    }

    /// A `POST` without a key and without content only tests the URL. A `POST` with a key is kept even without a body:
    /// no page excludes that ZORT sends one.
    fn is_probe(request: &Unverified) -> bool {
        let has = |name: &&str| request.query(name).is_some_and(|value| !value.trim().is_empty());
        match request.method() {
            Method::Get | Method::Head => true,
            Method::Post => {
                !request.has_body() && presented_key(request).is_none() && !CONTENT_PARAMETERS.iter().any(has)
            }
            Method::Other => false,
        }
    }

    /// `key1` is required, in the header of its name or, literally and not in base64, behind `Basic`. The other two are
    /// compared if the request and the store have them.
    fn claim(request: &Unverified, credential: &Credential) -> Result<Claim, Rejection> {
        let header = |name| request.header(name).filter(|value| !value.is_empty());
        let key1 = presented_key(request).ok_or(Rejection::Missing { expected: "key1" })?;
        let others = [("key2", &credential.key2), ("key3", &credential.key3)];
        let others = others.into_iter().filter_map(|(name, key)| Some((header(name)?, key.as_ref()?)));
        let comparisons = std::iter::once((key1, &credential.key1))
            .chain(others)
            .map(|(presented, expected)| Comparison::new(presented, expected.clone()))
            .collect();
        Ok(Claim::Shared { comparisons, trust: Trust::SharedSecret })
    }

    fn parse(delivery: &Verified<Delivery>) -> ParsedEvent {
        let content = body::read_content(delivery);
        let topic = || delivery.topic().map(str::to_owned).filter(|topic| !topic.trim().is_empty());
        let name = content.method.clone().or_else(topic).unwrap_or_else(|| VERIFY.to_owned());
        if let Some(spec) = find(EVENTS, name.trim()) {
            return parse_content(spec, spec.event, &content);
        }
        match families::FAMILIES.infer(&name) {
            Some(spec) => parse_content(&spec, &name, &content),
            None => ParsedEvent::unknown(&name, UnknownReason::Event, content.entity_id(events::ANY)),
        }
    }

    /// The status 200 is documented, a body is not.
    fn respond(_: &Outcome<'_>, (): &()) -> Response {
        Response::ok(json!({"received": true}))
    }
}

/// Returns the key that the request offers: in the header `key1`, or literally behind `Basic`.
fn presented_key(request: &Unverified) -> Option<&str> {
    let key1 = request.header("key1").filter(|value| !value.is_empty());
    key1.or_else(|| request.authorization("Basic"))
}

/// Parses the content by its row. Without an object it is unknown, with the query's id if there is one.
fn parse_content(spec: &EventSpec, name: &str, content: &body::Content) -> ParsedEvent {
    if !content.payload.is_object() {
        return ParsedEvent::unknown(name, UnknownReason::Body, content.entity_id(spec.entity));
    }
    ParsedEvent::of(spec, &content.payload, canonical::parse_time).named(name)
}

#[cfg(test)]
mod tests;
