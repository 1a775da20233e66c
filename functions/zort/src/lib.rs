//! ZORT (Thailand): 23 triggers of an inventory, each with a URL of its own in ZORT's settings.
//!
//! Facts: <https://developers.zortout.com/overview/webhook> (API v4) and
//! <https://developers-v3.zortout.com/overview/webhook> (v3, with examples). The body's encoding, most payloads,
//! the request of "Verify and Save", retries, time limit, order and the answer's body are not documented; what
//! public receivers were seen to accept is accepted here.

mod events;
mod canonical;
mod body;
#[cfg(any(test, feature = "tools"))]
mod tools;

use inlet::delivery::Delivery;
use inlet::drift::Shapes;
use inlet::proof::{Claim, Comparison, Rejection, Verified};
use inlet::provider::Provider;
use inlet::provider::catalogue::{entity_id, find};
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

/// The name of a delivery that names no trigger. One such may be what "Verify and Save" sends: it is kept, as
/// nobody documents that it is not an event, and answered well, as a refusal could make the saving fail.
const VERIFY: &str = "VERIFY";

/// The query parameters that make a request without a body worth reading.
const TELLING: [&str; 7] = [METHOD, "payload", "id", "orderid", "productid", "number", "sku"];

/// ZORT.
#[derive(Debug)]
pub struct Zort;

/// The name by which the list of providers knows [`Zort`].
pub type ThisProvider = Zort;

/// The three keys, values that the merchant chooses when the webhook is set.
#[derive(Debug, Deserialize)]
pub struct Credential {
    key1: Secret,
    key2: Option<Secret>,
    key3: Option<Secret>,
}

impl Provider for Zort {
    const NAME: &'static str = "zort";
    const RETRY_POLICY: RetryPolicy =
        RetryPolicy::not_documented("not told on https://developers.zortout.com/overview/webhook");
    const SHAPES: Shapes = Shapes::new(include_str!("../shapes.txt"));
    type Credential = Credential;
    type Settings = ();

    fn is_probe(request: &Unverified) -> bool {
        let tells = |name: &&str| request.query(name).is_some_and(|value| !value.trim().is_empty());
        match request.method() {
            Method::Get | Method::Head => true,
            Method::Post => !request.has_body() && !TELLING.iter().any(tells),
            Method::Other => false,
        }
    }

    /// `key1` is required, in the header of its name or, literally and not in base64, behind `Basic`. The other
    /// two are compared when they come along and the store has them.
    fn claim(request: &Unverified, credential: &Credential) -> Result<Claim, Rejection> {
        let header = |name| request.header(name).filter(|value| !value.is_empty());
        let key1 = header("key1").or_else(|| request.authorization("Basic"));
        let key1 = key1.ok_or(Rejection::Missing { expected: "key1" })?;
        let others = [("key2", &credential.key2), ("key3", &credential.key3)];
        let others = others.into_iter().filter_map(|(name, key)| Some((header(name)?, key.as_ref()?)));
        let comparisons = std::iter::once((key1, &credential.key1))
            .chain(others)
            .map(|(presented, expected)| Comparison::new(presented, expected.clone()))
            .collect();
        Ok(Claim::Shared { comparisons, trust: Trust::SharedSecret })
    }

    fn parse(delivery: &Verified<Delivery>) -> ParsedEvent {
        let body::Said { method, payload } = body::said(delivery);
        let topic = || delivery.topic().map(str::to_owned).filter(|topic| !topic.trim().is_empty());
        let name = method.or_else(topic).unwrap_or_else(|| VERIFY.to_owned());
        match find(EVENTS, name.trim()) {
            Some(row) => ParsedEvent::of(row, &payload, canonical::time),
            None => ParsedEvent::unknown(&name, UnknownReason::Event, entity_id(&payload, events::ANY)),
        }
    }

    /// 200 is documented, its body is not.
    fn respond(_: &Outcome<'_>, (): &()) -> Response {
        Response::ok(json!({"received": true}))
    }
}

#[cfg(test)]
mod tests;
