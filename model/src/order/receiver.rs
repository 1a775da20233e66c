//! The receiver of one delivery.

use super::protocol::Protocol;
use super::storing::{Stored, Storing};
use super::world::{Call, Message, Reply};
use crate::services::Failed;

/// The receiver's step with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Receiver {
    /// The delivery has not arrived.
    Unsent,
    /// It stores the event.
    Storing(Storing),
    /// The event is a duplicate: the receiver reads the original's receipt.
    Asking(Message),
    /// It sends the message of an event that is stored.
    Sending(Message),
    /// Storing failed: it sends the whole event.
    FallingBack(Storing),
    /// It is over.
    Ended(Response),
}

/// The response to the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Response {
    /// The provider never sent the delivery.
    NeverSent,
    /// None: the receiver was killed.
    Nothing,
    /// 2xx.
    Accepted,
    /// 503.
    Unavailable,
}

impl Receiver {
    /// Returns the next call.
    pub fn call(self, protocol: &Protocol) -> Option<Call> {
        match self {
            Self::Unsent | Self::Ended(_) => None,
            Self::Storing(storing) => Some(storing.call(protocol)),
            Self::Asking(original) => Some(Call::IsProcessed(original.id)),
            Self::Sending(message) => Some(Call::Send(message)),
            Self::FallingBack(storing) => Some(Call::Send(storing.message(true))),
        }
    }

    /// Returns its next state after the reply.
    #[must_use]
    pub fn after_reply(self, protocol: &Protocol, reply: Result<Reply, Failed>) -> Self {
        match (self, reply) {
            (Self::Storing(storing), reply) => match storing.after_reply(protocol, reply) {
                Ok(storing) => Self::Storing(storing),
                Err(Stored::New) => Self::Sending(storing.message(false)),
                Err(Stored::Duplicate(original)) => Self::Asking(original),
                Err(Stored::Failed) => Self::FallingBack(storing),
            },
            (Self::Asking(_), Ok(Reply::Processed(true))) => Self::Ended(Response::Accepted),
            // A receipt that cannot be read counts as absent.
            (Self::Asking(original), _) => Self::Sending(original),
            // A message that is not sent is left to the sweeper.
            (Self::Sending(_), _) => Self::Ended(Response::Accepted),
            (Self::FallingBack(_), Ok(_)) => Self::Ended(Response::Accepted),
            (Self::FallingBack(_), Err(Failed)) => Self::Ended(Response::Unavailable),
            (Self::Unsent | Self::Ended(_), _) => self,
        }
    }
}
