//! Quarantine: deliveries to a configured store that failed verification. They are kept, never parsed,
//! until an operator corrects the secret and they are verified again.

use std::future::Future;

use crate::fault::Fault;
use crate::proof::claim::Rejection;
use crate::received_at::ReceivedAt;
use crate::request::{Headers, Method, Request, Unverified};
use crate::store::StoreName;

/// The port to the quarantine.
pub trait Quarantine {
    /// Stores a refused delivery for a limited time. Best effort and quick: the sender is refused in either case.
    fn store(
        &self,
        suspect: &RejectedRequest<'_>,
    ) -> impl Future<Output = Result<QuarantineOutcome, Fault>> + Send;
}

/// The outcome of a refused delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuarantineOutcome {
    /// It is stored until it is verified again.
    Stored,
    /// The request is larger than the limit for unverified deliveries.
    TooLarge,
    /// The store's rate limit is reached.
    RateLimited,
}

impl QuarantineOutcome {
    /// Returns the word in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::TooLarge => "too_large",
            Self::RateLimited => "rate_limited",
        }
    }
}

/// A refused request. Only the receiver makes one, from a request that [`verify`] refused.
///
/// Nothing that stores or sends events takes it:
///
/// ```compile_fail
/// # use inlet::receive::quarantine::RejectedRequest;
/// # use inlet::receive::Queue;
/// # use inlet::fault::Fault;
/// async fn sneak(suspect: &RejectedRequest<'_>, queue: &impl Queue) -> Result<(), Fault> {
///     queue.send(suspect).await
/// }
/// ```
///
/// The same with the quarantine compiles:
///
/// ```
/// # use inlet::receive::quarantine::{QuarantineOutcome, Quarantine, RejectedRequest};
/// # use inlet::fault::Fault;
/// async fn keep(suspect: &RejectedRequest<'_>, quarantine: &impl Quarantine) -> Result<QuarantineOutcome, Fault>
/// {
///     quarantine.store(suspect).await
/// }
/// ```
///
/// [`verify`]: crate::proof::verify
pub struct RejectedRequest<'r> {
    request: &'r Request,
    rejection: Rejection,
    received_at: ReceivedAt,
}

impl<'r> RejectedRequest<'r> {
    pub(crate) fn new(request: &'r Unverified, rejection: Rejection, received_at: ReceivedAt) -> Self {
        Self { request: request.inner(), rejection, received_at }
    }

    /// Returns the reason of the refusal.
    pub fn rejection(&self) -> Rejection {
        self.rejection
    }

    /// Returns the time of arrival.
    pub fn received_at(&self) -> ReceivedAt {
        self.received_at
    }

    /// The HTTP method.
    pub fn method(&self) -> Method {
        self.request.method
    }

    /// The store that the URL names.
    pub fn store(&self) -> &'r StoreName {
        &self.request.store
    }

    /// Returns the last part of the URL's path, if there is one.
    pub fn topic(&self) -> Option<&'r str> {
        self.request.topic.as_deref()
    }

    /// Returns the query string as sent, including any proof.
    pub fn query(&self) -> &'r str {
        &self.request.query
    }

    /// Returns every header, including any proof.
    pub fn headers(&self) -> &'r Headers {
        &self.request.headers
    }

    /// The body, byte for byte.
    pub fn body(&self) -> &'r [u8] {
        &self.request.body
    }
}

/// Shows nothing of the request.
impl std::fmt::Debug for RejectedRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RejectedRequest")
            .field("store", self.store())
            .field("rejection", &self.rejection)
            .field("received_at", &self.received_at)
            .finish_non_exhaustive()
    }
}
