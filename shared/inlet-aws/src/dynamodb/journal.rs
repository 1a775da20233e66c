//! The journal on DynamoDB: one conditional write for an event.

use std::time::Duration;

use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use inlet::event::{Event, EventId, ExistingEvent};
use inlet::fault::Fault;
use inlet::message::{CloudEvent, Message};
use inlet::proof::Verified;
use inlet::receive::{Journal, Recorded, WriteToken};
use inlet::received_at::ReceivedAt;

use crate::client::connect::describe_sdk_error;
use crate::client::timeouts;
use crate::dynamodb::attributes::{self, Item, number, text};
use crate::dynamodb::blob::{BlobField, DAMAGED};
use crate::dynamodb::receipts::{applies_to, tombstone_until};
use crate::dynamodb::record::Record;
use crate::dynamodb::table::{LATEST, Table, bucket_of, event_key, key, receipt_key};

/// The raw body, and the message that is sent again when the queue lost it. Together with names, keys, query and
/// headers, which API Gateway keeps below 10 KB each, they stay below DynamoDB's 400 KB.
const BODY: BlobField = BlobField { name: "body", inline_len: 300_000 };
const MESSAGE: BlobField = BlobField { name: "message", inline_len: 60_000 };

/// How often a write that met another one of the same entity is tried, and how long it waits at first.
const CONFLICT_ATTEMPTS: u32 = 6;
const CONFLICT_WAIT: Duration = Duration::from_millis(20);

/// An event as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// All but the body.
    pub record: Record,
    /// The message for the queue, as it was first written.
    pub message: String,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

/// What a conditional write came to.
enum Written {
    New,
    Found(Item),
}

impl Table {
    /// Stores an event, unless it is there.
    ///
    /// # Errors
    /// When the table does not take it, or may have taken it without saying so.
    pub async fn put_event(&self, kept: &StoredEvent) -> Result<Recorded, Fault> {
        let record = &kept.record;
        let id =
            EventId::parse(&record.id).map_err(|error| Fault::new("the event cannot be stored", error))?;
        let head = self.head(kept, &id).await?;
        let written = if record.window_ms.is_none() && !record.updates_latest {
            self.put(record, head, None).await?
        } else {
            match self.put_with_latest(record, &id, head.clone()).await? {
                Written::Found(latest) if is_superseded(record, &latest) => {
                    self.put(record, head, None).await?
                }
                written => written,
            }
        };
        match written {
            Written::New => Ok(Recorded::New),
            Written::Found(found) => self.resolve_duplicate(kept, &id, &found).await,
        }
    }

