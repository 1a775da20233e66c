//! Events in the table: the journal that a receiver writes to, and what reads events back.

use aws_sdk_dynamodb::types::AttributeValue;
use inlet::event::{Event, EventId, ExistingEvent};
use inlet::fault::Fault;
use inlet::message::{CloudEvent, Message};
use inlet::proof::Verified;
use inlet::receive::{Journal, Recorded, WriteToken};
use inlet::received_at::ReceivedAt;

use crate::dynamodb::attributes::{self, Item, number, number_value, text, text_value};
use crate::dynamodb::chunks::{BlobField, ChunkOwner, chunk_keys};
use crate::dynamodb::dynamo::{Dynamo, Expressions, Key, Written, delete_request};
use crate::dynamodb::keys::{event_key, latest_key, receipt_key};
use crate::dynamodb::receipts::{applies_to, tombstone_until};
use crate::dynamodb::record::Record;
use crate::dynamodb::time_index::bucket_of;
use crate::telemetry::timing::{Step, with_timeout};

/// The raw body, and the message that the sweeper or a replay sends again. Together with names, keys, query and
/// headers, which API Gateway keeps below 10 KB each, they stay below DynamoDB's 400 KB an item.
const BODY: BlobField = BlobField { name: "body", inline_len: 300_000 };
const MESSAGE: BlobField = BlobField { name: "message", inline_len: 60_000 };

/// The fields that may be in chunks.
pub(crate) const LARGE_FIELDS: [BlobField; 2] = [BODY, MESSAGE];

/// A failed write of an event.
const NOT_STORED: &str = "the event cannot be stored";

/// A stored event that cannot be read, however often it is tried.
const DAMAGED: &str = "the stored event is damaged";

/// Holds if there is no event under the key, or one that has expired. DynamoDB deletes an expired item up to days
/// later. Until then it must not count as the original of an equal delivery, which would vanish with it.
const ABSENT_OR_EXPIRED: &str = "attribute_not_exists(pk) OR expires < :now";

/// The same, or an event that arrived until the time of its tombstone.
const ABSENT_EXPIRED_OR_FORGOTTEN: &str =
    "attribute_not_exists(pk) OR expires < :now OR received_ms <= :until";

/// A stored event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// All but the body and the message.
    pub record: Record,
    /// The message for the queue, as it was first written.
    pub message: String,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

/// The owner of events.
#[derive(Clone, Debug)]
pub struct Events {
    dynamo: Dynamo,
}

impl Journal for Events {
    fn record(
        &self,
        event: &Verified<Event>,
        attempt: &WriteToken,
    ) -> impl Future<Output = Result<Recorded, Fault>> + Send {
        let stored = StoredEvent {
            record: Record::of(event, attempt, event.origin()),
            message: CloudEvent::of(event).to_json(),
            body: event.delivery().body().to_vec(),
        };
        with_timeout(Step::Journal, NOT_STORED, async move { self.put(&stored).await })
    }
}

impl Events {
    pub(crate) fn new(dynamo: Dynamo) -> Self {
        Self { dynamo }
    }

    /// Stores an event, unless an equal one is stored.
    ///
    /// # Errors
    /// When the table does not take it, or does not answer: then it may have taken it.
    pub async fn put(&self, event: &StoredEvent) -> Result<Recorded, Fault> {
        let record = &event.record;
        let id = EventId::parse(&record.id).map_err(|error| Fault::permanent(NOT_STORED, error))?;
        let item = self.item_of(event, &id).await?;
        let written = if record.window_ms.is_none() && !record.updates_latest {
            self.put_item(record, item, None).await?
        } else {
            match self.put_with_latest(record, &id, item.clone()).await? {
                Written::Refused(latest) if is_superseded(record, &latest) => {
                    self.put_item(record, item, None).await?
                }
                written => written,
            }
        };
        match written {
            Written::Done => Ok(Recorded::New),
            Written::Refused(found) => self.resolve_duplicate(event, &id, &found).await,
        }
    }

