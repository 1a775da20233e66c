//! Verification: the only module that makes a [`Verified`] value.

use std::ops::Deref;

use crate::delivery::Delivery;
use crate::event::{Event, EventSource};
use crate::proof::claim::{Claim, Rejection, check_claim};
use crate::provider::parsed_event::ParsedEvent;
use crate::received_at::ReceivedAt;
use crate::reconcile::fetched::ObservedEvent;
use crate::request::Unverified;

/// A provider's scheme of proof. Every provider has it: see [`Provider`](crate::provider::Provider).
pub trait Prove {
    /// One live credential of a store.
    type Credential;

    /// Query parameters that carry a credential or a signature. They are removed before a request is stored.
    const SECRET_PARAMETERS: &'static [&'static str];

    /// Reads the sender's proof from the request, and the credential that would make it true.
    ///
    /// # Errors
    /// A [`Rejection`] if the request offers no proof that this credential could make true.
    fn claim(request: &Unverified, credential: &Self::Credential) -> Result<Claim, Rejection>;
}

/// A value whose sender has been proved.
///
/// Only [`verify`] makes one of a delivery, and [`Verified::observed`] one of an object that was fetched. It is not
/// `Clone`, not `Default`, not `Deserialize`, and its field is private:
///
/// ```compile_fail
/// # use inlet::delivery::Delivery;
/// # use inlet::proof::Verified;
/// fn forge(delivery: Delivery) -> Verified<Delivery> {
///     Verified(delivery)
/// }
/// ```
///
/// The verified value can be read:
///
/// ```
/// # use inlet::delivery::Delivery;
/// # use inlet::proof::Verified;
/// fn read(delivery: &Verified<Delivery>) -> &[u8] {
///     delivery.body()
/// }
/// ```
#[derive(Debug)]
pub struct Verified<T>(T);

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// A request that failed verification, returned whole for a second attempt.
#[derive(Debug)]
pub struct VerificationFailed {
    /// The request.
    pub request: Unverified,
    /// The reason.
    pub rejection: Rejection,
}

/// Compares the sent proof with every live credential. One that matches is enough.
///
/// # Errors
/// [`VerificationFailed`] with the last credential's reason; [`Rejection::NoUsableCredential`] if there is no
/// credential.
pub fn verify<P: Prove>(
    request: Unverified,
    credentials: &[P::Credential],
    received_at: ReceivedAt,
) -> Result<Verified<Delivery>, Box<VerificationFailed>> {
    let mut rejection = Rejection::NoUsableCredential;
    for credential in credentials {
        match P::claim(&request, credential).and_then(|claim| check_claim(&claim, request.inner())) {
            Ok(proof) => {
                let delivery = Delivery::new(request, proof, received_at, P::SECRET_PARAMETERS);
                return Ok(Verified(delivery));
            }
            // A mismatch is more specific than the wrong kind of another credential.
            Err(_) if rejection == Rejection::Mismatch => {}
            Err(reason) => rejection = reason,
        }
    }
    Err(Box::new(VerificationFailed { request, rejection }))
}

impl Verified<Delivery> {
    /// Turns the delivery and its parsed event into an event. The proof carries over.
    pub fn into_event<P: EventSource>(self, parsed: ParsedEvent) -> Verified<Event> {
        Verified(Event::new::<P>(self.0, parsed))
    }
}

impl Verified<Event> {
    /// Turns an object that the provider's own API returned into an event. The response is the proof: only the reader
    /// of the API makes an [`ObservedEvent`].
    pub fn observed<P: EventSource>(observed: ObservedEvent<P>) -> Self {
        let ObservedEvent { store, body, received_at, parsed, identity, missed, .. } = observed;
        let delivery = Delivery::fetched(store, body, received_at);
        Self(Event::observed::<P>(delivery, parsed, &identity, missed))
    }

    /// Returns the same delivery under the id and arrival of the event that it is a duplicate of.
    #[must_use]
    pub fn as_duplicate_of(self, original: crate::event::ExistingEvent) -> Self {
        Self(self.0.with_id_of(original))
    }

    /// Gives the event a later arrival, and the id that belongs to it: the clock of the receiver of an earlier event
    /// was ahead. An event that equals others forever keeps its id.
    pub fn receive_later(&mut self, received_at: crate::received_at::ReceivedAt) {
        self.0.receive_later(received_at);
    }

    /// Returns the same event, whose delivery was refused at first and verified later.
    #[must_use]
    pub fn released_from_quarantine(self) -> Self {
        Self(self.0.released_from_quarantine())
    }
}
