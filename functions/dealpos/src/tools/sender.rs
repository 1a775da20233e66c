//! DealPOS's side: one URL per event, and the proof that fits the store's credential.

use inlet::provider::catalogue::EventSpec;
use inlet::request::Request;
use inlet::tools::credential_shape::CredentialShape;
use inlet::tools::escape::escaped;
use inlet::tools::profile::Profile;
use inlet::tools::sender::{Address, Payload, Sender, secret};
use serde_json::Value;

use crate::{API_KEY, DealPos, URL_TOKEN};

impl Sender for DealPos {
    const PROFILE: Profile = crate::tools::profile::PROFILE;
    const EVENTS: &'static [EventSpec] = crate::EVENTS;
    const CREDENTIAL_SHAPES: &'static [CredentialShape] = crate::tools::credential::CREDENTIAL_SHAPES;
    const PAYLOADS: &'static [Payload] = crate::tools::payloads::PAYLOADS;

    fn address(event: &EventSpec) -> Address {
        Address::post(event.event)
    }

    fn sign(request: &mut Request, credential: &Value) {
        if credential.get("api_key").is_some() {
            request.headers.set(API_KEY, secret(credential, "api_key"));
        } else if credential.get("bearer").is_some() {
            request.headers.set("authorization", format!("Bearer {}", secret(credential, "bearer")));
        } else {
            let separator = if request.query.is_empty() { "" } else { "&" };
            let token = escaped(secret(credential, "url_token"));
            request.query = format!("{}{separator}{URL_TOKEN}={token}", request.query);
        }
    }
}
