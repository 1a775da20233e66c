//! DealPOS's side: one URL an event, and whatever proof the store's credential asks for.

use inlet::provider::catalogue::Row;
use inlet::request::Request;
use inlet::tools::credential_shape::Form;
use inlet::tools::sender::{Address, Payload, Sender, escaped, secret};
use serde_json::Value;

use crate::{API_KEY, DealPos, URL_TOKEN};

impl Sender for DealPos {
    const EVENTS: &'static [Row] = crate::EVENTS;
    const FORMS: &'static [Form] = crate::tools::credential::FORMS;
    const PAYLOADS: &'static [Payload] = crate::tools::payloads::PAYLOADS;

    fn address(event: &Row) -> Address {
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
