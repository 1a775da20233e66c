//! The receiver of a delivery, and the sweeper: `inlet::receive` and `inlet_aws::lambda::deferred`.

use super::flaw::Flaw;
use super::protocol::Protocol;
use super::world::{Call, Reply};
use crate::services::Failed;
use crate::world::{Id, Ids};

/// The receiver's step with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Receiver {
    /// It has not arrived.
    Unsent,
    /// It reads the credentials.
    Reading,
    /// It writes the request into the quarantine.
    Keeping,
    /// It counts the request on the marker.
    Counting,
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
    /// The credentials could be read: the other parts of this crate check what follows.
    Decided,
    /// 2xx, and the delivery is in quarantine.
    Deferred,
    /// 503.
    Unavailable,
}

impl Receiver {
    /// Returns its next call.
    pub fn call(self, id: Id) -> Option<Call> {
        match self {
            Self::Reading => Some(Call::ReadCredentials),
            Self::Keeping => Some(Call::Keep(id)),
            Self::Counting => Some(Call::Count),
            Self::Unsent | Self::Ended(_) => None,
        }
    }

    /// Returns its next state after the reply.
    #[must_use]
    pub fn after_reply(self, protocol: &Protocol, reply: Result<Reply, Failed>) -> Self {
        let counts_first = protocol.has(Flaw::MarkerBeforeRequest);
        match (self, reply) {
            (Self::Reading, Ok(Reply::Done)) => Self::Ended(Response::Decided),
            (Self::Reading, _) if counts_first => Self::Counting,
            (Self::Reading, _) => Self::Keeping,
            (Self::Keeping, Ok(_)) if counts_first || protocol.has(Flaw::NotCounted) => {
                Self::Ended(Response::Deferred)
            }
            (Self::Keeping, Ok(_)) => Self::Counting,
            (Self::Counting, Ok(_)) if counts_first => Self::Keeping,
            (Self::Counting, Ok(_)) => Self::Ended(Response::Deferred),
            (Self::Keeping | Self::Counting, Err(Failed)) => Self::Ended(Response::Unavailable),
            (Self::Unsent | Self::Ended(_), _) => self,
        }
    }
}

/// The sweeper's step with the store. `counted` is the count that it read first, `left` are the requests that it has
/// still to verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the fields are described above")]
pub enum Sweeper {
    /// Between two runs.
    Idle,
    /// It reads the marker.
    Looking,
    /// It reads the credentials.
    Reading { counted: u8 },
    /// It reads the requests.
    Listing { counted: u8 },
    /// It works on a request: this call is the next.
    Working { counted: u8, left: Ids, call: Call },
    /// [`Flaw::CountedLast`]: it reads the marker once more.
    Recounting,
    /// It notes the count.
    Noting { counted: u8 },
}

impl Sweeper {
    /// Returns its next call.
    pub fn call(self) -> Option<Call> {
        match self {
            Self::Idle => None,
            Self::Looking | Self::Recounting => Some(Call::ReadMarker),
            Self::Reading { .. } => Some(Call::ReadCredentials),
            Self::Listing { .. } => Some(Call::ReadRequests),
            Self::Working { call, .. } => Some(call),
            Self::Noting { counted } => Some(Call::Note(counted)),
        }
    }

    /// Returns its next state after the reply. A fault ends the run.
    #[must_use]
    pub fn after_reply(self, protocol: &Protocol, reply: Result<Reply, Failed>) -> Self {
        let Ok(reply) = reply else {
            return Self::Idle;
        };
        match (self, reply) {
            (Self::Looking, Reply::Marker(Some(marker))) if marker.verified < marker.counted => {
                Self::Reading { counted: marker.counted }
            }
            (Self::Recounting, Reply::Marker(Some(marker))) => Self::Noting { counted: marker.counted },
            (Self::Reading { counted }, Reply::Done) => Self::Listing { counted },
            (Self::Listing { counted }, Reply::Requests(left)) => Self::take_first(protocol, counted, left),
            (Self::Working { counted, left, call }, _) => match Self::after(protocol, call) {
                Some(call) => Self::Working { counted, left, call },
                None => Self::take_first(protocol, counted, left),
            },
            _ => Self::Idle,
        }
    }

    /// Takes the first of the remaining requests.
    fn take_first(protocol: &Protocol, counted: u8, mut left: Ids) -> Self {
        let Some(id) = protocol.scenario.ids().find(|&id| left.has(id)) else {
            return if protocol.has(Flaw::CountedLast) { Self::Recounting } else { Self::Noting { counted } };
        };
        left.take(id);
        let is_accepted = protocol.scenario.is_genuine(id) || protocol.has(Flaw::VerificationSkipped);
        let call = match is_accepted {
            false if protocol.has(Flaw::RefusedLast) => Call::Delete(id),
            false => Call::Refuse(id),
            true if protocol.has(Flaw::DeletedFirst) => Call::Delete(id),
            true if protocol.has(Flaw::DeletedUnsent) => Call::Store(id),
            true => Call::Pend(id),
        };
        Self::Working { counted, left, call }
    }

    /// Returns the next call for the same request.
    fn after(protocol: &Protocol, call: Call) -> Option<Call> {
        let deletes_first = protocol.has(Flaw::DeletedFirst);
        if protocol.has(Flaw::DeletedUnsent) {
            return match call {
                Call::Store(id) => Some(Call::Delete(id)),
                Call::Delete(id) => Some(Call::Send(id)),
                _ => None,
            };
        }
        match call {
            Call::Delete(id) if protocol.has(Flaw::RefusedLast) && !protocol.scenario.is_genuine(id) => {
                Some(Call::Refuse(id))
            }
            Call::Refuse(id) if !protocol.has(Flaw::RefusedLast) => Some(Call::Delete(id)),
            Call::Delete(id) if deletes_first => Some(Call::Pend(id)),
            Call::Pend(id) => Some(Call::Store(id)),
            Call::Store(id) => Some(Call::Send(id)),
            Call::Send(id) if !deletes_first => Some(Call::Delete(id)),
            _ => None,
        }
    }
}
