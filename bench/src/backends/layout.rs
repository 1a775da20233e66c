//! The harness's own work on the table's items: it writes receipts without a processor, makes events older, copies them,
//! and adds up their storage.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::capacity::Item;
use super::dynamodb::{Table, key_of};

/// Writes a receipt for every event, as the processor would: a repeated delivery was almost always processed before. It
/// applies to every arrival of this corpus.
pub fn write_receipts(table: &mut Table) {
    let receipts: Vec<Item> = table.items().filter_map(receipt).collect();
    for receipt in receipts {
        table.replace(&key_of(&receipt), receipt);
    }
}

fn receipt(event: &Item) -> Option<Item> {
    let (pk, sk) = key_of(event);
    let digest = sk.strip_prefix("event/")?;
    let later = "2999-12-31T23:59:59.999Z";
    let receipt =
        json!({"pk": {"S": pk}, "sk": {"S": format!("receipt/{digest}")}, "processed": {"S": later}});
    receipt.as_object().cloned()
}

/// Makes every event in the time index older.
pub fn age(table: &mut Table, by: Duration) {
    let older: Vec<Item> = table.items().filter_map(|event| older(event, by)).collect();
    for event in older {
        table.replace(&key_of(&event), event);
    }
}

/// Returns the event with an earlier arrival, in the bucket of its hour: the hour is the beginning of the arrival.
fn older(event: &Item, by: Duration) -> Option<Item> {
    let text = |name: &str| event.get(name)?["S"].as_str();
    let arrival: Timestamp = text("arrival")?.parse().ok()?;
    let (hour, shard) = text("bucket")?.split_once('#')?;
    let arrival = format!("{:.3}", arrival - SignedDuration::try_from(by).ok()?);
    let bucket = format!("{}#{shard}", arrival.get(..hour.len())?);
    let mut older = event.clone();
    older.insert("arrival".to_owned(), json!({"S": arrival}));
    older.insert("bucket".to_owned(), json!({"S": bucket}));
    Some(older)
}

/// Adds copies of the first event, each with another digest, until its entity has so many. Returns the entity's path; `None`
/// if there is no event.
pub fn copy_event(table: &mut Table, events: usize) -> Option<String> {
    let event = first_event(table)?;
    for n in 1..events {
        let mut copy = event.clone();
        copy.insert("sk".to_owned(), json!({"S": format!("event/{n:016x}")}));
        table.replace(&key_of(&copy), copy);
    }
    Some(key_of(&event).0)
}

/// Adds so many copies of the first event, each of another entity.
pub fn add_entities(table: &mut Table, entities: usize) {
    let Some(event) = first_event(table) else { return };
    for n in 1..=entities {
        let mut copy = event.clone();
        copy.insert("pk".to_owned(), json!({"S": format!("{}-{n}", key_of(&event).0)}));
        table.replace(&key_of(&copy), copy);
    }
}

fn first_event(table: &Table) -> Option<Item> {
    table.items().find(|item| is_event(item)).cloned()
}

/// Returns the number of events of an entity.
pub fn events_of(table: &Table, entity: &str) -> usize {
    table.items().filter(|item| is_event(item) && key_of(item).0 == entity).count()
}

fn is_event(item: &Item) -> bool {
    key_of(item).1.starts_with("event/")
}

/// The storage of a table until its items expire.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stored {
    /// All items and their entries in the index.
    pub byte_months: f64,
    /// The part behind the time at which the events expire.
    pub longer_byte_months: f64,
}

/// Returns the storage of a table from this time, in seconds since 1970, until its items expire. An item that never expires
/// belongs to no event.
pub fn stored(table: &Table, now: f64) -> Stored {
    let expires = |item: &Item| item.get("expires")?["N"].as_str()?.parse::<f64>().ok();
    let events = table.items().filter(|item| item.contains_key("bucket")).filter_map(expires);
    let last_event = events.fold(now, f64::max);
    let mut stored = Stored::default();
    for (item, until) in table.items().filter_map(|item| Some((item, expires(item)?))) {
        let months = |from: f64| (until - from).max(0.0) / SECONDS_OF_A_MONTH;
        let bytes = table.billed_bytes(item) as f64;
        stored.byte_months += bytes * months(now);
        // An item that is written a moment after its event expires a moment later.
        stored.longer_byte_months += bytes * months(last_event + SECONDS_OF_A_DAY);
    }
    stored
}

const SECONDS_OF_A_DAY: f64 = 24.0 * 60.0 * 60.0;
const SECONDS_OF_A_MONTH: f64 = 730.0 * 60.0 * 60.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn table_with(items: &[serde_json::Value]) -> Table {
        let mut table = Table::default();
        for item in items {
            let item = item.as_object().cloned().unwrap_or_default();
            table.replace(&key_of(&item), item);
        }
        table
    }

    #[test]
    fn an_event_becomes_older_with_its_bucket() {
        let event = json!({
            "pk": {"S": "a"}, "sk": {"S": "event/1"}, "bucket": {"S": "2025-06-12T08#3"},
            "arrival": {"S": "2025-06-12T08:01:12.345Z"}
        });
        let mut table = table_with(&[event]);
        age(&mut table, Duration::from_hours(6));
        let event = table.items().next().expect("the event");
        assert_eq!(event["arrival"], json!({"S": "2025-06-12T02:01:12.345Z"}));
        assert_eq!(event["bucket"], json!({"S": "2025-06-12T02#3"}));
    }

    #[test]
    fn copies_are_of_one_entity_or_of_others() {
        let mut table = table_with(&[json!({"pk": {"S": "a"}, "sk": {"S": "event/0123456789abcdef"}})]);
        assert_eq!(copy_event(&mut table, 3), Some("a".to_owned()));
        add_entities(&mut table, 2);
        assert_eq!(["a", "a-1", "a-2"].map(|entity| events_of(&table, entity)), [3, 1, 1]);
        assert_eq!(copy_event(&mut Table::default(), 3), None);
    }

    #[test]
    fn a_receipt_that_outlives_its_event_is_counted_as_such() {
        let event = json!({
            "pk": {"S": "a"}, "sk": {"S": "event/1"}, "bucket": {"S": "h#1"}, "arrival": {"S": "t"}, "expires": {"N": "2628000"}
        });
        let receipt = json!({"pk": {"S": "a"}, "sk": {"S": "receipt/1"}, "expires": {"N": "26280000"}});
        let short = stored(&table_with(std::slice::from_ref(&event)), 0.0);
        assert_eq!((short.byte_months > 200.0, short.longer_byte_months), (true, 0.0), "{short:?}");
        let long = stored(&table_with(&[event, receipt]), 0.0);
        assert!(long.longer_byte_months > 8.0 * 100.0, "{long:?}");
        assert!(long.byte_months > short.byte_months + long.longer_byte_months, "{long:?}");
    }
}
