//! Verify: compares every stored event with its own hashes, keys and index attributes. It needs no copy of the table.

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use inlet::fault::Fault;
use tokio::sync::watch;

use crate::dynamodb::attributes::{Item, text};
use crate::dynamodb::dynamo::Key;
use crate::dynamodb::integrity::{Damage, Part, examine};
use crate::dynamodb::keys::receipt_key;
use crate::dynamodb::receipts::is_of_duplicate;
use crate::dynamodb::table::Table;
use crate::dynamodb::time_index::Arrival;
use crate::operate::event_items::{arrival_of, event_items};
use crate::operate::selection::Selection;

/// Events that are compared concurrently.
const CONCURRENT_EVENTS: usize = 16;

/// The progress of a run, also when it ends in a fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// The number of events that were compared.
    pub events: u64,
    /// The damage that was found, by arrival and event once the run has ended.
    pub findings: Vec<Finding>,
}

/// A damaged part of an event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The time of arrival, as the item contains it.
    pub received: String,
    /// The event's id, or the item's key if that is none.
    pub id: String,
    /// The damaged part.
    pub part: Part,
    /// The contradiction.
    pub reason: String,
}

impl Finding {
    /// The damage of an event.
    pub(crate) fn of(event: &Arrival, Damage { part, reason }: Damage) -> Self {
        Self { received: event.received.clone(), id: event.id.to_string(), part, reason }
    }

    /// The damage of an item whose key is that of no event.
    pub(crate) fn of_key(item: &Item) -> Self {
        let id = format!("{}/{}", text(item, "pk").unwrap_or_default(), text(item, "sk").unwrap_or_default());
        Self {
            received: String::new(),
            id,
            part: Part::Attributes,
            reason: "its key is that of no event".into(),
        }
    }
}

/// Verifies the events of a selection. `sum` contains the progress at any time.
///
/// # Errors
/// If the table cannot be read.
pub async fn verify(
    table: &Table,
    selection: &Selection,
    sum: &watch::Sender<Verification>,
) -> Result<(), Fault> {
    let mut pages = event_items(&table.dynamo, selection);
    while let Some(page) = pages.try_next().await? {
        let mut results = stream::iter(page)
            .map(|item| async move { verify_item(table, &item).await })
            .buffer_unordered(CONCURRENT_EVENTS);
        while let Some(result) = results.try_next().await? {
            let ItemResult::Event(findings) = result else { continue };
            sum.send_modify(|sum| {
                sum.events = sum.events.saturating_add(1);
                sum.findings.extend(findings);
            });
        }
    }
    sum.send_modify(|sum| sum.findings.sort());
    Ok(())
}

/// The result for an item.
enum ItemResult {
    /// It is an event with this damage.
    Event(Vec<Finding>),
    /// It is the item of a duplicate, or was deleted meanwhile.
    NoEvent,
}

async fn verify_item(table: &Table, item: &Item) -> Result<ItemResult, Fault> {
    let Some(arrival) = arrival_of(item) else {
        return Ok(ItemResult::Event(vec![Finding::of_key(item)]));
    };
    let dynamo = &table.dynamo;
    if examine(dynamo, &arrival.id, item).await?.damages.is_empty() {
        return Ok(ItemResult::Event(Vec::new()));
    }
    // A scan may be older than a deletion of chunks: only what is still damaged in a consistent read is a finding.
    let Some(key) = Key::of(item) else { return Ok(ItemResult::NoEvent) };
    let Some(item) = dynamo.get(key).await? else { return Ok(ItemResult::NoEvent) };
    let damages = examine(dynamo, &arrival.id, &item).await?.damages;
    if !item.contains_key("arrival") {
        let receipt = dynamo.get(receipt_key(&arrival.id)).await?;
        if receipt.as_ref().is_some_and(is_of_duplicate) {
            return Ok(ItemResult::NoEvent);
        }
    }
    Ok(ItemResult::Event(damages.into_iter().map(|damage| Finding::of(&arrival, damage)).collect()))
}
