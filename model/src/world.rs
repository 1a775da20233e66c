//! The whole state at one moment.

use crate::operator::Operator;
use crate::processor::Processor;
use crate::receiver::Receiver;
use crate::services::{Call, Queue, Table};
use crate::sweeper::Sweeper;

/// An event's id: the number of the delivery that got it first.
pub type Id = u8;

/// A set of ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ids(u8);

impl Ids {
    /// Returns true if the set contains the id.
    pub fn has(self, id: Id) -> bool {
        self.0 & (1 << id) != 0
    }

    /// Returns true if the set is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Adds the id.
    pub fn put(&mut self, id: Id) {
        self.0 |= 1 << id;
    }

    /// Removes the id.
    pub fn take(&mut self, id: Id) {
        self.0 &= !(1 << id);
    }
}

/// A message, in either queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Message {
    /// The event.
    pub id: Id,
    /// True if it carries the whole event, because the journal did not take it.
    pub whole: bool,
}

/// A message in the dead-letter queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dead {
    /// The message.
    pub message: Message,
    /// The receipt handle, which distinguishes it from an equal message.
    pub handle: u8,
}

/// The whole state at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    /// The state of each delivery.
    pub receivers: Vec<Receiver>,
    /// The processors.
    pub processors: Vec<Processor>,
    /// The sweeper.
    pub sweeper: Sweeper,
    /// The operator.
    pub operator: Operator,
    /// The table.
    pub table: Table,
    /// The event queue.
    pub queue: Queue,
    /// The dead-letter queue.
    pub dead: Vec<Dead>,
    /// Number of messages that were ever in it.
    pub deaths: u8,
    /// The events that the consumer has.
    pub published: Ids,
    /// The deliveries that were answered 2xx.
    pub accepted: Ids,
    /// Calls that their callers gave up and that take effect later; sorted, so that equal states compare equal.
    pub overdue: Vec<Call>,
    /// Number of remaining faults.
    pub faults: u8,
}
