//! Forgets an entity: deletes everything that the table contains of it, and prevents messages on their way from storing
//! it again.
//!
//! A run:
//!
//! 1. Writes the note `forgotten` with the current time. The processor reads the note before and after it stores an
//!    event that only the queue had.
//! 2. Reads the entity's partition and writes a tombstone for each event: an id and a time. A message that is still on
//!    the queue finds it and is not processed.
//! 3. Deletes the events, each with its chunks, and the other items. An item that arrived after the note stays: it
//!    belongs to a new event.
//! 4. Repeats 2 and 3 once, for events that were stored during the run.
//! 5. Deletes chunks without an event, for example those of a duplicate delivery, if they are older than the longest
//!    run of a function. So an event that is being stored keeps its chunks.
//!
//! A run that failed can be repeated. Tombstones and the note expire with the retention.
//!
//! Not deleted: messages on the queue or the dead-letter queue (at most 14 days each); the quarantine, whose content is
//! not parsed yet (72 hours); point-in-time backups (35 days); a delivery that a receiver got before the run and stores
//! after it; chunks of version 0.2, which other events may share, until they expire; and the data of consumers. A
//! replay on its way ignores tombstones, as it ignores receipts. A delivery that the provider sends after the run is
//! stored and processed like any other, even an equal one.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;

use crate::client::clock;
use crate::dynamodb::attributes::{Item, number, number_value, text, text_value};
use crate::dynamodb::chunks::{MAX_CHUNKS, chunk_partition, old_chunk_keys};
use crate::dynamodb::dynamo::{Expressions, Key, UNREADABLE, delete_request};
use crate::dynamodb::events::{LARGE_FIELDS, chunks_of};
use crate::dynamodb::keys::{EVENT_PREFIX, FORGOTTEN};
use crate::dynamodb::table::Table;

/// Maximum time between the writes of a chunk and of its event: twice the longest timeout of a function that stores
/// events (the processor's 30 s in the template).
const IN_FLIGHT: Duration = Duration::from_mins(1);

/// Chunk partitions that are read at once.
const PARTITIONS_AT_ONCE: usize = 8;

/// The attributes that name an item's chunks, and its key and arrival.
const OUTLINE: &str = "pk, sk, received_ms, body_chunks, body_chunk_key, message_chunks, message_chunk_key, \
                       body_parts, body_digest, message_parts, message_digest";

/// An entity by its path: `{provider}/{store}/{kind}/{entity}`, as in the ids of its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity(String);

/// The text is not an entity's path.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("an entity is named by provider/store/kind/entity, as its events' ids begin")]
pub struct NotAnEntity;

impl Entity {
    /// Parses an entity's path.
    ///
    /// # Errors
    /// [`NotAnEntity`] unless it is an event's id without its digest.
    pub fn parse(text: &str) -> Result<Self, NotAnEntity> {
        match EventId::parse(&format!("{text}/0000000000000000")) {
            Ok(id) => Ok(Self(id.entity_path().to_owned())),
            Err(_) => Err(NotAnEntity),
        }
    }

    /// Returns the path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn event_id(&self, digest: &str) -> Option<EventId> {
        EventId::parse(&format!("{}/{digest}", self.0)).ok()
    }
}

/// The numbers of items that a run deletes, or would delete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeletionCounts {
    /// Events.
    pub events: u64,
    /// Other items of the entity, without receipts: parked markers, replay records, attempts, the latest delivery.
    pub notes: u64,
    /// Chunks of bodies and messages.
    pub chunks: u64,
    /// Chunks of version 0.2. They are not deleted, because other events may share them; they expire.
    pub old_chunks: u64,
}

/// Forgets entities.
#[derive(Clone, Debug)]
pub struct Forget {
    /// The event table.
    pub table: Table,
}

