//! The signature of Standard Webhooks, version `v1`:
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The prefix of a symmetric secret, before its base64.
const PREFIX: &str = "whsec_";

/// The lengths in bytes that the specification allows.
const LENS: std::ops::RangeInclusive<usize> = 24..=64;

/// A secret that signs. It has no `Debug` and no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct SigningKey(Vec<u8>);

impl SigningKey {
    /// Parses `whsec_` and the base64 of 24 to 64 bytes.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let key = STANDARD.decode(text.trim().strip_prefix(PREFIX)?).ok()?;
        LENS.contains(&key.len()).then_some(Self(key))
    }
}

/// Returns the signature of a message: `v1,` and the base64 of an HMAC-SHA256 over `{id}.{timestamp}.{body}`.
pub(super) fn sign(key: &SigningKey, id: &str, timestamp: &str, body: &str) -> String {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.0).expect("a key of any length");
    for part in [id, ".", timestamp, ".", body] {
        mac.update(part.as_bytes());
    }
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}
