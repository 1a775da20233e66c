//! A verified request: the parts that a provider parses, and the parts that are kept.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use serde_json::Value;

use crate::proof::claim::{Covered, Proof};
use crate::received_at::ReceivedAt;
use crate::request::{Fields, Headers, Method, Plus, Request, Unverified, is_form};
use crate::store::StoreName;
use crate::trust::Trust;
use crate::value::json;

/// A verified request: the parts that a provider parses, and the parts that are kept.
pub struct Delivery {
    store: StoreName,
    topic: Option<String>,
    method: Method,
    query: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    json: OnceLock<Option<Box<Value>>>,
    proof: Proof,
    received_at: ReceivedAt,
}

/// The headers worth keeping. None carries a credential.
const STORED_HEADERS: [&str; 6] =
    ["content-type", "content-encoding", "date", "user-agent", "x-amzn-trace-id", "x-request-id"];

/// Maximum length of a body whose parsed JSON is cached, in bytes. Parsed JSON takes ten times as much memory, and
/// eighty times for a hostile body.
const KEPT_READ: usize = 256 * 1024;

impl Delivery {
    /// Returns the delivery of a verified request, without its `secret_parameters`.
    pub(crate) fn new(
        request: Unverified,
        proof: Proof,
        received_at: ReceivedAt,
        secret_parameters: &[&str],
    ) -> Self {
        let Request { method, store, topic, query, headers, body } = request.into_inner();
        Self {
            query: without(&query, secret_parameters),
            headers: stored_headers(&headers),
            store,
            topic,
            method,
            body,
            json: OnceLock::new(),
            proof,
            received_at,
        }
    }

    /// Returns the delivery that carries an object as it was fetched. The body is the object, byte for byte.
    pub(crate) fn fetched(store: StoreName, body: Vec<u8>, received_at: ReceivedAt) -> Self {
        Self {
            store,
            topic: None,
            method: Method::Get,
            query: String::new(),
            headers: vec![("content-type", "application/json".to_owned())],
            body,
            json: OnceLock::new(),
            proof: Proof { trust: Trust::Fetched, covered: Covered::Nothing, scopes: Vec::new() },
            received_at,
        }
    }

    /// The store that the URL names.
    pub fn store(&self) -> &StoreName {
        &self.store
    }

    /// The last part of the URL's path, where there is one.
    pub fn topic(&self) -> Option<&str> {
        self.topic.as_deref()
    }

    /// The HTTP method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The query string as sent, without the parameters that carry a credential.
    pub fn query(&self) -> &str {
        &self.query
    }

    /// The query's fields, decoded.
    pub fn query_fields(&self) -> Fields {
        Fields::parse(self.query.as_bytes(), Plus::Space)
    }

    /// The headers that are kept, names in lower case.
    pub fn headers(&self) -> &[(&'static str, String)] {
        &self.headers
    }

    /// The body's media type as sent.
    pub fn content_type(&self) -> Option<&str> {
        self.headers.iter().find(|(name, _)| *name == "content-type").map(|(_, value)| value.as_str())
    }

    /// The body, byte for byte.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns the body as JSON; `None` if it is not JSON. Unless the body is large, it is parsed only once.
    pub fn json(&self) -> Option<Cow<'_, Value>> {
        let read = || json::parse(&self.body).ok();
        if self.body.len() > KEPT_READ {
            return read().map(Cow::Owned);
        }
        self.json.get_or_init(|| read().map(Box::new)).as_deref().map(Cow::Borrowed)
    }

    /// Returns the body's form fields, if the content type is a form's.
    pub fn form(&self) -> Option<Fields> {
        is_form(self.content_type()).then(|| Fields::parse(json::without_bom(&self.body), Plus::Space))
    }

    /// Returns how strong the proof is.
    pub fn trust(&self) -> Trust {
        self.proof.trust
    }

    /// Returns the scopes of the secrets that match, such as the topics of the keys; empty if the provider has none.
    pub fn proof_scopes(&self) -> &[&'static str] {
        &self.proof.scopes
    }

    /// Returns the part of the request that the proof covers.
    pub fn covered(&self) -> &Covered {
        &self.proof.covered
    }

    /// Returns the time of arrival.
    pub fn received_at(&self) -> ReceivedAt {
        self.received_at
    }
}

