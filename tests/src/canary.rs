//! Marked personal data and secrets, and the search for the marks in places where neither may appear.

use inlet::provider::catalogue::{EventSpec, find};
use inlet::request::{Fields, Headers, Plus, Request};
use inlet::store::StoreName;
use inlet::tools::escape::escaped;
use inlet::tools::sender::{Address, Payload, Sender, delivery};
use serde_json::{Map, Value, json};

use crate::repository;

/// The mark in every marked text. It occurs in no payload, name or word of the project.
pub const MARK: &str = "zzcanaryzz";

/// Parts of the names of fields with personal data. Products have names too: they are marked as well.
const PERSONAL: [&str; 9] = ["name", "mail", "phone", "mobile", "address", "street", "line1", "city", "note"];

/// The marks and proofs that may appear nowhere, and the texts that were searched.
#[derive(Debug, Default)]
pub struct Canary {
    needles: Vec<String>,
}

impl Canary {
    /// Records a request's proof: it is as secret as the credential.
    pub fn remember(&mut self, request: &Request) {
        let secret = |name: &str| !["content-type", "host", "user-agent"].contains(&name);
        let headers = request.headers.iter().filter(|(name, _)| secret(name));
        self.needles.extend(headers.map(|(_, value)| value.trim_start_matches("Basic ").to_owned()));
        let signatures = request.query.split('&').filter_map(|field| field.split_once("Signature="));
        self.needles.extend(signatures.map(|(_, value)| value.to_owned()));
    }

    /// Fails if `text` contains a mark or a proof that was sent.
    pub fn look_in(&self, what: &str, text: &str) {
        for needle in self.needles.iter().map(String::as_str).chain([MARK]) {
            let found = text.lines().find(|line| line.to_lowercase().contains(&needle.to_lowercase()));
            assert!(found.is_none(), "{what} holds {needle:?}:\n{}", found.unwrap_or_default());
        }
    }
}

/// Returns a marked delivery of a payload file.
pub fn marked<S: Sender>(store: &StoreName, payload: &str, credential: &Value) -> Request {
    let text = repository::text(&format!("functions/{}/payloads/{payload}.json", S::NAME));
    let mut body: Value = serde_json::from_str(&text).expect("JSON");
    mark(&mut body, false);
    // Not every payload has personal data; an undocumented field adds some.
    body["customer_name"] = json!(MARK);
    delivery::<S>(store.clone(), row::<S>(payload), body.to_string().into_bytes(), credential)
}

/// Returns a marked delivery of a payload file that is a form. `more` is added to each mark, so that one delivery is
/// not another's duplicate.
pub fn marked_form<S: Sender>(store: &StoreName, payload: &str, credential: &Value, more: &str) -> Request {
    let file = S::PAYLOADS.iter().find(|file| file.is_form() && file.name() == payload).expect("a form");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let parsed = Fields::parse(file.body, Plus::Space);
    let fields = parsed.iter().map(|(name, value)| (text(name), text(value)));
    let field = |(name, value): (String, String)| {
        let mark = if is_of_a_person(&name) { format!("{MARK}{more}") } else { String::new() };
        format!("{}={}", escaped(&name), escaped(&format!("{mark}{value}")))
    };
    let body = fields.map(field).collect::<Vec<_>>().join("&");
    assert!(body.contains(MARK), "{payload} has no personal field");
    let Address { method, topic, query } = S::address(row::<S>(payload));
    let headers = Headers::from_iter([("content-type", "application/x-www-form-urlencoded")]);
    let mut request = Request { method, store: store.clone(), topic, query, headers, body: body.into() };
    S::sign(&mut request, credential);
    request
}

/// Returns the name of the provider's JSON payload file with the most personal texts.
pub fn most_personal_payload<S: Sender>() -> &'static str {
    let personal = |file: &&Payload| {
        let mut body: Value = serde_json::from_slice(file.body).expect("JSON");
        mark(&mut body, false);
        body.to_string().matches(MARK).count()
    };
    let files = S::PAYLOADS.iter().filter(|file| !file.is_form() && find(S::EVENTS, file.name()).is_some());
    files.max_by_key(personal).expect("a payload file").name()
}

/// Returns the name of a payload file that is a form with personal fields; `None` if the provider has none.
pub fn personal_form<S: Sender>() -> Option<&'static str> {
    let is_personal = |file: &&Payload| {
        let fields = Fields::parse(file.body, Plus::Space);
        fields.iter().any(|(name, _)| is_of_a_person(&String::from_utf8_lossy(name)))
    };
    S::PAYLOADS.iter().filter(|file| file.is_form()).find(is_personal).map(Payload::name)
}

/// Returns a credential with marked secrets.
pub fn marked_credential(credential: &Value) -> Value {
    let fields = credential.as_object().expect("a credential's fields");
    let marked = |secret: &Value| json!(format!("{MARK}{}", secret.as_str().unwrap_or_default()));
    Value::Object(fields.iter().map(|(name, secret)| (name.clone(), marked(secret))).collect::<Map<_, _>>())
}

fn row<S: Sender>(payload: &str) -> &'static EventSpec {
    let event = payload.split('-').next().unwrap_or(payload);
    find(S::EVENTS, event).unwrap_or_else(|| panic!("no row for {payload}"))
}

/// Puts the mark before every text with personal data.
fn mark(value: &mut Value, is_personal: bool) {
    match value {
        Value::String(text) if is_personal => text.insert_str(0, MARK),
        Value::Array(values) => values.iter_mut().for_each(|value| mark(value, is_personal)),
        Value::Object(fields) => {
            for (name, value) in fields {
                mark(value, is_of_a_person(name));
            }
        }
        _ => {}
    }
}

fn is_of_a_person(name: &str) -> bool {
    let name = name.to_lowercase();
    PERSONAL.iter().any(|word| name.contains(word)) && !name.contains("event")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "the log holds")]
    fn a_mark_is_found() {
        Canary::default().look_in("the log", &format!("line\n{{\"name\":\"{}\"}}", MARK.to_uppercase()));
    }

    #[test]
    #[should_panic(expected = "the log holds")]
    fn a_proof_that_was_sent_is_found() {
        let store = StoreName::parse("demo").expect("a name");
        let request =
            marked::<inlet_zid::Zid>(&store, "order.create", &json!({"username": "a", "password": "b"}));
        let mut canary = Canary::default();
        canary.remember(&request);
        canary.look_in("the log", "authorization: YTpi");
    }
}
