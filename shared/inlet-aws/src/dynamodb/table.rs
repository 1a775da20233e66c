//! The event table's layout: what stands under which key.
//!
//! An entity's items share the partition key `{provider}/{store}/{kind}/{entity}`. The sort key says what an
//! item is: `event/{digest}` an event, `receipt/{digest}` the proof that an event was processed, `parked/{digest}` the
//! mark that it could not be and waits for somebody, `replay/{digest}/{replay}` the note that it was sent again on
//! purpose, `latest` the entity's latest delivery where some of its events carry no time of their own, `tried` the
//! message that all others of the entity wait for, `forgotten` the note that the entity was forgotten.
//! Bytes too large for one item stand in pieces, each under `part/{sha256}/{n}`, a partition of its own. Two
//! partitions belong to no entity: `processor` and `sweeper`, with their notes.
//!
//! What a store's credentials did not prove stands apart, under `quarantine/{provider}/{store}`, and in no index:
//! `{arrival}/{digest}` one refused delivery.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, PutRequest, WriteRequest};
use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;

use crate::client::connect::describe_sdk_error;
use crate::dynamodb::attributes::Item;
use crate::dynamodb::record::Record;

/// How many partitions of the time index share an hour, so that no single one takes all the writes.
pub const SHARDS: u32 = 8;

/// The sort key of an entity's latest delivery.
pub(crate) const LATEST: &str = "latest";

/// The sort key of the attempts at the message that an entity waits for. The value is stored data.
pub(crate) const TRIED: &str = "tried";

/// The sort key of the note that an entity was forgotten, and when.
pub(crate) const FORGOTTEN: &str = "forgotten";

/// The attribute of a chunk that a deletion is about to remove. The value is stored data: it keeps its first name.
pub(crate) const DELETING: &str = "leaving";

/// How often items that DynamoDB put off are tried, and how long that waits at first, in milliseconds.
pub(crate) const TRIES: u32 = 6;
pub(crate) const WAIT_MS: u64 = 20;

/// How long items may still be there that have expired. DynamoDB's guide says "a few days".
const DELETED_WITHIN: Duration = Duration::from_hours(7 * 24);

/// How many items one request writes: DynamoDB takes 25, and 16 MB.
const WRITES_AT_ONCE: usize = 25;

/// The event table.
#[derive(Clone, Debug)]
pub struct Table {
    pub(crate) client: Client,
    pub(crate) name: String,
    pub(crate) retention: Duration,
}

impl Table {
    /// The table of this name, whose items are kept for `retention_days`.
    pub fn new(client: Client, name: String, retention_days: u32) -> Self {
        let retention = Duration::from_secs(u64::from(retention_days).saturating_mul(24 * 60 * 60));
        Self { client, name, retention }
    }

    /// When the table was made; nothing in it is older, but for what a restored backup brought.
    ///
    /// # Errors
    /// When the table cannot be described.
    pub async fn created(&self) -> Result<ReceivedAt, Fault> {
        let describe = self.client.describe_table().table_name(&self.name).send().await;
        let described = describe
            .map_err(|error| Fault::new("the table cannot be described", describe_sdk_error(&error)))?;
        let created = described.table.and_then(|table| table.creation_date_time);
        let created_ms = created.and_then(|created| created.to_millis().ok());
        Ok(created_ms.and_then(ReceivedAt::from_millis).unwrap_or(ReceivedAt::EPOCH))
    }

    /// Nothing in the time index arrived before this: DynamoDB deletes within a few days what has expired.
    pub fn oldest(&self, now: ReceivedAt) -> ReceivedAt {
        now.earlier(self.retention.saturating_add(DELETED_WITHIN))
    }

    /// The item under a key, as it stands after every write that was answered.
    pub(crate) async fn item(&self, pk: &str, sk: &str) -> Result<Option<Item>, Fault> {
        let get =
            self.client.get_item().table_name(&self.name).set_key(Some(key(pk, sk))).consistent_read(true);
        let output = get
            .send()
            .await
            .map_err(|error| Fault::new("the table cannot be read", describe_sdk_error(&error)))?;
        Ok(output.item)
    }

    /// Writes items, and those again that the table put off.
    pub(crate) async fn write_all(&self, requests: Vec<WriteRequest>) -> Result<(), Fault> {
        for some in requests.chunks(WRITES_AT_ONCE) {
            self.write_at_once(some.to_vec()).await?;
        }
        Ok(())
    }

    async fn write_at_once(&self, mut requests: Vec<WriteRequest>) -> Result<(), Fault> {
        for wait in (0..TRIES).map(|n| WAIT_MS << n) {
            let batch = self.client.batch_write_item().request_items(&self.name, requests);
            let output = batch
                .send()
                .await
                .map_err(|error| Fault::new("an item cannot be stored", describe_sdk_error(&error)))?;
            requests =
                output.unprocessed_items.and_then(|mut left| left.remove(&self.name)).unwrap_or_default();
            if requests.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
        Err(Fault::new("an item cannot be stored", "the table takes no more at the moment"))
    }

    /// Removes the item under a key, if there is one.
    pub(crate) async fn remove(&self, pk: &str, sk: &str) -> Result<(), Fault> {
        let delete = self.client.delete_item().table_name(&self.name).set_key(Some(key(pk, sk)));
        delete
            .send()
            .await
            .map(|_| ())
            .map_err(|error| Fault::new("an item cannot be removed", describe_sdk_error(&error)))
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

/// The sort key of the mark that an event is parked.
pub(crate) fn parked_key(id: &EventId) -> String {
    format!("parked/{}", id.digest())
}

/// The sort key of a piece.
pub(crate) const PART: &str = "part";

/// The key of a piece: a partition of its own, since a partition takes a thousand writes of 1 KB a second.
pub(crate) fn part_key(sha256: &str, part: usize) -> (String, &'static str) {
    (format!("{PART}/{sha256}/{part}"), PART)
}

/// What a piece's partition key says: the digest, and which piece.
#[cfg(feature = "operate")]
pub(crate) fn part_of(pk: &str) -> Option<(&str, usize)> {
    let (digest, part) = pk.strip_prefix(PART)?.strip_prefix('/')?.split_once('/')?;
    Some((digest, part.parse().ok()?))
}

/// An item's key.
pub(crate) fn key(pk: &str, sk: &str) -> Item {
    HashMap::from([
        ("pk".to_owned(), AttributeValue::S(pk.to_owned())),
        ("sk".to_owned(), AttributeValue::S(sk.to_owned())),
    ])
}

/// An item to be written.
pub(crate) fn put(item: Item) -> Result<WriteRequest, Fault> {
    let put = PutRequest::builder().set_item(Some(item)).build();
    let put = put.map_err(|error| Fault::new("the request to the table cannot be built", error))?;
    Ok(WriteRequest::builder().put_request(put).build())
}

/// An item to be removed.
pub(crate) fn delete(key: Item) -> Result<WriteRequest, Fault> {
    let delete = DeleteRequest::builder().set_key(Some(key)).build();
    let delete = delete.map_err(|error| Fault::new("the request to the table cannot be built", error))?;
    Ok(WriteRequest::builder().delete_request(delete).build())
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
