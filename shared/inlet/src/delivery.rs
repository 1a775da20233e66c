//! A request whose sender is proved: what a provider reads, and what is kept of it.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use serde_json::Value;

use crate::event::ReceivedAt;
use crate::proof::Trust;
use crate::provider::Provider;
use crate::request::{Fields, Headers, Method, Plus, Request, Unverified, is_form};
use crate::store::StoreName;

/// A request whose sender is proved: what a provider reads, and what is kept.
pub struct Delivery {
    store: StoreName,
    topic: Option<String>,
    method: Method,
    query: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    json: OnceLock<Option<Box<Value>>>,
    trust: Trust,
    received_at: ReceivedAt,
}

/// The headers worth keeping. None carries a credential.
const KEPT_HEADERS: [&str; 6] =
    ["content-type", "content-encoding", "date", "user-agent", "x-amzn-trace-id", "x-request-id"];

/// The largest body that is kept as JSON too, once it was read, in bytes: there it takes ten times as much.
const KEPT_READ: usize = 256 * 1024;

impl Delivery {
    pub(crate) fn new<P: Provider>(request: Unverified, trust: Trust, received_at: ReceivedAt) -> Self {
        let Request { method, store, topic, query, headers, body } = request.into_contents();
        Self {
            query: without(&query, P::SECRET_PARAMETERS),
            headers: kept(&headers),
            store,
            topic,
            method,
            body,
            json: OnceLock::new(),
            trust,
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

    /// The query string as sent, less the parameters that carry a credential.
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

    /// The body as JSON; nothing where it is none. One that is not large is read once, whoever asks.
    pub fn json(&self) -> Option<Cow<'_, Value>> {
        let read = || serde_json::from_slice(&self.body).ok();
        if self.body.len() > KEPT_READ {
            return read().map(Cow::Owned);
        }
        self.json.get_or_init(|| read().map(Box::new)).as_deref().map(Cow::Borrowed)
    }

    /// The body's form fields, when the sender calls it a form.
    pub fn form(&self) -> Option<Fields> {
        is_form(self.content_type()).then(|| Fields::parse(&self.body, Plus::Space))
    }

    /// What the proof is worth.
    pub fn trust(&self) -> Trust {
        self.trust
    }

    /// When the receiver had it.
    pub fn received_at(&self) -> ReceivedAt {
        self.received_at
    }
}

/// Its outline: the body holds people.
impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("store", &self.store)
            .field("topic", &self.topic)
            .field("method", &self.method)
            .field("trust", &self.trust)
            .field("received_at", &self.received_at)
            .field("body_len", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// The query less the named parameters; the rest is left as it was sent.
fn without(query: &str, names: &[&str]) -> String {
    let is_secret = |field: &&str| {
        let fields = Fields::parse(field.as_bytes(), Plus::Space);
        names.iter().any(|name| fields.bytes(name).is_some())
    };
    query.split('&').filter(|field| !is_secret(field)).collect::<Vec<_>>().join("&")
}

fn kept(headers: &Headers) -> Vec<(&'static str, String)> {
    let keep = |name: &'static str| headers.value(name).map(|value| (name, value.to_owned()));
    KEPT_HEADERS.into_iter().filter_map(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_a_query_is_as_sent_less_the_secrets() {
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
        assert_eq!(kept(&headers), [("content-type", "application/json".to_owned())]);
    }
}
