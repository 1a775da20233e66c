//! The history of an entity: its events with what they said and what became of them, by one query.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;

use crate::client::connect::describe_sdk_error;
use crate::dynamodb::arrivals::{Arrival, arrival, by_arrival};
use crate::dynamodb::attributes::{Item, text};
use crate::dynamodb::table::{Table, key, put};
use crate::operate::event_status::EventStatus;
use crate::operate::replay::ReplayId;

/// An event of an entity's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Which event, and when it arrived.
    pub arrival: Arrival,
    /// Where it came from: the word in the table.
    pub origin: String,
    /// What the proof was worth.
    pub trust: String,
    /// The message, as it was first written.
    pub message: String,
    /// What became of it.
    pub status: EventStatus,
    /// When it was sent again on purpose, oldest first.
    pub replays: Vec<ReplayRecord>,
}

/// That an event was sent again on purpose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReplayRecord {
    /// When.
    pub at: ReceivedAt,
    /// The replay.
    pub replay: String,
}

/// What stands in a partition, by what it is.
#[derive(Default)]
struct Items {
    events: Vec<Item>,
    receipts: HashMap<String, Item>,
    marks: HashMap<String, Item>,
    replays: HashMap<String, Vec<ReplayRecord>>,
}

impl Table {
    /// The history of the entity under this path, oldest event first.
    ///
    /// # Errors
    /// When the table cannot be read, or an event of it is damaged.
    pub async fn entity_history(&self, entity_path: &str) -> Result<Vec<HistoryEntry>, Fault> {
        let mut items = Items::default();
        let mut pages = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("pk = :entity")
            // All but the body, which may be large and is not told here.
            .projection_expression(
                "pk, sk, arrival, #type, canonical_type, origin, trust, message, message_encoding, \
                 message_parts, message_digest, #processed, parked, reason, replayed",
            )
            .expression_attribute_names("#type", "type")
            .expression_attribute_names("#processed", "processed")
            .expression_attribute_values(":entity", AttributeValue::S(entity_path.to_owned()))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        while let Some(item) = pages.next().await {
            items.take(
                item.map_err(|error| Fault::new("the table cannot be read", describe_sdk_error(&error)))?,
            );
        }
        self.assemble(items).await
    }

    async fn assemble(&self, mut items: Items) -> Result<Vec<HistoryEntry>, Fault> {
        let mut entries = Vec::new();
        for item in items.events {
            let Some(arrival) = arrival(&item) else { continue };
            let digest = arrival.id.digest();
            let mut replays = items.replays.remove(digest).unwrap_or_default();
            replays.sort();
            let word = |name: &str| text(&item, name).unwrap_or_default().to_owned();
            entries.push(HistoryEntry {
                origin: word("origin"),
                trust: word("trust"),
                message: self.message_in(&item).await?,
                status: EventStatus::from_items(
                    items.receipts.get(digest),
                    items.marks.get(digest),
                    arrival.received_at(),
                ),
                replays,
                arrival,
            });
        }
        entries.sort_by(|a, b| by_arrival(&a.arrival, &b.arrival));
        Ok(entries)
    }

    /// Notes that an event was sent again on purpose.
    ///
    /// # Errors
    /// When the table does not take it.
    pub async fn note_replayed(&self, id: &EventId, replay: &ReplayId, now: ReceivedAt) -> Result<(), Fault> {
        let mut item = key(id.entity_path(), &format!("replay/{}/{}", id.digest(), replay.as_str()));
        item.insert("replayed".into(), AttributeValue::S(now.to_string()));
        item.insert("expires".into(), self.expires(now.millis()));
        self.write_all(vec![put(item)?]).await
    }
}

impl Items {
    fn take(&mut self, item: Item) {
        let sk = text(&item, "sk").unwrap_or_default().to_owned();
        match sk.split_once('/') {
            Some(("event", _)) => self.events.push(item),
            Some(("receipt", digest)) => {
                self.receipts.insert(digest.to_owned(), item);
            }
            Some(("parked", digest)) => {
                self.marks.insert(digest.to_owned(), item);
            }
            Some(("replay", rest)) => self.take_replay(rest, &item),
            _ => {}
        }
    }

    fn take_replay(&mut self, rest: &str, item: &Item) {
        let at = text(item, "replayed").and_then(ReceivedAt::parse);
        if let (Some((digest, replay)), Some(at)) = (rest.split_once('/'), at) {
            let replaying = ReplayRecord { at, replay: replay.to_owned() };
            self.replays.entry(digest.to_owned()).or_default().push(replaying);
        }
    }
}
