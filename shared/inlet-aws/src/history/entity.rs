//! The history of an entity: its events with their messages, status and replays, read by one query.

use std::collections::HashMap;

use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;

use crate::dynamodb::attributes::{Item, text, text_value};
use crate::dynamodb::dynamo::UNREADABLE;
use crate::dynamodb::integrity::{Damage, examine};
use crate::dynamodb::keys::{EVENT_PREFIX, replays_prefix};
use crate::dynamodb::receipts::is_of_duplicate;
use crate::dynamodb::record_item;
use crate::dynamodb::table::Table;
use crate::dynamodb::time_index::Arrival;
use crate::history::event_status::EventStatus;

/// An event of an entity's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// The event and its arrival.
    pub arrival: Arrival,
    /// The origin, as the table contains it.
    pub origin: String,
    /// The trust in the delivery, as the table contains it.
    pub trust: String,
    /// The message, as it was first written, or the damage of the event.
    pub message: Result<String, Damage>,
    /// The status.
    pub status: EventStatus,
    /// The replays, oldest first.
    pub replays: Vec<ReplayRecord>,
}

/// The record that an operator sent an event again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReplayRecord {
    /// When.
    pub at: ReceivedAt,
    /// The replay's name.
    pub replay: String,
    /// When the consumer processed it, if it did.
    pub processed: Option<ReceivedAt>,
}

/// Returns the replays of an event, oldest first.
///
/// # Errors
/// When the table cannot be read.
pub async fn replays(table: &Table, id: &EventId) -> Result<Vec<ReplayRecord>, Fault> {
    let query = table
        .dynamo
        .query()
        .key_condition_expression("pk = :entity AND begins_with(sk, :replays)")
        .expression_attribute_values(":entity", text_value(id.entity_path()))
        .expression_attribute_values(":replays", text_value(&replays_prefix(id)))
        .consistent_read(true);
    let mut items = EntityItems::default();
    for item in table.dynamo.all(query, UNREADABLE).await? {
        items.add(item);
    }
    let mut replays = items.replays.remove(id.digest()).unwrap_or_default();
    replays.sort();
    Ok(replays)
}

/// Returns the history of the entity under this path, oldest event first. A damaged event is an entry too.
///
/// # Errors
/// If the table cannot be read.
pub async fn load(table: &Table, entity_path: &str) -> Result<Vec<HistoryEntry>, Fault> {
    let query = table
        .dynamo
        .query()
        .key_condition_expression("pk = :entity")
        .expression_attribute_values(":entity", text_value(entity_path))
        .consistent_read(true);
    let mut items = EntityItems::default();
    for item in table.dynamo.all(query, UNREADABLE).await? {
        items.add(item);
    }
    items.assemble(table).await
}

/// The items of an entity, by kind and digest.
#[derive(Default)]
struct EntityItems {
    events: Vec<Item>,
    receipts: HashMap<String, Item>,
    parked: HashMap<String, Item>,
    replays: HashMap<String, Vec<ReplayRecord>>,
}

impl EntityItems {
    fn add(&mut self, item: Item) {
        let sk = text(&item, "sk").unwrap_or_default().to_owned();
        match sk.split_once('/') {
            Some(("event", _)) => self.events.push(item),
            Some(("receipt", digest)) => {
                self.receipts.insert(digest.to_owned(), item);
            }
            Some(("parked", digest)) => {
                self.parked.insert(digest.to_owned(), item);
            }
            Some(("replay", rest)) => self.add_replay(rest, &item),
            _ => {}
        }
    }

    fn add_replay(&mut self, rest: &str, item: &Item) {
        let time = |name: &str| text(item, name).and_then(ReceivedAt::parse);
        let processed = time("processed");
        // The processor may have been faster than the command that sent it.
        if let (Some((digest, replay)), Some(at)) = (rest.split_once('/'), time("replayed").or(processed)) {
            let record = ReplayRecord { at, replay: replay.to_owned(), processed };
            self.replays.entry(digest.to_owned()).or_default().push(record);
        }
    }

    /// Returns the event of an item; `None` for a duplicate of another event. An event that is missing in the time
    /// index has its arrival in its other attributes.
    fn arrival(&self, item: &Item) -> Option<Arrival> {
        let digest = text(item, "sk")?.strip_prefix(EVENT_PREFIX)?;
        if item.contains_key("arrival") {
            return Arrival::read(item);
        }
        if self.receipts.get(digest).is_some_and(is_of_duplicate) {
            return None;
        }
        let mut listed = item.clone();
        listed.insert("arrival".into(), text_value(&record_item::received(item).unwrap_or_default()));
        Arrival::read(&listed)
    }

    async fn assemble(mut self, table: &Table) -> Result<Vec<HistoryEntry>, Fault> {
        let mut entries = Vec::new();
        for item in std::mem::take(&mut self.events) {
            let Some(arrival) = self.arrival(&item) else { continue };
            let digest = arrival.id.digest();
            let examined = examine(&table.dynamo, &arrival.id, &item).await?;
            let mut replays = self.replays.remove(digest).unwrap_or_default();
            replays.sort();
            entries.push(HistoryEntry {
                origin: record_item::origin(&item).to_owned(),
                trust: text(&item, "trust").unwrap_or_default().to_owned(),
                message: examined.into_whole().map(|event| event.message),
                status: EventStatus::from_items(
                    self.receipts.get(digest),
                    self.parked.get(digest),
                    arrival.received_at(),
                ),
                replays,
                arrival,
            });
        }
        entries.sort_by(|a, b| a.arrival.cmp_by_arrival(&b.arrival));
        Ok(entries)
    }
}
