//! The operator: a redrive, `inlet_aws::operate::dead_letters`, one event at a time. A parked event without
//! a dead letter is replayed, `inlet_aws::operate::replay`.

use crate::flaw::Flaw;
use crate::protocol::Protocol;
use crate::services::{Call, Failed, Reply};
use crate::world::{Id, Message, World};

/// The operator's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// Between two events.
    Idle,
    /// Lists the event as pending, so that it is not lost if the redrive ends here.
    Noting(Message, From),
    /// Removes the parked marker.
    Unparking(Message, From),
    /// Sends the message again, under a deduplication id of its own.
    Sending(Message, From),
    /// Removes the message from the dead-letter queue, as the last step.
    Exhuming(Message, u8),
}

/// Where the message of a redrive comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum From {
    /// From the dead-letter queue, by its handle there.
    Dead(u8),
    /// From the table: the event is parked and no queue has a message of it.
    Stored,
}

impl Operator {
    /// Takes the oldest dead message, else a parked event without one.
    pub fn begin(protocol: &Protocol, world: &World) -> Option<Self> {
        let (message, from) = match world.dead.first() {
            Some(dead) => (dead.message, From::Dead(dead.handle)),
            None if protocol.has(Flaw::RedriveOfTheDeadAlone) => return None,
            None => (Message { id: parked(protocol, world)?, whole: false }, From::Stored),
        };
        Some(match from {
            From::Dead(handle) if protocol.has(Flaw::ExhumedBeforeSent) => Self::Exhuming(message, handle),
            From::Dead(_) | From::Stored => Self::prepare(protocol, world, message, from),
        })
    }

    /// Begins with `Receipts::unpark`, which does nothing if there is no marker.
    fn prepare(protocol: &Protocol, world: &World, message: Message, from: From) -> Self {
        if !world.table.parked.has(message.id) {
            Self::Sending(message, from)
        } else if protocol.has(Flaw::UnparkedUnnoted) {
            Self::Unparking(message, from)
        } else {
            Self::Noting(message, from)
        }
    }

    /// Returns its next call.
    pub fn call(self, protocol: &Protocol) -> Option<Call> {
        match self {
            Self::Idle => None,
            Self::Noting(message, _) => Some(Call::Note(message.id)),
            Self::Unparking(message, _) => Some(Call::Unpark(message.id)),
            Self::Sending(message, _) if protocol.has(Flaw::RedriveUnderTheSameId) => {
                Some(Call::Send(message))
            }
            Self::Sending(message, _) => Some(Call::SendAnew(message)),
            Self::Exhuming(_, handle) => Some(Call::Exhume(handle)),
        }
    }

    /// Returns its next state after the reply.
    #[must_use]
    pub fn after_reply(self, protocol: &Protocol, reply: Result<Reply, Failed>) -> Self {
        let exhumes_first = protocol.has(Flaw::ExhumedBeforeSent);
        match (self, reply) {
            (Self::Exhuming(message, _), Ok(_)) if exhumes_first => Self::Noting(message, From::Stored),
            (Self::Noting(message, from), Ok(_)) => Self::Unparking(message, from),
            (Self::Unparking(message, from), Ok(_)) => Self::Sending(message, from),
            (Self::Sending(message, From::Dead(handle)), Ok(_)) => Self::Exhuming(message, handle),
            _ => Self::Idle,
        }
    }
}

/// Returns a parked event that was not processed.
fn parked(protocol: &Protocol, world: &World) -> Option<Id> {
    protocol.ids().find(|&id| world.table.parked.has(id) && !world.table.receipts.has(id))
}
