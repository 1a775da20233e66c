//! Forgetting: whatever the table holds of an entity goes, and nothing that is still on its way brings it back.
//!
//! What stays is a receipt for each event, which is an id and a time, and one note of when the entity was forgotten.
//! They stop the messages that a queue still holds: one that carries an event which is stored nowhere else by the
//! note, the others by their receipt. Both go when their time is up. A replay on its way is meant to pass receipts,
//! and does.
//!
//! What this cannot reach: messages that wait on the queue or as dead letters until somebody takes them off, at the
//! most 14 days; quarantine, where nobody has read yet whom a delivery is about, 72 hours; point-in-time backups, 35
//! days; a delivery from before that a receiver stores only after all this; and what consumers made of the events. A
//! delivery that the provider sends afterwards is kept and processed like any other, also an equal one.
//!
//! Pieces are named by their digest, so a delivery of the same large bytes owns them too, and it may arrive at any
//! moment. Therefore the events go first, and then every piece that no event leads to is marked as one that is to go.
//! Whoever stores an event takes the mark off the pieces that he finds. When everybody who may have met a piece before
//! it was marked has written his event, it goes if still nobody owns it and the mark is still there. That takes a
//! minute and reads the whole table twice, and is done only where an event of the entity was in pieces. What else
//! nothing leads to goes as well: the pieces of a delivery that was repeated, or whose receiver died.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;
use sha2::{Digest, Sha256};

use crate::client::clock;
use crate::client::connect::describe_sdk_error;
use crate::dynamodb::attributes::{Item, number, text};
use crate::dynamodb::forgotten::removed;
use crate::dynamodb::record::hex;
use crate::dynamodb::table::{DELETING, FORGOTTEN, PART, Table, key, part_key, part_of, put};

/// How long after its pieces somebody may still write the event that is made of them: twice what a function that stores
/// events may take (the template's longest is the processor, 30 s).
pub const SETTLED: Duration = Duration::from_mins(1);

/// An entity by its path: `{provider}/{store}/{kind}/{entity}`, as in the ids of its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity(String);

/// The text is not an entity's path.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("an entity is named by provider/store/kind/entity, as its events' ids begin")]
pub struct NotAnEntity;

