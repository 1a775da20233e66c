//! The signature of Standard Webhooks, version `v1`:
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::message::Message;

/// The prefix of a symmetric secret, before its base64.
const PREFIX: &str = "whsec_";

/// The lengths in bytes that the specification allows.
const LENS: std::ops::RangeInclusive<usize> = 24..=64;

/// The headers of a signed request, in the order of [`headers`].
pub const HEADERS: [&str; 4] = ["content-type", "webhook-id", "webhook-timestamp", "webhook-signature"];

/// A secret that signs. It has no `Debug` and no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey(Vec<u8>);

impl SigningKey {
    /// Parses `whsec_` and the base64 of 24 to 64 bytes; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let key = STANDARD.decode(text.trim().strip_prefix(PREFIX)?).ok()?;
        LENS.contains(&key.len()).then_some(Self(key))
    }
}

/// Returns the headers of a request with this message, signed with each of the keys. `seconds` is the current time
/// since 1970 UTC.
pub fn headers(message: &Message, keys: &[SigningKey], seconds: i64) -> [(&'static str, String); 4] {
    let (id, timestamp) = (webhook_id(message), seconds.to_string());
    let signatures: Vec<String> = keys.iter().map(|key| sign(key, &id, &timestamp, message.json())).collect();
    let [content_type, webhook_id, webhook_timestamp, webhook_signature] = HEADERS;
    [
        (content_type, "application/cloudevents+json; charset=utf-8".to_owned()),
        (webhook_id, id),
        (webhook_timestamp, timestamp),
        (webhook_signature, signatures.join(" ")),
    ]
}

/// Returns the id by which a receiver recognises that it has a message already: the event's, and for a replay also the
/// replay's, because a replay has to be processed once more.
pub fn webhook_id(message: &Message) -> String {
    match message.replay_id() {
        Some(replay) => format!("{}/{replay}", message.id()),
        None => message.id().as_str().to_owned(),
    }
}

/// Returns the signature of a message: `v1,` and the base64 of an HMAC-SHA256 over `{id}.{timestamp}.{body}`.
pub fn sign(key: &SigningKey, id: &str, timestamp: &str, body: &str) -> String {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.0).expect("a key of any length");
    for part in [id, ".", timestamp, ".", body] {
        mac.update(part.as_bytes());
    }
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}