    /// Whether the event that arrived then is there: an equal one whose time was up by then is none.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn event_exists(&self, id: &EventId, received_at: ReceivedAt) -> Result<bool, Fault> {
        let item = self.item(id.entity_path(), &event_key(id)).await?;
        Ok(item.is_some_and(|item| is_kept_at(&item, received_at)))
    }

    /// Reads an event back; nothing when it is not there.
    ///
    /// # Errors
    /// When the table cannot be read, or what stands there is damaged.
    pub async fn stored_event(&self, id: &EventId) -> Result<Option<StoredEvent>, Fault> {
        let pk = id.entity_path();
        let Some(head) = self.item(pk, &event_key(id)).await? else {
            return Ok(None);
        };
        let record: Record = attributes::read(&head).map_err(|error| Fault::new(DAMAGED, error))?;
        let body = self.read_blob(BODY, &head).await?;
        let message = self.message_in(&head).await?;
        Ok(Some(StoredEvent { record, message, body }))
    }

    /// Reads an event's message; nothing when the event is not there.
    ///
    /// # Errors
    /// When the table cannot be read, or what stands there is damaged.
    pub async fn message(&self, id: &EventId) -> Result<Option<Message>, Fault> {
        let pk = id.entity_path();
        let Some(head) = self.item(pk, &event_key(id)).await? else {
            return Ok(None);
        };
        let message = self.message_in(&head).await?;
        Message::parse(message).map(Some).map_err(|error| Fault::new(DAMAGED, error.to_string()))
    }

    /// The message that an event's item holds.
    pub(crate) async fn message_in(&self, head: &Item) -> Result<String, Fault> {
        let message = self.read_blob(MESSAGE, head).await?;
        String::from_utf8(message).map_err(|error| Fault::new(DAMAGED, error))
    }

    /// One put, for events that are the same for good: the id says all. It takes the place of an equal one that had
    /// arrived until `leaving_ms`.
    async fn put(&self, record: &Record, head: Item, leaving_ms: Option<i64>) -> Result<Written, Fault> {
        let put = self.client.put_item().table_name(&self.name).set_item(Some(head));
        let put = match leaving_ms {
            None => put.condition_expression(ABSENT_OR_EXPIRED),
            Some(until) => put
                .condition_expression(format!("{ABSENT_OR_EXPIRED} OR received_ms <= :until"))
                .expression_attribute_values(":until", AttributeValue::N(until.to_string())),
        };
        let put = put
            .expression_attribute_values(":now", arrival_seconds(record))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match put.send().await {
            Ok(_) => Ok(Written::New),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Written::Found(failed.item().cloned().unwrap_or_default()))
                }
                _ => Err(Fault::new(put_error(error.code()), describe_sdk_error(&error))),
            },
        }
    }

    /// One transaction, for events of entities of which some are the same within a window: the event, and the
    /// entity's latest delivery, which must not be an equal one of a moment ago.
    async fn put_with_latest(&self, record: &Record, id: &EventId, head: Item) -> Result<Written, Fault> {
        let latest = self.latest(record, id)?;
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(head))
            .condition_expression(ABSENT_OR_EXPIRED);
        let put = put
            .expression_attribute_values(":now", arrival_seconds(record))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let put = put.build().map_err(unbuildable)?;
        let mut wait = CONFLICT_WAIT;
        for _ in 1..CONFLICT_ATTEMPTS {
            match self.transact(latest.clone(), put.clone()).await {
                Err(Canceled::Conflict) => tokio::time::sleep(wait).await,
                other => return other.map_err(Canceled::into_fault),
            }
            wait = wait.saturating_mul(2);
        }
        self.transact(latest, put).await.map_err(Canceled::into_fault)
    }

    async fn transact(&self, latest: Update, put: Put) -> Result<Written, Canceled> {
        let latest = TransactWriteItem::builder().update(latest).build();
        let put = TransactWriteItem::builder().put(put).build();
        let transaction = self.client.transact_write_items().transact_items(latest).transact_items(put);
        let Err(error) = transaction.send().await else {
            return Ok(Written::New);
        };
        let classified = match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
                classify(canceled.cancellation_reasons())
            }
            _ => None,
        };
        classified.unwrap_or_else(|| {
            Err(Canceled::Fault(Fault::new(put_error(error.code()), describe_sdk_error(&error))))
        })
    }

    /// The entity's latest delivery becomes this one, unless it arrived later, as a delivery that is stored late must
    /// not hide that the entity has changed since; or unless it is an equal one of a moment ago, where this one has
    /// a window.
    fn latest(&self, record: &Record, id: &EventId) -> Result<Update, Fault> {
        let number = |n: i64| AttributeValue::N(n.to_string());
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let update = Update::builder();
        let update = match record.window_ms {
            None => update.condition_expression("attribute_not_exists(pk) OR received_ms <= :at"),
            Some(window_ms) => update
                .condition_expression(
                    "attribute_not_exists(pk) OR received_ms <= :at AND (content <> :content OR received_ms < :from)",
                )
                .expression_attribute_values(":from", number(record.received_ms.saturating_sub(window_ms))),
        };
        update
            .table_name(&self.name)
            .set_key(Some(key(id.entity_path(), LATEST)))
            .update_expression(
                "SET content = :content, digest = :digest, received_ms = :at, attempt = :attempt, expires = :expires",
            )
            .expression_attribute_values(":content", text(&record.content))
            .expression_attribute_values(":digest", text(id.digest()))
            .expression_attribute_values(":at", number(record.received_ms))
            .expression_attribute_values(":attempt", text(&record.attempt))
            .expression_attribute_values(":expires", self.expires(record.received_ms))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(unbuildable)
    }

    /// The event's item, once everything that it refers to is written.
    async fn head(&self, kept: &StoredEvent, id: &EventId) -> Result<Item, Fault> {
        let StoredEvent { record, message, body } = kept;
        let pk = id.entity_path();
        let mut head = attributes::of(record);
        head.extend(self.write_blob(BODY, body, record.received_ms).await?);
        head.extend(self.write_blob(MESSAGE, message.as_bytes(), record.received_ms).await?);
        head.extend(key(pk, &event_key(id)));
        head.insert("bucket".into(), AttributeValue::S(bucket_of(record, id)));
        head.insert("arrival".into(), AttributeValue::S(record.received.clone()));
        head.insert("expires".into(), self.expires(record.received_ms));
        Ok(head)
    }

    /// What a found item says of the event that this one repeats. One that is about to be removed, as its entity is
    /// being forgotten, is none to repeat: this one takes its place.
    async fn resolve_duplicate(
        &self,
        kept: &StoredEvent,
        id: &EventId,
        found: &Item,
    ) -> Result<Recorded, Fault> {
        let record = &kept.record;
        if text(found, "attempt").is_some_and(|attempt| attempt == record.attempt) {
            return Ok(Recorded::New);
        }
        let original = original(record, id, found);
        // An answer that cannot be had counts as no receipt: sending again is a nuisance, not sending a loss.
        let receipt = self.item(original.id.entity_path(), &receipt_key(&original.id)).await.ok().flatten();
        let leaving = receipt.as_ref().and_then(tombstone_until);
        let leaving =
            leaving.filter(|until| (original.received_at.millis()..record.received_ms).contains(until));
        if leaving.is_some() {
            // Made anew, as it is rarely wanted: with it go the marks on its pieces, which are about to go too.
            let head = self.head(kept, id).await?;
            return Ok(match self.put(record, head, leaving).await? {
                Written::New => Recorded::New,
                Written::Found(found) => {
                    Recorded::Duplicate { original: self::original(record, id, &found), processed: false }
                }
            });
        }
        let processed = receipt.is_some_and(|receipt| applies_to(&receipt, original.received_at));
        Ok(Recorded::Duplicate { original, processed })
    }
}

