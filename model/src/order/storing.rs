//! Storing a delivery: the calls of a receiver, and of the processor for an event that only the queue has.

use super::flaw::Flaw;
use super::protocol::Protocol;
use super::world::{Call, Message, Reply};
use crate::services::Failed;
use crate::world::Id;
use inlet::dedup::{Decision, Duplicate, Evidence, Latest, Snapshot, decide};

/// A program's state in storing a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Storing {
    /// The delivery.
    pub delivery: usize,
    /// The event.
    pub id: Id,
    /// Its arrival.
    pub received: i64,
    /// The facts that decide the order.
    pub evidence: Evidence<Id>,
    /// The next call.
    pub at: At,
}

/// A step of storing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum At {
    /// Writes the event.
    Putting,
    /// Moves `latest`.
    Moving,
    /// Notes a duplicate of this event.
    Noting(Latest<Id, char>),
    /// Writes the receipt of a duplicate of this event.
    Marking(Latest<Id, char>),
    /// Lists as pending the duplicate that is a new state.
    Pending(Restoring),
    /// Makes its receipt void.
    Voiding(Restoring),
    /// Changes `latest` to it, if it is the newest.
    Restoring(Restoring),
    /// Writes the event under its later arrival; it had this id before.
    PuttingLater(Id),
    /// Writes a receipt for the event under its earlier arrival.
    Superseding(Id),
    /// Changes `latest` from this item to the event.
    Replacing(Latest<Id, char>),
}

/// A change of `latest` to a duplicate that is a new state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Restoring {
    /// The duplicate.
    pub duplicate: Duplicate<Id>,
    /// The required content of `latest`.
    pub expected: Latest<Id, char>,
    /// Its new content.
    pub latest: Latest<Id, char>,
}

/// The outcome of storing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// The event is new.
    New,
    /// It is a duplicate of an event.
    Duplicate(Message),
    /// A call failed.
    Failed,
}

impl Storing {
    /// Begins for a receiver.
    pub fn of_receiver(protocol: &Protocol, delivery: usize) -> Self {
        Self {
            delivery,
            id: protocol.scenario.id(delivery),
            received: protocol.scenario.received(delivery),
            evidence: Evidence::Unanswered(None),
            at: At::Putting,
        }
    }

    /// Begins for the processor, with the event of a message.
    pub fn of_processor(protocol: &Protocol, message: Message) -> Self {
        Self {
            delivery: usize::from(message.id) % protocol.scenario.len(),
            id: message.id,
            received: message.received,
            evidence: Evidence::Late,
            at: At::Putting,
        }
    }

    /// Records that the receiver has read `latest`, because its first calls take long.
    #[must_use]
    pub fn has_read_latest(self, snapshot: Snapshot<Id>) -> Self {
        Self { evidence: Evidence::Unanswered(Some(snapshot)), ..self }
    }

    /// Returns true if the receiver may still read `latest`.
    pub fn may_read_latest(self) -> bool {
        self.evidence == Evidence::Unanswered(None) && matches!(self.at, At::Putting | At::Moving)
    }

    /// Returns the message of the event.
    pub fn message(self, whole: bool) -> Message {
        Message { id: self.id, received: self.received, whole }
    }

    /// Returns the next call.
    pub fn call(self, protocol: &Protocol) -> Call {
        let Self { id, received, .. } = self;
        match self.at {
            At::Putting | At::PuttingLater(..) => Call::Put { id, received },
            At::Moving => Call::Move { id, received },
            At::Noting(original) => Call::Note {
                original: original.digest,
                duplicate: Duplicate { digest: id, received_ms: received },
            },
            At::Marking(_) => Call::MarkDuplicate(id),
            At::Pending(Restoring { duplicate, .. }) => Call::Pend(duplicate.digest),
            At::Voiding(Restoring { duplicate, .. }) => Call::Void(duplicate.digest),
            At::Restoring(Restoring { expected, latest, .. }) => Call::Replace { expected, latest },
            At::Replacing(expected) => {
                let content = protocol.scenario.content(id);
                Call::Replace {
                    expected,
                    latest: Latest {
                        digest: id,
                        content,
                        received_ms: received,
                        duplicate: expected.duplicate,
                    },
                }
            }
            At::Superseding(earlier) => Call::MarkDuplicate(earlier),
        }
    }

