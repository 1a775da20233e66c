//! The event table's layout: what stands under which key.
//!
//! An entity's items share the partition key `{provider}/{store}/{kind}/{entity}`. The sort key says what an
//! item is: `event/{digest}` an event, `part/{sha256}/{n}` a piece of bytes too large for one item,
//! `receipt/{digest}` the proof that an event was processed, `latest` the entity's latest delivery among those
//! whose bodies carry no time of their own.
//!
//! What a store's credentials did not prove stands apart, under `quarantine/{provider}/{store}`, and in no index:
//! `{arrival}/{digest}` one refused delivery.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use inlet::event::EventId;
use inlet::receive::Fault;

use crate::attributes::Item;
use crate::connect::told;
use crate::record::Record;

/// How many partitions of the time index share an hour, so that no single one takes all the writes.
pub const SHARDS: u32 = 8;

/// The sort key of an entity's latest delivery.
pub(crate) const LATEST: &str = "latest";

/// The event table.
#[derive(Clone, Debug)]
pub struct Table {
    pub(crate) client: Client,
    pub(crate) name: String,
    retention: Duration,
}

impl Table {
    /// The table of this name, whose items are kept for `retention_days`.
    pub fn new(client: Client, name: String, retention_days: u32) -> Self {
        let retention = Duration::from_secs(u64::from(retention_days).saturating_mul(24 * 60 * 60));
        Self { client, name, retention }
    }

    /// The item under a key, as it stands after every write that was answered.
    pub(crate) async fn item(&self, pk: &str, sk: &str) -> Result<Option<Item>, Fault> {
        let get =
            self.client.get_item().table_name(&self.name).set_key(Some(key(pk, sk))).consistent_read(true);
        let output =
            get.send().await.map_err(|error| Fault::new("the table cannot be read", told(&error)))?;
        Ok(output.item)
    }

    /// When the items of an event may go, in seconds since 1970 UTC.
    pub(crate) fn expires(&self, received_ms: i64) -> AttributeValue {
        let retention = i64::try_from(self.retention.as_secs()).unwrap_or(i64::MAX);
        AttributeValue::N(received_ms.div_euclid(1_000).saturating_add(retention).to_string())
    }
}

/// The sort key of an event.
pub(crate) fn event_key(id: &EventId) -> String {
    format!("event/{}", id.digest())
}

/// The sort key of an event's receipt.
pub(crate) fn receipt_key(id: &EventId) -> String {
    format!("receipt/{}", id.digest())
}

/// The sort key of a piece.
pub(crate) fn part_key(sha256: &str, part: usize) -> String {
    format!("part/{sha256}/{part}")
}

/// An item's key.
pub(crate) fn key(pk: &str, sk: &str) -> Item {
    HashMap::from([
        ("pk".to_owned(), AttributeValue::S(pk.to_owned())),
        ("sk".to_owned(), AttributeValue::S(sk.to_owned())),
    ])
}

/// The partition of the time index that an event stands in: the hour of its arrival and a shard.
pub(crate) fn bucket_of(record: &Record, id: &EventId) -> String {
    let digest = u32::from_str_radix(id.digest().get(..8).unwrap_or_default(), 16).unwrap_or_default();
    bucket(hour(&record.received), digest.checked_rem(SHARDS).unwrap_or_default())
}

/// A partition of the time index.
pub fn bucket(hour: &str, shard: u32) -> String {
    format!("{hour}#{shard}")
}

/// The hour of an arrival: `2025-06-12T08`.
pub fn hour(received: &str) -> &str {
    received.get(.."2025-06-12T08".len()).unwrap_or(received)
}
