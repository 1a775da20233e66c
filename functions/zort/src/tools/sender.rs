//! ZORT's side of a delivery: the URL and the keys.

use inlet::provider::catalogue::EventSpec;
use inlet::request::Request;
use inlet::tools::credential_shape::CredentialShape;
use inlet::tools::profile::Profile;
use inlet::tools::sender::{Address, Payload, Sender, secret};
use serde_json::Value;

use crate::{METHOD, Zort};

impl Sender for Zort {
    const PROFILE: Profile = crate::tools::profile::PROFILE;
    const EVENTS: &'static [EventSpec] = crate::EVENTS;
    const CREDENTIAL_SHAPES: &'static [CredentialShape] = crate::tools::credential::CREDENTIAL_SHAPES;
    const PAYLOADS: &'static [Payload] = crate::tools::payloads::PAYLOADS;

    /// The trigger's name is in the query. The topic has it too, in case ZORT leaves the query out.
    fn address(event: &EventSpec) -> Address {
        Address { query: format!("{METHOD}={}", event.event), ..Address::post(event.event) }
    }

    /// Sets all four headers that the pages list, and the content type of a form: the pages name none.
    fn sign(request: &mut Request, credential: &Value) {
        request.headers.set("Authorization", format!("Basic {}", secret(credential, "key1")));
        for key in ["key1", "key2", "key3"] {
            request.headers.set(key, secret(credential, key));
        }
        if is_form(&request.body) {
            request.headers.set("content-type", "application/x-www-form-urlencoded");
        }
    }
}

/// Returns true if a body is a form: it begins with a field's name and a `=`, unlike JSON.
fn is_form(body: &[u8]) -> bool {
    body.first().is_some_and(u8::is_ascii_alphabetic) && body.contains(&b'=')
}
