//! Zip US (formerly QuadPay): gateway callbacks for authorisation, capture, refund, void and confirm, and the
//! confirm redirect, which is a shopper's browser.
//!
//! Facts: <https://developers.zip.co/v9-US/docs/callbacks> and `/docs/signing-requests`. Zip publishes no usable
//! test vector, and no retries, time limit, order or answer; see the tests for vectors computed by the rules.

mod events;
mod canonical;
mod body;
#[cfg(feature = "tools")]
mod tools;

use inlet::delivery::Delivery;
use inlet::drift::Shapes;
use inlet::proof::{Claim, MacAlgorithm, Message, Rejection, Tag, Verified, base64_tag};
use inlet::provider::Provider;
use inlet::provider::catalogue::{Row, entity_in, find, text_at};
use inlet::provider::parsed_event::{Reading, WhyUnknown};
use inlet::provider::response::{Answer, Outcome};
use inlet::provider::retry_policy::AfterFailure;
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
    const AFTER_FAILURE: AfterFailure =
        AfterFailure::not_documented("not told on https://developers.zip.co/v9-US/docs/callbacks");
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
        let fields = Message::SortedForm { signature: SIGNATURE };
        let (messages, given) = match (request.method(), request.is_form()) {
            (Method::Get, _) => (vec![Message::SortedQuery { signature: SIGNATURE }], query()),
            (_, true) => (vec![fields, Message::Body], header()),
            (_, false) => (vec![Message::Body], header()),
        };
        let tag = match given {
            Some(text) => {
                Tag::Given(base64_tag(&text).ok_or(Rejection::Malformed { what: "X-QP-Signature" })?)
            }
            None if request.is_form() && request.has_body() => Tag::Base64FormField(SIGNATURE),
            None => return Err(Rejection::Missing { expected: "X-QP-Signature" }),
        };
        let key = credential.secret.clone();
        Ok(Claim::Mac { algorithm: MacAlgorithm::HmacSha256, key, messages, tags: vec![tag] })
    }

    fn read(delivery: &Verified<Delivery>) -> Reading {
        let topic = delivery.topic().unwrap_or_default();
        let Some(payload) = body::object(delivery) else {
            return Reading::unknown(topic, WhyUnknown::Body, None);
        };
        let operation = text_at(&payload, "operation").unwrap_or_default();
        if let Some(row) = row(delivery, topic, &operation) {
            return Reading::of(row, &payload, canonical::time);
        }
        let name = if operation.is_empty() { topic } else { &operation };
        Reading::unknown(name, WhyUnknown::Event, entity_in(&payload, events::ORDER))
    }

    fn answer(outcome: &Outcome<'_>, settings: &Settings) -> Answer {
        match (outcome, &settings.redirect_url) {
            (Outcome::Accepted(event), Some(page)) if is_redirect(event.delivery().topic()) => {
                Answer::see_other(page)
            }
            // What Zip expects is not documented: 200 with a small body.
            _ => Answer::ok(json!({"received": true})),
        }
    }
}

/// The row of a delivery: the redirect's by its URL, else the operation's, else the topic's.
///
/// The topic is not signed, and the shopper holds a form with its signature: the redirect's query. So a form
/// without an operation of its own is an authorisation and nothing else, and an operation that no page names is
/// what the topic says only where the wire name is not documented.
fn row(delivery: &Delivery, topic: &str, operation: &str) -> Option<&'static Row> {
    if is_redirect(delivery.topic()) {
        return find(EVENTS, REDIRECT);
    }
    let by_topic = || find(EVENTS, topic);
    let named_by_us = |row: &&Row| UNNAMED.contains(&row.event);
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
