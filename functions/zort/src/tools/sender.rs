//! ZORT's side: where it posts and which keys it sends along.

use inlet::provider::catalogue::EventSpec;
use inlet::request::Request;
use inlet::tools::credential_shape::CredentialShape;
use inlet::tools::sender::{Address, Payload, Sender, secret};
use serde_json::Value;

use crate::{METHOD, Zort};

impl Sender for Zort {
    const EVENTS: &'static [EventSpec] = crate::EVENTS;
    const FORMS: &'static [CredentialShape] = crate::tools::credential::FORMS;
    const PAYLOADS: &'static [Payload] = crate::tools::payloads::PAYLOADS;

    /// The trigger stands in the query; the topic tells it too, should ZORT ever leave the query out.
    fn address(event: &EventSpec) -> Address {
        Address { query: format!("{METHOD}={}", event.event), ..Address::post(event.event) }
    }

    /// All four headers that the pages list.
    fn sign(request: &mut Request, credential: &Value) {
        request.headers.set("Authorization", format!("Basic {}", secret(credential, "key1")));
        for key in ["key1", "key2", "key3"] {
            request.headers.set(key, secret(credential, key));
        }
    }
}
