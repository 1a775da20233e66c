//! Finds an event by the beginning of its digest, and an entity by its id alone.

use aws_sdk_dynamodb::types::Select;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;

use crate::dynamodb::attributes::text_value;
use crate::dynamodb::dynamo::{UNREADABLE, fault};
use crate::dynamodb::keys::EVENT_PREFIX;
use crate::dynamodb::table::Table;
use crate::dynamodb::time_index::Arrival;
use crate::operate::index_desc::NewestFirst;

/// Partitions that are looked up at once.
const LOOKUPS_AT_ONCE: usize = 16;

/// Returns the newest events whose digest begins with this text and that arrived at `from` or later and before `until`:
/// those of the first page that has any. Reads the time index from its end until it finds one.
///
/// # Errors
/// If the table cannot be read.
pub async fn find_events(
    table: &Table,
    digest_prefix: &str,
    (from, until): (ReceivedAt, ReceivedAt),
) -> Result<Vec<Arrival>, Fault> {
    let mut pages = NewestFirst::new(table, from, until);
    while let Some(mut page) = pages.next().await? {
        page.retain(|arrival| arrival.id.digest().starts_with(digest_prefix));
        if !page.is_empty() {
            return Ok(page);
        }
    }
    Ok(Vec::new())
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
