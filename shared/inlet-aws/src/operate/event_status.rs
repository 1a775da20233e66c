//! What became of events: whether and when they were processed, or why they are parked.

use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;

use crate::dynamodb::attributes::{Item, text};
use crate::dynamodb::receipts::{applies_to, parked_marker_key, receipt_item_key};
use crate::dynamodb::table::Table;

/// What became of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventStatus {
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

impl EventStatus {
    /// What a receipt and a mark say of the event that arrived then; either may be absent.
    pub(crate) fn from_items(receipt: Option<&Item>, mark: Option<&Item>, received_at: ReceivedAt) -> Self {
        let time = |item: &Item, name: &str| text(item, name).and_then(ReceivedAt::parse);
        let parked = |mark: &Item| Parked {
            since: time(mark, "parked").unwrap_or(ReceivedAt::EPOCH),
            reason: text(mark, "reason").unwrap_or_default().to_owned(),
        };
        let own = |item: &&Item| applies_to(item, received_at);
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
    pub async fn event_statuses(&self, events: &[(&EventId, ReceivedAt)]) -> Result<Vec<EventStatus>, Fault> {
        let notes = self
            .batch_get(events.iter().flat_map(|(id, _)| [receipt_item_key(id), parked_marker_key(id)]))
            .await?;
        let status = |(id, received_at): &(&EventId, ReceivedAt)| {
            EventStatus::from_items(
                notes.get(&receipt_item_key(id)),
                notes.get(&parked_marker_key(id)),
                *received_at,
            )
        };
        Ok(events.iter().map(status).collect())
    }
}
