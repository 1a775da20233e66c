//! `events/`: API Gateway events composed from the providers' payload files, signed with the demo credentials; and
//! `packages/samples/`: the same as CloudEvents, as consumers get them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use inlet::provider::catalogue::{EventSpec, find};
use inlet::request::Request;
use inlet::store::StoreName;
use inlet::tools::registration::Registering;
use inlet::tools::sender::{Payload, Sender, delivery};
use inlet_aws::operate::sample_event::api_gateway_event;
use inlet_providers::{ToolsVisitor, for_each_with_tools};
use serde_json::{Map, Value, json};

use crate::repository::Files;

/// A sample: an event file, and the expected status.
pub struct Sample {
    /// The file's path below `events/`.
    pub file: String,
    /// The API Gateway event.
    pub event: Value,
    /// The expected status of the response.
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
    let mut samples = Samples(Vec::new());
    for_each_with_tools(&mut samples);
    samples.0
}

struct Samples(Vec<Sample>);

impl ToolsVisitor for Samples {
    fn visit<P: Registering>(&mut self) {
        self.0.extend(provider_samples::<P>());
    }
}

/// Returns a provider's samples: one for each payload file, and the awkward ones made from the first of them.
fn provider_samples<S: Sender>() -> Vec<Sample> {
    let sampled = |payload: &Payload| sample::<S>(payload.name(), &request::<S>(payload), 200);
    let mut samples: Vec<Sample> = S::PAYLOADS.iter().map(sampled).collect();
    let first = S::PAYLOADS.iter().find(|payload| !payload.is_form()).expect("a payload in JSON");
    samples.extend(awkward::<S>(first));
    samples
}

pub(crate) fn request<S: Sender>(payload: &Payload) -> Request {
    signed::<S>(row::<S>(payload), payload.body.to_vec())
}

/// Returns the catalogue's row of a payload's event.
pub(crate) fn row<S: Sender>(payload: &Payload) -> &'static EventSpec {
    let row = find(S::EVENTS, payload.event());
    row.unwrap_or_else(|| panic!("{} is named after no event", payload.file))
}

/// Returns awkward deliveries: encodings, casings, forgeries, unknown events.
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

    let other_credential = json!({
        "key1": "somebody-else", "api_key": "somebody-else", "username": "somebody", "password": "else",
        "order": "somebody-else", "stock": "somebody-else", "aftersale": "somebody-else", "secret": "somebody-else",
    });
    let forged = delivery::<S>(demo(), row, payload.body.to_vec(), &other_credential);

    let unknown = unknown_event::<S>(payload);
    let not_json = signed::<S>(row, b"<delivery>not JSON at all</delivery>".to_vec());

    vec![
        in_base64,
        cased,
        sample::<S>("awkward-wrong-proof", &forged, 401),
        sample::<S>("awkward-unknown-event", &unknown, 200),
        sample::<S>("awkward-not-json", &not_json, 200),
    ]
}

/// Returns a delivery of an event that no catalogue has. The proof is that of the delivery.
pub(crate) fn unknown_event<S: Sender>(payload: &Payload) -> Request {
    let surprise = EventSpec { event: "neverHeardOf", aliases: &[], ..*row::<S>(payload) };
    signed::<S>(&surprise, br#"{"id":"77","hello":"world"}"#.to_vec())
}

fn signed<S: Sender>(row: &EventSpec, body: Vec<u8>) -> Request {
    delivery::<S>(demo(), row, body, &S::PROFILE.demo_credential())
}

fn demo() -> StoreName {
    StoreName::parse("demo").expect("a store's name")
}

fn sample<S: Sender>(name: &str, request: &Request, status: u16) -> Sample {
    Sample { file: format!("{}/{name}.json", S::NAME), event: api_gateway_event(S::NAME, request), status }
}