/// Whether the latest delivery arrived after this one, and is no repetition of it: then this one is an event of
/// its own, and the latest stays the latest.
fn is_superseded(record: &Record, latest: &Item) -> bool {
    let (Some(content), Some(latest_ms)) = (text(latest, "content"), number(latest, "received_ms")) else {
        return false;
    };
    let later_ms = latest_ms.saturating_sub(record.received_ms);
    later_ms > 0
        && (content != record.content || record.window_ms.is_none_or(|window_ms| later_ms > window_ms))
}

/// DynamoDB deletes what has expired when it likes. Until then it is there, and yet no event any more: an equal
/// delivery takes its place, or it would be answered well and vanish with it.
const ABSENT_OR_EXPIRED: &str = "attribute_not_exists(pk) OR expires < :now";

fn arrival_seconds(record: &Record) -> AttributeValue {
    AttributeValue::N(record.received_ms.div_euclid(1_000).to_string())
}

/// The opposite of [`ABSENT_OR_EXPIRED`], of an item that was read.
fn is_kept_at(item: &Item, received_at: ReceivedAt) -> bool {
    number(item, "expires").is_some_and(|expires| received_at.millis().div_euclid(1_000) <= expires)
}

impl Journal for Table {
    async fn record(&self, event: &Verified<Event>, attempt: &WriteToken) -> Result<Recorded, Fault> {
        let kept = StoredEvent {
            record: Record::of(event, attempt, event.origin()),
            message: CloudEvent::of(event).to_json(),
            body: event.delivery().body().to_vec(),
        };
        timeouts::with_timeout(timeouts::JOURNAL, "the event cannot be stored", self.put_event(&kept)).await
    }
}