impl Forget {
    /// Returns the numbers of items that a run would delete. Changes nothing.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn count(&self, entity: &Entity) -> Result<DeletionCounts, Fault> {
        let now = clock::now();
        let found = self.find(entity, now).await?;
        let chunks = self.chunks(entity).await?;
        let goes = |chunk: &&Chunk| found.chunks.contains(&chunk.key) || chunk.is_older_than_any_run(now);
        Ok(found.counts(chunks.iter().filter(goes).count()))
    }

    /// Deletes everything that the table contains of an entity. A failed run can be repeated.
    ///
    /// # Errors
    /// If a read or a write fails.
    pub async fn run(&self, entity: &Entity) -> Result<DeletionCounts, Fault> {
        let now = clock::now();
        self.table.forgotten.put(entity.as_str(), now).await?;
        let mut found = self.find(entity, now).await?;
        let mut chunks = self.delete_items(entity, &found, now).await?;
        // The second read finds events that were stored during the first.
        let late = self.find(entity, now).await?;
        chunks = chunks.saturating_add(self.delete_items(entity, &late, now).await?);
        found.add(late);
        chunks = chunks.saturating_add(self.delete_orphan_chunks(entity, now).await?);
        Ok(found.counts(chunks))
    }

    /// Deletes the items of an entity, receipts excepted. Returns the number of chunks among them.
    async fn delete_items(
        &self,
        entity: &Entity,
        found: &EntityItems,
        now: ReceivedAt,
    ) -> Result<usize, Fault> {
        self.table.receipts.write_tombstones(&found.ids(entity), now).await?;
        for sk in &found.notes {
            let key = Key::new(entity.as_str(), sk);
            let condition =
                Expressions::condition("attribute_not_exists(received_ms) OR received_ms <= :until")
                    .value(":until", number_value(now.millis()));
            self.table.dynamo.delete(key, condition).await?;
        }
        let mut chunks = 0_usize;
        for id in found.events.iter().filter_map(|digest| entity.event_id(digest)) {
            chunks = chunks.saturating_add(self.table.events.delete(&id, now).await?);
        }
        Ok(chunks)
    }

    /// Deletes the chunks that no event names, unless a function may still be writing their event. Returns their
    /// number.
    async fn delete_orphan_chunks(&self, entity: &Entity, now: ReceivedAt) -> Result<usize, Fault> {
        let chunks = self.chunks(entity).await?;
        let orphans = chunks.into_iter().filter(|chunk| chunk.is_older_than_any_run(now));
        let requests: Vec<_> = orphans.map(|chunk| delete_request(chunk.key)).collect::<Result<_, _>>()?;
        let count = requests.len();
        self.table.dynamo.batch_write(requests).await?;
        Ok(count)
    }

    /// Returns the items of an entity without those that arrived after `now`.
    async fn find(&self, entity: &Entity, now: ReceivedAt) -> Result<EntityItems, Fault> {
        let query = self.table.dynamo.query().consistent_read(true);
        let query = query.key_condition_expression("pk = :entity").projection_expression(OUTLINE);
        let query = query.expression_attribute_values(":entity", text_value(entity.as_str()));
        let mut found = EntityItems::default();
        for item in self.table.dynamo.all(query, UNREADABLE).await? {
            let is_later = number(&item, "received_ms").is_some_and(|at_ms| at_ms > now.millis());
            if !is_later {
                found.take(&item);
            }
        }
        Ok(found)
    }

    /// Returns the chunks of an entity: one query for each number.
    async fn chunks(&self, entity: &Entity) -> Result<Vec<Chunk>, Fault> {
        let of_number = |n: usize| {
            let partition = chunk_partition(entity.as_str(), n);
            let query = self.table.dynamo.query().consistent_read(true);
            let query =
                query.key_condition_expression("pk = :pk").projection_expression("pk, sk, received_ms");
            let query = query.expression_attribute_values(":pk", text_value(&partition));
            self.table.dynamo.all(query, UNREADABLE)
        };
        let items: Vec<Vec<Item>> = stream::iter((0..MAX_CHUNKS).map(of_number))
            .buffer_unordered(PARTITIONS_AT_ONCE)
            .try_collect()
            .await?;
        Ok(items.iter().flatten().filter_map(Chunk::read).collect())
    }
}

/// A chunk without its bytes.
struct Chunk {
    key: Key,
    received_ms: i64,
}

