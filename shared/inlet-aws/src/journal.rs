//! The journal on DynamoDB: one conditional write for an event, and its history under one key.
//!
//! An entity's items share the partition key `{provider}/{store}/{kind}/{entity}`. The sort key says what an
//! item is: `event/{digest}` the event, `part/{sha256}/{n}` a piece of a body too large for one item,
//! `receipt/{digest}` the proof that the event was processed, `latest` the entity's latest delivery whose body
//! carries no time of its own.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Put, PutRequest, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update, WriteRequest,
};
use inlet::event::{Event, EventId, Original, ReceivedAt};
use inlet::proof::Verified;
use inlet::receive::{Attempt, Fault, Journal, Recorded};

use crate::attributes::{self, Item, bytes, number, text};
use crate::connect::told;
use crate::record::{Encoding, Origin, Record};

/// The largest stored body that shares its event's item, in bytes. DynamoDB takes items of 400 KB with names,
/// keys, query and headers in them, which API Gateway keeps below 10 KB each.
const INLINE_LEN: usize = 350_000;

/// The size of a piece of a larger body, in bytes.
const PART_LEN: usize = 390_000;

/// How many partitions of the time index share an hour, so that no single one takes all the writes.
pub const SHARDS: u32 = 8;

/// How often a write that met another one of the same entity is tried, and how long it waits at first.
const CONFLICT_ATTEMPTS: u32 = 6;
const CONFLICT_WAIT: Duration = Duration::from_millis(20);

/// The event table.
#[derive(Clone, Debug)]
pub struct DynamoJournal {
    client: Client,
    table: String,
    retention: Duration,
}

/// An event as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// All but the body.
    pub record: Record,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

/// What a conditional write came to.
enum Written {
    New,
    Found(Item),
}

impl DynamoJournal {
    /// A journal in this table that keeps events for `retention_days`.
    pub fn new(client: Client, table: String, retention_days: u32) -> Self {
        let retention = Duration::from_secs(u64::from(retention_days).saturating_mul(24 * 60 * 60));
        Self { client, table, retention }
    }

    /// Reads an event back; nothing when it is not there.
    ///
    /// # Errors
    /// When the table cannot be read, or what stands there is damaged.
    pub async fn load(&self, id: &EventId) -> Result<Option<Stored>, Fault> {
        let damaged = |cause: &'static str| Fault::new("the stored event is damaged", cause);
        let Some(head) = self.item(id.entity_path(), &event_key(id)).await? else {
            return Ok(None);
        };
        let record: Record = serde_json::from_value(attributes::to_json(&head))
            .map_err(|error| Fault::new("the stored event is damaged", error))?;
        let mut stored = Vec::new();
        match number(&head, "parts") {
            None => stored.extend(bytes(&head, "body").ok_or_else(|| damaged("no body"))?),
            Some(parts) => {
                for part in 0..parts {
                    let key = part_key(&record.sha256, part);
                    let item = self.item(id.entity_path(), &key).await?;
                    let piece = item.as_ref().and_then(|item| bytes(item, "body"));
                    stored.extend(piece.ok_or_else(|| damaged("a part is missing"))?);
                }
            }
        }
        let encoding = text(&head, "encoding").unwrap_or_default();
        let body = Encoding::undone(encoding, stored)
            .map_err(|error| Fault::new("the stored event is damaged", error))?;
        Ok(Some(Stored { record, body }))
    }

