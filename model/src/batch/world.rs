//! The queue, the table and the consumer at one moment.

use super::processor::Processor;
use crate::world::{Id, Ids};

/// The whole state at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    /// The processor.
    pub processor: Processor,
    /// The messages that left the queue.
    pub gone: Ids,
    /// The receipts.
    pub receipts: Ids,
    /// The events that the consumer took.
    pub consumed: Ids,
    /// The events that it took more than once.
    pub repeated: Ids,
    /// The event that it took last.
    pub last: Option<Id>,
    /// True if it got an event before it had taken the one before it.
    pub overtook: bool,
    /// True if it got an event after a later one.
    pub returned: bool,
    /// Receipts whose writers gave up and that take effect later; sorted, so that equal states compare equal.
    pub overdue: Vec<Id>,
    /// Number of remaining faults.
    pub faults: u8,
}

impl World {
    /// The consumer takes an event.
    pub fn consume(&mut self, id: Id) {
        self.returned |= self.last.is_some_and(|last| last > id);
        self.overtook |= (0..id).any(|earlier| !self.consumed.has(earlier));
        if self.consumed.has(id) {
            self.repeated.put(id);
        }
        self.consumed.put(id);
        self.last = Some(id);
    }
}