impl Entity {
    /// Reads an entity's path.
    ///
    /// # Errors
    /// [`NotAnEntity`] unless it is an event's id less its digest.
    pub fn parse(text: &str) -> Result<Self, NotAnEntity> {
        match EventId::parse(&format!("{text}/0000000000000000")) {
            Ok(id) => Ok(Self(id.entity_path().to_owned())),
            Err(_) => Err(NotAnEntity),
        }
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What there is of an entity, or was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeletionCounts {
    /// Its events.
    pub events: u64,
    /// The notes beside them, receipts left out: marks, replays, the latest delivery.
    pub notes: u64,
    /// The pieces of what is too large for an item, and once they go whatever else nothing leads to.
    pub pieces: u64,
    /// Pieces that an event which stays is made of too. They stay.
    pub shared: u64,
}

/// Forgets entities.
#[derive(Clone, Debug)]
pub struct Forget {
    /// The event table.
    pub table: Table,
    /// How long to wait before pieces go, for those who met them before they were marked: [`SETTLED`].
    pub settled: Duration,
}

impl Forget {
    /// What would go. Changes nothing. What a run left that broke off after the events is counted too.
    ///
    /// Where an event is in pieces this reads the whole table, to see whose they are too.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn count(&self, entity: &Entity) -> Result<DeletionCounts, Fault> {
        let found = self.found(entity, clock::now()).await?;
        if self.table.is_unfinished(entity).await? {
            let ChunkScan { pieces, owned } = self.table.scan_chunks(|_| false).await?;
            let loose = pieces.iter().filter(|piece| !owned.contains(&piece.digest)).count();
            return Ok(found.counts(found.pieces.len().saturating_add(loose), 0));
        }
        if found.pieces.is_empty() {
            return Ok(found.counts(0, 0));
        }
        let goes = |owner: &Item| {
            let of_entity = text(owner, "pk") == Some(entity.as_str());
            of_entity && text(owner, "sk").is_some_and(|sk| found.events.iter().any(|event| event == sk))
        };
        let owned = self.table.scan_chunks(goes).await?.owned;
        let shared = found.pieces.iter().filter(|piece| owned.contains(&piece.digest)).count();
        Ok(found.counts(found.pieces.len().saturating_sub(shared), shared))
    }

    /// Lets it go. A run that failed half-way is gone on with by the next one: the note that the entity was forgotten
    /// says until the end that there is something left to do.
    ///
    /// Where an event is in pieces this takes as long as [`Forget::settled`] says.
    ///
    /// # Errors
    /// When the table cannot be read or does not do it.
    pub async fn run(&self, entity: &Entity) -> Result<DeletionCounts, Fault> {
        let now = clock::now();
        let was_unfinished = self.table.is_unfinished(entity).await?;
        // First of all: what is stored from now on meets it.
        self.table.note_forgotten(entity, now).await?;
        let mut found = self.found(entity, now).await?;
        self.delete_items(entity, &found, now).await?;
        // What was being stored meanwhile.
        let late = self.found(entity, now).await?;
        self.delete_items(entity, &late, now).await?;
        found.add(late);
        let (gone, shared) = if found.pieces.is_empty() && !was_unfinished {
            (0, 0)
        } else {
            self.delete_orphan_chunks(&found, &mark_of(entity, now)).await?
        };
        self.table.note_finished(entity, now).await?;
        Ok(found.counts(gone, shared))
    }

    /// Lets everything go that stands in the entity's partition, receipts left out.
    async fn delete_items(&self, entity: &Entity, found: &Found, now: ReceivedAt) -> Result<(), Fault> {
        self.table.write_tombstones(&found.ids(entity), now).await?;
        for sk in found.notes.iter().chain(&found.events) {
            self.table.remove_until(entity.as_str(), sk, now).await?;
        }
        Ok(())
    }

    /// Lets all pieces go that no event leads to. How many they were, and how many of the entity's stay.
    async fn delete_orphan_chunks(&self, found: &Found, mark: &str) -> Result<(usize, usize), Fault> {
        let ChunkScan { pieces, owned } = self.table.scan_chunks(|_| false).await?;
        let mut stay: HashSet<&Chunk> = found.pieces.iter().filter(|piece| pieces.contains(piece)).collect();
        let loose: Vec<&Chunk> = pieces.iter().filter(|piece| !owned.contains(&piece.digest)).collect();
        if loose.is_empty() {
            return Ok((0, stay.len()));
        }
        for piece in &loose {
            self.table.mark(piece, mark).await?;
        }
        tokio::time::sleep(self.settled).await;
        let owned = self.table.scan_chunks(|_| false).await?.owned;
        let mut gone = 0_usize;
        for piece in loose {
            if owned.contains(&piece.digest) {
                self.table.unmark(piece, mark).await?;
            } else if self.table.remove_marked(piece, mark).await? {
                gone = gone.saturating_add(1);
                stay.remove(piece);
            }
        }
        Ok((gone, stay.len()))
    }

    /// What there is of an entity, less what arrived after `now`.
    async fn found(&self, entity: &Entity, now: ReceivedAt) -> Result<Found, Fault> {
        let mut found = Found::default();
        for item in self.table.outlines(entity).await? {
            if number(&item, "received_ms").is_some_and(|at_ms| at_ms > now.millis()) {
                continue;
            }
            found.pieces.extend(blobs_of(&item).flat_map(|(digest, parts)| {
                (0..parts).map(move |part| Chunk { digest: digest.clone(), part })
            }));
            found.take(text(&item, "sk").unwrap_or_default());
        }
        Ok(found)
    }
}

/// What a run writes on the pieces that are to go: no other run has the same, and nobody is named.
fn mark_of(entity: &Entity, now: ReceivedAt) -> String {
    format!("{now} {}", hex(&Sha256::digest(entity.as_str())))
}

/// A piece of what is too large for an item.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Chunk {
    /// The digest of what it is a piece of.
    digest: String,
    part: usize,
}

impl Chunk {
    fn key(&self) -> Item {
        let (pk, sk) = part_key(&self.digest, self.part);
        key(&pk, sk)
    }
}

/// All pieces of a table, and the digests of what events are made of.
#[derive(Debug, Default)]
struct ChunkScan {
    pieces: HashSet<Chunk>,
    owned: HashSet<String>,
}

/// The items of an entity, by their sort keys, and its pieces.
#[derive(Debug, Default)]
struct Found {
    events: Vec<String>,
    receipts: HashSet<String>,
    notes: Vec<String>,
    pieces: BTreeSet<Chunk>,
}

