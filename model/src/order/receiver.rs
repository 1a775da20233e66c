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
    Ended(Answer),
}

/// The response to the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// The provider never sent the delivery.
    Unasked,
    /// None: the receiver was killed.
    Nothing,
    /// 2xx.
    Accepted,
    /// 503.
    Unavailable,
}

impl Receiver {
    /// The next call.
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
    pub fn hear(self, protocol: &Protocol, heard: Result<Reply, Failed>) -> Self {
        match (self, heard) {
            (Self::Storing(storing), heard) => match storing.hear(protocol, heard) {
                Ok(storing) => Self::Storing(storing),
                Err(Stored::New) => Self::Sending(storing.message(false)),
                Err(Stored::Duplicate(original)) => Self::Asking(original),
                Err(Stored::Failed) => Self::FallingBack(storing),
            },
            (Self::Asking(_), Ok(Reply::Processed(true))) => Self::Ended(Answer::Accepted),
            // A receipt that cannot be read counts as absent.
            (Self::Asking(original), _) => Self::Sending(original),
            // A message that is not sent is left to the sweeper.
            (Self::Sending(_), _) => Self::Ended(Answer::Accepted),
            (Self::FallingBack(_), Ok(_)) => Self::Ended(Answer::Accepted),
            (Self::FallingBack(_), Err(Failed)) => Self::Ended(Answer::Unavailable),
            (Self::Unsent | Self::Ended(_), _) => self,
        }
    }
}
