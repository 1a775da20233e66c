//! Zid: orders, products, abandoned carts, customers and categories of a store, and the events of the app market.
//!
//! Sources: <https://docs.zid.sa/webhooks>, `/create-a-webhook` and the `/webhook-events-…` pages. Zid signs nothing:
//! the one documented proof is RFC 7617 Basic, with the pair that was given when the webhook was created. A delivery of
//! a store's event does not contain the event's name, so each event has a URL of its own.

mod events;
mod families;
mod body;
mod canonical;
pub mod api;
inlet::with_tools! { mod tools; }
// rustfmt does not look into macros.
#[cfg(rustfmt)]
mod tools;

use std::time::Duration;

use inlet::canonical::{Canonical, Kind, State};
use inlet::delivery::Delivery;
use inlet::drift::shapes::Shapes;
use inlet::proof::{Claim, Comparison, Rejection, Verified, base64_signature};
use inlet::provider::Provider;
use inlet::provider::catalogue::{EventSpec, find, text_at};
use inlet::provider::parsed_event::{ParsedEvent, UnknownReason};
use inlet::provider::response::{Outcome, Response};
use inlet::provider::retry_policy::{CircuitBreaker, Retries, RetryPolicy};
use inlet::request::Unverified;
use inlet::secret::Secret;
use inlet::trust::Trust;
use serde::Deserialize;
use serde_json::{Value, json};

pub use events::EVENTS;

/// The query parameter with the secret of a URL.
const TOKEN: &str = "token";

/// The place of the pair in a request, for the log.
const AUTHORIZATION: &str = "Authorization: Basic header";

/// The name of an event that neither the body nor the URL names.
const NAMELESS: &str = "unknown";

/// The topic of all events of the app market: an app has one URL, and the body names the event.
const APP_MARKET: &str = "app";

/// The provider.
#[derive(Debug)]
pub struct Zid;

/// The name by which the list of providers knows [`Zid`].
pub type ThisProvider = Zid;

/// A secret that a store and Zid share.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Fields")]
pub enum Credential {
    /// `username:password`, as given when the webhook was created.
    Basic(Secret),
    /// A secret in the URL, for events of the app market: no page documents a proof for those.
    UrlToken(Secret),
}

/// The fields of a credential in the parameter store.
#[derive(Deserialize)]
struct Fields {
    username: Option<Secret>,
    password: Option<Secret>,
    url_token: Option<Secret>,
}

/// The fields do not make a credential.
#[derive(Debug, PartialEq, Eq)]
pub struct NotACredential;

impl std::fmt::Display for NotACredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a credential is a username and a password, or a url_token")
    }
}

impl TryFrom<Fields> for Credential {
    type Error = NotACredential;

    fn try_from(fields: Fields) -> Result<Self, NotACredential> {
        match (fields.username, fields.password, fields.url_token) {
            // RFC 7617 allows no colon in a user name, so the joined text belongs to one pair only.
            (Some(username), Some(password), None) => Ok(Self::Basic(username.join(":", &password))),
            (None, None, Some(token)) => Ok(Self::UrlToken(token)),
            _ => Err(NotACredential),
        }
    }
}

impl Provider for Zid {
    const NAME: &'static str = "zid";

    /// The events of a deleted product and of a login have no time of their own.
    const MIXED_DEDUP_KINDS: &'static [Kind] = &[Kind::Product, Kind::Customer];