impl Found {
    fn take(&mut self, sk: &str) {
        if let Some(digest) = sk.strip_prefix("receipt/") {
            self.receipts.insert(digest.to_owned());
        } else if digest_of(sk).is_some() {
            self.events.push(sk.to_owned());
        } else if sk != FORGOTTEN {
            self.notes.push(sk.to_owned());
        }
    }

    /// And what was found later.
    fn add(&mut self, later: Self) {
        self.events.extend(later.events);
        self.notes.extend(later.notes);
        self.pieces.extend(later.pieces);
    }

    /// The events that are there, and those of which only a receipt is.
    fn ids(&self, entity: &Entity) -> Vec<EventId> {
        let digests: BTreeSet<&str> = self
            .events
            .iter()
            .filter_map(|sk| digest_of(sk))
            .chain(self.receipts.iter().map(String::as_str))
            .collect();
        let id = |digest: &str| EventId::parse(&format!("{}/{digest}", entity.as_str())).ok();
        digests.into_iter().filter_map(id).collect()
    }

    /// In numbers, with so many pieces that go and so many of its own that stay.
    fn counts(&self, pieces: usize, shared: usize) -> DeletionCounts {
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        DeletionCounts {
            events: count(self.events.len()),
            notes: count(self.notes.len()),
            pieces: count(pieces),
            shared: count(shared),
        }
    }
}

impl Table {
    async fn note_forgotten(&self, entity: &Entity, now: ReceivedAt) -> Result<(), Fault> {
        let mut item = key(entity.as_str(), FORGOTTEN);
        item.insert("forgotten_ms".into(), AttributeValue::N(now.millis().to_string()));
        item.insert("expires".into(), self.expires(now.millis()));
        item.insert(UNFINISHED.into(), AttributeValue::Bool(true));
        self.write_all(vec![put(item)?]).await
    }

    /// Notes that nothing is left to do, unless somebody else has begun since.
    async fn note_finished(&self, entity: &Entity, now: ReceivedAt) -> Result<(), Fault> {
        let update = self.client.update_item().table_name(&self.name);
        let update = update
            .set_key(Some(key(entity.as_str(), FORGOTTEN)))
            .condition_expression("forgotten_ms = :now")
            .update_expression("REMOVE #unfinished")
            .expression_attribute_names("#unfinished", UNFINISHED)
            .expression_attribute_values(":now", AttributeValue::N(now.millis().to_string()));
        changed(update.send().await.map(|_| ()), "the end cannot be noted")
    }

    /// Whether somebody began to forget an entity and did not come to the end.
    async fn is_unfinished(&self, entity: &Entity) -> Result<bool, Fault> {
        let note = self.item(entity.as_str(), FORGOTTEN).await?;
        Ok(note.is_some_and(|note| note.contains_key(UNFINISHED)))
    }

