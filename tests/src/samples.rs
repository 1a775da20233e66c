//! `events/`: API Gateway events composed from the providers' payload files, signed with the demo credentials.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use inlet::catalogue::{Row, find};
use inlet::request::Request;
use inlet::sender::{Sender, delivery};
use inlet::store::StoreName;
use serde_json::{Map, Value, json};

use crate::repository::{self, Files};

/// A sample: an event file, and how it is answered.
pub struct Sample {
    /// The file's path below `events/`.
    pub file: String,
    /// The API Gateway event.
    pub event: Value,
    /// The status that it is answered with.
    pub status: u16,
}

/// Every file below `events/`: the samples, and `expected.json` with their answers.
pub fn files() -> Files {
    let samples = all();
    let expected: BTreeMap<&str, u16> =
        samples.iter().map(|sample| (sample.file.as_str(), sample.status)).collect();
    let pretty = |value: &Value| serde_json::to_string_pretty(value).expect("JSON") + "\n";
    let mut files: Files = samples.iter().map(|s| (format!("events/{}", s.file), pretty(&s.event))).collect();
    files.insert("events/expected.json".into(), pretty(&json!(expected)));
    files
}

/// Every sample of every provider.
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

/// A provider's samples: one for each payload file, and the awkward ones made of the first of them.
fn of<S: Sender>() -> Vec<Sample> {
    let payloads = payloads::<S>();
    let mut samples: Vec<Sample> = payloads.iter().map(|payload| payload.sample::<S>()).collect();
    let first = payloads.iter().find(|payload| payload.is_json()).expect("a payload in JSON");
    samples.extend(awkward::<S>(first));
    samples
}

/// A body in a provider's `payloads` folder.
struct Payload {
    stem: String,
    row: &'static Row,
    body: Vec<u8>,
    form: bool,
}

fn payloads<S: Sender>() -> Vec<Payload> {
    let folder = format!("functions/{}/payloads", S::NAME);
    let payload = |path: &String| {
        let (stem, ending) = path[folder.len() + 1..].rsplit_once('.').expect("a file with an ending");
        // `order.create-guest.json`: behind the hyphen stands what is special about it.
        let event = stem.split('-').next().unwrap_or(stem);
        let row = find(S::EVENTS, event).unwrap_or_else(|| panic!("{path} is named after no event"));
        Payload { stem: stem.into(), row, body: repository::text(path).into_bytes(), form: ending == "form" }
    };
    repository::below(&folder).iter().map(payload).collect()
}

impl Payload {
    fn is_json(&self) -> bool {
        !self.form
    }

    fn request<S: Sender>(&self) -> Request {
        signed::<S>(self.row, self.body.clone())
    }

    fn sample<S: Sender>(&self) -> Sample {
        sample::<S>(&self.stem, &self.request::<S>(), 200)
    }
}

/// What goes wrong in life: encodings, casings, forgeries, surprises.
fn awkward<S: Sender>(payload: &Payload) -> Vec<Sample> {
    let plain = || payload.request::<S>();

    let mut in_base64 = sample::<S>("awkward-base64-body", &plain(), 200);
    in_base64.event["body"] = json!(STANDARD.encode(&payload.body));
    in_base64.event["isBase64Encoded"] = json!(true);

    let mut cased = sample::<S>("awkward-header-casing", &plain(), 200);
    let headers = cased.event["headers"].as_object().expect("headers");
    let shouted: Map<String, Value> = headers.iter().map(|(n, v)| (n.to_uppercase(), v.clone())).collect();
    cased.event["headers"] = Value::Object(shouted);

    let stranger = json!({
        "key1": "somebody-else", "api_key": "somebody-else", "username": "somebody", "password": "else",
        "order": "somebody-else", "stock": "somebody-else", "aftersale": "somebody-else", "secret": "somebody-else",
    });
    let forged = delivery::<S>(demo(), payload.row, payload.body.clone(), &stranger);

    // The proof is made for what is sent, so only the event's name is a surprise.
    let surprise = Row { event: "neverHeardOf", aliases: &[], ..*payload.row };
    let unknown = signed::<S>(&surprise, br#"{"id":"77","hello":"world"}"#.to_vec());
    let not_json = signed::<S>(payload.row, b"<delivery>not JSON at all</delivery>".to_vec());

    vec![
        in_base64,
        cased,
        sample::<S>("awkward-wrong-proof", &forged, 401),
        sample::<S>("awkward-unknown-event", &unknown, 200),
        sample::<S>("awkward-not-json", &not_json, 200),
    ]
}

fn signed<S: Sender>(row: &Row, body: Vec<u8>) -> Request {
    delivery::<S>(demo(), row, body, &demo_credential(S::NAME))
}

fn demo() -> StoreName {
    StoreName::parse("demo").expect("a store's name")
}

/// The demo store's credential, which only the local stack ever creates.
pub fn demo_credential(provider: &str) -> Value {
    let stores: Value = serde_json::from_str(&repository::text("local/demo-stores.json")).expect("JSON");
    stores[provider]["demo"][0].clone()
}

fn sample<S: Sender>(name: &str, request: &Request, status: u16) -> Sample {
    Sample { file: format!("{}/{name}.json", S::NAME), event: event(S::NAME, request), status }
}

/// The event that API Gateway's HTTP API makes of a request, payload format 2.0.
pub fn event(provider: &str, request: &Request) -> Value {
    let store = request.store.as_str();
    let (path, route, parameters) = match &request.topic {
        Some(topic) => (
            format!("/{provider}/{store}/{topic}"),
            format!("ANY /{provider}/{{store}}/{{topic}}"),
            json!({"store": store, "topic": topic}),
        ),
        None => {
            (format!("/{provider}/{store}"), format!("ANY /{provider}/{{store}}"), json!({"store": store}))
        }
    };
    let headers: BTreeMap<&str, &str> = request
        .headers
        .iter()
        .chain([("host", HOST), ("user-agent", AGENT), ("x-forwarded-proto", "https")])
        .collect();
    let mut event = json!({
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": headers,
        "pathParameters": parameters,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": HOST,
            "domainPrefix": "a1b2c3d4e5",
            "http": {
                "method": request.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": AGENT,
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": route,
            "stage": "$default",
            "time": "12/Jun/2025:08:01:12 +0000",
            "timeEpoch": 1_749_715_272_345_u64,
        },
        "isBase64Encoded": false,
    });
    if !request.body.is_empty() {
        event["body"] = json!(String::from_utf8_lossy(&request.body));
    }
    event
}

const HOST: &str = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com";
const AGENT: &str = "sample/1.0";
