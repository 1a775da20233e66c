//! Zip US (formerly QuadPay): gateway callbacks for authorisation, capture, refund, void and confirm, and the
//! confirm redirect, which is a shopper's browser.
//!
//! Facts: <https://developers.zip.co/v9-US/docs/callbacks> and `/docs/signing-requests`. Zip publishes no usable
//! test vector, and documents no retries, time limit, order or response; the tests have vectors computed by the rules.

mod events;
mod canonical;
mod body;
mod redirect;
pub mod api;
inlet::with_tools! { mod tools; }
// rustfmt does not look into macros.
#[cfg(rustfmt)]
mod tools;

use inlet::delivery::Delivery;
use inlet::drift::shapes::Shapes;
use inlet::proof::{Claim, MacAlgorithm, Rejection, Signature, SignedContent, Verified, base64_signature};
use inlet::provider::Provider;
use inlet::provider::catalogue::{EventSpec, entity_id, find, text_at};
use inlet::provider::parsed_event::{ParsedEvent, UnknownReason};
use inlet::provider::response::{Outcome, Response};
use inlet::provider::retry_policy::RetryPolicy;
use inlet::request::{Method, Unverified};
use inlet::secret::Secret;
use inlet::trust::Trust;
use serde::Deserialize;
use serde_json::json;

pub use events::EVENTS;

/// The name of the signature, as a header, a query parameter and a form field. Its case is ignored.
const SIGNATURE: &str = "X-QP-Signature";

/// The same name as a header of a request to Zip.
const SIGNATURE_HEADER: &str = "x-qp-signature";

/// The event that the confirm redirect reports too.
const AUTHORIZE: &str = "authorize";

/// The events whose operation no page names: their rows have the topic's name.
const UNNAMED: [&str; 2] = [AUTHORIZE, "confirm"];

/// The topic of the confirm redirect.
const REDIRECT: &str = "redirect";

/// Zip US.
#[derive(Debug)]
pub struct Zip;

/// The name by which the list of providers knows [`Zip`].
pub type ThisProvider = Zip;

/// The secret that Zip and the merchant share. Sandbox and production have different ones.
#[derive(Debug, Deserialize)]
pub struct Credential {
    secret: Secret,
}

/// A store's settings.
#[derive(Debug, Default, Deserialize)]
pub struct Settings {
    /// The page that a shopper goes to after the confirm redirect. It gets `orderId`, `merchantReference` and
    /// `success`.
    redirect_url: Option<String>,
    /// The page after a failed checkout. Without it, the shopper gets a plain 200 and not the page above.
    redirect_failed_url: Option<String>,
}

impl Provider for Zip {
    const NAME: &'static str = "zip";
    const RETRY_POLICY: RetryPolicy =
        RetryPolicy::not_documented("not documented on https://developers.zip.co/v9-US/docs/callbacks");
    const SECRET_PARAMETERS: &'static [&'static str] = &[SIGNATURE];
    const SHAPES: Shapes = Shapes::new(include_str!("../shapes.txt"));
    type Credential = Credential;
    type Settings = Settings;

    fn is_topic(part: &str) -> bool {
        find(EVENTS, part).is_some()
    }

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
        if delivery.trust() == Trust::SignedFields {
            return parse_redirect(delivery, topic);
        }
        // A form proves no payment, even if it is signed: only JSON callbacks are operations.
        let Some(payload) = body::json_object(delivery) else {
            return ParsedEvent::unknown(topic, UnknownReason::Body, None);
        };
        let operation = text_at(&payload, "operation").unwrap_or_default();
        if let Some(row) = callback_row(topic, &operation) {
            return ParsedEvent::of(row, &payload, canonical::time);
        }
        let name = if operation.is_empty() { topic } else { &operation };
        ParsedEvent::unknown(name, UnknownReason::Event, entity_id(&payload, events::ORDER))
    }

    fn respond(outcome: &Outcome<'_>, settings: &Settings) -> Response {
        let page = match outcome {
            Outcome::Accepted(event) if is_redirect(event.delivery().topic()) => {
                let Settings { redirect_url, redirect_failed_url } = settings;
                redirect::page(event.delivery(), redirect_url.as_deref(), redirect_failed_url.as_deref())
            }
            _ => None,
        };
        // Zip documents no expected response: 200 with a small body.
        page.map_or_else(|| Response::ok(json!({"received": true})), |page| Response::see_other(&page))
    }
}

/// Parses a request whose fields are signed: a redirect confirmation or an unknown event, never an operation.
fn parse_redirect(delivery: &Verified<Delivery>, topic: &str) -> ParsedEvent {
    let is_browser = delivery.method() == Method::Get && is_redirect(delivery.topic());
    let fields = is_browser.then(|| redirect::unambiguous_fields(delivery)).flatten();
    match (find(EVENTS, REDIRECT), fields) {
        (Some(row), Some(fields)) => ParsedEvent::of(row, &body::fields_object(&fields), canonical::time),
        _ => ParsedEvent::unknown(topic, UnknownReason::AmbiguousSignature, None),
    }
}

/// Returns the row of a JSON callback: the row of its operation, else the row of the topic.
///
/// The topic is not signed. So it names an undocumented operation only if Zip documents no operation name for this
/// topic. The redirect's row is never used for a callback.
fn callback_row(topic: &str, operation: &str) -> Option<&'static EventSpec> {
    let by_topic = || find(EVENTS, topic).filter(|row| row.event != REDIRECT);
    if operation.is_empty() {
        return by_topic();
    }
    let by_operation = find(EVENTS, operation).filter(|row| row.event != REDIRECT);
    by_operation.or_else(|| by_topic().filter(|row| UNNAMED.contains(&row.event)))
}

fn is_redirect(topic: Option<&str>) -> bool {
    topic.is_some_and(|topic| topic.eq_ignore_ascii_case(REDIRECT))
}

#[cfg(test)]
mod tests;