/// Shows only the outline: the body has personal data.
impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("store", &self.store)
            .field("topic", &self.topic)
            .field("method", &self.method)
            .field("trust", &self.trust())
            .field("received_at", &self.received_at)
            .field("body_len", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Returns the query without the named parameters. The others stay as they were sent.
fn without(query: &str, names: &[&str]) -> String {
    let is_secret = |field: &&str| {
        let fields = Fields::parse(field.as_bytes(), Plus::Space);
        names.iter().any(|name| fields.bytes(name).is_some())
    };
    query.split('&').filter(|field| !is_secret(field)).collect::<Vec<_>>().join("&")
}

fn stored_headers(headers: &Headers) -> Vec<(&'static str, String)> {
    let stored = |name: &'static str| headers.value(name).map(|value| (name, value.to_owned()));
    STORED_HEADERS.into_iter().filter_map(stored).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_provider::{delivered, sent};

    #[test]
    fn a_delivery_is_the_sent_request_without_its_proof() {
        let received_at = ReceivedAt::from_millis(7).unwrap();
        let headers = [("Content-Type", "text/plain"), ("Date", "today"), ("X-Signature", "s3cret")];
        let request = Request {
            method: Method::Other,
            topic: Some("order".into()),
            headers: headers.into_iter().collect(),
            ..sent("a=1+2&b=%2B", "words")
        };
        let delivery = delivered(request, received_at);
        assert_eq!(delivery.store().as_str(), "demo");
        assert_eq!((delivery.topic(), delivery.method()), (Some("order"), Method::Other));
        assert_eq!(delivery.query(), "a=1+2&b=%2B");
        let fields = delivery.query_fields();
        assert_eq!((fields.value("a").as_deref(), fields.value("b").as_deref()), (Some("1 2"), Some("+")));
        assert_eq!(
            delivery.headers(),
            [("content-type", "text/plain".to_owned()), ("date", "today".to_owned())]
        );
        assert_eq!((delivery.content_type(), delivery.body()), (Some("text/plain"), &b"words"[..]));
        assert_eq!((delivery.trust(), delivery.received_at()), (Trust::UrlToken, received_at));
        assert_eq!(delivered(sent("", ""), received_at).topic(), None);
    }

    #[test]
    fn a_body_is_json_whatever_it_is_called_and_however_large() {
        let large = format!("[{}1]", " ".repeat(KEPT_READ));
        for (body, want) in [
            (r#"{"a":1}"#, Some(serde_json::json!({"a": 1}))),
            ("words", None),
            ("", None),
            (&large, Some(serde_json::json!([1]))),
        ] {
            let delivery = delivered(sent("", body), ReceivedAt::EPOCH);
            let beginning = &body[..body.len().min(9)];
            assert_eq!(delivery.json().map(Cow::into_owned), want, "{beginning}");
            assert_eq!(delivery.json().map(Cow::into_owned), want, "asked again: {beginning}");
        }
    }

    #[test]
    fn only_one_that_is_not_large_is_kept_as_json() {
        for (size, is_kept) in [(KEPT_READ, true), (KEPT_READ + 1, false)] {
            let delivery = delivered(sent("", &format!("{}1", " ".repeat(size - 1))), ReceivedAt::EPOCH);
            assert_eq!(matches!(delivery.json(), Some(Cow::Borrowed(_))), is_kept, "{size} bytes");
        }
    }

    #[test]
    fn a_form_is_read_where_it_is_called_one() {
        let form = |content_type: &str| {
            let headers = [("content-type", content_type)].into_iter().collect();
            let delivery = delivered(Request { headers, ..sent("", "a=1+2") }, ReceivedAt::EPOCH);
            delivery.form().and_then(|fields| fields.value("a").map(Cow::into_owned))
        };
        assert_eq!(form("application/x-www-form-urlencoded").as_deref(), Some("1 2"));
        assert_eq!(form("application/json"), None);
    }

    #[test]
    fn its_outline_is_shown_and_its_content_is_not() {
        let delivery = delivered(
            Request { topic: Some("order".into()), ..sent("a=canary", "canary") },
            ReceivedAt::EPOCH,
        );
        let shown = format!("{delivery:?}");
        assert!(
            shown.contains("order") && shown.contains("UrlToken") && shown.contains("body_len: 6"),
            "{shown}"
        );
        assert!(!shown.contains("canary"), "{shown}");
    }

    #[test]
    fn a_query_is_kept_as_sent_without_its_secrets() {
        assert_eq!(without("method=A%2BB&token=s3cret&x=1+2", &["token"]), "method=A%2BB&x=1+2");
        assert_eq!(without("TOKEN=s3cret", &["token"]), "");
        assert_eq!(without("%74oken=s3cret&a=1", &["token"]), "a=1");
    }

    #[test]
    fn only_harmless_headers_are_kept() {
        let headers: Headers = [
            ("Authorization", "Basic x"),
            ("Content-Type", "application/json"),
            ("X-Signature", "sha1=00"),
            ("key1", "k"),
        ]
        .into_iter()
        .collect();
        assert_eq!(stored_headers(&headers), [("content-type", "application/json".to_owned())]);
    }
}
