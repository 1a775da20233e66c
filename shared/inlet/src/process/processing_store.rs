//! The port to the store of processed events and attempts.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::event::EventId;
use crate::fault::Fault;
use crate::message::Message;
use crate::process::attempts::{AttemptRecord, Attempts};
use crate::process::consumer::ConsumeError;
use crate::process::received::Received;
use crate::received_at::ReceivedAt;

/// The store of processed events and attempts.
pub trait ProcessingStore: Send + Sync {
    /// Stores the whole event that a message carries, unless it is there.
    fn store_event(
        &self,
        received: &Received,
        message: &Message,
    ) -> impl Future<Output = Result<Stored, ConsumeError>> + Send;

    /// Returns the ids of these messages' events that are not to be consumed: those that have a receipt, and for a
    /// replay, which is consumed again on purpose, those that were forgotten.
    fn processed(
        &self,
        messages: &[&Message],
    ) -> impl Future<Output = Result<HashSet<EventId>, Fault>> + Send;

    /// Writes a receipt for the event of each consumed message, and deletes the attempts of `received_before`: the
    /// events whose messages were received before. Returns the time of the receipts. An event that has a receipt keeps
    /// it, so that a replay does not change when the event was processed first.
    fn receipt(
        &self,
        consumed: &[&Message],
        received_before: &[EventId],
    ) -> impl Future<Output = Result<ReceivedAt, Fault>> + Send;

    /// Returns the recorded attempts of these messages, by the queue's message ids.
    fn load_attempts(
        &self,
        messages: &[(&Received, &Message)],
    ) -> impl Future<Output = Result<HashMap<String, Attempts>, Fault>> + Send;

    /// Records the attempts of these messages, and how long their entities wait for them.
    fn record_attempts(&self, records: &[AttemptRecord]) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Delays the next receive of a message.
    fn delay(&self, received: &Received, delay: Duration) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Sends a message to the dead-letter queue, and marks its event, if it is named, as parked.
    fn dead_letter(
        &self,
        received: &Received,
        id: Option<&EventId>,
        why: &Fault,
    ) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// The result of storing a message's whole event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is stored under its id.
    Now,
    /// It is a duplicate of an event that is stored under another id and has a message of its own.
    AsDuplicate,
    /// Its entity was forgotten since it arrived: it is not stored again.
    EntityForgotten,
}
