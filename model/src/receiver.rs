//! The receiver: `inlet::receive::Receiver::accept`, one delivery at a time.

use crate::flaw::Flaw;
use crate::protocol::Protocol;
use crate::services::{Call, Failed, Reply};
use crate::world::{Id, Message};

/// The receiver's step with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Receiver {
    /// It has not arrived.
    Unsent,
    /// `self.journal.record(..)`.
    Journaling,
    /// [`Flaw::LookThenWrite`]: nothing was found, so it writes.
    Overwriting,
    /// `Events::resolve_duplicate` reads the original's receipt.
    Looking(Id),
    /// `Receiver::enqueue`.
    Enqueueing(Id),
    /// `Receiver::enqueue_as_fallback`.
    FallingBack,
    /// It is over.
    Ended(Response),
}

/// The response to the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Response {
    /// It never sent the delivery.
    NeverSent,
    /// Nothing: the receiver was killed.
    Nothing,
    /// 2xx.
    Accepted,
    /// 401: `Receiver::authenticate` found no valid proof.
    Unauthenticated,
    /// 503.
    Unavailable {
        /// True if the queue failed too.
        queue_refused: bool,
    },
}

impl Receiver {
    /// Begins when a delivery arrives: `Receiver::authenticate`.
    pub fn begin(protocol: &Protocol, arrival: usize) -> Self {
        if protocol.scenario.is_genuine(arrival) || protocol.has(Flaw::VerificationSkipped) {
            Self::Journaling
        } else {
            Self::Ended(Response::Unauthenticated)
        }
    }

    /// Returns its next call, for the event `own` that the delivery would be.
    pub fn call(self, own: Id) -> Option<Call> {
        match self {
            Self::Journaling => Some(Call::Keep { id: own, late: false }),
            Self::Overwriting => Some(Call::Overwrite(own)),
            Self::Looking(id) => Some(Call::IsProcessed(id)),
            Self::Enqueueing(id) => Some(Call::Send(Message { id, whole: false })),
            Self::FallingBack => Some(Call::Send(Message { id: own, whole: true })),
            Self::Unsent | Self::Ended(_) => None,
        }
    }

    /// Returns its next state after the reply.
    #[must_use]
    pub fn after_reply(self, protocol: &Protocol, own: Id, reply: Result<Reply, Failed>) -> Self {
        match (self, reply) {
            (Self::Journaling, Ok(Reply::Found(_))) if protocol.has(Flaw::EnqueueSkippedOnDuplicate) => {
                Self::Ended(Response::Accepted)
            }
            (Self::Journaling, Ok(Reply::Found(original))) => Self::Looking(original),
            (Self::Journaling, Ok(_)) if protocol.has(Flaw::LookThenWrite) => Self::Overwriting,
            (Self::Journaling | Self::Overwriting, Ok(_)) => Self::Enqueueing(own),
            (Self::Journaling | Self::Overwriting, Err(Failed)) if protocol.has(Flaw::NoFallback) => {
                Self::Ended(Response::Unavailable { queue_refused: false })
            }
            (Self::Journaling | Self::Overwriting, Err(Failed)) => Self::FallingBack,
            (Self::Looking(_), Ok(Reply::Processed(true))) => Self::Ended(Response::Accepted),
            // A receipt that cannot be read counts as absent.
            (Self::Looking(id), _) => Self::Enqueueing(id),
            (Self::Enqueueing(_), _) => Self::Ended(Response::Accepted),
            (Self::FallingBack, Ok(_)) => Self::Ended(Response::Accepted),
            (Self::FallingBack, Err(Failed)) => Self::Ended(Response::Unavailable { queue_refused: true }),
            (Self::Unsent | Self::Ended(_), _) => self,
        }
    }
}
