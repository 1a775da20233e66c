//! The processor's books on AWS: the event table, and the dead-letter queue for what is set aside.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use inlet::event::{EventId, ReceivedAt};
use inlet::message::Message;
use inlet::process::{Journaled, Ledger, Received, Tried, Tries, Trouble};
use inlet::receive::{Fault, Recorded};

use crate::clock;
use crate::journal::{NEVER, StoredEvent};
use crate::queue::SqsQueue;
use crate::record::Record;
use crate::table::{Table, event_key};
use crate::unproven::PendingEvent;

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

impl Ledger for TableLedger {
    async fn journal(&self, received: &Received, message: &Message) -> Result<Journaled, Trouble> {
        // What was received before may have been stored then: to look costs less than to write it all again.
        if received.receives > 1 {
            let there = self.table.event_exists(message.id(), arrival(message)).await;
            if there.map_err(Trouble::Surroundings)? {
                return self.stored_unless_forgotten(message).await;
            }
        }
        let kept = carried_event(received, message).map_err(Trouble::Message)?;
        let forgotten = self.table.has_forgotten(message.id(), kept.record.received_ms).await;
        if forgotten.map_err(Trouble::Surroundings)? {
            return Ok(Journaled::Forgotten);
        }
        // It may have arrived longer ago than the sweeper looks back.
        let unproven = PendingEvent::unsent(message.id(), &kept.record.received, clock::now());
        self.table.put_pending(&unproven).await.map_err(Trouble::Surroundings)?;
        match Box::pin(self.table.put_event(&kept)).await.map_err(store_error)? {
            Recorded::New => self.stored_unless_forgotten(message).await,
            Recorded::Repeats { original, .. } if original.id == *message.id() => Ok(Journaled::Here),
            Recorded::Repeats { .. } => Ok(Journaled::Elsewhere),
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

    async fn tries(&self, messages: &[(&Received, &Message)]) -> Result<HashMap<String, Tries>, Fault> {
        let messages: Vec<(&EventId, &str)> =
            messages.iter().map(|(received, message)| (message.id(), received.id.as_str())).collect();
        self.table.tries(&messages).await
    }

    async fn note_tries(&self, tried: &[Tried]) -> Result<(), Fault> {
        self.table.note_tries(tried, clock::now()).await
    }

    async fn hold_back(&self, received: &Received, pause: Duration) -> Result<(), Fault> {
        self.queue.hold_back(received, pause).await
    }

    /// Sent on first, then marked: a mark without a message would keep the event from everybody.
    async fn set_aside(&self, received: &Received, id: Option<&EventId>, why: &Fault) -> Result<(), Fault> {
        self.dead_letters.forward(received).await?;
        match id {
            Some(id) => self.table.park(id, &why.story(), clock::now()).await,
            None => Ok(()),
        }
    }
}

impl TableLedger {
    /// An event is there, and may be although its entity is forgotten: that happened between the look and the write,
    /// and perhaps a processor died before it could look again. Then it goes, unless an equal one has taken its place
    /// since.
    async fn stored_unless_forgotten(&self, message: &Message) -> Result<Journaled, Trouble> {
        let (id, arrival) = (message.id(), arrival(message));
        let forgotten = self.table.has_forgotten(id, arrival.millis()).await;
        if !forgotten.map_err(Trouble::Surroundings)? {
            return Ok(Journaled::Here);
        }
        let removed = self.table.remove_until(id.entity_path(), &event_key(id), arrival).await;
        removed.map(|()| Journaled::Forgotten).map_err(Trouble::Surroundings)
    }
}

/// Whose fault it is that an event was not stored.
fn store_error(fault: Fault) -> Trouble {
    if fault.what == NEVER { Trouble::Message(fault) } else { Trouble::Surroundings(fault) }
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
        assert!(matches!(store_error(fault(NEVER)), Trouble::Message(_)), "it would be refused again");
        assert!(matches!(store_error(fault("the event cannot be stored")), Trouble::Surroundings(_)));
    }
}