    /// Every response other than 2xx is a failure, a 401 for a wrong secret too. A 429 is not counted; no page
    /// documents whether Zid retries after it. One success clears the count.
    const RETRY_POLICY: RetryPolicy = RetryPolicy {
        response_timeout: None,
        retries: Some(Retries {
            backoff: &[Duration::from_mins(1), Duration::from_mins(5), Duration::from_mins(15)],
            statuses: &[300..=428, 430..=599],
        }),
        circuit_breaker: Some(CircuitBreaker {
            window: Duration::from_hours(1),
            warn_at: 10,
            disable_at: 30,
            discards_backlog: true,
            not_counted: &[429],
        }),
        source: "https://docs.zid.sa/webhook-health-tracking; the waits are an integrator's reading of it",
    };
    const SECRET_PARAMETERS: &'static [&'static str] = &[TOKEN];

    /// Codes that customers bought, tokens, and links that work without a login.
    const SECRET_FIELDS: &'static [&'static str] = &[
        "vouchers.key",
        "vouchers.pin_code",
        "vouchers.serial_number",
        "digital_products_access_token",
        "cart_payment_request_token",
        "payment_link",
        "download_url",
    ];

    const SHAPES: Shapes = Shapes::new(include_str!("../shapes.txt"));
    type Credential = Credential;
    type Settings = ();

    fn is_topic(part: &str) -> bool {
        part.eq_ignore_ascii_case(APP_MARKET) || find(EVENTS, part).is_some()
    }

    fn claim(request: &Unverified, credential: &Credential) -> Result<Claim, Rejection> {
        let (presented, expected, trust) = match credential {
            Credential::Basic(pair) => (basic(request)?, pair, Trust::SharedSecret),
            Credential::UrlToken(token) => (url_token(request)?, token, Trust::UrlToken),
        };
        Ok(Claim::Shared { comparisons: vec![Comparison::new(presented, expected.clone())], trust })
    }

    fn parse(delivery: &Verified<Delivery>) -> ParsedEvent {
        let topic = delivery.topic().map(str::trim).filter(|topic| !topic.is_empty()).unwrap_or(NAMELESS);
        let Some(body) = delivery.json().filter(|body| body.is_object()) else {
            return ParsedEvent::unknown(topic, UnknownReason::Body, None);
        };
        let names = names(&body, topic);
        let Some(name) = names.iter().find(|name| is_of_an_event(name)) else {
            let name = names.first().map_or(topic, String::as_str);
            let unknown = || ParsedEvent::unknown(name, UnknownReason::Event, body::id(&body));
            return body::spec_by_shape(&body).map_or_else(unknown, |spec| parse_entity(&body, spec));
        };
        if let Some(spec) = find(EVENTS, name) {
            return parse_entity(&body, spec);
        }
        match families::inferred(name) {
            Some(spec) => parse_entity(&body, &spec).named(name),
            None => ParsedEvent::unknown(name, UnknownReason::Event, body::id(&body)),
        }
    }

    fn respond(_: &Outcome<'_>, (): &()) -> Response {
        // Any 2xx is a success. No page documents a body.
        Response::ok(json!({"received": true}))
    }
}

/// Parses the entity in a body by the event's row.
///
/// A cancelled order is one verb for all providers. The row finds it by Zid's code; some bodies have a translated text
/// in its place, which the mapping understands.
fn parse_entity(body: &Value, spec: &EventSpec) -> ParsedEvent {
    let parsed = ParsedEvent::of(spec, body::entity(body, spec), canonical::time);
    let is_cancelled =
        matches!(&parsed.data, Canonical::Order(order) if order.state == Some(State::Cancelled));
    let is_change_of_status = parsed.verb == events::STATUS_CHANGED;
    let verb = if is_cancelled && is_change_of_status { families::CANCELLED } else { parsed.verb };
    ParsedEvent { verb, ..parsed }
}

/// Returns the decoded header: user name and password in one text.
fn basic(request: &Unverified) -> Result<Vec<u8>, Rejection> {
    if request.header("authorization").is_none() {
        return Err(Rejection::Missing { expected: AUTHORIZATION });
    }
    request
        .authorization("Basic")
        .and_then(base64_signature)
        .ok_or(Rejection::Malformed { what: AUTHORIZATION })
}

/// Returns the secret in the URL.
fn url_token(request: &Unverified) -> Result<Vec<u8>, Rejection> {
    let token = request.query(TOKEN).ok_or(Rejection::Missing { expected: "token in the URL" })?;
    Ok(token.into_owned().into_bytes())
}

/// Returns the names that a delivery may have, the surest first: the documented field of the app market, the URL, and
/// a field that integrators have seen, which may also be a merchant's own text.
fn names(body: &Value, topic: &str) -> Vec<String> {
    let names = [text_at(body, "event_name"), Some(topic.to_owned()), text_at(body, "event")];
    let names = names.into_iter().flatten().map(|name| name.trim().to_owned());
    names.filter(|name| !name.is_empty()).collect()
}

/// Returns true if this is the name of an event, documented or not. All event names of Zid have a point; `app` in a URL
/// is not an event's name.
fn is_of_an_event(name: &str) -> bool {
    name.contains('.') || find(EVENTS, name).is_some() || families::inferred(name).is_some()
}

#[cfg(test)]
mod tests;