    /// Returns whether this event is stored. An equal event that had expired when this one arrived does not count.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn exists(&self, id: &EventId, received_at: ReceivedAt) -> Result<bool, Fault> {
        let item = self.dynamo.get(event_key(id)).await?;
        Ok(item.is_some_and(|item| is_unexpired_at(&item, received_at)))
    }

    /// Returns a stored event; nothing if there is none.
    ///
    /// # Errors
    /// When the table cannot be read. The fault is [`Damaged`](inlet::fault::FaultKind::Damaged) if the event is.
    pub async fn get(&self, id: &EventId) -> Result<Option<StoredEvent>, Fault> {
        let Some(item) = self.dynamo.get(event_key(id)).await? else {
            return Ok(None);
        };
        let record: Record = attributes::read(&item).map_err(|error| Fault::damaged(DAMAGED, error))?;
        let body = self.dynamo.read_blob(BODY, &item).await?;
        let message = self.message_of(&item).await?;
        Ok(Some(StoredEvent { record, message, body }))
    }

    /// Returns the message of a stored event; nothing if there is no such event.
    ///
    /// # Errors
    /// When the table cannot be read. The fault is [`Damaged`](inlet::fault::FaultKind::Damaged) if the event is.
    pub async fn message(&self, id: &EventId) -> Result<Option<Message>, Fault> {
        let Some(item) = self.dynamo.get(event_key(id)).await? else {
            return Ok(None);
        };
        let message = self.message_of(&item).await?;
        Message::parse(message).map(Some).map_err(|error| Fault::damaged(DAMAGED, error.to_string()))
    }

    /// Returns the message that an event's item contains or names.
    pub(crate) async fn message_of(&self, item: &Item) -> Result<String, Fault> {
        let message = self.dynamo.read_blob(MESSAGE, item).await?;
        String::from_utf8(message).map_err(|error| Fault::damaged(DAMAGED, error))
    }

    /// Deletes an event with its chunks, unless an equal event that arrived after `until` has taken its place.
    /// Returns the number of chunks.
    ///
    /// # Errors
    /// When the table does not do it. If it fails between the event and its chunks, the chunks expire.
    pub(crate) async fn delete(&self, id: &EventId, until: ReceivedAt) -> Result<usize, Fault> {
        let condition = Expressions::condition("attribute_not_exists(received_ms) OR received_ms <= :until")
            .value(":until", number_value(until.millis()));
        let Some(deleted) = self.dynamo.delete(event_key(id), condition).await? else {
            return Ok(0);
        };
        let keys: Vec<Key> = chunks_of(&deleted).collect();
        let requests = keys.iter().cloned().map(delete_request).collect::<Result<_, _>>()?;
        self.dynamo.batch_write(requests).await?;
        Ok(keys.len())
    }

    /// Writes an event that is equal forever: its id decides whether it is new. If `tombstone_ms` is given, the event
    /// replaces an equal one that arrived until then.
    async fn put_item(
        &self,
        record: &Record,
        item: Item,
        tombstone_ms: Option<i64>,
    ) -> Result<Written, Fault> {
        let condition = match tombstone_ms {
            None => Expressions::condition(ABSENT_OR_EXPIRED),
            Some(until) => {
                Expressions::condition(ABSENT_EXPIRED_OR_FORGOTTEN).value(":until", number_value(until))
            }
        };
        self.dynamo.put(item, condition.value(":now", arrival_seconds(record)), NOT_STORED).await
    }

    /// Writes an event and sets the entity's `latest` to it, in one transaction. The condition on `latest` fails if
    ///
    /// - `latest` arrived later: a delivery that is stored late must not hide a later state; or
    /// - this event has a retry window, and `latest` has the same content and arrived within it.
    async fn put_with_latest(&self, record: &Record, id: &EventId, item: Item) -> Result<Written, Fault> {
        let put = Expressions::condition(ABSENT_OR_EXPIRED).value(":now", arrival_seconds(record));
        let update = Expressions::update(
            "SET content = :content, digest = :digest, received_ms = :at, attempt = :attempt, expires = :expires",
        )
        .value(":content", text_value(&record.content))
        .value(":digest", text_value(id.digest()))
        .value(":at", number_value(record.received_ms))
        .value(":attempt", text_value(&record.attempt))
        .value(":expires", self.dynamo.expires(record.received_ms));
        let update = match record.window_ms {
            None => update.only_if("attribute_not_exists(pk) OR received_ms <= :at"),
            Some(window_ms) => update
                .only_if(
                    "attribute_not_exists(pk) OR received_ms <= :at AND (content <> :content OR received_ms < :from)",
                )
                .value(":from", number_value(record.received_ms.saturating_sub(window_ms))),
        };
        self.dynamo.update_and_put((latest_key(id), update), (item, put), NOT_STORED).await
    }

    /// Writes the body and the message, and returns the event's item with them or with the names of their chunks.
    async fn item_of(&self, event: &StoredEvent, id: &EventId) -> Result<Item, Fault> {
        let StoredEvent { record, message, body } = event;
        let owner = ChunkOwner { id, received_ms: record.received_ms };
        let mut item = attributes::of(record);
        item.extend(self.dynamo.write_blob(BODY, body, owner).await?);
        item.extend(self.dynamo.write_blob(MESSAGE, message.as_bytes(), owner).await?);
        item.extend(event_key(id).into_item());
        item.insert("bucket".into(), AttributeValue::S(bucket_of(record, id)));
        item.insert("arrival".into(), AttributeValue::S(record.received.clone()));
        item.insert("expires".into(), self.dynamo.expires(record.received_ms));
        Ok(item)
    }

    /// Returns what a delivery is whose write found another item, an event or `latest`:
    ///
    /// 1. New if this invocation wrote that item itself: the SDK repeated its own request.
    /// 2. New if the item is about to be deleted because its entity is being forgotten: this event replaces it.
    /// 3. Else a duplicate of the event that the item names.
    async fn resolve_duplicate(
        &self,
        event: &StoredEvent,
        id: &EventId,
        found: &Item,
    ) -> Result<Recorded, Fault> {
        let record = &event.record;
        if text(found, "attempt").is_some_and(|attempt| attempt == record.attempt) {
            return Ok(Recorded::New);
        }
        let original = original(record, id, found);
        // A receipt that cannot be read counts as none: to send an event twice is a nuisance, not to send it a loss.
        let receipt = self.dynamo.get(receipt_key(&original.id)).await.ok().flatten();
        let tombstone_ms = receipt.as_ref().and_then(tombstone_until);
        let tombstone_ms =
            tombstone_ms.filter(|until| (original.received_at.millis()..record.received_ms).contains(until));
        if tombstone_ms.is_some() {
            let item = self.item_of(event, id).await?;
            return Ok(match self.put_item(record, item, tombstone_ms).await? {
                Written::Done => Recorded::New,
                Written::Refused(found) => {
                    let original = self::original(record, id, &found);
                    Recorded::Duplicate { original, processed: false }
                }
            });
        }
        let processed = receipt.is_some_and(|receipt| applies_to(&receipt, original.received_at));
        Ok(Recorded::Duplicate { original, processed })
    }
}

