//! What became of events: whether and when they were processed, or why they are parked.

use inlet::event::{EventId, ReceivedAt};
use inlet::receive::Fault;

use crate::dynamodb::attributes::{Item, text};
use crate::dynamodb::receipts::{is_of, parked, receipt};
use crate::dynamodb::table::Table;

/// What became of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// When it was last processed, if it was.
    pub processed: Option<ReceivedAt>,
    /// That it was given up on, if it was.
    pub parked: Option<Parked>,
}

/// An event was given up on: it waits for a redrive or a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// Since when.
    pub since: ReceivedAt,
    /// Why.
    pub reason: String,
}

impl Fate {
    /// What a receipt and a mark say of the event that arrived then; either may be absent.
    pub(crate) fn told_by(receipt: Option<&Item>, mark: Option<&Item>, received_at: ReceivedAt) -> Self {
        let time = |item: &Item, name: &str| text(item, name).and_then(ReceivedAt::parse);
        let parked = |mark: &Item| Parked {
            since: time(mark, "parked").unwrap_or(ReceivedAt::EPOCH),
            reason: text(mark, "reason").unwrap_or_default().to_owned(),
        };
        let own = |item: &&Item| is_of(item, received_at);
        Self {
            processed: receipt.filter(own).and_then(|receipt| time(receipt, "processed")),
            parked: mark.filter(own).map(parked),
        }
    }
}

impl Table {
    /// What became of each of these events, with their arrivals, in their order.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn fates(&self, events: &[(&EventId, ReceivedAt)]) -> Result<Vec<Fate>, Fault> {
        let notes = self.notes(events.iter().flat_map(|(id, _)| [receipt(id), parked(id)])).await?;
        let fate = |(id, received_at): &(&EventId, ReceivedAt)| {
            Fate::told_by(notes.get(&receipt(id)), notes.get(&parked(id)), *received_at)
        };
        Ok(events.iter().map(fate).collect())
    }
}
