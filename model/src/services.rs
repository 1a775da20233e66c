//! The services: the table, the queues and the bus, as calls and their effects.

use crate::flaw::Flaw;
use crate::protocol::Protocol;
use crate::scenario::Identity;
use crate::world::{Dead, Id, Ids, Message, World};

/// Maximum number of deliveries in a scenario.
const ROOM: usize = 4;

/// The event table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Table {
    /// Number of writes of the event `event/{digest}`.
    pub writes: [u8; ROOM],
    /// The events that the processor wrote: origin `fallback`.
    pub late: Ids,
    /// `receipt/{digest}`.
    pub receipts: Ids,
    /// `parked/{digest}`.
    pub parked: Ids,
    /// The events behind the sweeper's cursor: stored late, or parked.
    pub behind: Ids,
    /// The pending list: `unproven/{received}/{id}`.
    pub noted: Ids,
    /// Number of the sweeper's sends of the event.
    pub resent: [u8; ROOM],
}

/// The event queue: one group, for all deliveries here are of one entity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Queue {
    /// The messages, oldest first.
    pub messages: Vec<Queued>,
    /// The deduplication ids of the last five minutes.
    pub remembered: Ids,
}

/// A message that waits or is in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Queued {
    /// The message.
    pub message: Message,
    /// Number of receives.
    pub receives: u8,
    /// The processor that has it. No other processor receives it or another message of the group.
    pub held_by: Option<usize>,
}

/// A call to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Call {
    /// `Events::put`: the conditional write of an event, for a receiver or, late, for the processor.
    Keep {
        /// The event.
        id: Id,
        /// True if the processor stores it.
        late: bool,
    },
    /// [`Flaw::LookThenWrite`]: the write without a condition.
    Overwrite(Id),
    /// `Receipts::is_processed`.
    IsProcessed(Id),
    /// `SqsQueue::send` and `send_with_event`.
    Send(Message),
    /// The same under a deduplication id of its own.
    SendAnew(Message),
    /// A message to the dead-letter queue.
    Bury(Message),
    /// The end of a redrive: the message of this handle leaves the dead-letter queue.
    Exhume(u8),
    /// The consumer takes the event: `PutEvents`.
    Publish(Id),
    /// The event's receipt.
    Receipt(Id),
    /// The event's parked marker.
    Park(Id),
    /// Its removal.
    Unpark(Id),
    /// Lists the event as pending.
    Note(Id),
    /// The sweeper records that it is about to send.
    Count(Id),
}

impl Call {
    /// Returns true if the call changes nothing, so that a late effect changes nothing either.
    pub fn only_reads(self) -> bool {
        matches!(self, Self::IsProcessed(_))
    }
}

/// The reply to a successful call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It is done.
    Done,
    /// An equal event is stored: `Recorded::Duplicate`.
    Found(Id),
    /// True if the event has a receipt.
    Processed(bool),
}

/// A call failed, as far as its caller knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed;

impl World {
    /// Applies the effect of a call, and returns the reply.
    pub fn take_effect(&mut self, protocol: &Protocol, call: Call) -> Reply {
        match call {
            Call::Keep { id, late } => match self.found(protocol, id) {
                Some(original) => return Reply::Found(original),
                None if protocol.has(Flaw::LookThenWrite) && !late => {}
                None => self.store(id, late),
            },
            Call::Overwrite(id) => self.store(id, false),
            Call::IsProcessed(id) => return Reply::Processed(self.table.receipts.has(id)),
            Call::Send(message) if self.queue.remembered.has(message.id) => {}
            Call::Send(message) => {
                self.queue.remembered.put(message.id);
                self.enqueue(message);
            }
            Call::SendAnew(message) => self.enqueue(message),
            Call::Bury(message) => self.bury(message),
            Call::Exhume(handle) => self.dead.retain(|dead| dead.handle != handle),
            Call::Publish(id) => self.published.put(id),
            Call::Receipt(id) => self.table.receipts.put(id),
            Call::Park(id) => {
                self.table.parked.put(id);
                self.table.behind.put(id);
                self.table.noted.take(id);
            }
            Call::Note(id) => self.table.noted.put(id),
            Call::Unpark(id) => self.table.parked.take(id),
            Call::Count(id) => self.table.resent[usize::from(id)] += 1,
        }
        Reply::Done
    }

    /// Returns true if the event is stored.
    pub fn is_stored(&self, id: Id) -> bool {
        self.table.writes[usize::from(id)] > 0
    }

    /// Returns the original of an event of this id: the item itself, or the entity's `latest` of equal content.
    fn found(&self, protocol: &Protocol, id: Id) -> Option<Id> {
        match protocol.scenario.identity {
            Identity::PerBody => self.is_stored(id).then_some(id),
            Identity::Within => protocol.equals_of(id).find(|&other| self.is_stored(other)),
        }
    }

    fn store(&mut self, id: Id, late: bool) {
        self.table.writes[usize::from(id)] += 1;
        if late {
            self.table.late.put(id);
            self.table.behind.put(id);
        }
    }

    /// Adds a message to the dead-letter queue.
    pub fn bury(&mut self, message: Message) {
        self.dead.push(Dead { message, handle: self.deaths });
        self.deaths += 1;
    }

    fn enqueue(&mut self, message: Message) {
        self.queue.messages.push(Queued { message, receives: 0, held_by: None });
    }
}

impl Queue {
    /// Returns the message that a processor would receive next: the oldest, unless one of the group is in flight.
    pub fn next(&self) -> Option<Queued> {
        let idle = self.messages.iter().all(|queued| queued.held_by.is_none());
        self.messages.first().copied().filter(|_| idle)
    }

    /// Makes the processor's message visible again.
    pub fn release(&mut self, processor: usize) {
        for queued in &mut self.messages {
            if queued.held_by == Some(processor) {
                queued.held_by = None;
            }
        }
    }

    /// Deletes the processor's message, unless it has become visible again.
    pub fn delete(&mut self, processor: usize) {
        self.messages.retain(|queued| queued.held_by != Some(processor));
    }
}
