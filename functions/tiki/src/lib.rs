//! TikiNOW Smart Logistics (Vietnam): fulfilment orders, salable stock and after-sale tickets, each topic with a
//! URL and a key of its own.
//!
//! Facts: <https://open.tiki.vn/docs/docs/tikinow-smart-logistics/logistics-services/fulfillment-service/>, pages
//! `inventory/`, `order-service/webhook-sync-status/`, `inventory/webhook-sync-stock/` and
//! `inventory/webhook-fd-cr/`. That page prints one signature for two different bodies, and it matches neither;
//! see the tests for a vector computed by the rule. Retries, time limit and order are not documented.

mod topics;
mod events;
mod canonical;
pub mod api;
inlet::with_tools! { mod tools; }
// rustfmt does not look into macros.
#[cfg(rustfmt)]
mod tools;

use inlet::delivery::Delivery;
use inlet::drift::shapes::Shapes;
use inlet::proof::{Claim, MacAlgorithm, Rejection, Signature, SignedContent, Verified};
use inlet::provider::Provider;
use inlet::provider::catalogue::{entity_id, find, unwrapped};
use inlet::provider::parsed_event::{ParsedEvent, UnknownReason};
use inlet::provider::response::{Outcome, Refusal, Response};
use inlet::provider::retry_policy::RetryPolicy;
use inlet::request::Unverified;
use inlet::secret::Secret;
use serde::Deserialize;
use serde_json::{Value, json};

pub use events::EVENTS;

/// The header that carries the signature.
const SIGNATURE: &str = "x-signature";

/// The prefix of a signature.
const ALGORITHM: &str = "sha1=";

/// The name of a delivery that neither the URL nor the body identifies.
const UNKNOWN: &str = "unknown";

/// TikiNOW Smart Logistics.
#[derive(Debug)]
pub struct Tiki;

/// The name by which the list of providers knows [`Tiki`].
pub type ThisProvider = Tiki;

/// The documented length of a key, in characters.
const KEY_LEN: usize = 32;

/// A key for each topic, as registered with its URL: 32 characters, used as they are. They may be equal.
///
/// A key that is blank or shorter is not used, as if the topic had none: it could be guessed. A credential without any
/// usable key is refused.
#[derive(Debug, Deserialize)]
#[serde(try_from = "WrittenCredential")]
pub struct Credential {
    order: Option<Secret>,
    stock: Option<Secret>,
    aftersale: Option<Secret>,
}

/// A credential as it was written.
#[derive(Deserialize)]
struct WrittenCredential {
    order: Option<Value>,
    stock: Option<Value>,
    aftersale: Option<Value>,
}

impl TryFrom<WrittenCredential> for Credential {
    type Error = &'static str;

    fn try_from(written: WrittenCredential) -> Result<Self, Self::Error> {
        let key = |value: Option<Value>| {
            let key = Secret::new(value?.as_str()?).ok()?;
            (key.characters() >= KEY_LEN).then_some(key)
        };
        let WrittenCredential { order, stock, aftersale } = written;
        let [order, stock, aftersale] = [order, stock, aftersale].map(key);
        if order.is_none() && stock.is_none() && aftersale.is_none() {
            return Err("no key has 32 characters");
        }
        Ok(Self { order, stock, aftersale })
    }
}

impl Provider for Tiki {
    const NAME: &'static str = "tiki";
    const RETRY_POLICY: RetryPolicy =
        RetryPolicy::not_documented("the pages ask for a 5xx after a failure and do not say what follows it");
    const SHAPES: Shapes = Shapes::new(include_str!("../shapes.txt"));
    type Credential = Credential;
    type Settings = ();

    fn is_topic(part: &str) -> bool {
        topics::named(Some(part)).is_some()
    }

    /// The URL's topic selects the key. If it names none, any of the store's keys may have signed: a URL that
    /// was registered without its topic loses nothing.
    fn claim(request: &Unverified, credential: &Credential) -> Result<Claim, Rejection> {
        let header = request.header(SIGNATURE).ok_or(Rejection::Missing { expected: SIGNATURE })?;
        let tag = digest(header).ok_or(Rejection::Malformed { what: SIGNATURE })?;
        let claims: Vec<Claim> =
            topics::keys(request.topic(), credential).map(|(topic, key)| signed(topic, key, &tag)).collect();
        if claims.is_empty() { Err(Rejection::NoCredentialForTopic) } else { Ok(Claim::AnyOf(claims)) }
    }

    fn parse(delivery: &Verified<Delivery>) -> ParsedEvent {
        let body = delivery.json().unwrap_or_default();
        let payload = unwrapped(&body, &["data"]);
        let topic_name =
            || delivery.topic().filter(|topic| !topic.trim().is_empty()).unwrap_or(UNKNOWN).to_owned();
        let topic = topics::find_topic(delivery.topic(), payload);
        if topic.is_some_and(|topic| !topic.is_proved_by(delivery.proof_scopes())) {
            // The key of one topic proves no delivery of another topic.
            return ParsedEvent::unknown(&topic_name(), UnknownReason::Body, entity_id(payload, events::ANY));
        }
        let name = topic.map_or_else(topic_name, |topic| topic.event(payload));
        match find(EVENTS, &name) {
            Some(row) => ParsedEvent::of(row, payload, canonical::time),
            None => match events::FAMILIES.infer(&name).filter(|_| payload.is_object()) {
                Some(row) => ParsedEvent::of(&row, payload, canonical::time).named(&name),
                None => ParsedEvent::unknown(&name, unknown_reason(payload), entity_id(payload, events::ANY)),
            },
        }
    }

    fn respond(_: &Outcome<'_>, (): &()) -> Response {
        Response::ok(json!({"success": true}))
    }

    /// Returns the documented error object, with our codes in upper case as its own codes are.
    fn error_response(refusal: Refusal) -> Response {
        let error = json!({"code": refusal.code().to_ascii_uppercase(), "message": refusal.message()});
        Response::refusal_with(refusal, json!({"success": false, "error": error}))
    }
}

/// Returns the claim that this topic's key signed the body.
fn signed(topic: &'static str, key: &Secret, tag: &[u8]) -> Claim {
    let claim = Claim::Mac {
        algorithm: MacAlgorithm::HmacSha1,
        key: key.clone(),
        contents: vec![SignedContent::Body],
        signatures: vec![Signature::Given(tag.to_vec())],
    };
    Claim::Scoped { scope: topic, claim: Box::new(claim) }
}

/// Returns the digest behind `sha1=`: exactly 40 hex digits. The documented sample writes them in lower case; upper
/// case is the same digest.
fn digest(signature: &str) -> Option<Vec<u8>> {
    let hex = signature.strip_prefix(ALGORITHM)?;
    if hex.len() != 40 || !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
    hex.as_bytes().chunks(2).map(byte).collect()
}

fn unknown_reason(payload: &Value) -> UnknownReason {
    if payload.is_object() { UnknownReason::Event } else { UnknownReason::Body }
}

#[cfg(test)]
mod tests;