    /// Returns its next state after the reply.
    ///
    /// # Errors
    /// The outcome of storing.
    pub fn after_reply(self, protocol: &Protocol, reply: Result<Reply, Failed>) -> Result<Self, Stored> {
        let go_on = |at: At| Ok(Self { at, ..self });
        let new = Err(Stored::New);
        match (self.at, reply) {
            // The event is published twice then, under both arrivals: the fault made a duplicate.
            (At::Superseding(_), _) => go_on(At::Moving),
            // The event has no receipt: it is published.
            (At::Marking(_), Err(Failed)) => new,
            (At::Noting(original), Err(Failed)) if protocol.has(Flaw::ReceiptBeforeNote) => {
                Err(Stored::Duplicate(message_of(&original)))
            }
            (_, Err(Failed)) if protocol.has(Flaw::LatestLeftBehind) && self.at != At::Putting => new,
            (_, Err(Failed)) => Err(Stored::Failed),
            (At::Putting, Ok(_)) => go_on(At::Moving),
            (
                At::Moving | At::Noting(_) | At::Restoring(_) | At::Replacing(_),
                Ok(Reply::Latest(Some(latest))),
            ) => self.decide(protocol, latest),
            (At::Moving, Ok(_)) => new,
            (At::Noting(original), Ok(_)) if protocol.has(Flaw::ReceiptBeforeNote) => {
                Err(Stored::Duplicate(message_of(&original)))
            }
            (At::Noting(original), Ok(_)) => go_on(At::Marking(original)),
            (At::Marking(_), Ok(Reply::IsVoid)) => new,
            (At::Marking(original), Ok(_)) if protocol.has(Flaw::ReceiptBeforeNote) => {
                go_on(At::Noting(original))
            }
            (At::Marking(original), Ok(_)) => Err(Stored::Duplicate(message_of(&original))),
            (At::Pending(restoring), Ok(_)) => go_on(At::Voiding(restoring)),
            (At::Voiding(restoring), Ok(_)) => go_on(At::Restoring(restoring)),
            // The model has one later id for each delivery: its event is overwritten.
            (At::PuttingLater(earlier), Ok(_)) if earlier == self.id => go_on(At::Moving),
            (At::PuttingLater(earlier), Ok(_)) => go_on(At::Superseding(earlier)),
            (At::Restoring(_) | At::Replacing(_), Ok(_)) => new,
        }
    }

    fn decide(self, protocol: &Protocol, latest: Latest<Id, char>) -> Result<Self, Stored> {
        let go_on = |at: At| Ok(Self { at, ..self });
        let own = protocol.scenario.candidate(self.id, self.received);
        match decide(&latest, &own, &self.evidence) {
            Decision::Own if protocol.has(Flaw::MarksItself) => go_on(At::Noting(latest)),
            Decision::Own => Err(Stored::New),
            Decision::Duplicate if protocol.has(Flaw::DuplicateNotNoted) => go_on(At::Marking(latest)),
            Decision::Duplicate if protocol.has(Flaw::ReceiptBeforeNote) => go_on(At::Marking(latest)),
            Decision::Duplicate => go_on(At::Noting(latest)),
            Decision::Newest { received_ms } if received_ms == self.received => go_on(At::Replacing(latest)),
            Decision::Newest { .. } if protocol.has(Flaw::NoClockRule) => Err(Stored::New),
            Decision::Newest { received_ms: received } => {
                let id = protocol.scenario.later_id(self.delivery);
                Ok(Self { id, received, at: At::PuttingLater(self.id), ..self })
            }
            Decision::Older => Err(Stored::New),
            Decision::Restore { duplicate, latest: next } => {
                let restoring = Restoring { duplicate, expected: latest, latest: next };
                // A receiver restores a recent event: the sweeper has not walked past it.
                let is_listed = self.evidence == Evidence::Late && !protocol.has(Flaw::RestoredNotPending);
                if protocol.has(Flaw::RestoredLast) {
                    go_on(At::Restoring(restoring))
                } else if is_listed {
                    go_on(At::Pending(restoring))
                } else {
                    go_on(At::Voiding(restoring))
                }
            }
        }
    }
}

fn message_of(original: &Latest<Id, char>) -> Message {
    Message { id: original.digest, received: original.received_ms, whole: false }
}
