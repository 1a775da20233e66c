//! The sweeper: `inlet_aws::lambda::sweeper`, one event at a time.

use crate::flaw::Flaw;
use crate::protocol::Protocol;
use crate::scenario::Sight;
use crate::services::{Call, Failed, Reply};
use crate::world::{Id, Message, World};

/// The sweeper's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sweeper {
    /// Between two events.
    Idle,
    /// `Run::resend`: it sends the stored message under the event's own deduplication id.
    Sending(Id),
    /// `Pending::put`: it records that it sent.
    Counting(Id),
    /// It has sent often enough and leaves the event to the operator.
    Parking(Id),
}

impl Sweeper {
    /// Takes an event that is stored, unprocessed and not parked; `None` if there is none.
    pub fn begin(protocol: &Protocol, world: &World, id: Id) -> Option<Self> {
        let seen = match protocol.scenario.sight {
            Sight::All => world.is_stored(id),
            Sight::Walk => world.is_stored(id) && (!world.table.behind.has(id) || world.table.noted.has(id)),
            Sight::Nothing => false,
        };
        if !seen || world.table.receipts.has(id) || world.table.parked.has(id) {
            return None;
        }
        if world.table.resent[usize::from(id)] < protocol.scenario.resends {
            Some(Self::Sending(id))
        } else {
            (!protocol.has(Flaw::GivenUpWithoutParking)).then_some(Self::Parking(id))
        }
    }

    /// Returns its next call.
    pub fn call(self) -> Option<Call> {
        match self {
            Self::Idle => None,
            Self::Sending(id) => Some(Call::Send(Message { id, whole: false })),
            Self::Counting(id) => Some(Call::Count(id)),
            Self::Parking(id) => Some(Call::Park(id)),
        }
    }

    /// Returns its next state after the reply.
    #[must_use]
    pub fn after_reply(self, reply: Result<Reply, Failed>) -> Self {
        match (self, reply) {
            (Self::Sending(id), Ok(_)) => Self::Counting(id),
            _ => Self::Idle,
        }
    }
}
