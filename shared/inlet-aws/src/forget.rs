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
//! Known limit: who else owns a piece is looked up before the pieces go. A delivery of the very same large bytes that
//! arrives in between loses its body. So an entity is to be forgotten while nothing of it is being sent.

use std::collections::{BTreeSet, HashMap, HashSet};

use aws_sdk_dynamodb::types::AttributeValue;
use inlet::event::{EventId, ReceivedAt};
use inlet::receive::Fault;

use crate::attributes::{Item, number, text};
use crate::clock;
use crate::connect::told;
use crate::table::{FORGOTTEN, Table, delete, key, part_key, put};

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
    /// Pieces that an event of another entity is made of too. They stay.
    pub shared: u64,
}

/// Forgets entities.
#[derive(Clone, Debug)]
pub struct Forget {
    /// The event table.
    pub table: Table,
}

impl Forget {
    /// What would go. Changes nothing.
    ///
    /// Where an event is in pieces this reads the whole table, to see whose they are too.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn count(&self, entity: &Entity) -> Result<Traces, Fault> {
        self.found(entity).await.map(|found| found.traces())
    }

    /// Lets it go. What is left by a run that failed half-way goes with the next one: receipts come first, then the
    /// pieces, and the events that lead to both are the last.
    ///
    /// # Errors
    /// When the table cannot be read or does not do it.
    pub async fn run(&self, entity: &Entity) -> Result<Traces, Fault> {
        let found = self.found(entity).await?;
        let now = clock::now();
        self.table.note_forgotten(entity, now).await?;
        self.table.write_last_receipts(&found.ids(entity), now).await?;
        let pieces = found.pieces.iter().map(|(pk, sk)| delete(key(pk, sk)));
        self.table.write_all(pieces.collect::<Result<_, _>>()?).await?;
        let items = found.notes.iter().chain(&found.events).map(|sk| delete(key(entity.as_str(), sk)));
        self.table.write_all(items.collect::<Result<_, _>>()?).await?;
        Ok(found.traces())
    }

    async fn found(&self, entity: &Entity) -> Result<Found, Fault> {
        let mut found = Found::default();
        let mut blobs = HashMap::new();
        for item in self.table.outlines(entity).await? {
            blobs.extend(blobs_of(&item));
            found.take(text(&item, "sk").unwrap_or_default());
        }
        if blobs.is_empty() {
            return Ok(found);
        }
        let elsewhere = self.table.blobs_beside(entity).await?;
        for (digest, parts) in blobs {
            let pieces = (0..parts).map(|part| part_key(&digest, part));
            if elsewhere.contains(&digest) {
                found.shared = found.shared.saturating_add(u64::try_from(parts).unwrap_or(u64::MAX));
            } else {
                found.pieces.extend(pieces);
            }
        }
        Ok(found)
    }
}

/// The items of an entity, by their sort keys, and the keys of its pieces.
#[derive(Debug, Default)]
struct Found {
    events: Vec<String>,
    receipts: HashSet<String>,
    notes: Vec<String>,
    pieces: Vec<(String, &'static str)>,
    shared: u64,
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

    fn traces(&self) -> Traces {
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        Traces {
            events: count(self.events.len()),
            notes: count(self.notes.len()),
            pieces: count(self.pieces.len()),
            shared: self.shared,
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

    /// The digests of everything in pieces that belongs to others.
    async fn blobs_beside(&self, entity: &Entity) -> Result<HashSet<String>, Fault> {
        let scan = self.client.scan().table_name(&self.name).consistent_read(true);
        let scan = scan.projection_expression(OUTLINE).filter_expression(
            "pk <> :entity AND (attribute_exists(body_digest) OR attribute_exists(message_digest))",
        );
        let scan = scan.expression_attribute_values(":entity", AttributeValue::S(entity.as_str().into()));
        let mut pages = scan.into_paginator().items().send();
        let mut digests = HashSet::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| Fault::new("the table cannot be read", told(&error)))?;
            digests.extend(blobs_of(&item).map(|(digest, _)| digest));
        }
        Ok(digests)
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
        assert_eq!(found.traces(), Traces { events: 2, notes: 2, pieces: 0, shared: 0 });
    }
}
