//! The processor's store on AWS: the event table, the queue, and the dead-letter queue.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::message::Message;
use inlet::process::{AttemptRecord, Attempts, ConsumeError, ProcessingStore, Received, Stored};
use inlet::receive::Recorded;
use inlet::received_at::ReceivedAt;

use crate::client::clock;
use crate::dynamodb::events::{Put, StoredEvent};
use crate::dynamodb::pending::PendingEvent;
use crate::dynamodb::receipts::Purpose;
use crate::dynamodb::record::{Record, sha256_hex};
use crate::dynamodb::table::Table;
use crate::sqs::SqsQueue;

/// The event table and the queues.
#[derive(Clone, Debug)]
pub struct TableProcessingStore {
    /// The event table.
    pub table: Table,
    /// The queue that the messages come from.
    pub queue: SqsQueue,
    /// The dead-letter queue.
    pub dead_letters: SqsQueue,
}

impl ProcessingStore for TableProcessingStore {
    async fn store_event(&self, received: &Received, message: &Message) -> Result<Stored, ConsumeError> {
        let event = carried_event(received, message)?;
        // An earlier receive may have stored the event. A read costs less than the whole write. But an event with a retry
        // window may be written and `latest` not changed: a processor was killed in between.
        let is_one_write = event.record.window_ms.is_none() && !event.record.updates_latest;
        if is_one_write
            && received.receives > 1
            && self.table.events.exists(message.id(), arrival(message)).await?
        {
            return self.stored_unless_forgotten(message).await;
        }
        if self.table.forgotten.includes(message.id(), arrival(message)).await? {
            return Ok(Stored::EntityForgotten);
        }
        // The event may have arrived before the sweeper's cursor.
        let pending = PendingEvent::unsent(message.id(), &event.record.received, clock::now());
        self.table.pending.put(&pending).await?;
        // Boxed, because the SDK's call would make the processor's own future large.
        match Box::pin(self.table.events.put(&event)).await? {
            // A late event keeps its arrival.
            Put::Recorded(Recorded::New) | Put::Later(_) => self.stored_unless_forgotten(message).await,
            Put::Recorded(Recorded::Duplicate { original, .. }) if original.id == *message.id() => {
                Ok(Stored::Now)
            }
            Put::Recorded(Recorded::Duplicate { .. }) => Ok(Stored::AsDuplicate),
        }
    }

    async fn processed(&self, messages: &[&Message]) -> Result<HashSet<EventId>, Fault> {
        let purpose = |message: &Message| match message.replay_id() {
            None => Purpose::Once,
            Some(_) => Purpose::Again,
        };
        let messages: Vec<_> =
            messages.iter().map(|message| (message.id(), arrival(message), purpose(message))).collect();
        self.table.receipts.processed(&messages).await
    }

    async fn receipt(&self, consumed: &[&Message], tried: &[EventId]) -> Result<ReceivedAt, Fault> {
        let now = clock::now();
        let signed = consumed.iter().filter(|message| message.is_signed()).map(|message| message.id());
        let signed: HashSet<&EventId> = signed.collect();
        let (replayed, first): (Vec<&Message>, Vec<&Message>) =
            consumed.iter().partition(|message| message.replay_id().is_some());
        self.table.receipts.write_with_signed(&with_arrivals(&first), &signed, tried, now).await?;
        let replayed: Vec<(&EventId, ReceivedAt, &str)> = replayed
            .iter()
            .map(|message| (message.id(), arrival(message), message.replay_id().unwrap_or_default()))
            .collect();
        self.table.receipts.write_replayed(&replayed, &signed, now).await?;
        Ok(now)
    }

    async fn load_attempts(
        &self,
        messages: &[(&Received, &Message)],
    ) -> Result<HashMap<String, Attempts>, Fault> {
        let messages: Vec<(&EventId, &str)> =
            messages.iter().map(|(received, message)| (message.id(), received.id.as_str())).collect();
        self.table.attempts.load(&messages).await
    }

    async fn record_attempts(&self, tried: &[AttemptRecord]) -> Result<(), Fault> {
        self.table.attempts.record(tried, clock::now()).await
    }

    async fn delay(&self, received: &Received, delay: Duration) -> Result<(), Fault> {
        self.queue.delay(received, delay).await
    }

    /// Forwards the message first and parks the event afterwards: a parked event without a message would never be
    /// sent again.
    async fn dead_letter(&self, received: &Received, id: Option<&EventId>, why: &Fault) -> Result<(), Fault> {
        self.dead_letters.forward(received).await?;
        match id {
            Some(id) => self.table.receipts.park(id, &why.chain(), clock::now()).await,
            None => Ok(()),
        }
    }
}

impl TableProcessingStore {
    /// Deletes an event that is stored if its entity was forgotten after the event arrived. That happens if `forget`
    /// ran between the look at the note and the write, and the processor may have died before this second look.
    async fn stored_unless_forgotten(&self, message: &Message) -> Result<Stored, ConsumeError> {
        let (id, arrival) = (message.id(), arrival(message));
        if !self.table.forgotten.includes(id, arrival).await? {
            return Ok(Stored::Now);
        }
        self.table.events.delete(id, arrival).await?;
        Ok(Stored::EntityForgotten)
    }
}

fn with_arrivals<'m>(messages: &[&'m Message]) -> Vec<(&'m EventId, ReceivedAt)> {
    messages.iter().map(|message| (message.id(), arrival(message))).collect()
}

/// Returns the arrival of a message's event: `EPOCH` if the message does not contain it, so that every receipt applies.
fn arrival(message: &Message) -> ReceivedAt {
    ReceivedAt::parse(message.received_time()).unwrap_or(ReceivedAt::EPOCH)
}

/// Returns the event that a message carries. The queue's id of the message takes the place of the receiver's
/// invocation, so that another attempt recognises its own write.
fn carried_event(received: &Received, message: &Message) -> Result<StoredEvent, Fault> {
    let damaged = |cause: String| Fault::damaged("the event that the message carries is damaged", cause);
    let packed = received.whole.as_deref().unwrap_or_default();
    let (record, body) = Record::unpacked(packed).map_err(|error| damaged(error.to_string()))?;
    if record.id != message.id().as_str() {
        return Err(damaged("it has another id than the message".into()));
    }
    if record.sha256 != sha256_hex(&body) {
        return Err(damaged("its body has another SHA-256 than its record".into()));
    }
    let record = Record { attempt: format!("queue/{}", received.id), ..record };
    Ok(StoredEvent { record, message: message.json().to_owned(), body })
}
