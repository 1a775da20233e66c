//! The facts of a provider. Its code gets no secret key and no unverified body, and does not control the order of the
//! steps.

pub mod retry_policy;
pub mod catalogue;
pub mod families;
pub mod parsed_event;
pub mod response;
pub mod secret_fields;

use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::canonical::Kind;
use crate::delivery::Delivery;
use crate::drift::shapes::Shapes;
use crate::event::EventSource;
use crate::proof::claim::{Claim, Rejection};
use crate::proof::verify::{Prove, Verified};
use crate::provider::parsed_event::ParsedEvent;
use crate::provider::response::{Outcome, Refusal, Response};
use crate::provider::retry_policy::RetryPolicy;
use crate::request::{Method, Unverified};

/// A provider of webhooks.
pub trait Provider: Sized + 'static {
    /// The provider's name in URLs, keys, logs and metrics. Stored keys start with it: it never changes.
    const NAME: &'static str;

    /// The provider's behaviour after a failed delivery, with its source.
    const RETRY_POLICY: RetryPolicy;

    /// The time in which the provider may repeat a delivery, for bodies without a time of
    /// their own.
    const RETRY_WINDOW: Duration = Self::RETRY_POLICY.retry_window();

    /// The kinds of which some events carry a time of their own and others do not. Events with a time of their own
    /// update `latest` too for these kinds, so that a delivery after such an event is not a duplicate of a delivery
    /// before it.
    const MIXED_DEDUP_KINDS: &'static [Kind] = &[];

    /// Query parameters (and form fields of a query) that carry a credential or a signature. They are removed
    /// before a request is stored.
    const SECRET_PARAMETERS: &'static [&'static str] = &[];

    /// Fields of bodies that are secrets of the merchant or of customers. They are not mapped, and pages for people
    /// mask them. See [`secret_fields::mask`] for the notation.
    const SECRET_FIELDS: &'static [&'static str] = &[];

    /// The known shapes of each event's payloads.
    const SHAPES: Shapes = Shapes::NONE;

    /// One live credential of a store, as kept in the parameter store.
    type Credential: DeserializeOwned + Send + Sync;

    /// A store's settings for its responses. `()` if the provider has no settings.
    type Settings: DeserializeOwned + Default + Send + Sync;

    /// Returns true if a part of a URL's path is a documented topic, in any case: it finds the topic among parts that
    /// were appended to the URL.
    fn is_topic(part: &str) -> bool {
        let _ = part;
        false
    }

    /// Returns true if the request only tests the URL: the response is 200, and nothing is verified or stored.
    fn is_probe(request: &Unverified) -> bool {
        matches!(request.method(), Method::Get | Method::Head)
    }

    /// Reads the sender's proof from the request, and the credential that would make it true.
    ///
    /// # Errors
    /// A [`Rejection`] if the request offers no proof that this credential could make true.
    fn claim(request: &Unverified, credential: &Self::Credential) -> Result<Claim, Rejection>;

    /// Parses the event. Cannot fail: an event that it does not understand is unknown.
    fn parse(delivery: &Verified<Delivery>) -> ParsedEvent;

    /// Returns the response that this provider expects.
    fn respond(outcome: &Outcome<'_>, settings: &Self::Settings) -> Response;

    /// Returns the response for a refused delivery. One documented body per refusal.
    fn error_response(refusal: Refusal) -> Response {
        Response::refusal(refusal)
    }
}

impl<P: Provider> Prove for P {
    type Credential = <P as Provider>::Credential;

    const SECRET_PARAMETERS: &'static [&'static str] = <P as Provider>::SECRET_PARAMETERS;

    fn claim(request: &Unverified, credential: &<P as Provider>::Credential) -> Result<Claim, Rejection> {
        <P as Provider>::claim(request, credential)
    }
}

impl<P: Provider> EventSource for P {
    const NAME: &'static str = <P as Provider>::NAME;
    const RETRY_WINDOW: Duration = <P as Provider>::RETRY_WINDOW;
    const MIXED_DEDUP_KINDS: &'static [Kind] = <P as Provider>::MIXED_DEDUP_KINDS;
}
