//! Forgets an entity: deletes everything that the table contains of it, and prevents messages on their way from storing
//! it again.
//!
//! A run:
//!
//! 1. Reads the entity's partition, and then the time by the table's clock: the cut-off. The run forgets every item
//!    that it read, and every item that arrived until the cut-off.
//! 2. Writes the note `forgotten` with the cut-off. These components read it before they store or publish an
//!    event: the processor, the sweeper, reverify, replay, redrive and restore.
//! 3. Writes a tombstone for each event: an id and a time. A message that is still on the queue finds it and is not
//!    processed.
//! 4. Deletes the events, each with its chunks, and the other items. An item that arrived after the cut-off stays: it
//!    belongs to a new event.
//! 5. Waits until every function that got a delivery before the cut-off has ended, and repeats 3 and 4 for what was
//!    being stored meanwhile.
//! 6. Deletes chunks without an event, for example those of a duplicate delivery, if they are older than the longest
//!    run of a function. So an event that is being stored keeps its chunks.
//! 7. Sends the notice `inlet.entity.forgotten` to the queue, in the entity's group: consumers get it after everything
//!    that was on the queue before.
//!
//! A run that failed can be repeated. Tombstones and the note expire with the retention.
//!
//! Not reached: what consumers keep; messages in the dead-letter queue, for at most 14 days; the quarantine, which no
//! component has read yet, for 72 hours, or for the retention if it waits for credentials; backups, for 35 days; logs,
//! which contain ids; chunks of version 0.2, which other events may share, until they expire. A delivery that the
//! provider sends afterwards is stored and processed like any other, also an equal one.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::message::Message;
use inlet::received_at::ReceivedAt;

use crate::dynamodb::attributes::{Item, number, number_value, text, text_value};
use crate::dynamodb::chunks::{MAX_CHUNKS, chunk_partition, old_chunk_keys};
use crate::dynamodb::dynamo::{Expressions, Key, UNREADABLE, delete_request};
use crate::dynamodb::events::chunks_of;
use crate::dynamodb::keys::{EVENT_PREFIX, FORGOTTEN};
use crate::dynamodb::stored_event::LARGE_FIELDS;
use crate::dynamodb::table::Table;
use crate::operate::table_clock::table_time;
use crate::sqs::SqsQueue;

/// The longest that a receiver takes to store a delivery, with a margin: its function is stopped after 26 s.
pub const SETTLE: Duration = Duration::from_secs(30);

/// Maximum time between the writes of a chunk and of its event: twice the longest timeout of a function that stores
/// events (the processor's 30 s in the template).
const IN_FLIGHT: Duration = Duration::from_mins(1);

/// Items that are deleted concurrently. Each delete has a condition, which a batch cannot have.
const CONCURRENT_DELETES: usize = 16;

/// Chunk partitions that are read concurrently.
const CONCURRENT_PARTITIONS: usize = 8;

/// The attributes that name an item's chunks, and its key and arrival.
const OUTLINE: &str = "pk, sk, received_ms, gzip_chunks, gzip_chunk_key, \
                       body_chunks, body_chunk_key, message_chunks, message_chunk_key, \
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

/// The number of items of each kind that a run deletes, or would delete.
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

/// The data that a run does not reach, for people: printed before and after it.
pub const NOT_REACHED: [&str; 5] = [
    "what consumers keep: they get the notice inlet.entity.forgotten",
    "messages in the dead-letter queue, for up to 14 days; a redrive deletes them",
    "deliveries in quarantine, for 72 hours, or for the retention if they wait for credentials",
    "backups and copies of the table",
    "logs, which contain the entity's id",
];

/// Forgets entities.
#[derive(Clone, Debug)]
pub struct Forget {
    /// The event table.
    pub table: Table,
    /// The event queue, which the notice to consumers is sent to.
    pub queue: SqsQueue,
    /// The time after which every delivery from before the run is stored: [`SETTLE`], less only in tests.
    pub settle: Duration,
}

