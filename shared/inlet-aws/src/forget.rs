//! Forgetting: whatever the table holds of an entity goes, and nothing that is still on its way brings it back.
//!
//! What stays is a receipt for each event, which is an id and a time, and one note of when the entity was forgotten.
//! They stop the messages that a queue still holds: one that carries an event which is stored nowhere else by the
//! note, the others by their receipt. Both go when their time is up. A replay on its way is meant to pass receipts,
//! and does.
//!
//! What this cannot reach: messages that wait on the queue or as dead letters until somebody takes them off, at the
//! most 14 days; quarantine, where nobody has read yet whom a delivery is about, 72 hours; point-in-time backups, 35
//! days; and what consumers made of the events. A delivery that the provider sends afterwards is kept and processed like
//! any other, also an equal one.
//!
//! Pieces are named by their digest, so a delivery of the same large bytes owns them too, and it may arrive at any
//! moment. Therefore a piece is first marked as one that is to go. Whoever stores an event in pieces writes a marked one
//! anew, without the mark. When everybody who may have met the piece before it was marked has written his event, the
//! table tells whose it is, and it goes only if nobody else owns it and the mark is still there.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use inlet::event::{EventId, ReceivedAt};
use inlet::receive::Fault;

use crate::attributes::{Item, number, text};
use crate::clock;
use crate::connect::told;
use crate::table::{FORGOTTEN, LEAVING, Table, delete, key, part_key, put};

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
pub struct Traces {
    /// Its events.
    pub events: u64,
    /// The notes beside them, receipts left out: marks, replays, the latest delivery.
    pub notes: u64,
    /// The pieces of what is too large for an item.
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
    /// What would go. Changes nothing.
    ///
    /// Where an event is in pieces this reads the whole table, to see whose they are too.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn count(&self, entity: &Entity) -> Result<Traces, Fault> {
        let found = self.found(entity).await?;
        let owned = self.table.owned_by_others(entity, &found).await?;
        let shared = found.pieces.iter().filter(|piece| owned.contains(&piece.digest)).count();
        Ok(found.traces(shared))
    }

    /// Lets it go. What is left by a run that failed half-way goes with the next one: receipts come first, then the
    /// pieces, and the events that lead to both are the last.
    ///
    /// Where an event is in pieces this takes as long as [`Forget::settled`] says, and reads the whole table.
    ///
    /// # Errors
    /// When the table cannot be read or does not do it.
    pub async fn run(&self, entity: &Entity) -> Result<Traces, Fault> {
        let found = self.found(entity).await?;
        let now = clock::now();
        self.table.note_forgotten(entity, now).await?;
        self.table.write_last_receipts(&found.ids(entity), now).await?;
        let shared = self.let_pieces_go(entity, &found, now).await?;
        let items = found.notes.iter().chain(&found.events).map(|sk| delete(key(entity.as_str(), sk)));
        self.table.write_all(items.collect::<Result<_, _>>()?).await?;
        Ok(found.traces(shared))
    }

    /// How many of the pieces stay, because somebody else has them too.
    async fn let_pieces_go(&self, entity: &Entity, found: &Found, now: ReceivedAt) -> Result<usize, Fault> {
        if found.pieces.is_empty() {
            return Ok(0);
        }
        let mark = format!("{} {now}", entity.as_str());
        for piece in &found.pieces {
            self.table.mark(piece, &mark).await?;
        }
        tokio::time::sleep(self.settled).await;
        let owned = self.table.owned_by_others(entity, found).await?;
        let mut shared = 0_usize;
        for piece in &found.pieces {
            if owned.contains(&piece.digest) || !self.table.remove_marked(piece, &mark).await? {
                shared = shared.saturating_add(1);
            }
        }
        Ok(shared)
    }

    async fn found(&self, entity: &Entity) -> Result<Found, Fault> {
        let mut found = Found::default();
        let mut blobs = HashMap::new();
        for item in self.table.outlines(entity).await? {
            blobs.extend(blobs_of(&item));
            found.take(text(&item, "sk").unwrap_or_default());
        }
        let pieces = |(digest, parts): (String, usize)| {
            (0..parts).map(move |part| Piece { digest: digest.clone(), part })
        };
        found.pieces = blobs.into_iter().flat_map(pieces).collect();
        Ok(found)
    }
}

/// A piece of what is too large for an item.
#[derive(Debug)]
struct Piece {
    /// The digest of what it is a piece of.
    digest: String,
    part: usize,
}

impl Piece {
    fn key(&self) -> Item {
        let (pk, sk) = part_key(&self.digest, self.part);
        key(&pk, sk)
    }
}

