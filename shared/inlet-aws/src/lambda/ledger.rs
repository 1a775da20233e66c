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
use crate::dynamodb::record::Record;
use crate::dynamodb::table::Table;
use crate::sqs::SqsQueue;

/// The event table and the queues.
#[derive(Clone, Debug)]
pub struct TableLedger {
    /// The event table.
    pub table: Table,
    /// The queue that the messages come from.
    pub queue: SqsQueue,
    /// The dead-letter queue.
    pub dead_letters: SqsQueue,
}

impl ProcessingStore for TableLedger {
    async fn store_event(&self, received: &Received, message: &Message) -> Result<Stored, ConsumeError> {
        // An earlier receive may have stored the event. A read costs less than the whole write.
        if received.receives > 1 && self.table.events.exists(message.id(), arrival(message)).await? {
            return self.stored_unless_forgotten(message, message.id(), arrival(message)).await;
        }
        let event = carried_event(received, message)?;
        if self.table.forgotten.includes(message.id(), arrival(message)).await? {
            return Ok(Stored::EntityForgotten);
        }
        // A redriven message is behind messages that were sent after it.
        let is_first_send = received.deduplication == message.id().as_str();
        let mut event = corrected(received, event)?;
        for _ in 0..LATER_ATTEMPTS {
            // The event may have arrived before the sweeper's cursor.
            let id = EventId::parse(&event.record.id)
                .map_err(|error| Fault::damaged("the event cannot be stored", error))?;
            let pending = PendingEvent::unsent(&id, &event.record.received, clock::now());
            self.table.pending.put(&pending).await?;
            // Boxed, because the SDK's calls would make the processor's own future large.
            let put = if is_first_send {
                Box::pin(self.table.events.put_from_queue(&event)).await?
            } else {
                Box::pin(self.table.events.put(&event)).await?
            };
            match put {
                Put::Later(received_at) => event = with_arrival(&event, received_at)?,
                Put::Recorded(Recorded::Duplicate { original, .. }) if original.id == *message.id() => {
                    return Ok(Stored::Now);
                }
                Put::Recorded(Recorded::Duplicate { .. }) => return Ok(Stored::AsDuplicate),
                Put::Recorded(Recorded::New) => {
                    let received_at = ReceivedAt::from_millis(event.record.received_ms);
                    let received_at = received_at.unwrap_or(ReceivedAt::EPOCH);
                    let stored = self.stored_unless_forgotten(message, &id, received_at).await?;
                    // The sweeper sends an event that has got another id.
                    let is_sent_later = stored == Stored::Now && id != *message.id();
                    return Ok(if is_sent_later { Stored::AsDuplicate } else { stored });
                }
            }
        }
        let cause = "other deliveries of the entity were later at every attempt";
        Err(Fault::transient("the event cannot be stored", cause).into())
    }

    async fn processed(&self, messages: &[&Message]) -> Result<HashSet<EventId>, Fault> {
        self.table.receipts.processed(&with_arrivals(messages)).await
    }

    async fn receipt(&self, consumed: &[&Message], tried: &[EventId]) -> Result<(), Fault> {
        let signed = consumed.iter().filter(|message| message.is_signed()).map(|message| message.id());
        let (consumed, signed) = (with_arrivals(consumed), signed.collect());
        self.table.receipts.write_with_signed(&consumed, &signed, tried, clock::now()).await
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

    async fn delay(&self, received: &Received, pause: Duration) -> Result<(), Fault> {
        self.queue.delay(received, pause).await
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

impl TableLedger {
    /// Deletes the event that is stored for a message, given with its arrival, if its entity was forgotten after the delivery
    /// arrived. That happens if `forget` ran between the look at the note and the write, and the processor may have died
    /// before this second look.
    async fn stored_unless_forgotten(
        &self,
        message: &Message,
        id: &EventId,
        received_at: ReceivedAt,
    ) -> Result<Stored, ConsumeError> {
        if !self.table.forgotten.includes(message.id(), arrival(message)).await? {
            return Ok(Stored::Now);
        }
        self.table.events.delete(id, received_at).await?;
        Ok(Stored::EntityForgotten)
    }
}

/// The most attempts to give an event a later arrival. Each further attempt means that another delivery of the same entity
/// came in between.
const LATER_ATTEMPTS: usize = 4;

/// Returns the event with the arrival that the queue's clock allows: a delivery cannot have arrived after its message was
/// sent. If it says so, its receiver's clock was ahead.
fn corrected(received: &Received, event: StoredEvent) -> Result<StoredEvent, Fault> {
    let is_ahead = event.record.window_ms.is_some() && event.record.received_ms > received.sent_ms;
    match ReceivedAt::from_millis(received.sent_ms).filter(|_| is_ahead && received.sent_ms > 0) {
        Some(sent_at) => with_arrival(&event, sent_at),
        None => Ok(event),
    }
}

fn with_arrival(event: &StoredEvent, received_at: ReceivedAt) -> Result<StoredEvent, Fault> {
    let damaged =
        || Fault::damaged("the event that the message carries is damaged", "its content is no digest");
    event.received_at(received_at).ok_or_else(damaged)
}

fn with_arrivals<'m>(messages: &[&'m Message]) -> Vec<(&'m EventId, ReceivedAt)> {
    messages.iter().map(|message| (message.id(), arrival(message))).collect()
}

/// Returns when a message's event arrived: `EPOCH` if the message does not contain it, so that every receipt applies.
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
    let record = Record { attempt: format!("queue/{}", received.id), ..record };
    Ok(StoredEvent { record, message: message.json().to_owned(), body })
}
