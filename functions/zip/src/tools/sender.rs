//! Zip's side: the URLs of its callbacks, and its signatures.

use inlet::provider::catalogue::EventSpec;
use inlet::request::{Fields, Method, Plus, Request};
use inlet::tools::credential_shape::CredentialShape;
use inlet::tools::escape::escaped;
use inlet::tools::profile::Profile;
use inlet::tools::sender::{Address, Payload, Sender, hmac_sha256_base64, secret};
use serde_json::Value;

use crate::{REDIRECT, SIGNATURE, Zip, is_redirect};

impl Sender for Zip {
    const PROFILE: Profile = crate::tools::profile::PROFILE;
    const EVENTS: &'static [EventSpec] = crate::EVENTS;
    const CREDENTIAL_SHAPES: &'static [CredentialShape] = crate::tools::credential::CREDENTIAL_SHAPES;
    const PAYLOADS: &'static [Payload] = crate::tools::payloads::PAYLOADS;

    fn address(event: &EventSpec) -> Address {
        if event.event == REDIRECT {
            return Address { method: Method::Get, ..Address::post(REDIRECT) };
        }
        // The topic is the short name: the row's name, or its alias if the row has the operation's name.
        let topic = event.aliases.first().filter(|_| event.event.ends_with("Order")).unwrap_or(&event.event);
        Address::post(*topic)
    }

    /// Signs the body; on the redirect, moves a form in the body into the query and signs its fields.
    fn sign(request: &mut Request, credential: &Value) {
        let key = secret(credential, "secret");
        if request.method == Method::Get && is_redirect(request.topic.as_deref()) {
            let form = std::mem::take(&mut request.body);
            request.query = String::from_utf8_lossy(&form).into_owned();
            let signature = hmac_sha256_base64(key, &message(&request.query));
            let separator = if request.query.is_empty() { "" } else { "&" };
            request.query = format!("{}{separator}{SIGNATURE}={}", request.query, escaped(&signature));
        } else {
            request.headers.set(SIGNATURE, hmac_sha256_base64(key, &request.body));
        }
    }
}

/// Names and values, decoded, in the order of the names.
fn message(query: &str) -> Vec<u8> {
    let fields = Fields::parse(query.as_bytes(), Plus::Space);
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_unstable();
    fields.iter().flat_map(|(name, value)| [*name, *value].concat()).collect()
}