impl Forget {
    /// Returns the numbers of items that a run would delete. Changes nothing.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn count(&self, entity: &Entity) -> Result<DeletionCounts, Fault> {
        let found = self.find(entity, None).await?;
        let now = table_time(&self.table.dynamo).await?;
        let chunks = self.chunks(entity).await?;
        let goes = |chunk: &&Chunk| found.chunks.contains(&chunk.key) || chunk.is_older_than_any_run(now);
        Ok(found.counts(chunks.iter().filter(goes).count()))
    }

    /// Deletes all that the table contains of an entity, and sends the notice to consumers. If it fails, it can be
    /// repeated.
    ///
    /// # Errors
    /// If the table cannot be read or does not do it, or SQS does not take the notice.
    pub async fn run(&self, entity: &Entity) -> Result<DeletionCounts, Fault> {
        // Every stored event is forgotten, whatever its arrival: the clock of its receiver may be ahead.
        let mut found = self.find(entity, None).await?;
        let cutoff = table_time(&self.table.dynamo).await?;
        self.table.forgotten.put(entity.as_str(), cutoff).await?;
        found.add(self.find(entity, Some(cutoff)).await?);
        let mut chunks = self.delete_items(entity, &found, cutoff).await?;
        tokio::time::sleep(self.settle).await;
        let late = self.find(entity, Some(cutoff)).await?;
        chunks = chunks.saturating_add(self.delete_items(entity, &late, cutoff).await?);
        found.add(late);
        chunks = chunks.saturating_add(self.delete_orphan_chunks(entity, cutoff).await?);
        self.send_notice(entity, cutoff).await?;
        Ok(found.counts(chunks))
    }

    /// Sends the notice to consumers, behind every message of the entity.
    async fn send_notice(&self, entity: &Entity, cutoff: ReceivedAt) -> Result<(), Fault> {
        let notice = Message::entity_forgotten(entity.as_str(), cutoff);
        let notice = notice.map_err(|error| Fault::permanent("consumers cannot be notified", error))?;
        self.queue.send_message(&notice, notice.id().as_str()).await
    }

    /// Deletes the items of an entity, receipts excepted. Returns the number of chunks among them.
    async fn delete_items(
        &self,
        entity: &Entity,
        found: &EntityItems,
        cutoff: ReceivedAt,
    ) -> Result<usize, Fault> {
        // A clock that was ahead gave some items a later arrival than the cut-off.
        let until = |received_ms: i64| ReceivedAt::from_millis(received_ms).unwrap_or(cutoff).max(cutoff);
        let tombstones: Vec<_> = found.ids(entity).map(|(id, ms)| (id, until(ms))).collect();
        self.table.receipts.write_tombstones(&tombstones, cutoff).await?;
        // Collected: a stream of a closure that borrows is not `Send`.
        let notes = found.notes.iter().map(|(sk, received_ms)| {
            let key = Key::new(entity.as_str(), sk);
            let condition =
                Expressions::condition("attribute_not_exists(received_ms) OR received_ms <= :until")
                    .value(":until", number_value(until(*received_ms).millis()));
            self.table.dynamo.delete(key, condition)
        });
        let notes: Vec<_> = notes.collect();
        let mut notes = stream::iter(notes).buffer_unordered(CONCURRENT_DELETES);
        while notes.try_next().await?.is_some() {}
        let events = found.events.iter().filter_map(|(digest, received_ms)| {
            let (id, until) = (entity.event_id(digest)?, until(*received_ms));
            Some(async move { self.table.events.delete(&id, until).await })
        });
        let events: Vec<_> = events.collect();
        let chunks: Vec<usize> =
            stream::iter(events).buffer_unordered(CONCURRENT_DELETES).try_collect().await?;
        Ok(chunks.into_iter().sum())
    }

    /// Deletes the chunks that no event names, unless a function may still be writing their event. Returns their
    /// number.
    async fn delete_orphan_chunks(&self, entity: &Entity, cutoff: ReceivedAt) -> Result<usize, Fault> {
        let chunks = self.chunks(entity).await?;
        let orphans = chunks.into_iter().filter(|chunk| chunk.is_older_than_any_run(cutoff));
        let requests: Vec<_> = orphans.map(|chunk| delete_request(chunk.key)).collect::<Result<_, _>>()?;
        let count = requests.len();
        self.table.dynamo.batch_write(requests).await?;
        Ok(count)
    }

    /// Returns the items of an entity: all of them, or those that did not arrive after `until`.
    async fn find(&self, entity: &Entity, until: Option<ReceivedAt>) -> Result<EntityItems, Fault> {
        let query = self.table.dynamo.query().consistent_read(true);
        let query = query.key_condition_expression("pk = :entity").projection_expression(OUTLINE);
        let query = query.expression_attribute_values(":entity", text_value(entity.as_str()));
        let items = self.table.dynamo.all(query, UNREADABLE).await?;
        Ok(EntityItems::of(&items, until.map(ReceivedAt::millis)))
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
            .buffer_unordered(CONCURRENT_PARTITIONS)
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
    /// The digests of the events, with their arrivals in milliseconds.
    events: BTreeMap<String, i64>,
    /// The digests of the receipts.
    receipts: BTreeSet<String>,
    /// The sort keys of all other items, with their arrivals in milliseconds.
    notes: BTreeMap<String, i64>,
    /// The chunks that the events name.
    chunks: HashSet<Key>,
    /// The chunks of version 0.2 that the events name.
    old_chunks: HashSet<Key>,
}

/// The arrival of an item that has none.
const NO_ARRIVAL_MS: i64 = i64::MIN;

