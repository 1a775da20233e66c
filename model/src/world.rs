//! Everything at one moment.

use crate::operator::Operator;
use crate::processor::Processor;
use crate::receiver::Receiver;
use crate::services::{Call, Queue, Table};
use crate::sweeper::Sweeper;

/// An event's id: the place of the delivery that it was first given to.
pub type Id = u8;

/// A set of ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ids(u8);

impl Ids {
    /// Whether the id is in it.
    pub fn has(self, id: Id) -> bool {
        self.0 & (1 << id) != 0
    }

    /// Whether nothing is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Puts the id in.
    pub fn put(&mut self, id: Id) {
        self.0 |= 1 << id;
    }

    /// Takes the id out.
    pub fn take(&mut self, id: Id) {
        self.0 &= !(1 << id);
    }
}

/// A message, in either queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Message {
    /// The event.
    pub id: Id,
    /// Whether it carries the whole event, because the journal did not take it.
    pub whole: bool,
}

/// A message in the dead-letter queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dead {
    /// The message.
    pub message: Message,
    /// What tells it from an equal one: a receipt handle is good for one message alone.
    pub handle: u8,
}

/// Everything at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    /// What became of each delivery.
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
    /// How many there ever were in it.
    pub deaths: u8,
    /// The events that the consumer has.
    pub published: Ids,
    /// The deliveries that were answered 2xx.
    pub accepted: Ids,
    /// Calls that their callers gave up and that take effect later; in order, so that equal moments look equal.
    pub overdue: Vec<Call>,
    /// How many faults are left.
    pub faults: u8,
}
