//! Finds an event by the beginning of its digest, and an entity by its id alone.

use std::time::Duration;

use aws_sdk_dynamodb::types::Select;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;
use tokio::time::{Instant, timeout};

use crate::dynamodb::attributes::text_value;
use crate::dynamodb::dynamo::{UNREADABLE, fault};
use crate::dynamodb::keys::EVENT_PREFIX;
use crate::dynamodb::table::Table;
use crate::dynamodb::time_index::Arrival;
use crate::operate::index_desc::NewestFirst;

/// Partitions that are looked up at once.
const LOOKUPS_AT_ONCE: usize = 16;

/// Time that is read as one stream of pages: after each, the search knows how far it is. Three times the hours that
/// the index reads concurrently.
const SECTION: Duration = Duration::from_hours(12);

/// The result of a search by digest.
#[derive(Debug)]
pub struct FoundEvents {
    /// The events. Empty if there is none in the searched time.
    pub arrivals: Vec<Arrival>,
    /// The start of the searched time: later than wanted if the search ran out of time.
    pub searched_from: ReceivedAt,
}

/// Finds the newest events whose digest begins with this text and that arrived at `from` or later and before `until`:
/// those of the first page that has any. Reads the time index from its end until it finds one, for `time_limit` at most.
///
/// # Errors
/// If the table cannot be read.
pub async fn find_events(
    table: &Table,
    digest_prefix: &str,
    (from, until): (ReceivedAt, ReceivedAt),
    time_limit: Duration,
) -> Result<FoundEvents, Fault> {
    let started = Instant::now();
    let mut searched_from = until;
    while searched_from > from {
        let start = searched_from.earlier(SECTION).max(from);
        let mut pages = NewestFirst::new(table, start, searched_from);
        loop {
            let left = time_limit.saturating_sub(started.elapsed());
            let Ok(page) = timeout(left, pages.next()).await else {
                return Ok(FoundEvents { arrivals: Vec::new(), searched_from });
            };
            let Some(mut page) = page? else { break };
            // No page ends within a millisecond, so everything from its last event on is searched.
            if let Some(last) = page.last() {
                searched_from = last.received_at();
            }
            page.retain(|arrival| arrival.id.digest().starts_with(digest_prefix));
            if !page.is_empty() {
                return Ok(FoundEvents { arrivals: page, searched_from });
            }
        }
        searched_from = start;
    }
    Ok(FoundEvents { arrivals: Vec::new(), searched_from })
}

/// Returns those of the entity paths, `{provider}/{store}/{kind}/{entity}`, that have an event, in their order.
///
/// # Errors
/// If the table cannot be read.
pub async fn find_entities(table: &Table, paths: Vec<String>) -> Result<Vec<String>, Fault> {
    let lookups = paths.into_iter().map(|path| async move {
        let has_event = has_event(table, &path).await?;
        Ok::<_, Fault>(has_event.then_some(path))
    });
    let found: Vec<Option<String>> = stream::iter(lookups).buffered(LOOKUPS_AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

async fn has_event(table: &Table, path: &str) -> Result<bool, Fault> {
    let query = table
        .dynamo
        .query()
        .key_condition_expression("pk = :entity AND begins_with(sk, :event)")
        .expression_attribute_values(":entity", text_value(path))
        .expression_attribute_values(":event", text_value(EVENT_PREFIX))
        .select(Select::Count)
        .limit(1);
    let output = query.send().await.map_err(|error| fault(UNREADABLE, &error))?;
    Ok(output.count() > 0)
}
