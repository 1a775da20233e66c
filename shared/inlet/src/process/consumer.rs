//! The consumer: the place for your own logic, and the reasons that it gives for a failure.

use std::time::Duration;

use crate::fault::{Fault, FaultKind};
use crate::message::Message;

/// A consumer of events: the place for your own logic.
///
/// An event may come more than once, for instance when the processor dies before its receipt is written; its
/// id is the same each time.
pub trait Consumer: Send + Sync {
    /// Processes each message and returns the results in the same order.
    ///
    /// No two of the messages are about the same entity, so they may be handled one after the other, all at
    /// once, or in one call of another service. An entity's next message comes when this one succeeded.
    fn consume(&self, messages: &[Message]) -> impl Future<Output = Vec<Result<(), ConsumeError>>> + Send;

    /// Returns the time limit of one call of [`Consumer::consume`]; `None` if it is unknown. No call begins for
    /// which less time is left, because an interrupted one may still be running when the next message comes.
    fn time_limit(&self) -> Option<Duration> {
        None
    }

    /// Returns true if an event may come again after a later one of its entity, because the consumer keeps no order
    /// anyway. Then an entity's next message is consumed while the receipt of this one is written, which takes half of
    /// the time; if the receipt cannot be written, both come again.
    fn allows_earlier_events_again(&self) -> bool {
        false
    }
}

/// The reason that a message was not processed. It decides what happens next.
#[derive(Debug, thiserror::Error)]
pub enum ConsumeError {
    /// The message itself cannot be processed. After [`MAX_ATTEMPTS`](crate::process::MAX_ATTEMPTS) attempts of its own it goes to the dead-letter
    /// queue, so that later messages of its group are processed.
    #[error("the message cannot be processed")]
    Permanent(#[source] Fault),
    /// Something that processing depends on is down. The message is tried until it succeeds.
    #[error("processing is not possible now")]
    Transient(#[source] Fault),
    /// The same, and what is down names the time until the next attempt.
    #[error("processing is not possible for a while")]
    RetryAfter(#[source] Fault, Duration),
    /// The call failed as a whole: this message, or another one of the same call, crashed the consumer. It counts as an
    /// attempt of each, and each is then tried alone.
    #[error("the consumer crashed")]
    Crashed(#[source] Fault),
    /// The call had no result in time, because of this message, of another one of the same call, or of what processing
    /// depends on. The message is tried until it succeeds, and alone from its next receive on: not before, because the
    /// call may still be running.
    #[error("the consumer did not end in time")]
    TimedOut(#[source] Fault),
}

impl From<Fault> for ConsumeError {
    /// A permanent fault and damaged data are the message's own fault.
    fn from(fault: Fault) -> Self {
        match fault.kind {
            FaultKind::Transient => Self::Transient(fault),
            FaultKind::Permanent | FaultKind::Damaged => Self::Permanent(fault),
        }
    }
}

impl ConsumeError {
    /// The fault.
    pub fn fault(&self) -> &Fault {
        match self {
            Self::Permanent(fault)
            | Self::Transient(fault)
            | Self::RetryAfter(fault, _)
            | Self::Crashed(fault)
            | Self::TimedOut(fault) => fault,
        }
    }
}
