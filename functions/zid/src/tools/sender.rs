//! Zid as a sender: the addresses of its deliveries and their proof.

use inlet::provider::catalogue::EventSpec;
use inlet::request::Request;
use inlet::tools::credential_shape::CredentialShape;
use inlet::tools::escape::escaped;
use inlet::tools::lifecycle::Lifecycle;
use inlet::tools::profile::Profile;
use inlet::tools::sender::{Address, Payload, Sender, basic, secret};
use serde_json::Value;

use crate::{APP_MARKET, TOKEN, Zid};

impl Sender for Zid {
    const PROFILE: Profile = crate::tools::profile::PROFILE;
    const EVENTS: &'static [EventSpec] = crate::EVENTS;
    const CREDENTIAL_SHAPES: &'static [CredentialShape] = crate::tools::credential::CREDENTIAL_SHAPES;
    const PAYLOADS: &'static [Payload] = crate::tools::payloads::PAYLOADS;
    const LIFECYCLES: &'static [Lifecycle] = crate::tools::lifecycle::LIFECYCLES;

    fn address(event: &EventSpec) -> Address {
        let of_the_market = event.event.starts_with("app.market.");
        Address::post(if of_the_market { APP_MARKET } else { event.event })
    }

    fn sign(request: &mut Request, credential: &Value) {
        let [username, password, token] =
            ["username", "password", "url_token"].map(|field| secret(credential, field));
        if token.is_empty() {
            request.headers.set("authorization", basic(username, password));
        } else {
            let separator = if request.query.is_empty() { "" } else { "&" };
            request.query = format!("{}{separator}{TOKEN}={}", request.query, escaped(token));
        }
    }
}
