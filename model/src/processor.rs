//! The processor: `inlet::process::Processor`, one message at a time.

use crate::flaw::Flaw;
use crate::protocol::Protocol;
use crate::services::{Call, Failed, Queued, Reply};
use crate::world::{Ids, Message};

/// A processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Processor {
    /// It has no message.
    Idle,
    /// It has one.
    Working {
        /// The message.
        message: Message,
        /// True if the message is received for the last time.
        last: bool,
        /// Its step.
        at: At,
    },
}

/// A processor's step with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum At {
    /// `Processor::skip_processed`: it reads the receipt.
    Looking,
    /// `TableProcessingStore::store_event`: it lists the event as pending before it stores it.
    Noting,
    /// The same: it stores the event that only the queue has.
    Journaling,
    /// `Processor::consume`: it gives the event to the consumer.
    Publishing,
    /// `Processor::write_receipts`.
    Receipting,
    /// `Processor::dead_letter`: it sends the message to the dead-letter queue.
    Burying,
    /// The same: it marks the event as parked.
    Parking,
}

/// The outcome of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Through {
    /// It is reported done.
    Done,
    /// It is reported as failed.
    Failed,
}

impl Processor {
    /// Takes a message.
    pub fn begin(protocol: &Protocol, queued: Queued) -> Self {
        let message = queued.message;
        Self::Working { message, last: queued.receives >= protocol.scenario.receives, at: At::Looking }
    }

    /// Returns its next call.
    pub fn call(self) -> Option<Call> {
        let Self::Working { message, at, .. } = self else {
            return None;
        };
        let id = message.id;
        Some(match at {
            At::Looking => Call::IsProcessed(id),
            At::Noting => Call::Note(id),
            At::Journaling => Call::Keep { id, late: true },
            At::Publishing => Call::Publish(id),
            At::Receipting => Call::Receipt(id),
            At::Burying => Call::Bury(message),
            At::Parking => Call::Park(id),
        })
    }

    /// Returns its next state after the reply. `late` are the events that processors stored.
    ///
    /// # Errors
    /// The outcome of the message, when the processor is done with it.
    pub fn after_reply(
        self,
        protocol: &Protocol,
        late: Ids,
        reply: Result<Reply, Failed>,
    ) -> Result<Self, Through> {
        let Self::Working { message, last, at } = self else {
            return Ok(self);
        };
        let go_on = |at: At| Ok(Self::Working { message, last, at });
        let receipt_first = protocol.has(Flaw::ReceiptBeforePublish);
        let stored = if receipt_first { At::Receipting } else { At::Publishing };
        let journals = message.whole && !protocol.has(Flaw::FallbackNotJournaled);
        match (at, reply) {
            (At::Looking, Ok(Reply::Processed(true))) => Err(Through::Done),
            (At::Looking, Ok(_)) if journals => go_on(At::Noting),
            (At::Looking, Ok(_)) => go_on(stored),
            (At::Noting, Ok(_)) => go_on(At::Journaling),
            (At::Journaling, Ok(Reply::Found(original))) => {
                let taken_for_own = protocol.has(Flaw::FallbacksAllNamedAlike) && late.has(original);
                // A duplicate of an event under another id is left to that event's message, or to the sweeper.
                if original == message.id || taken_for_own { go_on(stored) } else { Err(Through::Done) }
            }
            (At::Journaling, Ok(_)) => go_on(stored),
            (At::Publishing, Ok(_)) if receipt_first => Err(Through::Done),
            (At::Publishing, Ok(_)) => go_on(At::Receipting),
            (At::Receipting, Ok(_)) if receipt_first => go_on(At::Publishing),
            (At::Receipting, Ok(_)) => Err(Through::Done),
            (At::Publishing, Err(Failed)) if last => go_on(At::Burying),
            (At::Burying, Ok(_)) => go_on(At::Parking),
            (At::Parking, Ok(_)) => Err(Through::Done),
            (_, Err(Failed)) => Err(Through::Failed),
        }
    }
}
