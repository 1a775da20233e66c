//! The toy provider as a sender: the addresses of its deliveries and their signature.

use inlet::provider::catalogue::EventSpec;
use inlet::request::Request;
use inlet::tools::credential_shape::CredentialShape;
use inlet::tools::profile::Profile;
use inlet::tools::sender::{Address, Payload, Sender, hmac_sha256_base64, secret};
use serde_json::Value;

use crate::{SIGNATURE, Toy};

impl Sender for Toy {
    const PROFILE: Profile = crate::tools::profile::PROFILE;
    const EVENTS: &'static [EventSpec] = crate::EVENTS;
    const CREDENTIAL_SHAPES: &'static [CredentialShape] = crate::tools::credential::CREDENTIAL_SHAPES;
    const PAYLOADS: &'static [Payload] = crate::tools::payloads::PAYLOADS;

    fn address(event: &EventSpec) -> Address {
        Address::post(event.event)
    }

    fn sign(request: &mut Request, credential: &Value) {
        let signature = hmac_sha256_base64(secret(credential, "secret"), &request.body);
        request.headers.set(SIGNATURE, signature);
    }
}
