//! The processor's books on AWS: the event table, and the dead-letter queue for what is set aside.

use std::collections::HashSet;

use inlet::event::EventId;
use inlet::message::Message;
use inlet::process::{Journaled, Ledger, Received, Trouble};
use inlet::receive::{Fault, Recorded};

use crate::clock;
use crate::journal::Kept;
use crate::queue::SqsQueue;
use crate::record::Record;
use crate::table::Table;

/// The event table and the dead-letter queue.
#[derive(Clone, Debug)]
pub struct TableLedger {
    /// The event table.
    pub table: Table,
    /// The dead-letter queue.
    pub dead_letters: SqsQueue,
}

impl Ledger for TableLedger {
    async fn journal(&self, received: &Received, message: &Message) -> Result<Journaled, Trouble> {
        let kept = carried(received, message).map_err(Trouble::Message)?;
        match Box::pin(self.table.keep(&kept)).await.map_err(Trouble::Surroundings)? {
            Recorded::New => Ok(Journaled::Here),
            Recorded::Repeats { original, .. } if original.id == *message.id() => Ok(Journaled::Here),
            Recorded::Repeats { .. } => Ok(Journaled::Elsewhere),
        }
    }

    async fn processed(&self, ids: &[EventId]) -> Result<HashSet<EventId>, Fault> {
        self.table.processed(ids).await
    }

    async fn receipt(&self, ids: &[EventId]) -> Result<(), Fault> {
        self.table.write_receipts(ids, clock::now()).await
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

/// The whole event that a message carries. The queue's id of the message stands for the invocation that wrote
/// it, so that a repeated try knows its own write again.
fn carried(received: &Received, message: &Message) -> Result<Kept, Fault> {
    let damaged = |cause: String| Fault::new("the event that the message carries is damaged", cause);
    let whole = received.whole.as_deref().unwrap_or_default();
    let (record, body) = Record::unpacked(whole).map_err(|error| damaged(error.to_string()))?;
    if record.id != message.id().as_str() {
        return Err(damaged("it is another one than the message's".into()));
    }
    let record = Record { attempt: format!("queue/{}", received.id), ..record };
    Ok(Kept { record, message: message.json().to_owned(), body })
}
