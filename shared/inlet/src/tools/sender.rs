//! The provider's side of a delivery: its requests with its proofs. For samples and tests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha1::Sha1;
use sha2::Sha256;

use crate::provider::Provider;
use crate::provider::catalogue::EventSpec;
use crate::request::{Headers, Method, Request};
use crate::store::StoreName;
use crate::tools::credential_shape::CredentialShape;
use crate::tools::lifecycle::Lifecycle;
use crate::tools::profile::Profile;

/// A provider that tools can play.
pub trait Sender: Provider {
    /// Its names and its demo store.
    const PROFILE: Profile;

    /// The catalogue.
    const EVENTS: &'static [EventSpec];

    /// The shapes that its credential may have. The first is the usual one.
    const CREDENTIAL_SHAPES: &'static [CredentialShape];

    /// The bodies in its folder `payloads`.
    const PAYLOADS: &'static [Payload];

    /// The usual states of the entities of its events, where they are known.
    const LIFECYCLES: &'static [Lifecycle] = &[];

    /// Returns the target of an event: the URL as `inlet urls` prints it, with the provider's own words.
    fn address(event: &EventSpec) -> Address;

    /// Adds the proof that the provider would add. `credential` is an object as kept in the parameter store.
    fn sign(request: &mut Request, credential: &Value);
}

/// A body as the provider would send it.
#[derive(Clone, Copy, Debug)]
pub struct Payload {
    /// The file in the provider's folder `payloads`, named after its event: `order.create-guest.json`. After the
    /// hyphen is its special feature.
    pub file: &'static str,
    /// The bytes.
    pub body: &'static [u8],
}

impl Payload {
    /// The file's name without its ending.
    pub fn name(&self) -> &'static str {
        self.file.rsplit_once('.').map_or(self.file, |(name, _)| name)
    }

    /// The event's name.
    pub fn event(&self) -> &'static str {
        self.name().split_once('-').map_or(self.name(), |(event, _)| event)
    }

    /// Returns true if the body is an HTML form's.
    pub fn is_form(&self) -> bool {
        self.file.rsplit_once('.').is_some_and(|(_, ending)| ending == "form")
    }
}

/// The payloads of these files, embedded.
#[macro_export]
macro_rules! payloads {
    ($($file:literal),* $(,)?) => {
        &[$($crate::tools::sender::Payload {
            file: $file,
            body: include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/payloads/", $file)),
        }),*]
    };
}

/// The target and the method of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The HTTP method.
    pub method: Method,
    /// The last part of the path.
    pub topic: Option<String>,
    /// The query string.
    pub query: String,
}

impl Address {
    /// A `POST` to this topic.
    pub fn post(topic: impl Into<String>) -> Self {
        Self { method: Method::Post, topic: Some(topic.into()), query: String::new() }
    }
}

/// A JSON delivery of an event as the provider would send it, signed.
pub fn delivery<S: Sender>(
    store: StoreName,
    event: &EventSpec,
    body: Vec<u8>,
    credential: &Value,
) -> Request {
    let Address { method, topic, query } = S::address(event);
    let headers = Headers::from_iter([("content-type", "application/json")]);
    let mut request = Request { method, store, topic, query, headers, body };
    S::sign(&mut request, credential);
    request
}

/// A credential's field; empty where it has none.
pub fn secret<'c>(credential: &'c Value, field: &str) -> &'c str {
    credential.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// `Basic` credentials as RFC 7617 writes them.
pub fn basic(username: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{username}:{password}")))
}

/// HMAC with SHA-1 in lower-case hex.
pub fn hmac_sha1_hex(key: &str, message: &[u8]) -> String {
    tag::<Hmac<Sha1>>(key, message).iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"))
}

/// HMAC with SHA-256 in padded base64.
pub fn hmac_sha256_base64(key: &str, message: &[u8]) -> String {
    STANDARD.encode(tag::<Hmac<Sha256>>(key, message))
}

fn tag<M: Mac + KeyInit>(key: &str, message: &[u8]) -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length: RFC 2104, section 2")]
    let mut mac = <M as KeyInit>::new_from_slice(key.as_bytes()).expect("HMAC takes any key");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}
