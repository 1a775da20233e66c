//! The processor's books on AWS: the event table, and the dead-letter queue for what is set aside.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::message::Message;
use inlet::process::{AttemptRecord, Attempts, ConsumeError, ProcessingStore, Received, Stored};
use inlet::receive::Recorded;
use inlet::received_at::ReceivedAt;

use crate::client::clock;
use crate::dynamodb::journal::{NEVER, StoredEvent};
use crate::dynamodb::pending::PendingEvent;
use crate::dynamodb::record::Record;
use crate::dynamodb::table::{Table, event_key};
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
        // What was received before may have been stored then: to look costs less than to write it all again.
        if received.receives > 1 {
            let there = self.table.event_exists(message.id(), arrival(message)).await;
            if there.map_err(ConsumeError::Transient)? {
                return self.stored_unless_forgotten(message).await;
            }
        }
        let kept = carried_event(received, message).map_err(ConsumeError::Permanent)?;
        let forgotten = self.table.has_forgotten(message.id(), kept.record.received_ms).await;
        if forgotten.map_err(ConsumeError::Transient)? {
            return Ok(Stored::EntityForgotten);
        }
        // It may have arrived longer ago than the sweeper looks back.
        let unproven = PendingEvent::unsent(message.id(), &kept.record.received, clock::now());
        self.table.put_pending(&unproven).await.map_err(ConsumeError::Transient)?;
        match Box::pin(self.table.put_event(&kept)).await.map_err(store_error)? {
            Recorded::New => self.stored_unless_forgotten(message).await,
            Recorded::Duplicate { original, .. } if original.id == *message.id() => Ok(Stored::Now),
            Recorded::Duplicate { .. } => Ok(Stored::AsDuplicate),
        }
    }

    async fn processed(&self, messages: &[&Message]) -> Result<HashSet<EventId>, Fault> {
        let events: Vec<(&EventId, ReceivedAt)> =
            messages.iter().map(|message| (message.id(), arrival(message))).collect();
        self.table.processed(&events).await
    }

    async fn receipt(&self, consumed: &[&Message], tried: &[EventId]) -> Result<(), Fault> {
        let consumed: Vec<(&EventId, ReceivedAt)> =
            consumed.iter().map(|message| (message.id(), arrival(message))).collect();
        self.table.write_receipts(&consumed, tried, clock::now()).await
    }

    async fn load_attempts(
        &self,
        messages: &[(&Received, &Message)],
    ) -> Result<HashMap<String, Attempts>, Fault> {
        let messages: Vec<(&EventId, &str)> =
            messages.iter().map(|(received, message)| (message.id(), received.id.as_str())).collect();
        self.table.tries(&messages).await
    }

    async fn record_attempts(&self, tried: &[AttemptRecord]) -> Result<(), Fault> {
        self.table.note_tries(tried, clock::now()).await
    }

    async fn delay(&self, received: &Received, pause: Duration) -> Result<(), Fault> {
        self.queue.hold_back(received, pause).await
    }

    /// Sent on first, then marked: a mark without a message would keep the event from everybody.
    async fn dead_letter(&self, received: &Received, id: Option<&EventId>, why: &Fault) -> Result<(), Fault> {
        self.dead_letters.forward(received).await?;
        match id {
            Some(id) => self.table.park(id, &why.chain(), clock::now()).await,
            None => Ok(()),
        }
    }
}

impl TableLedger {
    /// An event is there, and may be although its entity is forgotten: that happened between the look and the write,
    /// and perhaps a processor died before it could look again. Then it goes, unless an equal one has taken its place
    /// since.
    async fn stored_unless_forgotten(&self, message: &Message) -> Result<Stored, ConsumeError> {
        let (id, arrival) = (message.id(), arrival(message));
        let forgotten = self.table.has_forgotten(id, arrival.millis()).await;
        if !forgotten.map_err(ConsumeError::Transient)? {
            return Ok(Stored::Now);
        }
        let removed = self.table.remove_until(id.entity_path(), &event_key(id), arrival).await;
        removed.map(|()| Stored::EntityForgotten).map_err(ConsumeError::Transient)
    }
}

/// Whose fault it is that an event was not stored.
fn store_error(fault: Fault) -> ConsumeError {
    if fault.context == NEVER { ConsumeError::Permanent(fault) } else { ConsumeError::Transient(fault) }
}

/// When a message's event arrived. One that does not say has every receipt that there is.
fn arrival(message: &Message) -> ReceivedAt {
    ReceivedAt::parse(message.received_time()).unwrap_or(ReceivedAt::EPOCH)
}

/// The whole event that a message carries. The queue's id of the message stands for the invocation that wrote
/// it, so that a repeated try knows its own write again.
fn carried_event(received: &Received, message: &Message) -> Result<StoredEvent, Fault> {
    let damaged = |cause: String| Fault::new("the event that the message carries is damaged", cause);
    let whole = received.whole.as_deref().unwrap_or_default();
    let (record, body) = Record::unpacked(whole).map_err(|error| damaged(error.to_string()))?;
    if record.id != message.id().as_str() {
        return Err(damaged("it is another one than the message's".into()));
    }
    let record = Record { attempt: format!("queue/{}", received.id), ..record };
    Ok(StoredEvent { record, message: message.json().to_owned(), body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_the_table_finds_fault_with_is_poison_and_others_wait() {
        let fault = |what| Fault::new(what, "a reason");
        assert!(matches!(store_error(fault(NEVER)), ConsumeError::Permanent(_)), "it would be refused again");
        assert!(matches!(store_error(fault("the event cannot be stored")), ConsumeError::Transient(_)));
    }
}
