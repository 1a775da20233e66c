//! The status of events: when they were processed, or why they are parked.

use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;

use crate::dynamodb::attributes::{Item, text};
use crate::dynamodb::keys::{parked_key, receipt_key};
use crate::dynamodb::receipts::{applies_to, is_by_replay};
use crate::dynamodb::table::Table;

/// The status of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventStatus {
    /// The time at which it was first processed.
    pub processed: Option<ReceivedAt>,
    /// True if that was a replay: the time since its arrival is not a processing delay.
    pub by_replay: bool,
    /// The parked marker, if it has one.
    pub parked: Option<Parked>,
}

/// A parked event waits for a redrive or a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// When it was parked.
    pub since: ReceivedAt,
    /// The reason.
    pub reason: String,
}

impl EventStatus {
    /// Returns the status that a receipt and a parked marker show for the event that arrived then. Either may be
    /// absent.
    pub(crate) fn from_items(receipt: Option<&Item>, marker: Option<&Item>, received_at: ReceivedAt) -> Self {
        let time = |item: &Item, name: &str| text(item, name).and_then(ReceivedAt::parse);
        let parked = |marker: &Item| Parked {
            since: time(marker, "parked").unwrap_or(ReceivedAt::EPOCH),
            reason: text(marker, "reason").unwrap_or_default().to_owned(),
        };
        let applies = |item: &&Item| applies_to(item, received_at);
        let receipt = receipt.filter(applies);
        Self {
            processed: receipt.and_then(|receipt| time(receipt, "processed")),
            by_replay: receipt.is_some_and(is_by_replay),
            parked: marker.filter(applies).map(parked),
        }
    }
}

/// Returns the status of each of these events, given with their arrivals, in their order.
///
/// # Errors
/// If the table cannot be read.
pub async fn event_statuses(
    table: &Table,
    events: &[(&EventId, ReceivedAt)],
) -> Result<Vec<EventStatus>, Fault> {
    let keys = events.iter().flat_map(|(id, _)| [receipt_key(id), parked_key(id)]);
    let items = table.dynamo.batch_get(keys).await?;
    let status = |(id, received_at): &(&EventId, ReceivedAt)| {
        EventStatus::from_items(items.get(&receipt_key(id)), items.get(&parked_key(id)), *received_at)
    };
    Ok(events.iter().map(status).collect())
}