/// Returns the keys of all chunks that an event's item names and that belong to it alone.
pub(crate) fn chunks_of(item: &Item) -> impl Iterator<Item = Key> {
    LARGE_FIELDS.into_iter().filter_map(|field| chunk_keys(field.name, item)).flatten()
}

/// Returns whether `latest` arrived after this event and is no repeat of it: then this event is a state of its own,
/// and `latest` stays.
fn is_superseded(record: &Record, latest: &Item) -> bool {
    let (Some(content), Some(latest_ms)) = (text(latest, "content"), number(latest, "received_ms")) else {
        return false;
    };
    let later_ms = latest_ms.saturating_sub(record.received_ms);
    later_ms > 0
        && (content != record.content || record.window_ms.is_none_or(|window_ms| later_ms > window_ms))
}

fn arrival_seconds(record: &Record) -> AttributeValue {
    number_value(record.received_ms.div_euclid(1_000))
}

/// The opposite of [`ABSENT_OR_EXPIRED`], for an item that was read.
fn is_unexpired_at(item: &Item, received_at: ReceivedAt) -> bool {
    number(item, "expires").is_some_and(|expires| received_at.millis().div_euclid(1_000) <= expires)
}

/// Returns the event that an item names: an event's item is the event, `latest` contains its digest.
fn original(record: &Record, id: &EventId, found: &Item) -> ExistingEvent {
    let named = text(found, "digest")
        .and_then(|digest| EventId::parse(&format!("{}/{digest}", id.entity_path())).ok());
    let received_ms = number(found, "received_ms").unwrap_or(record.received_ms);
    ExistingEvent {
        id: named.unwrap_or_else(|| id.clone()),
        received_at: ReceivedAt::from_millis(received_ms).unwrap_or(ReceivedAt::EPOCH),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_expired_before_an_equal_arrival_does_not_exist() {
        let item = Item::from([("expires".to_owned(), number_value(1_000))]);
        for (received_ms, exists) in [(0, true), (1_000_999, true), (1_001_000, false)] {
            let received_at = ReceivedAt::from_millis(received_ms).unwrap();
            assert_eq!(is_unexpired_at(&item, received_at), exists, "an arrival at {received_ms} ms");
        }
    }
}
