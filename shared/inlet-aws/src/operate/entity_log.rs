//! The entities that have events, from the time index: for deletions that no webhook brought.

use std::collections::BTreeMap;

use inlet::fault::Fault;
use inlet::reconcile::{EntityLog, KnownEntity, is_deletion};

use crate::client::clock;
use crate::dynamodb::store_hours::store_of;
use crate::history::event_log::TableEventLog;
use crate::operate::index_desc::NewestFirst;

impl EntityLog for TableEventLog {
    /// Reads the hours of the store in the time index from now back to the oldest event: it has no index by entity.
    async fn entities(&self, prefix: &str) -> Result<Vec<KnownEntity>, Fault> {
        let now = clock::now();
        let oldest = self.table.time_index.oldest(now);
        let hours = self.table.store_hours.to_read(store_of(prefix), oldest, now).await;
        let mut pages = NewestFirst::searching(&self.table, oldest, now, hours);
        let mut known: BTreeMap<String, KnownEntity> = BTreeMap::new();
        while let Some(page) = pages.next().await? {
            for arrival in page.iter().filter(|arrival| arrival.id.entity_path().starts_with(prefix)) {
                let path = arrival.id.entity_path();
                let entity = known.entry(path.to_owned()).or_insert_with(|| KnownEntity {
                    path: path.to_owned(),
                    newest: arrival.received_at(),
                    is_deleted: false,
                });
                entity.is_deleted |= is_deletion(&arrival.canonical_type);
            }
        }
        Ok(known.into_values().collect())
    }
}
