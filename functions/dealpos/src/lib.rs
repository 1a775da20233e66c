//! DealPOS (Indonesia, point of sale): one URL per event, bodies without an envelope, and three questions that the till
//! waits for: a customer's points, a sale that earns some, a coupon.
//!
//! Facts: <https://developer.dealpos.com/webhook> and the pages below it. No event's name is known to be on the
//! wire, and the bodies of created, updated and deleted look the same: only the URL's topic shows the event.

mod events;
mod families;
mod body;
mod canonical;
mod responses;
pub mod api;
inlet::with_tools! { mod tools; }
// rustfmt does not look into macros.
#[cfg(rustfmt)]
mod tools;

use std::time::Duration;

use inlet::delivery::Delivery;
use inlet::drift::shapes::Shapes;
use inlet::proof::{Claim, Comparison, Rejection, Verified};
use inlet::provider::Provider;
use inlet::provider::catalogue::{DedupRule, EventSpec, entity_id, find, text_at, unwrapped};
use inlet::provider::parsed_event::{ParsedEvent, UnknownReason};
use inlet::provider::response::{Outcome, Response};
use inlet::provider::retry_policy::{Retries, RetryPolicy};
use inlet::request::Unverified;
use inlet::secret::Secret;
use inlet::trust::Trust;
use serde::Deserialize;
use serde_json::Value;

pub use events::EVENTS;
pub use responses::Settings;

/// The header of the pages' security scheme. The issuer of its value, and its use, are not documented.
const API_KEY: &str = "X-API-Key";

/// The query parameter for stores that can protect a URL only by its text.
const URL_TOKEN: &str = "token";

/// DealPOS.
#[derive(Debug)]
pub struct DealPos;

/// The name by which the list of providers knows [`DealPos`].
pub type ThisProvider = DealPos;

/// The credential of a store's URLs. The pages name two ways and do not agree; the third needs neither.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Credential {
    /// The value of `X-API-Key`: the scheme `ApiKeyAuth` of /webhook/webhook.md.
    ApiKey(Secret),
    /// The token that DealPOS gets from the store's own server: "OAuth 2.0" of /webhook.
    Bearer(Secret),
    /// The value of `token` in the URL's query.
    UrlToken(Secret),
}

impl Provider for DealPos {
    const NAME: &'static str = "dealpos";
    /// The defaults: the number of repeats and the pause before them can be set. DealPOS logs a call without a
    /// response as 408. No page documents whether DealPOS repeats it like a response with the status 408.
    const RETRY_POLICY: RetryPolicy = RetryPolicy {
        response_timeout: Some(Duration::from_secs(30)),
        retries: Some(Retries {
            backoff: &[Duration::from_secs(7)],
            statuses: &[408..=408, 429..=429, 500..=599],
        }),
        circuit_breaker: None,
        source: "https://developer.dealpos.com/webhook/webhook-guide",
    };
    const SECRET_PARAMETERS: &'static [&'static str] = &[URL_TOKEN];
    const SHAPES: Shapes = Shapes::new(include_str!("../shapes.txt"));
    type Credential = Credential;
    type Settings = Settings;

    fn is_topic(part: &str) -> bool {
        find(EVENTS, part).is_some()
    }

    fn claim(request: &Unverified, credential: &Credential) -> Result<Claim, Rejection> {
        let (presented, expected, secret, trust) = match credential {
            Credential::ApiKey(key) => {
                (request.header(API_KEY).map(str::to_owned), "X-API-Key", key, Trust::SharedSecret)
            }
            Credential::Bearer(token) => {
                let presented = request.authorization("Bearer").map(str::to_owned);
                (presented, "bearer token", token, Trust::SharedSecret)
            }
            Credential::UrlToken(token) => {
                let presented = request.query(URL_TOKEN).map(std::borrow::Cow::into_owned);
                (presented, "token in the URL", token, Trust::UrlToken)
            }
        };
        let presented = presented.ok_or(Rejection::Missing { expected })?;
        Ok(Claim::Shared { comparisons: vec![Comparison::new(presented, secret.clone())], trust })
    }

    fn parse(delivery: &Verified<Delivery>) -> ParsedEvent {
        let topic = delivery.topic().unwrap_or_default();
        let row = find(EVENTS, topic);
        let Some(value) = body::value(delivery) else {
            return ParsedEvent::unknown(row.map_or(topic, |row| row.event), UnknownReason::Body, None);
        };
        let payload = unwrapped(&value, &body::WRAPPERS);
        if let Some(row) = row {
            return reading(row, payload);
        }
        match families::FAMILIES.infer(topic) {
            Some(row) => reading(&row, payload).named(topic),
            None => ParsedEvent::unknown(topic, UnknownReason::Event, entity_id(payload, events::ANY)),
        }
    }

    fn respond(outcome: &Outcome<'_>, settings: &Settings) -> Response {
        match outcome {
            Outcome::Accepted(event) => settings.response(event.parsed().event_type.as_str()),
            Outcome::Probed | Outcome::Deferred => responses::success(),
        }
    }
}

/// Reads a payload by its row.
///
/// DealPOS writes dates as midnight, so only a time with a fraction of a second distinguishes one event from the next.
fn reading(row: &EventSpec, payload: &Value) -> ParsedEvent {
    let reading = ParsedEvent::of(row, payload, canonical::time);
    let time = row.time.and_then(|field| text_at(payload, field));
    let dedup = match time {
        Some(text) if canonical::has_fraction(&text) => reading.dedup,
        _ => DedupRule::RetryWindow,
    };
    ParsedEvent { dedup, ..reading }
}

#[cfg(test)]
mod tests;