impl EntityItems {
    /// The items that did not arrive after `until_ms`, if that is given, and do not belong to an event that did.
    fn of(items: &[Item], until_ms: Option<i64>) -> Self {
        let arrival = |item: &Item| number(item, "received_ms").unwrap_or(NO_ARRIVAL_MS);
        let is_later = |item: &&Item| until_ms.is_some_and(|until_ms| arrival(item) > until_ms);
        let later: HashSet<&str> = items
            .iter()
            .filter(is_later)
            .filter_map(|item| text(item, "sk")?.strip_prefix(EVENT_PREFIX))
            .collect();
        let mut found = Self::default();
        for item in items.iter().filter(|item| !is_later(item)) {
            let sk = text(item, "sk").unwrap_or_default();
            let mut parts = sk.split('/');
            let (kind, digest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            match kind {
                _ if later.contains(digest) => {}
                "receipt" => {
                    found.receipts.insert(digest.to_owned());
                }
                "event" => {
                    found.events.insert(digest.to_owned(), arrival(item));
                    found.chunks.extend(chunks_of(item));
                    let old = LARGE_FIELDS.iter().filter_map(|field| old_chunk_keys(field.name, item));
                    found.old_chunks.extend(old.flatten());
                }
                FORGOTTEN => {}
                _ => {
                    found.notes.insert(sk.to_owned(), arrival(item));
                }
            }
        }
        found
    }

    /// Adds the items that a later read found.
    fn add(&mut self, later: Self) {
        self.old_chunks.extend(later.old_chunks);
        self.events.extend(later.events);
        self.receipts.extend(later.receipts);
        self.notes.extend(later.notes);
        self.chunks.extend(later.chunks);
    }

    /// Returns the ids of the events, and of those that have only a receipt, with their arrivals.
    fn ids(&self, entity: &Entity) -> impl Iterator<Item = (EventId, i64)> {
        let digests: BTreeSet<&String> = self.events.keys().chain(&self.receipts).collect();
        digests.into_iter().filter_map(|digest| {
            let received_ms = self.events.get(digest).copied().unwrap_or(NO_ARRIVAL_MS);
            Some((entity.event_id(digest)?, received_ms))
        })
    }

    fn counts(&self, chunks: usize) -> DeletionCounts {
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        DeletionCounts {
            events: count(self.events.len()),
            notes: count(self.notes.len()),
            chunks: count(chunks),
            old_chunks: count(self.old_chunks.len()),
        }
    }
}

#[cfg(test)]
mod calls;

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
        let items = [
            "event/0123456789abcdef",
            "event/fedcba9876543210",
            "receipt/0123456789abcdef",
            "parked/fedcba9876543210",
            "latest",
            FORGOTTEN,
        ]
        .map(|sk| Key::new(entity.as_str(), sk).into_item());
        let found = EntityItems::of(&items, None);
        let ids: Vec<String> = found.ids(&entity).map(|(id, _)| id.to_string()).collect();
        assert_eq!(ids, ["zid/riyadh/order/8/0123456789abcdef", "zid/riyadh/order/8/fedcba9876543210"]);
        assert_eq!(found.counts(0), DeletionCounts { events: 2, notes: 2, ..DeletionCounts::default() });
    }

    #[test]
    fn a_later_event_keeps_its_notes() {
        let item = |sk: &str, received_ms: Option<i64>| {
            let mut item = Key::new("zid/riyadh/order/8", sk).into_item();
            item.extend(received_ms.map(|ms| ("received_ms".to_owned(), number_value(ms))));
            item
        };
        let items = [
            item("event/0123456789abcdef", Some(7)),
            item("event/fedcba9876543210", Some(8)),
            item("parked/0123456789abcdef", None),
            item("parked/fedcba9876543210", None),
            item("replay/fedcba9876543210/again", None),
            item("receipt/fedcba9876543210", Some(8)),
            item("latest", Some(8)),
        ];
        let found = EntityItems::of(&items, Some(7));
        assert_eq!(found.events.keys().collect::<Vec<_>>(), ["0123456789abcdef"]);
        assert_eq!(found.notes.keys().collect::<Vec<_>>(), ["parked/0123456789abcdef"]);
        assert!(found.receipts.is_empty(), "the later event's receipt would become a tombstone");
        let all = EntityItems::of(&items, None);
        assert_eq!((all.events.len(), all.notes.len()), (2, 4), "all that was there before the run");
    }

    #[test]
    fn a_chunk_whose_event_may_be_on_its_way_is_not_an_orphan() {
        let now = ReceivedAt::from_millis(1_000_000).unwrap();
        let chunk = |received_ms| Chunk { key: Key::new("chunk/a/b/c/d/0", "x"), received_ms };
        assert!(chunk(940_000).is_older_than_any_run(now));
        assert!(!chunk(940_001).is_older_than_any_run(now));
    }
}