/// The items of an entity, by their sort keys, and its pieces.
#[derive(Debug, Default)]
struct Found {
    events: Vec<String>,
    receipts: HashSet<String>,
    notes: Vec<String>,
    pieces: Vec<Piece>,
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

    /// In numbers, with so many pieces that stay.
    fn traces(&self, shared: usize) -> Traces {
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        Traces {
            events: count(self.events.len()),
            notes: count(self.notes.len()),
            pieces: count(self.pieces.len().saturating_sub(shared)),
            shared: count(shared),
        }
    }
}

impl Table {
    /// Whether the entity of an event was forgotten after the event arrived: it must not come back.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn has_forgotten(&self, id: &EventId, received_ms: i64) -> Result<bool, Fault> {
        let note = self.item(id.entity_path(), FORGOTTEN).await?;
        Ok(note.and_then(|note| number(&note, "forgotten_ms")).is_some_and(|at_ms| received_ms <= at_ms))
    }

    async fn note_forgotten(&self, entity: &Entity, now: ReceivedAt) -> Result<(), Fault> {
        let mut item = key(entity.as_str(), FORGOTTEN);
        item.insert("forgotten_ms".into(), AttributeValue::N(now.millis().to_string()));
        item.insert("expires".into(), self.expires(now.millis()));
        self.write_all(vec![put(item)?]).await
    }

    /// The items of an entity: their keys, and the pieces that they name.
    async fn outlines(&self, entity: &Entity) -> Result<Vec<Item>, Fault> {
        let query = self.client.query().table_name(&self.name).consistent_read(true);
        let query = query.key_condition_expression("pk = :entity").projection_expression(OUTLINE);
        let query = query.expression_attribute_values(":entity", AttributeValue::S(entity.as_str().into()));
        let mut pages = query.into_paginator().items().send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(item.map_err(|error| Fault::new("the table cannot be read", told(&error)))?);
        }
        Ok(items)
    }

    /// The digests of everything in pieces that belongs to events which stay: those of other entities, and those that
    /// came to this one since.
    async fn owned_by_others(&self, entity: &Entity, found: &Found) -> Result<HashSet<String>, Fault> {
        let mut digests = HashSet::new();
        if found.pieces.is_empty() {
            return Ok(digests);
        }
        let scan = self.client.scan().table_name(&self.name).consistent_read(true);
        let scan = scan
            .projection_expression(OUTLINE)
            .filter_expression("attribute_exists(body_digest) OR attribute_exists(message_digest)");
        let mut pages = scan.into_paginator().items().send();
        let goes = |item: &Item| {
            let of_entity = text(item, "pk") == Some(entity.as_str());
            of_entity && text(item, "sk").is_some_and(|sk| found.events.iter().any(|event| event == sk))
        };
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| Fault::new("the table cannot be read", told(&error)))?;
            if !goes(&item) {
                digests.extend(blobs_of(&item).map(|(digest, _)| digest));
            }
        }
        Ok(digests)
    }

    /// Marks a piece as one that is to go; one that is gone is none to mark.
    async fn mark(&self, piece: &Piece, mark: &str) -> Result<(), Fault> {
        let update = self.client.update_item().table_name(&self.name).set_key(Some(piece.key()));
        let update = update
            .condition_expression("attribute_exists(pk)")
            .update_expression("SET #leaving = :mark")
            .expression_attribute_names("#leaving", LEAVING)
            .expression_attribute_values(":mark", AttributeValue::S(mark.to_owned()));
        match update.send().await {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(Fault::new("a piece cannot be marked", told(&error))),
        }
    }

    /// Removes a piece if it is still marked so, or gone; whether it is gone now.
    async fn remove_marked(&self, piece: &Piece, mark: &str) -> Result<bool, Fault> {
        let delete = self.client.delete_item().table_name(&self.name).set_key(Some(piece.key()));
        let delete = delete
            .condition_expression("attribute_not_exists(pk) OR #leaving = :mark")
            .expression_attribute_names("#leaving", LEAVING)
            .expression_attribute_values(":mark", AttributeValue::S(mark.to_owned()));
        match delete.send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DeleteItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(Fault::new("a piece cannot be removed", told(&error))),
        }
    }
}

/// What of an item tells what else belongs to it.
const OUTLINE: &str = "pk, sk, body_digest, body_parts, message_digest, message_parts";

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
        assert_eq!(found.traces(0), Traces { events: 2, notes: 2, pieces: 0, shared: 0 });
    }
}
