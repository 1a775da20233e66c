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
//! So a reader may leave out an hour only between that time and the cursor: [`hours_to_read`].
//!
//! [`hours_to_read`]: crate::dynamodb::hours_to_read

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::types::WriteRequest;
use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;

use crate::client::clock;
use crate::dynamodb::dynamo::{Dynamo, Key, put_request};
use crate::dynamodb::time_index::{DELETED_WITHIN, HOUR_MS, hour};

/// The beginning of the partition of a store's markers. No provider has this name. Stored data: the value must stay.
pub(super) const HOURS: &str = "hours/";

/// Markers that an instance remembers as written: about a day of 1,000 stores, 3 MB.
const MAX_REMEMBERED: usize = 24_000;

/// The owner of the markers.
#[derive(Clone, Debug)]
pub struct StoreHours {
    pub(super) dynamo: Dynamo,
    /// The markers that this instance has written, so that it writes each of them once.
    written: Arc<Mutex<HashSet<Key>>>,
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
mod tests {
    use super::*;

    #[test]
    fn a_store_is_the_first_two_parts_of_a_path() {
        for (path, store) in [
            ("zid/riyadh/order/8", "zid/riyadh"),
            ("zid/riyadh/order/8/9", "zid/riyadh"),
            ("zid/riyadh/", "zid/riyadh"),
            ("zid/riyadh", "zid/riyadh"),
            ("zid", "zid"),
        ] {
            assert_eq!(store_of(path), store, "{path}");
        }
    }
}
