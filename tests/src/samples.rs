//! `events/`: API Gateway events composed from the providers' payload files, signed with the demo credentials.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use inlet::drift::shapes;
use inlet::provider::catalogue::{Documented, EventSpec, find};
use inlet::request::Request;
use inlet::store::StoreName;
use inlet::tools::sender::{Payload, Sender, delivery};
use inlet_aws::operate::sample_event::api_gateway_event;
use serde_json::{Map, Value, json};

use crate::repository::{self, Files};

/// A sample: an event file, and the expected status.
pub struct Sample {
    /// The file's path below `events/`.
    pub file: String,
    /// The API Gateway event.
    pub event: Value,
    /// The expected status of the answer.
    pub status: u16,
}

/// Returns every file below `events/`: the samples, and `expected.json` with their statuses.
pub fn files() -> Files {
    let samples = all();
    let expected: BTreeMap<&str, u16> =
        samples.iter().map(|sample| (sample.file.as_str(), sample.status)).collect();
    let pretty = |value: &Value| serde_json::to_string_pretty(value).expect("JSON") + "\n";
    let mut files: Files = samples.iter().map(|s| (format!("events/{}", s.file), pretty(&s.event))).collect();
    files.insert("events/expected.json".into(), pretty(&json!(expected)));
    files
}

/// Returns every sample of every provider.
pub fn all() -> Vec<Sample> {
    [
        of::<inlet_dealpos::DealPos>(),
        of::<inlet_tiki::Tiki>(),
        of::<inlet_zid::Zid>(),
        of::<inlet_zip::Zip>(),
        of::<inlet_zort::Zort>(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Returns a provider's samples: one for each payload file, and the awkward ones made from the first of them.
fn of<S: Sender>() -> Vec<Sample> {
    let sampled = |payload: &Payload| sample::<S>(payload.name(), &request::<S>(payload), 200);
    let mut samples: Vec<Sample> = S::PAYLOADS.iter().map(sampled).collect();
    let first = S::PAYLOADS.iter().find(|payload| !payload.is_form()).expect("a payload in JSON");
    samples.extend(awkward::<S>(first));
    samples
}

fn request<S: Sender>(payload: &Payload) -> Request {
    signed::<S>(row::<S>(payload), payload.body.to_vec())
}

fn row<S: Sender>(payload: &Payload) -> &'static EventSpec {
    let row = find(S::EVENTS, payload.event());
    row.unwrap_or_else(|| panic!("{} is named after no event", payload.file))
}

/// Returns the known shapes from each provider's payload files, by the path of their `shapes.txt`.
pub fn shapes() -> Files {
    [
        shapes_of::<inlet_dealpos::DealPos>(),
        shapes_of::<inlet_tiki::Tiki>(),
        shapes_of::<inlet_zid::Zid>(),
        shapes_of::<inlet_zip::Zip>(),
        shapes_of::<inlet_zort::Zort>(),
    ]
    .into()
}

/// Events of one kind share a shape: which of their payloads contains a field is chance. The bodies of events of which
/// only the name is documented are composed from other pages of the provider, so no shape is taken from them.
fn shapes_of<S: Sender>() -> (String, String) {
    let mut groups: BTreeMap<&str, Vec<&[u8]>> = BTreeMap::new();
    let is_shown = |row: &&EventSpec| row.canonical.is_some() && row.documented != Documented::NameOnly;
    for payload in S::PAYLOADS.iter().filter(|payload| !payload.is_form()) {
        if let Some(row) = Some(row::<S>(payload)).filter(is_shown) {
            groups.entry(row.kind.as_str()).or_default().push(payload.body);
        }
    }
    let text = |(kind, bodies): (&str, Vec<&[u8]>)| {
        let rows = S::EVENTS.iter().filter(|row| row.kind.as_str() == kind).filter(is_shown);
        let events: Vec<(&str, bool)> =
            rows.map(|row| (row.event, row.documented == Documented::Full)).collect();
        shapes::to_text(&events, &shapes::shape_of(&bodies))
    };
    (format!("functions/{}/shapes.txt", S::NAME), groups.into_iter().map(text).collect())
}

/// Awkward deliveries: encodings, casings, forgeries, unknown events.
fn awkward<S: Sender>(payload: &Payload) -> Vec<Sample> {
    let plain = || request::<S>(payload);
    let row = find(S::EVENTS, payload.event()).expect("a row");

    let mut in_base64 = sample::<S>("awkward-base64-body", &plain(), 200);
    in_base64.event["body"] = json!(STANDARD.encode(payload.body));
    in_base64.event["isBase64Encoded"] = json!(true);

    let mut cased = sample::<S>("awkward-header-casing", &plain(), 200);
    let headers = cased.event["headers"].as_object().expect("headers");
    let shouted: Map<String, Value> = headers.iter().map(|(n, v)| (n.to_uppercase(), v.clone())).collect();
    cased.event["headers"] = Value::Object(shouted);

    let stranger = json!({
        "key1": "somebody-else", "api_key": "somebody-else", "username": "somebody", "password": "else",
        "order": "somebody-else", "stock": "somebody-else", "aftersale": "somebody-else", "secret": "somebody-else",
    });
    let forged = delivery::<S>(demo(), row, payload.body.to_vec(), &stranger);

    // The proof fits the delivery, so only the event's name is unknown.
    let surprise = EventSpec { event: "neverHeardOf", aliases: &[], ..*row };
    let unknown = signed::<S>(&surprise, br#"{"id":"77","hello":"world"}"#.to_vec());
    let not_json = signed::<S>(row, b"<delivery>not JSON at all</delivery>".to_vec());

    vec![
        in_base64,
        cased,
        sample::<S>("awkward-wrong-proof", &forged, 401),
        sample::<S>("awkward-unknown-event", &unknown, 200),
        sample::<S>("awkward-not-json", &not_json, 200),
    ]
}

fn signed<S: Sender>(row: &EventSpec, body: Vec<u8>) -> Request {
    delivery::<S>(demo(), row, body, &demo_credential(S::NAME))
}

fn demo() -> StoreName {
    StoreName::parse("demo").expect("a store's name")
}

/// Returns the demo store's credential, which only the local stack creates.
pub fn demo_credential(provider: &str) -> Value {
    let stores: Value = serde_json::from_str(&repository::text("local/demo-stores.json")).expect("JSON");
    stores[provider]["demo"][0].clone()
}

fn sample<S: Sender>(name: &str, request: &Request, status: u16) -> Sample {
    Sample { file: format!("{}/{name}.json", S::NAME), event: api_gateway_event(S::NAME, request), status }
}
