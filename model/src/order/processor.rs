//! The processor, one message at a time: the first of the queue until it is done.

use super::protocol::Protocol;
use super::storing::{Stored, Storing};
use super::world::{Call, Message, Reply};
use crate::services::Failed;

/// The processor's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Processor {
    /// It has no message.
    Idle,
    /// It reads the receipt.
    Asking(Message),
    /// [`StoredCountsAsDone`](super::flaw::Flaw::StoredCountsAsDone): it received the message before, and looks for the
    /// event.
    Looking(Message),
    /// It stores the event that the message carries.
    Storing(Message, Storing),
    /// It gives the event to the consumer.
    Publishing(Message),
    /// It writes the receipt.
    WritingReceipt(Message),
}

/// The outcome of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Through {
    /// The message leaves the queue.
    Done,
    /// The message stays at the head of the queue.
    Failed,
}

impl Processor {
    /// Returns the next call.
    pub fn call(self, protocol: &Protocol) -> Option<Call> {
        match self {
            Self::Idle => None,
            Self::Asking(message) => Some(Call::IsProcessed(message.id)),
            Self::Looking(message) => Some(Call::IsStored(message.id)),
            Self::Storing(_, storing) => Some(storing.call(protocol)),
            Self::Publishing(Message { id, received, .. }) => Some(Call::Publish { id, received }),
            Self::WritingReceipt(message) => Some(Call::WriteReceipt(message.id)),
        }
    }

    /// Returns its next state after the reply.
    ///
    /// # Errors
    /// The outcome of the message.
    pub fn after_reply(self, protocol: &Protocol, reply: Result<Reply, Failed>) -> Result<Self, Through> {
        match (self, reply) {
            (Self::Storing(message, storing), reply) => match storing.after_reply(protocol, reply) {
                Ok(storing) => Ok(Self::Storing(message, storing)),
                Err(Stored::New) => Ok(Self::Publishing(message)),
                Err(Stored::Duplicate(_)) => Err(Through::Done),
                Err(Stored::Failed) => Err(Through::Failed),
            },
            (_, Err(Failed)) => Err(Through::Failed),
            (Self::Idle, _) => Ok(self),
            (Self::Asking(_), Ok(Reply::Processed(true))) => Err(Through::Done),
            (Self::Looking(message), Ok(Reply::Stored(true))) => Ok(Self::Publishing(message)),
            (Self::Looking(message), Ok(_)) => Ok(Self::Asking(message)),
            (Self::Asking(message), Ok(_)) if message.whole => {
                Ok(Self::Storing(message, Storing::of_processor(protocol, message)))
            }
            (Self::Asking(message), Ok(_)) => Ok(Self::Publishing(message)),
            (Self::Publishing(message), Ok(_)) => Ok(Self::WritingReceipt(message)),
            (Self::WritingReceipt(_), Ok(_)) => Err(Through::Done),
        }
    }
}
