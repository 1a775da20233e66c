//! Quarantine: where a configured store's deliveries wait that failed verification. They are kept, never read,
//! until somebody mends the secret and has them verified again.

use std::future::Future;

use crate::fault::Fault;
use crate::proof::Rejection;
use crate::received_at::ReceivedAt;
use crate::request::{Headers, Method, Request, Unverified};
use crate::store::StoreName;

/// Where refused deliveries are kept.
pub trait Quarantine {
    /// Keeps a refused delivery for a while. Best effort and soon done: the sender hears of the refusal either way.
    fn store(
        &self,
        suspect: &RejectedRequest<'_>,
    ) -> impl Future<Output = Result<QuarantineOutcome, Fault>> + Send;
}

/// What became of a refused delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuarantineOutcome {
    /// It waits to be verified again.
    Stored,
    /// It is larger than what is kept without a proof.
    TooLarge,
    /// Too many of the same store's were kept of late.
    RateLimited,
}

impl QuarantineOutcome {
    /// The word in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::TooLarge => "too_large",
            Self::RateLimited => "rate_limited",
        }
    }
}

/// A refused request, whole, under a name of its own. Only the receiver makes one, from what [`verify`] refused.
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
/// async fn set_aside(suspect: &RejectedRequest<'_>, quarantine: &impl Quarantine) -> Result<QuarantineOutcome, Fault> {
///     quarantine.hold(suspect).await
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

    /// Why it was refused.
    pub fn rejection(&self) -> Rejection {
        self.rejection
    }

    /// When the receiver had it.
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

    /// The last part of the URL's path, where there is one.
    pub fn topic(&self) -> Option<&'r str> {
        self.request.topic.as_deref()
    }

    /// The query string as sent: with whatever it offers as proof.
    pub fn query(&self) -> &'r str {
        &self.request.query
    }

    /// Every header: with whatever they offer as proof.
    pub fn headers(&self) -> &'r Headers {
        &self.request.headers
    }

    /// The body, byte for byte.
    pub fn body(&self) -> &'r [u8] {
        &self.request.body
    }
}

/// Shows nothing of what was sent.
impl std::fmt::Debug for RejectedRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RejectedRequest")
            .field("store", self.store())
            .field("rejection", &self.rejection)
            .field("received_at", &self.received_at)
            .finish_non_exhaustive()
    }
}
