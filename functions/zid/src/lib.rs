//! Zid: a store's orders, products, abandoned carts, customers and categories, and the app market's events.
//!
//! Facts: <https://docs.zid.sa/webhooks>, `/create-a-webhook` and the `/webhook-events-…` pages. Zid signs
//! nothing: the one documented proof is RFC 7617 Basic, with the pair that was given when the webhook was created.
//! A merchant event names itself nowhere in the delivery, so the URL has to: each event has its own.

mod events;
mod families;
mod body;
mod canonical;
mod forms;
mod payloads;
mod sender;
mod portal;
mod registration;
pub mod api;

use std::time::Duration;

use inlet::answer::{Answer, Outcome};
use inlet::canonical::{Canonical, Kind, State};
use inlet::catalogue::{Row, find, text_at};
use inlet::delivery::Delivery;
use inlet::drift::Shapes;
use inlet::patience::{AfterFailure, Breaker, Retries};
use inlet::proof::{Claim, Comparison, Rejection, Trust, Verified, base64_tag};
use inlet::provider::Provider;
use inlet::reading::{EventType, Reading, WhyUnknown};
use inlet::request::Unverified;
use inlet::secret::Secret;
use serde::Deserialize;
use serde_json::{Value, json};

pub use events::EVENTS;

/// The query parameter that carries a secret of the URL's own.
const TOKEN: &str = "token";

/// Where the pair belongs, for the log.
const AUTHORIZATION: &str = "Authorization: Basic header";

/// What an unknown event is called when neither body nor URL calls it anything.
const NAMELESS: &str = "unknown";

/// Zid.
#[derive(Debug)]
pub struct Zid;

/// What a store and Zid share.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Fields")]
pub enum Credential {
    /// `username:password`, as given when the webhook was created.
    Basic(Secret),
    /// A secret in the URL, for events of the app market: no page says what proves those.
    UrlToken(Secret),
}

/// A credential's fields as kept in the parameter store.
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
            // RFC 7617 allows no colon in a user name, so the joined text stands for one pair only.
            (Some(username), Some(password), None) => Ok(Self::Basic(username.joined(":", &password))),
            (None, None, Some(token)) => Ok(Self::UrlToken(token)),
            _ => Err(NotACredential),
        }
    }
}

impl Provider for Zid {
    const NAME: &'static str = "zid";

    /// A product that is deleted and a customer who logs in tell no time.
    const MIXED: &'static [Kind] = &[Kind::Product, Kind::Customer];

    /// Every answer but a 2xx is a failure, a 401 for a wrong secret too; a 429 is none, and whether it is followed
    /// by a further attempt is not told. One success clears the count.
    const AFTER_FAILURE: AfterFailure = AfterFailure {
        answer_within: None,
        retries: Some(Retries {
            waits: &[Duration::from_mins(1), Duration::from_mins(5), Duration::from_mins(15)],
            statuses: &[300..=428, 430..=599],
        }),
        breaker: Some(Breaker {
            window: Duration::from_hours(1),
            degraded_at: 10,
            broken_at: 30,
            discards_backlog: true,
            not_counted: &[429],
        }),
        source: "https://docs.zid.sa/webhook-health-tracking; the waits are an integrator's reading of it",
    };
    const SECRET_PARAMETERS: &'static [&'static str] = &[TOKEN];
    const SHAPES: Shapes = Shapes::new(include_str!("../shapes.txt"));
    type Credential = Credential;
    type Settings = ();

    fn claim(request: &Unverified, credential: &Credential) -> Result<Claim, Rejection> {
        let (presented, expected, trust) = match credential {
            Credential::Basic(pair) => (basic(request)?, pair, Trust::SharedSecret),
            Credential::UrlToken(token) => (url_token(request)?, token, Trust::UrlToken),
        };
        Ok(Claim::Shared { comparisons: vec![Comparison::new(presented, expected.clone())], trust })
    }

    fn read(delivery: &Verified<Delivery>) -> Reading {
        let topic = delivery.topic().map(str::trim).filter(|topic| !topic.is_empty()).unwrap_or(NAMELESS);
        let Some(body) = delivery.json().filter(|body| body.is_object()) else {
            return Reading::unknown(topic, WhyUnknown::Body, None);
        };
        let names = names(&body, topic);
        let Some(name) = names.iter().find(|name| is_of_an_event(name)) else {
            let name = names.first().map_or(topic, String::as_str);
            let unknown = || Reading::unknown(name, WhyUnknown::Event, body::id(&body));
            return body::resembled(&body).map_or_else(unknown, |row| reading(&body, row));
        };
        if let Some(row) = find(EVENTS, name) {
            return reading(&body, row);
        }
        match families::inferred(name) {
            Some(row) => Reading { event_type: EventType::new(name), ..reading(&body, &row) },
            None => Reading::unknown(name, WhyUnknown::Event, body::id(&body)),
        }
    }

    fn answer(_: &Outcome<'_>, (): &()) -> Answer {
        // Any 2xx is success; what the body should hold is not documented.
        Answer::ok(json!({"received": true}))
    }
}

/// Reads the entity in a body by a row.
///
/// A cancelled order is one verb for all providers. The row finds it by Zid's code; some bodies have a translated text
/// in its place, which the mapping understands.
fn reading(body: &Value, row: &Row) -> Reading {
    let reading = Reading::of(row, body::entity(body, row), canonical::time);
    let is_cancelled =
        matches!(&reading.data, Canonical::Order(order) if order.state == Some(State::Cancelled));
    let is_change_of_status = reading.verb == events::STATUS_CHANGED;
    let verb = if is_cancelled && is_change_of_status { families::CANCELLED } else { reading.verb };
    Reading { verb, ..reading }
}

/// What the header holds, decoded: user name and password in one text.
fn basic(request: &Unverified) -> Result<Vec<u8>, Rejection> {
    if request.header("authorization").is_none() {
        return Err(Rejection::Missing { expected: AUTHORIZATION });
    }
    request.authorization("Basic").and_then(base64_tag).ok_or(Rejection::Malformed { what: AUTHORIZATION })
}

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

/// Returns whether a name is an event's, documented or not. All of Zid's have a point; `app` in a URL is none.
fn is_of_an_event(name: &str) -> bool {
    name.contains('.') || find(EVENTS, name).is_some() || families::inferred(name).is_some()
}

#[cfg(test)]
mod tests;