impl Chunk {
    fn read(item: &Item) -> Option<Self> {
        Some(Self { key: Key::of(item)?, received_ms: number(item, "received_ms")? })
    }

    /// Returns true if every function that may write its event has ended.
    fn is_older_than_any_run(&self, now: ReceivedAt) -> bool {
        self.received_ms <= now.earlier(IN_FLIGHT).millis()
    }
}

/// The items of an entity.
#[derive(Debug, Default)]
struct EntityItems {
    /// The digests of the events.
    events: BTreeSet<String>,
    /// The digests of the receipts.
    receipts: BTreeSet<String>,
    /// The sort keys of all other items.
    notes: BTreeSet<String>,
    /// The chunks that the events name.
    chunks: HashSet<Key>,
    /// The number of chunks of version 0.2 that the events name.
    old_chunks: usize,
}

impl EntityItems {
    fn take(&mut self, item: &Item) {
        let sk = text(item, "sk").unwrap_or_default();
        if let Some(digest) = sk.strip_prefix("receipt/") {
            self.receipts.insert(digest.to_owned());
        } else if let Some(digest) = sk.strip_prefix(EVENT_PREFIX) {
            self.events.insert(digest.to_owned());
            self.chunks.extend(chunks_of(item));
            let old = LARGE_FIELDS.iter().filter_map(|field| old_chunk_keys(field.name, item));
            self.old_chunks = self.old_chunks.saturating_add(old.flatten().count());
        } else if sk != FORGOTTEN {
            self.notes.insert(sk.to_owned());
        }
    }

    /// Adds the items that a later read found.
    fn add(&mut self, later: Self) {
        self.events.extend(later.events);
        self.notes.extend(later.notes);
        self.old_chunks = self.old_chunks.saturating_add(later.old_chunks);
    }

    /// Returns the ids of the events, and of former events of which only the receipt is left.
    fn ids(&self, entity: &Entity) -> Vec<EventId> {
        let digests: BTreeSet<&String> = self.events.iter().chain(&self.receipts).collect();
        digests.into_iter().filter_map(|digest| entity.event_id(digest)).collect()
    }

    fn counts(&self, chunks: usize) -> DeletionCounts {
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        DeletionCounts {
            events: count(self.events.len()),
            notes: count(self.notes.len()),
            chunks: count(chunks),
            old_chunks: count(self.old_chunks),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_is_an_events_id_without_its_digest() {
        assert_eq!(Entity::parse("zid/riyadh/order/8").unwrap().as_str(), "zid/riyadh/order/8");
        for text in ["", "zid/riyadh/order", "zid/riyadh/order/8/0123456789abcdef", "zid/riyadh/orders/8"] {
            assert_eq!(Entity::parse(text), Err(NotAnEntity), "{text:?}");
        }
    }

    #[test]
    fn every_event_gets_a_tombstone_and_receipts_are_not_counted() {
        let entity = Entity::parse("zid/riyadh/order/8").unwrap();
        let mut found = EntityItems::default();
        for sk in [
            "event/0123456789abcdef",
            "event/fedcba9876543210",
            "receipt/0123456789abcdef",
            "parked/fedcba9876543210",
            "latest",
            FORGOTTEN,
        ] {
            found.take(&Key::new(entity.as_str(), sk).into_item());
        }
        let ids: Vec<String> = found.ids(&entity).iter().map(EventId::to_string).collect();
        assert_eq!(ids, ["zid/riyadh/order/8/0123456789abcdef", "zid/riyadh/order/8/fedcba9876543210"]);
        assert_eq!(found.counts(0), DeletionCounts { events: 2, notes: 2, ..DeletionCounts::default() });
    }

    #[test]
    fn a_chunk_whose_event_may_be_on_its_way_is_no_orphan() {
        let now = ReceivedAt::from_millis(1_000_000).unwrap();
        let chunk = |received_ms| Chunk { key: Key::new("chunk/a/b/c/d/0", "x"), received_ms };
        assert!(chunk(940_000).is_older_than_any_run(now));
        assert!(!chunk(940_001).is_older_than_any_run(now));
    }
}
