//! What a provider has to say. It says; it does not do: it never holds the key, the body and the order of steps.

pub mod retry_policy;
pub mod catalogue;
pub mod families;
pub mod parsed_event;
pub mod response;

use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::canonical::Kind;
use crate::delivery::Delivery;
use crate::drift::Shapes;
use crate::proof::{Claim, Rejection, Verified};
use crate::provider::parsed_event::ParsedEvent;
use crate::provider::response::{Outcome, Refusal, Response};
use crate::provider::retry_policy::RetryPolicy;
use crate::request::{Method, Unverified};

/// A provider of webhooks.
pub trait Provider: Sized + 'static {
    /// The provider's name in URLs, keys, logs and metrics. Stored keys start with it: it never changes.
    const NAME: &'static str;

    /// What the provider does after a delivery that is not answered well, and where it says so.
    const RETRY_POLICY: RetryPolicy;

    /// How long after a delivery the provider may send the very same one again, for bodies without a time of
    /// their own.
    const RETRY_WINDOW: Duration = Self::RETRY_POLICY.retry_window();

    /// The kinds of which some events carry a time of their own and others do not. There, the former too say that
    /// their entity has changed: what comes after them is no repetition of what came before.
    const MIXED_DEDUP_KINDS: &'static [Kind] = &[];

    /// Query parameters (and form fields of a query) that carry a credential or a signature. They are dropped
    /// before anything is kept.
    const SECRET_PARAMETERS: &'static [&'static str] = &[];

    /// What the payloads of each event are known to look like.
    const SHAPES: Shapes = Shapes::NONE;

    /// One live credential of a store, as kept in the parameter store.
    type Credential: DeserializeOwned + Send + Sync;

    /// What a store may set for its own answers. `()` where there is nothing to set.
    type Settings: DeserializeOwned + Default + Send + Sync;

    /// Whether the request only tries the URL: it is answered 200, nothing is checked and nothing is kept.
    fn is_probe(request: &Unverified) -> bool {
        matches!(request.method(), Method::Get | Method::Head)
    }

    /// Reads from the request what the sender offers as proof, and which credential would make it true.
    ///
    /// # Errors
    /// A [`Rejection`] when the request offers nothing, or nothing that this credential could make true.
    fn claim(request: &Unverified, credential: &Self::Credential) -> Result<Claim, Rejection>;

    /// Reads what happened. Cannot fail: what it does not understand it calls unknown.
    fn parse(delivery: &Verified<Delivery>) -> ParsedEvent;

    /// What this provider expects to hear.
    fn respond(outcome: &Outcome<'_>, settings: &Self::Settings) -> Response;

    /// How this provider is told that a delivery was not taken. One documented body per refusal.
    fn error_response(refusal: Refusal) -> Response {
        Response::refusal(refusal)
    }
}
