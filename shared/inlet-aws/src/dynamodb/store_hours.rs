//! The hours in which a store has events: a marker for each, so that a reader of one store leaves out all other hours of
//! the time index.
//!
//! 1. The sweeper's second pass writes the markers of the events that it passes, and then moves its cursor.
//! 2. A component that stores an event behind that cursor (a late message, a reverified or restored delivery) writes the
//!    event's marker before the event.
//! 3. A receiver may write no marker. It hands over an event that it puts into the time index again, and the sweeper
//!    writes the marker when it takes the event over. Readers count the events that are handed over.
//! 4. The cursor's item has the time from which the markers are complete: the run of the first sweeper that wrote some.
//!    An older version writes the cursor without it, so that the markers count for nothing until a newer version runs.
//!
//! So a reader may leave out an hour only between that time and the cursor. All other hours are read.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::types::WriteRequest;
use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;

use crate::client::clock;
use crate::dynamodb::attributes::{text, text_value};
use crate::dynamodb::dynamo::{Dynamo, Key, UNREADABLE, put_request};
use crate::dynamodb::pending::{Pending, SECOND_PASS, SECOND_PASS_DELAY};
use crate::dynamodb::time_index::{DELETED_WITHIN, HOUR_MS, TimeIndex, before, hour, next_hour};

/// The beginning of the partition of a store's markers. No provider has this name. Stored data: the value must stay.
const HOURS: &str = "hours/";

/// Markers that an instance remembers as written: about a day of 1,000 stores, 3 MB.
const MAX_REMEMBERED: usize = 24_000;

/// The owner of the markers.
#[derive(Clone, Debug)]
pub struct StoreHours {
    dynamo: Dynamo,
    /// The markers that this instance has written, so that it writes each of them once.
    written: Arc<Mutex<HashSet<Key>>>,
}

/// The hours of the time index that a reader must read.
#[derive(Clone, Debug, Default)]
pub struct HoursToRead(Option<MarkedHours>);

/// The markers of a store.
#[derive(Clone, Debug)]
struct MarkedHours {
    /// The markers are complete for arrivals from here, RFC 3339.
    from: String,
    /// The end of these arrivals, exclusive.
    until: String,
    /// The hours in which the store has events.
    hours: HashSet<String>,
}

impl StoreHours {
    pub(crate) fn new(dynamo: Dynamo) -> Self {
        Self { dynamo, written: Arc::default() }
    }

    /// Writes the markers of these events, given with their arrivals.
    ///
    /// # Errors
    /// If a write fails.
    pub(crate) async fn mark<'e>(
        &self,
        events: impl IntoIterator<Item = (&'e EventId, &'e str)>,
    ) -> Result<(), Fault> {
        self.mark_with(events, Vec::new()).await
    }

    /// Writes the markers of these events together with other items.
    ///
    /// # Errors
    /// If a write fails.
    pub(crate) async fn mark_with<'e>(
        &self,
        events: impl IntoIterator<Item = (&'e EventId, &'e str)>,
        mut requests: Vec<WriteRequest>,
    ) -> Result<(), Fault> {
        let mut keys = HashSet::new();
        for (id, received) in events {
            let key = marker_key(id, received);
            if !self.written().contains(&key) && !keys.contains(&key) {
                requests.push(self.put_request(key.clone(), received)?);
                keys.insert(key);
            }
        }
        self.dynamo.batch_write(requests).await?;
        // Only what DynamoDB has acknowledged.
        let mut written = self.written();
        if written.len() > MAX_REMEMBERED {
            written.clear();
        }
        written.extend(keys);
        Ok(())
    }

    /// Returns the hours in which a store, `{provider}/{store}`, may have events that arrived at `from` or later and
    /// before `until`. These are all hours if the markers cannot be read: a list that lacks an event is worse than a slow
    /// one.
    pub async fn to_read(&self, store: &str, from: ReceivedAt, until: ReceivedAt) -> HoursToRead {
        let now = clock::now();
        // The sweeper's second pass has not reached the last hours.
        if from >= now.earlier(SECOND_PASS_DELAY) {
            return HoursToRead::default();
        }
        HoursToRead(self.marked_hours(store, (from, until), now).await.ok().flatten())
    }

    async fn marked_hours(
        &self,
        store: &str,
        (from, until): (ReceivedAt, ReceivedAt),
        now: ReceivedAt,
    ) -> Result<Option<MarkedHours>, Fault> {
        let pending = Pending::new(self.dynamo.clone());
        // This order: the cursor follows the markers, and an event that is handed over stays until its marker is written.
        let Some(cursor) = pending.cursor_item(SECOND_PASS).await? else { return Ok(None) };
        let Some(marked_from) = cursor.marked_from else { return Ok(None) };
        // A marker is deleted when the time index has no event of its hour any more.
        let marked_from = marked_from.max(TimeIndex::new(self.dynamo.clone()).oldest(now));
        let mut hours: HashSet<String> = pending.handed_over_hours(store).await?;
        let query = self
            .dynamo
            .query()
            .key_condition_expression("pk = :hours AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":hours", text_value(&format!("{HOURS}{store}")))
            .expression_attribute_values(":first", text_value(hour(&from.to_string())))
            .expression_attribute_values(":last", text_value(hour(&until.to_string())))
            .consistent_read(true);
        let markers = self.dynamo.all(query, UNREADABLE).await?;
        hours.extend(markers.iter().filter_map(|marker| text(marker, "sk")).map(str::to_owned));
        Ok(Some(MarkedHours { from: marked_from.to_string(), until: cursor.through.to_string(), hours }))
    }

    /// Returns the request of a batch that writes a marker. It expires when the time index has no event of the hour any
    /// more, and an operator can list none.
    fn put_request(&self, key: Key, received: &str) -> Result<WriteRequest, Fault> {
        let end = ReceivedAt::parse(received).map_or_else(|| clock::now().millis(), ReceivedAt::millis);
        let kept_ms = i64::try_from(DELETED_WITHIN.as_millis()).unwrap_or(i64::MAX);
        let mut item = key.into_item();
        let ms = end.saturating_add(HOUR_MS).saturating_add(kept_ms);
        item.insert("expires".into(), self.dynamo.expires(ms));
        put_request(item)
    }

    fn written(&self) -> MutexGuard<'_, HashSet<Key>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HoursToRead {
    /// Returns false if no event arrived from `first` to `last`, two times of one hour. Times are RFC 3339 to the
    /// millisecond.
    pub fn may_have(&self, first: &str, last: &str) -> bool {
        let Some(marked) = &self.0 else { return true };
        let is_complete = *marked.from <= *first && *last < *marked.until;
        !is_complete || marked.hours.contains(hour(last))
    }

    /// Returns the first time from `from` on at which there may be an event; `until` if there is none before it.
    pub fn next(&self, from: ReceivedAt, until: ReceivedAt) -> ReceivedAt {
        let mut from = from;
        while from < until {
            let end = next_hour(from).min(until);
            if self.may_have(&from.to_string(), &before(end).to_string()) {
                return from;
            }
            from = end;
        }
        until
    }
}

/// Returns the key of the marker of an event.
fn marker_key(id: &EventId, received: &str) -> Key {
    Key::new(format!("{HOURS}{}", store_of(id.entity_path())), hour(received))
}

/// Returns the beginning of an entity's path that names the store: `{provider}/{store}`.
pub(crate) fn store_of(path: &str) -> &str {
    let second = path.match_indices('/').nth(1);
    second.and_then(|(at, _)| path.get(..at)).unwrap_or(path)
}

#[cfg(test)]
mod tests;