    /// The items of an entity: their keys, and the pieces that they name.
    async fn outlines(&self, entity: &Entity) -> Result<Vec<Item>, Fault> {
        let query = self.client.query().table_name(&self.name).consistent_read(true);
        let query = query.key_condition_expression("pk = :entity").projection_expression(OUTLINE);
        let query = query.expression_attribute_values(":entity", AttributeValue::S(entity.as_str().into()));
        let mut pages = query.into_paginator().items().send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(
                item.map_err(|error| Fault::new("the table cannot be read", describe_sdk_error(&error)))?,
            );
        }
        Ok(items)
    }

    /// Reads the whole table. The pieces of an event that `goes` are nobody's.
    async fn scan_chunks(&self, goes: impl Fn(&Item) -> bool) -> Result<ChunkScan, Fault> {
        let scan = self.client.scan().table_name(&self.name).consistent_read(true);
        let scan = scan
            .projection_expression(OUTLINE)
            .filter_expression(
                "sk = :part OR attribute_exists(body_digest) OR attribute_exists(message_digest)",
            )
            .expression_attribute_values(":part", AttributeValue::S(PART.to_owned()));
        let mut pages = scan.into_paginator().items().send();
        let mut scanned = ChunkScan::default();
        while let Some(item) = pages.next().await {
            let item =
                item.map_err(|error| Fault::new("the table cannot be read", describe_sdk_error(&error)))?;
            if let Some((digest, part)) = text(&item, "pk").and_then(part_of) {
                scanned.pieces.insert(Chunk { digest: digest.to_owned(), part });
            } else if !goes(&item) {
                scanned.owned.extend(blobs_of(&item).map(|(digest, _)| digest));
            }
        }
        Ok(scanned)
    }

    /// Marks a piece as one that is to go; one that is gone is none to mark.
    async fn mark(&self, piece: &Chunk, mark: &str) -> Result<(), Fault> {
        let update = self.client.update_item().table_name(&self.name).set_key(Some(piece.key()));
        let update = update
            .condition_expression("attribute_exists(pk)")
            .update_expression("SET #leaving = :mark")
            .expression_attribute_names("#leaving", DELETING)
            .expression_attribute_values(":mark", AttributeValue::S(mark.to_owned()));
        changed(update.send().await.map(|_| ()), "a piece cannot be marked")
    }

    /// Takes the mark off a piece, where it is still this one.
    async fn unmark(&self, piece: &Chunk, mark: &str) -> Result<(), Fault> {
        let update = self.client.update_item().table_name(&self.name).set_key(Some(piece.key()));
        let update = update
            .condition_expression("#leaving = :mark")
            .update_expression("REMOVE #leaving")
            .expression_attribute_names("#leaving", DELETING)
            .expression_attribute_values(":mark", AttributeValue::S(mark.to_owned()));
        changed(update.send().await.map(|_| ()), "a piece cannot be marked")
    }

    /// Removes a piece if it is still marked so, or gone; whether it is gone now.
    async fn remove_marked(&self, piece: &Chunk, mark: &str) -> Result<bool, Fault> {
        let delete = self.client.delete_item().table_name(&self.name).set_key(Some(piece.key()));
        let delete = delete
            .condition_expression("attribute_not_exists(pk) OR #leaving = :mark")
            .expression_attribute_names("#leaving", DELETING)
            .expression_attribute_values(":mark", AttributeValue::S(mark.to_owned()));
        removed(delete.send().await.map(|_| ()), "a piece cannot be removed")
    }
}

/// An item that the condition kept as it was is as good as changed.
fn changed(answer: Result<(), SdkError<UpdateItemError>>, what: &'static str) -> Result<(), Fault> {
    match answer {
        Ok(()) => Ok(()),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
        {
            Ok(())
        }
        Err(error) => Err(Fault::new(what, describe_sdk_error(&error))),
    }
}

/// The attribute of the note that an entity was forgotten while that is not done.
const UNFINISHED: &str = "unfinished";

/// What of an item tells what else belongs to it.
const OUTLINE: &str = "pk, sk, received_ms, body_digest, body_parts, message_digest, message_parts";

/// What an item has in pieces: the digest, and how many there are.
fn blobs_of(item: &Item) -> impl Iterator<Item = (String, usize)> {
    let blob = |name: &str| {
        let parts = number(item, &format!("{name}_parts"))?;
        let digest = text(item, &format!("{name}_digest"))?;
        Some((digest.to_owned(), usize::try_from(parts).ok()?))
    };
    [blob("body"), blob("message")].into_iter().flatten()
}

/// The digest in an event's sort key; nothing where it is another item's.
fn digest_of(sk: &str) -> Option<&str> {
    sk.strip_prefix("event/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_is_an_events_id_less_its_digest() {
        assert_eq!(Entity::parse("zid/riyadh/order/8").unwrap().as_str(), "zid/riyadh/order/8");
        for text in ["", "zid/riyadh/order", "zid/riyadh/order/8/0123456789abcdef", "zid/riyadh/orders/8"] {
            assert_eq!(Entity::parse(text), Err(NotAnEntity), "{text:?}");
        }
    }

    #[test]
    fn a_receipt_is_written_for_every_event_and_none_is_counted() {
        let entity = Entity::parse("zid/riyadh/order/8").unwrap();
        let mut found = Found::default();
        for sk in [
            "event/0123456789abcdef",
            "event/fedcba9876543210",
            "receipt/0123456789abcdef",
            "parked/fedcba9876543210",
            "latest",
            FORGOTTEN,
        ] {
            found.take(sk);
        }
        let ids: Vec<String> = found.ids(&entity).iter().map(EventId::to_string).collect();
        assert_eq!(ids, ["zid/riyadh/order/8/0123456789abcdef", "zid/riyadh/order/8/fedcba9876543210"]);
        assert_eq!(found.counts(0, 0), DeletionCounts { events: 2, notes: 2, pieces: 0, shared: 0 });
    }
}