/// How a transaction ends badly.
enum Canceled {
    /// It met another one.
    Conflict,
    /// It failed.
    Fault(Fault),
}

impl Canceled {
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
fn classify(reasons: &[CancellationReason]) -> Option<Result<Written, Canceled>> {
    let failed = |reason: &&CancellationReason| reason.code() == Some("ConditionalCheckFailed");
    if let Some(reason) = reasons.iter().find(failed) {
        return Some(Ok(Written::Found(reason.item().cloned().unwrap_or_default())));
    }
    let is = |code: &str| reasons.iter().find(|reason| reason.code() == Some(code));
    if let Some(reason) = is("ValidationError") {
        let why = reason.message().unwrap_or_default().to_owned();
        return Some(Err(Canceled::Fault(Fault::new(NEVER, why))));
    }
    is("TransactionConflict").map(|_| Err(Canceled::Conflict))
}

/// What is said of an event that the table will not take however often it is tried.
pub(crate) const NEVER: &str = "the table will never take the event";

/// What is said of an event that could not be stored, by the code of the table's answer: this one finds fault with the
/// request.
fn put_error(code: Option<&str>) -> &'static str {
    if code == Some("ValidationException") { NEVER } else { "the event cannot be stored" }
}

/// The event that a found item stands for: an event's item is the event, the latest delivery names its digest.
fn original(record: &Record, id: &EventId, found: &Item) -> ExistingEvent {
    let named = text(found, "digest")
        .and_then(|digest| EventId::parse(&format!("{}/{digest}", id.entity_path())).ok());
    let received_ms = number(found, "received_ms").unwrap_or(record.received_ms);
    ExistingEvent {
        id: named.unwrap_or_else(|| id.clone()),
        received_at: ReceivedAt::from_millis(received_ms).unwrap_or(ReceivedAt::EPOCH),
    }
}

fn unbuildable(error: aws_sdk_dynamodb::error::BuildError) -> Fault {
    Fault::new("the request to the table cannot be built", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_table_finds_fault_with_is_told_from_what_it_cannot_take_now() {
        for (code, what) in [
            (Some("ValidationException"), NEVER),
            (Some("ProvisionedThroughputExceededException"), "the event cannot be stored"),
            (None, "the event cannot be stored"),
        ] {
            assert_eq!(put_error(code), what, "{code:?}");
        }
        let reason = |code: &str| CancellationReason::builder().code(code).build();
        for (codes, what) in [
            (["None", "ValidationError"], Some(NEVER)),
            (["TransactionConflict", "ValidationError"], Some(NEVER)),
            (["None", "ThrottlingError"], None),
        ] {
            let told = match classify(&codes.map(reason)) {
                Some(Err(Canceled::Fault(fault))) => Some(fault.context),
                _ => None,
            };
            assert_eq!(told, what, "{codes:?}");
        }
    }

    #[test]
    fn an_event_whose_time_was_up_when_an_equal_one_arrived_is_not_there() {
        let item = Item::from([("expires".to_owned(), AttributeValue::N("1000".into()))]);
        for (received_ms, is) in [(0, true), (1_000_999, true), (1_001_000, false)] {
            let received_at = ReceivedAt::from_millis(received_ms).unwrap();
            assert_eq!(is_kept_at(&item, received_at), is, "an arrival at {received_ms} ms");
        }
    }
}
