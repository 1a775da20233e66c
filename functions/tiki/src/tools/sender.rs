//! The provider's side: the URL and the key of each topic.

use inlet::provider::catalogue::EventSpec;
use inlet::request::Request;
use inlet::tools::credential_shape::CredentialShape;
use inlet::tools::profile::Profile;
use inlet::tools::sender::{Address, Payload, Sender, hmac_sha1_hex, secret};
use serde_json::Value;

use crate::{ALGORITHM, SIGNATURE, Tiki};

impl Sender for Tiki {
    const PROFILE: Profile = crate::tools::profile::PROFILE;
    const EVENTS: &'static [EventSpec] = crate::EVENTS;
    const CREDENTIAL_SHAPES: &'static [CredentialShape] = crate::tools::credential::CREDENTIAL_SHAPES;
    const PAYLOADS: &'static [Payload] = crate::tools::payloads::PAYLOADS;

    /// The topic is the beginning of an event's name.
    fn address(event: &EventSpec) -> Address {
        let topic = event.event.split_once('.').map_or(event.event, |(topic, _)| topic);
        Address::post(topic)
    }

    fn sign(request: &mut Request, credential: &Value) {
        let topic = request.topic.as_deref().unwrap_or_default();
        // A topic without a key of its own: any of the store's keys proves it.
        let key = [topic, "order", "stock", "aftersale"].map(|topic| secret(credential, topic));
        let key = key.into_iter().find(|key| !key.is_empty()).unwrap_or_default();
        let signature = format!("{ALGORITHM}{}", hmac_sha1_hex(key, &request.body));
        request.headers.set(SIGNATURE, signature);
    }
}
