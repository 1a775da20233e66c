//! Zip US (formerly QuadPay): gateway callbacks for authorisation, capture, refund, void and confirm, and the
//! confirm redirect, which is a shopper's browser.
//!
//! Facts: <https://developers.zip.co/v9-US/docs/callbacks> and `/docs/signing-requests`. Zip publishes no usable
//! test vector, and no retries, time limit, order or answer; see the tests for vectors computed by the rules.

mod events;
mod canonical;
mod body;
#[cfg(any(test, feature = "tools"))]
mod tools;

use inlet::delivery::Delivery;
use inlet::drift::Shapes;
use inlet::proof::{Claim, MacAlgorithm, Rejection, Signature, SignedContent, Verified, base64_signature};
use inlet::provider::Provider;
use inlet::provider::catalogue::{EventSpec, entity_id, find, text_at};
use inlet::provider::parsed_event::{ParsedEvent, UnknownReason};
use inlet::provider::response::{Outcome, Response};
use inlet::provider::retry_policy::RetryPolicy;
use inlet::request::{Method, Unverified};
use inlet::secret::Secret;
use serde::Deserialize;
use serde_json::json;

pub use events::EVENTS;

/// The name of the signature, as a header, a query parameter and a form field; Zip compares it in any case.
const SIGNATURE: &str = "X-QP-Signature";

/// The event that the confirm redirect tells of too.
const AUTHORIZE: &str = "authorize";

/// The events whose operation no page names, so that their rows go by the topic.
const UNNAMED: [&str; 2] = [AUTHORIZE, "confirm"];

/// The topic of the confirm redirect.
const REDIRECT: &str = "redirect";

/// Zip US.
#[derive(Debug)]
pub struct Zip;

/// The secret that Zip and the merchant share. Sandbox and production have different ones.
#[derive(Debug, Deserialize)]
pub struct Credential {
    secret: Secret,
}

/// What a store may set.
#[derive(Debug, Default, Deserialize)]
pub struct Settings {
    /// The page that a shopper goes to after the confirm redirect.
    redirect_url: Option<String>,
}

impl Provider for Zip {
    const NAME: &'static str = "zip";
    const RETRY_POLICY: RetryPolicy =
        RetryPolicy::not_documented("not told on https://developers.zip.co/v9-US/docs/callbacks");
    const SECRET_PARAMETERS: &'static [&'static str] = &[SIGNATURE];
    const SHAPES: Shapes = Shapes::new(include_str!("../shapes.txt"));
    type Credential = Credential;
    type Settings = Settings;

    fn is_probe(request: &Unverified) -> bool {
        match request.method() {
            Method::Get => !is_redirect(request.topic()),
            Method::Head => true,
            Method::Post | Method::Other => false,
        }
    }

    fn claim(request: &Unverified, credential: &Credential) -> Result<Claim, Rejection> {
        let header = || request.header(SIGNATURE).map(str::to_owned);
        let query = || request.query(SIGNATURE).map(std::borrow::Cow::into_owned);
        let fields = SignedContent::SortedForm { signature: SIGNATURE };
        let (contents, given) = match (request.method(), request.is_form()) {
            (Method::Get, _) => (vec![SignedContent::SortedQuery { signature: SIGNATURE }], query()),
            (_, true) => (vec![fields, SignedContent::Body], header()),
            (_, false) => (vec![SignedContent::Body], header()),
        };
        let tag = match given {
            Some(text) => Signature::Given(
                base64_signature(&text).ok_or(Rejection::Malformed { what: "X-QP-Signature" })?,
            ),
            None if request.is_form() && request.has_body() => Signature::Base64FormField(SIGNATURE),
            None => return Err(Rejection::Missing { expected: "X-QP-Signature" }),
        };
        let key = credential.secret.clone();
        Ok(Claim::Mac { algorithm: MacAlgorithm::HmacSha256, key, contents, signatures: vec![tag] })
    }

    fn parse(delivery: &Verified<Delivery>) -> ParsedEvent {
        let topic = delivery.topic().unwrap_or_default();
        let Some(payload) = body::object(delivery) else {
            return ParsedEvent::unknown(topic, UnknownReason::Body, None);
        };
        let operation = text_at(&payload, "operation").unwrap_or_default();
        if let Some(row) = row(delivery, topic, &operation) {
            return ParsedEvent::of(row, &payload, canonical::time);
        }
        let name = if operation.is_empty() { topic } else { &operation };
        ParsedEvent::unknown(name, UnknownReason::Event, entity_id(&payload, events::ORDER))
    }

    fn respond(outcome: &Outcome<'_>, settings: &Settings) -> Response {
        match (outcome, &settings.redirect_url) {
            (Outcome::Accepted(event), Some(page)) if is_redirect(event.delivery().topic()) => {
                Response::see_other(page)
            }
            // What Zip expects is not documented: 200 with a small body.
            _ => Response::ok(json!({"received": true})),
        }
    }
}

/// The row of a delivery: the redirect's by its URL, else the operation's, else the topic's.
///
/// The topic is not signed, and the shopper holds a form with its signature: the redirect's query. So a form
/// without an operation of its own is an authorisation and nothing else, and an operation that no page names is
/// what the topic says only where the wire name is not documented.
fn row(delivery: &Delivery, topic: &str, operation: &str) -> Option<&'static EventSpec> {
    if is_redirect(delivery.topic()) {
        return find(EVENTS, REDIRECT);
    }
    let by_topic = || find(EVENTS, topic);
    let named_by_us = |row: &&EventSpec| UNNAMED.contains(&row.event);
    match (operation, delivery.form()) {
        ("", None) => by_topic(),
        ("", Some(_)) => by_topic().filter(|row| row.event == AUTHORIZE),
        (named, _) => find(EVENTS, named).or_else(|| by_topic().filter(named_by_us)),
    }
}

fn is_redirect(topic: Option<&str>) -> bool {
    topic.is_some_and(|topic| topic.eq_ignore_ascii_case(REDIRECT))
}

#[cfg(test)]
mod tests;