    /// Whether the event has a receipt.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn is_processed(&self, id: &EventId) -> Result<bool, Fault> {
        Ok(self.item(id.entity_path(), &receipt_key(id)).await?.is_some())
    }

    async fn item(&self, pk: &str, sk: &str) -> Result<Option<Item>, Fault> {
        let get =
            self.client.get_item().table_name(&self.table).set_key(Some(key(pk, sk))).consistent_read(true);
        let output =
            get.send().await.map_err(|error| Fault::new("the table cannot be read", told(&error)))?;
        Ok(output.item)
    }

    /// Writes the event, unless an equal one is there.
    async fn write(&self, event: &Event, record: &Record, head: Item) -> Result<Written, Fault> {
        match record.window_ms {
            None => self.put(head).await,
            Some(window_ms) => self.put_within(event, record, window_ms, head).await,
        }
    }

    /// One put, for events that are the same for good: the id says all.
    async fn put(&self, head: Item) -> Result<Written, Fault> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(head))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match put.send().await {
            Ok(_) => Ok(Written::New),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Written::Found(failed.item().cloned().unwrap_or_default()))
                }
                _ => Err(Fault::new("the event cannot be stored", told(&error))),
            },
        }
    }

    /// One transaction, for events that are the same within a window: the event, and the entity's latest
    /// delivery, which must not be an equal one of a moment ago.
    async fn put_within(
        &self,
        event: &Event,
        record: &Record,
        window_ms: i64,
        head: Item,
    ) -> Result<Written, Fault> {
        let latest = self.latest(event, record, window_ms)?;
        let put = Put::builder().table_name(&self.table).set_item(Some(head));
        let put = put.condition_expression("attribute_not_exists(pk)").build().map_err(unbuildable)?;
        let mut wait = CONFLICT_WAIT;
        for _ in 1..CONFLICT_ATTEMPTS {
            match self.transact(latest.clone(), put.clone()).await {
                Err(Transaction::Conflict) => tokio::time::sleep(wait).await,
                other => return other.map_err(Transaction::into_fault),
            }
            wait = wait.saturating_mul(2);
        }
        self.transact(latest, put).await.map_err(Transaction::into_fault)
    }

    async fn transact(&self, latest: Update, put: Put) -> Result<Written, Transaction> {
        let items = [
            TransactWriteItem::builder().update(latest).build(),
            TransactWriteItem::builder().put(put).build(),
        ];
        match self.client.transact_write_items().set_transact_items(Some(items.to_vec())).send().await {
            Ok(_) => Ok(Written::New),
            Err(error) => match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
                    judged(canceled.cancellation_reasons()).ok_or_else(|| {
                        Transaction::Fault(Fault::new("the event cannot be stored", told(&error)))
                    })?
                }
                _ => Err(Transaction::Fault(Fault::new("the event cannot be stored", told(&error)))),
            },
        }
    }

    /// The entity's latest delivery becomes this one, unless it is an equal one of a moment ago.
    fn latest(&self, event: &Event, record: &Record, window_ms: i64) -> Result<Update, Fault> {
        let number = |n: i64| AttributeValue::N(n.to_string());
        let text = |text: &str| AttributeValue::S(text.to_owned());
        Update::builder()
            .table_name(&self.table)
            .set_key(Some(key(event.id().entity_path(), LATEST)))
            .update_expression("SET content = :content, digest = :digest, received_ms = :at, attempt = :attempt, expires = :expires")
            .condition_expression(
                "attribute_not_exists(pk) OR content <> :content OR received_ms < :from OR received_ms > :to",
            )
            .expression_attribute_values(":content", text(&record.content))
            .expression_attribute_values(":digest", text(event.id().digest()))
            .expression_attribute_values(":at", number(record.received_ms))
            .expression_attribute_values(":from", number(record.received_ms.saturating_sub(window_ms)))
            .expression_attribute_values(":to", number(record.received_ms.saturating_add(window_ms)))
            .expression_attribute_values(":attempt", text(&record.attempt))
            .expression_attribute_values(":expires", number(self.expires(record)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(unbuildable)
    }

    /// The event's item with its body in it, or with its parts counted once they are written.
    async fn head(&self, event: &Event, record: &Record) -> Result<Item, Fault> {
        let (encoding, stored) = Encoding::smaller(event.delivery().body());
        let mut head = self.bare_head(event, record);
        head.insert("encoding".into(), AttributeValue::S(encoding.as_str().into()));
        if stored.len() <= INLINE_LEN {
            head.insert("body".into(), AttributeValue::B(Blob::new(stored)));
        } else {
            let parts = self.write_parts(event, record, &stored).await?;
            head.insert("parts".into(), AttributeValue::N(parts.to_string()));
        }
        Ok(head)
    }

    fn bare_head(&self, event: &Event, record: &Record) -> Item {
        let mut head = attributes::of(record);
        head.extend(key(event.id().entity_path(), &event_key(event.id())));
        head.insert("bucket".into(), AttributeValue::S(bucket(event)));
        head.insert("arrival".into(), AttributeValue::S(record.received.clone()));
        head.insert("expires".into(), AttributeValue::N(self.expires(record).to_string()));
        head
    }

    /// Writes a large body in pieces under its own digest, so that writing it again changes nothing.
    async fn write_parts(&self, event: &Event, record: &Record, stored: &[u8]) -> Result<usize, Fault> {
        let expires = AttributeValue::N(self.expires(record).to_string());
        let pieces: Vec<&[u8]> = stored.chunks(PART_LEN).collect();
        let mut requests = Vec::new();
        for (n, piece) in pieces.iter().enumerate() {
            let mut item = key(event.id().entity_path(), &part_key(&record.sha256, n));
            item.insert("body".into(), AttributeValue::B(Blob::new(*piece)));
            item.insert("expires".into(), expires.clone());
            let put = PutRequest::builder().set_item(Some(item)).build().map_err(unbuildable)?;
            requests.push(WriteRequest::builder().put_request(put).build());
        }
        self.write_all(requests).await?;
        Ok(pieces.len())
    }

    /// Writes up to 25 items (16 of our size fit DynamoDB's 16 MB), with those that it puts off tried again.
    async fn write_all(&self, mut requests: Vec<WriteRequest>) -> Result<(), Fault> {
        let mut wait = CONFLICT_WAIT;
        for _ in 0..CONFLICT_ATTEMPTS {
            let batch = self.client.batch_write_item().request_items(&self.table, requests);
            let output =
                batch.send().await.map_err(|error| Fault::new("a part cannot be stored", told(&error)))?;
            requests =
                output.unprocessed_items.and_then(|mut left| left.remove(&self.table)).unwrap_or_default();
            if requests.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(wait).await;
            wait = wait.saturating_mul(2);
        }
        Err(Fault::new("a part cannot be stored", "the table takes no more at the moment"))
    }

    /// What a found item says of the event that this delivery repeats.
    async fn repeated(&self, event: &Event, record: &Record, found: &Item) -> Result<Recorded, Fault> {
        if text(found, "attempt").is_some_and(|attempt| attempt == record.attempt) {
            return Ok(Recorded::New);
        }
        let original = original(event, found);
        // An answer that cannot be had counts as no receipt: sending again is a nuisance, not sending a loss.
        let processed = self.is_processed(&original.id).await.unwrap_or(false);
        Ok(Recorded::Repeats { original, processed })
    }

    /// When the items of an event may go, in seconds since 1970 UTC.
    fn expires(&self, record: &Record) -> i64 {
        let retention = i64::try_from(self.retention.as_secs()).unwrap_or(i64::MAX);
        record.received_ms.div_euclid(1_000).saturating_add(retention)
    }
}

impl Journal for DynamoJournal {
    async fn record(&self, event: &Verified<Event>, attempt: &Attempt) -> Result<Recorded, Fault> {
        let record = Record::of(event, attempt, Origin::Webhook);
        let head = self.head(event, &record).await?;
        match self.write(event, &record, head).await? {
            Written::New => Ok(Recorded::New),
            Written::Found(found) => self.repeated(event, &record, &found).await,
        }
    }
}

/// How a transaction ends badly.
enum Transaction {
    /// It met another one.
    Conflict,
    /// It failed.
    Fault(Fault),
}

impl Transaction {
    fn into_fault(self) -> Fault {
        match self {
            Self::Conflict => {
                Fault::new("the event cannot be stored", "too many writes to one entity at once")
            }
            Self::Fault(fault) => fault,
        }
    }
}

/// What the reasons of a cancelled transaction say, in the order of its items: the latest delivery, the event.
fn judged(reasons: &[CancellationReason]) -> Option<Result<Written, Transaction>> {
    let failed = |reason: &&CancellationReason| reason.code() == Some("ConditionalCheckFailed");
    if let Some(reason) = reasons.iter().find(failed) {
        return Some(Ok(Written::Found(reason.item().cloned().unwrap_or_default())));
    }
    let conflict = reasons.iter().any(|reason| reason.code() == Some("TransactionConflict"));
    conflict.then_some(Err(Transaction::Conflict))
}

/// The event that a found item stands for: the item of an event has its own id, the latest delivery a digest.
fn original(event: &Event, found: &Item) -> Original {
    let id = match text(found, "digest") {
        Some(digest) => EventId::parse(&format!("{}/{digest}", event.id().entity_path())).ok(),
        None => None,
    };
    let received_at = number(found, "received_ms").and_then(ReceivedAt::from_millis);
    Original {
        id: id.unwrap_or_else(|| event.id().clone()),
        received_at: received_at.unwrap_or_else(|| event.received_at()),
    }
}

const LATEST: &str = "latest";

fn event_key(id: &EventId) -> String {
    format!("event/{}", id.digest())
}

fn receipt_key(id: &EventId) -> String {
    format!("receipt/{}", id.digest())
}

fn part_key(sha256: &str, part: impl std::fmt::Display) -> String {
    format!("part/{sha256}/{part}")
}

fn key(pk: &str, sk: &str) -> Item {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    HashMap::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))])
}

/// The partition of the time index: the hour of arrival and a shard that the id decides.
fn bucket(event: &Event) -> String {
    let hour: String = event.received_at().to_string().chars().take("2025-06-12T08".len()).collect();
    let digest =
        u32::from_str_radix(event.id().digest().get(..8).unwrap_or_default(), 16).unwrap_or_default();
    format!("{hour}#{}", digest.checked_rem(SHARDS).unwrap_or_default())
}

fn unbuildable(error: aws_sdk_dynamodb::error::BuildError) -> Fault {
    Fault::new("the request to the table cannot be built", error)
}
