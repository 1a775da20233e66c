//! The outcome of a message.

use std::time::Duration;

use crate::event::EventId;
use crate::fault::Fault;
use crate::process::consumer::ConsumeError;

/// The outcome of a message.
#[derive(Debug)]
pub struct Outcome {
    /// The queue's own id of it.
    pub received: String,
    /// The event's id, if the message could be read.
    pub id: Option<EventId>,
    /// Its disposition.
    pub disposition: Disposition,
    /// True if the consumer received it and did not process it.
    pub consumer_failed: bool,
    /// Time from the event's arrival to its receipt; `None` for a replay, and if it was not processed.
    pub processing_delay: Option<Duration>,
}

/// The disposition of a message.
#[derive(Debug)]
pub enum Disposition {
    /// It was consumed and has its receipt.
    Processed,
    /// Its event was processed before.
    Duplicate,
    /// It could not be processed and is in the dead-letter queue.
    DeadLettered(Fault),
    /// It stays on the queue.
    Failed(ConsumeError),
    /// It stays on the queue, untouched: an earlier one of its group stays.
    Blocked,
}

impl Outcome {
    /// Returns true if the message can be deleted from the queue.
    pub fn is_done(&self) -> bool {
        match self.disposition {
            Disposition::Processed | Disposition::Duplicate | Disposition::DeadLettered(_) => true,
            Disposition::Failed(_) | Disposition::Blocked => false,
        }
    }
}
