//! The table and the queue as the event log of reconciliation: reads the events of an entity, and publishes what they lack.

use inlet::event::Event;
use inlet::fault::Fault;
use inlet::message::Message;
use inlet::proof::Verified;
use inlet::receive::{Journal as _, Queue as _, Recorded, WriteToken};
use inlet::reconcile::{EntityHistory, EventLog, Publication, Published};
use serde_json::Value;

use crate::client::clock;
use crate::dynamodb::pending::PendingEvent;
use crate::dynamodb::record::Origin;
use crate::dynamodb::table::Table;
use crate::operate::history::{self, HistoryEntry};
use crate::sqs::SqsQueue;

/// The table and the queue of a deployment.
#[derive(Clone, Debug)]
pub struct TableEventLog {
    /// The event table.
    pub table: Table,
    /// The event queue.
    pub queue: SqsQueue,
}

impl EventLog for TableEventLog {
    async fn history(&self, entity_path: &str) -> Result<EntityHistory, Fault> {
        let entries = history::load(&self.table, entity_path).await?;
        let mut history = EntityHistory {
            forgotten: self.table.forgotten.until(entity_path).await?,
            ..EntityHistory::default()
        };
        for entry in entries {
            match published(entry) {
                Some(event) => history.events.push(event),
                None => history.is_damaged = true,
            }
        }
        Ok(history)
    }

    /// Takes an event along the path of a delivery that comes late:
    ///
    /// 1. add it to the sweeper's pending list, so that it is sent even if this program ends in between,
    /// 2. store it, and
    /// 3. send it.
    async fn publish(&self, mut event: Verified<Event>) -> Result<Publication, Fault> {
        let (id, received) = (event.id().clone(), event.received_at());
        if self.table.forgotten.includes(&id, received).await? {
            return Ok(Publication::Forgotten);
        }
        self.table.pending.put(&PendingEvent::unsent(&id, &received.to_string(), clock::now())).await?;
        let token = WriteToken(format!("reconcile {id} {received}"));
        match self.table.events.record(&mut event, &token).await? {
            Recorded::New => {}
            Recorded::Duplicate { .. } => return Ok(Publication::Known),
        }
        // A run of `forget` between the first look and the write did not see the event.
        if self.table.forgotten.includes(event.id(), event.received_at()).await? {
            self.table.events.delete(event.id(), event.received_at()).await?;
            return Ok(Publication::Forgotten);
        }
        self.queue.send(&event).await?;
        Ok(Publication::Published)
    }
}

/// Returns an event of the history; `None` if it is damaged.
fn published(entry: HistoryEntry) -> Option<Published> {
    let HistoryEntry { arrival, origin, message, .. } = entry;
    let message = Message::parse(message.ok()?).ok()?;
    let message: Value = serde_json::from_str(message.json()).ok()?;
    Some(Published {
        received_at: arrival.received_at(),
        id: arrival.id,
        is_reconciled: origin == Origin::Reconciled.as_str(),
        data: message.get("data").cloned().unwrap_or_default(),
    })
}
