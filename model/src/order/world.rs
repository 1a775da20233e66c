//! The table, the queue and the programs at one moment, and the calls that change them.

use super::processor::Processor;
use super::receiver::{Receiver, Response};
use super::scenario::Scenario;
use crate::world::{Id, Ids};
use inlet::dedup::{Candidate, Duplicate, Latest, Snapshot, moves_immediately};

/// The most ids that a scenario may have: two for each of four deliveries.
pub const IDS: usize = 8;

/// The whole state at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    /// The receiver of each delivery.
    pub receivers: Vec<Receiver>,
    /// For each delivery, the deliveries that were answered 2xx when it arrived.
    pub answered_before: Vec<Ids>,
    /// The deliveries that were answered 2xx.
    pub accepted: Ids,
    /// The deliveries that their receivers left to the queue.
    pub fell_back: Ids,
    /// The processor.
    pub processor: Processor,
    /// [`StoredCountsAsDone`](super::flaw::Flaw::StoredCountsAsDone): the events whose messages were received. Empty
    /// without the flaw.
    pub received: Ids,
    /// The table.
    pub table: Table,
    /// The messages on the queue, oldest first: one group, as there is one entity.
    pub queue: Vec<Message>,
    /// The events that the consumer has, with their arrivals.
    pub published: [Option<i64>; IDS],
    /// Calls that their callers gave up and that take effect later, in order, so that equal states compare equal.
    pub overdue: Vec<Call>,
    /// Number of remaining faults.
    pub faults: u8,
}

/// The event table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Table {
    /// The events, with their arrivals.
    pub events: [Option<i64>; IDS],
    /// The receipts.
    pub receipts: [Option<Receipt>; IDS],
    /// The entity's item `latest`.
    pub latest: Option<Latest<Id, char>>,
    /// The events that the sweeper has walked past.
    pub behind: Ids,
    /// The pending list: events that the sweeper checks although it has walked past them.
    pub pending: Ids,
}

/// An event's receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Receipt {
    /// The event was processed.
    Processed,
    /// The event is a duplicate of another one, or another one took its place.
    Duplicate,
    /// The event counted as a duplicate, and is a new state.
    Void,
}

/// A message on the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Message {
    /// The event.
    pub id: Id,
    /// The event's arrival.
    pub received: i64,
    /// True if the message carries the whole event, because storing it failed.
    pub whole: bool,
}

/// A call to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Call {
    /// Writes the event.
    Put {
        /// The event.
        id: Id,
        /// Its arrival.
        received: i64,
    },
    /// Moves `latest` to an event, on the condition of [`moves_immediately`].
    Move {
        /// The event.
        id: Id,
        /// Its arrival.
        received: i64,
    },
    /// Notes a duplicate on `latest`, on the condition that `latest` still names the original.
    Note {
        /// The original.
        original: Id,
        /// The duplicate.
        duplicate: Duplicate<Id>,
    },
    /// Changes `latest`, on the condition that it is still the same.
    Replace {
        /// The required content.
        expected: Latest<Id, char>,
        /// The new content.
        latest: Latest<Id, char>,
    },
    /// Writes the receipt of a duplicate, on the condition that there is none and that it was not made void.
    MarkDuplicate(Id),
    /// Makes a receipt void.
    Void(Id),
    /// Lists an event as pending.
    Pend(Id),
    /// Reads an event's receipt.
    IsProcessed(Id),
    /// Looks for an event.
    IsStored(Id),
    /// Sends a message.
    Send(Message),
    /// Gives the event to the consumer.
    Publish {
        /// The event.
        id: Id,
        /// Its arrival.
        received: i64,
    },
    /// Writes the event's receipt.
    WriteReceipt(Id),
}

impl Call {
    /// Returns true if the call changes nothing.
    pub fn only_reads(self) -> bool {
        matches!(self, Self::IsProcessed(_) | Self::IsStored(_))
    }
}

/// The reply to a call that went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It is done.
    Done,
    /// The condition failed: `latest` is this.
    Latest(Option<Latest<Id, char>>),
    /// The condition failed: the receipt was made void.
    IsVoid,
    /// True if the event has a receipt.
    Processed(bool),
    /// True if the event is stored.
    Stored(bool),
}

impl World {
    /// Records that the first delivery was answered, and its event processed, before everything else.
    pub fn begin_with(&mut self, id: Id, received: i64, content: char) {
        self.receivers[0] = Receiver::Ended(Response::Accepted);
        self.accepted.put(id);
        self.table.events[usize::from(id)] = Some(received);
        self.table.receipts[usize::from(id)] = Some(Receipt::Processed);
        self.table.latest = Some(Latest { digest: id, content, received_ms: received, duplicate: None });
        self.table.behind.put(id);
        self.published[usize::from(id)] = Some(received);
    }

    /// Applies the effect of a call, and returns the reply.
    pub fn take_effect(&mut self, scenario: &Scenario, call: Call) -> Reply {
        match call {
            Call::Put { id, received } => self.table.events[usize::from(id)] = Some(received),
            Call::Move { id, received } => {
                let own = scenario.candidate(id, received);
                if !moves_immediately(self.table.latest.as_ref(), &own) {
                    return Reply::Latest(self.table.latest);
                }
                let duplicate = self.table.latest.and_then(|latest| latest.duplicate);
                let Candidate { digest, content, received_ms, .. } = own;
                self.table.latest = Some(Latest { digest, content, received_ms, duplicate });
            }
            Call::Note { original, duplicate } => match &mut self.table.latest {
                Some(latest) if latest.digest == original => {
                    // Only forward.
                    if latest.duplicate.is_none_or(|noted| noted.received_ms < duplicate.received_ms) {
                        latest.duplicate = Some(duplicate);
                    }
                }
                _ => return Reply::Latest(self.table.latest),
            },
            Call::Replace { expected, latest } => {
                if self.table.latest != Some(expected) {
                    return Reply::Latest(self.table.latest);
                }
                self.table.latest = Some(latest);
            }
            Call::MarkDuplicate(id) => match &mut self.table.receipts[usize::from(id)] {
                Some(Receipt::Void) => return Reply::IsVoid,
                Some(_) => {}
                none => *none = Some(Receipt::Duplicate),
            },
            Call::Void(id) => {
                // A processed event stays processed.
                let receipt = &mut self.table.receipts[usize::from(id)];
                if *receipt != Some(Receipt::Processed) {
                    *receipt = Some(Receipt::Void);
                }
            }
            Call::Pend(id) => self.table.pending.put(id),
            Call::IsProcessed(id) => return Reply::Processed(self.table.is_settled(id)),
            Call::IsStored(id) => return Reply::Stored(self.table.events[usize::from(id)].is_some()),
            Call::Send(message) => {
                if !self.queue.contains(&message) {
                    self.queue.push(message);
                }
            }
            Call::Publish { id, received } => self.published[usize::from(id)] = Some(received),
            Call::WriteReceipt(id) => self.table.receipts[usize::from(id)] = Some(Receipt::Processed),
        }
        Reply::Done
    }
}

impl Table {
    /// Returns true if the event has a receipt.
    pub fn is_settled(&self, id: Id) -> bool {
        matches!(self.receipts[usize::from(id)], Some(Receipt::Processed | Receipt::Duplicate))
    }

    /// Returns the content of `latest` for a receiver that reads it.
    pub fn snapshot(&self) -> Snapshot<Id> {
        Snapshot {
            latest: self.latest.map(|latest| latest.digest),
            duplicate: self.latest.and_then(|latest| latest.duplicate).map(|duplicate| duplicate.digest),
        }
    }
}
