//! Events in the table: the journal that a receiver writes to, and the reads of stored events.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use inlet::dedup::{Candidate, Decision, Duplicate, Evidence, Latest, Snapshot, decide, may_have_expired};
use inlet::event::{Event, EventId, ExistingEvent, Origin};
use inlet::fault::Fault;
use inlet::message::Message;
use inlet::proof::Verified;
use inlet::receive::{Journal, Recorded, WriteToken};
use inlet::received_at::ReceivedAt;
use inlet::trust::is_signed;

use crate::client::clock;
use crate::dynamodb::attributes::{Item, number, number_value, text, text_value};
use crate::dynamodb::chunks::{ChunkOwner, chunk_keys};
use crate::dynamodb::dynamo::{Dynamo, Expressions, Key, Written, delete_request};
use crate::dynamodb::integrity::{MESSAGE_SHA256, examine};
use crate::dynamodb::keys::{event_key, receipt_key};
use crate::dynamodb::latest::{Change, LatestItem, LatestItems, candidate, sibling};
use crate::dynamodb::pending::Pending;
use crate::dynamodb::receipts::{Receipts, applies_to, signed_arrival, tombstone_until};
use crate::dynamodb::record::{Record, sha256_hex};
use crate::dynamodb::record_item;
use crate::dynamodb::stored_event::LARGE_FIELDS;
pub use crate::dynamodb::stored_event::StoredEvent;
use crate::dynamodb::time_index::bucket_of;
use crate::telemetry::timing::{Step, with_timeout};

/// A failed write of an event.
const NOT_STORED: &str = "the event cannot be stored";

/// A failed change of the time index.
const NOT_MARKED: &str = "a duplicate cannot be taken out of the time index";

/// A stored event that can never be read.
const DAMAGED: &str = "the stored event is damaged";

/// True if there is no event under the key, or an expired one. DynamoDB may delete an expired item days later. Until
/// then it must not count as the original of an equal delivery, because the delivery would vanish with it.
const ABSENT_OR_EXPIRED: &str = "attribute_not_exists(pk) OR expires < :now";

/// The same, or an event that arrived until the time of its tombstone.
const ABSENT_EXPIRED_OR_FORGOTTEN: &str =
    "attribute_not_exists(pk) OR expires < :now OR received_ms <= :until";

/// Maximum number of attempts to give a delivery a later arrival, and to decide about an event. Each further attempt
/// means that another delivery of the same entity came in between.
const LATER_ATTEMPTS: usize = 4;
const DECISION_ATTEMPTS: usize = 6;

/// The time after which a receiver reads `latest` before it decides: ten times the usual time of its first calls.
const SNAPSHOT_AFTER: Duration = Duration::from_millis(100);

/// The owner of events.
#[derive(Clone, Debug)]
pub struct Events {
    dynamo: Dynamo,
    latest: LatestItems,
    receipts: Receipts,
    pending: Pending,
}

/// The result of applying a decision.
enum Applied {
    Put(Put),
    /// `latest` changed meanwhile: decide again.
    Again(Change),
}

impl Journal for Events {
    async fn record(&self, event: &mut Verified<Event>, attempt: &WriteToken) -> Result<Recorded, Fault> {
        let work = async {
            for _ in 0..LATER_ATTEMPTS {
                // Boxed, here and below, because the futures of the SDK's calls are large.
                match Box::pin(self.put(&StoredEvent::of(event, attempt))).await? {
                    Put::Recorded(recorded) => return Ok(recorded),
                    Put::Later(received_at) => event.receive_later(received_at),
                }
            }
            Err(Fault::transient(NOT_STORED, "other deliveries of the entity were later at every attempt"))
        };
        with_timeout(Step::Journal, NOT_STORED, work).await
    }
}

/// The result of storing an event.
#[derive(Debug, PartialEq, Eq)]
pub enum Put {
    /// The event is stored, or an equal one was stored before.
    Recorded(Recorded),
    /// The event must be stored again with this later arrival: it is newer than the entity's latest event, whose
    /// receiver had a clock that was ahead. Only an event straight from a webhook gets this result.
    Later(ReceivedAt),
}

impl Events {
    pub(crate) fn new(dynamo: Dynamo) -> Self {
        Self {
            latest: LatestItems::new(dynamo.clone()),
            receipts: Receipts::new(dynamo.clone()),
            pending: Pending::new(dynamo.clone()),
            dynamo,
        }
    }

    /// Stores an event, unless an equal one is stored.
    ///
    /// # Errors
    /// If the write fails. After a timeout the event may be stored.
    pub async fn put(&self, event: &StoredEvent) -> Result<Put, Fault> {
        let record = &event.record;
        let id = EventId::parse(&record.id).map_err(|error| Fault::permanent(NOT_STORED, error))?;
        if let Some(original) = self.expired_original(record, &id).await? {
            return Ok(Put::Recorded(Recorded::Duplicate { original, processed: true }));
        }
        let item = self.item_of(event, &id).await?;
        if record.window_ms.is_some() {
            return Box::pin(self.put_within_window(record, &id, item)).await;
        }
        let written = self.put_item(record, item, None).await?;
        if record.updates_latest {
            Box::pin(self.update_latest(record, &id, &written)).await?;
        }
        match written {
            Written::Done => Ok(Put::Recorded(Recorded::New)),
            Written::ConditionFailed(found) => {
                self.resolve_duplicate(event, &id, &found).await.map(Put::Recorded)
            }
        }
    }

    /// Returns the event that a signed delivery was before, if it was processed and has expired since: a
    /// captured delivery was sent again. Only a delivery whose signed time is older than the retention costs a read.
    async fn expired_original(&self, record: &Record, id: &EventId) -> Result<Option<ExistingEvent>, Fault> {
        let signed_ms = record.time.as_deref().and_then(ReceivedAt::parse).map(ReceivedAt::millis);
        let retention_ms = i64::try_from(self.dynamo.retention().as_millis()).unwrap_or(i64::MAX);
        if record.window_ms.is_some()
            || !is_signed(&record.trust)
            || !may_have_expired(signed_ms, record.received_ms, retention_ms)
        {
            return Ok(None);
        }
        let receipt = self.dynamo.get(receipt_key(id)).await?;
        let arrival = receipt.as_ref().and_then(signed_arrival);
        Ok(arrival.map(|received_at| ExistingEvent { id: id.clone(), received_at }))
    }

    /// Stores an event that equals others within a retry window: one put, one update of `latest`, and more only where
    /// the update finds a duplicate or a disorder. [`inlet::dedup`] has the rule.
    async fn put_within_window(&self, record: &Record, id: &EventId, item: Item) -> Result<Put, Fault> {
        let own = candidate(record, id);
        let first = async {
            // The id contains the arrival: an item under it is this very event.
            self.put_item(record, item, None).await?;
            self.supersede(record, id).await;
            self.latest.move_to(id, &own).await
        };
        let (moved, evidence) = match record.origin {
            Origin::Webhook => {
                let (moved, snapshot) = Box::pin(self.with_snapshot(id, first)).await;
                (moved?, Evidence::Unanswered(snapshot))
            }
            Origin::Fallback | Origin::Quarantine | Origin::Reconciled => {
                (Box::pin(first).await?, Evidence::Late)
            }
        };
        let mut change = moved;
        for _ in 0..DECISION_ATTEMPTS {
            change = match change {
                Change::Done => return Ok(Put::Recorded(Recorded::New)),
                // `latest` was deleted meanwhile.
                Change::ConditionFailed(None) => self.latest.move_to(id, &own).await?,
                Change::ConditionFailed(Some(latest)) => {
                    let decision = decide(&latest, &own, &evidence);
                    match Box::pin(self.apply(&decision, &latest, id, &own, &evidence)).await? {
                        Applied::Put(put) => return Ok(put),
                        Applied::Again(change) => change,
                    }
                }
            };
        }
        Err(Fault::transient(NOT_STORED, "the entity's latest event changed at every attempt"))
    }

    /// Updates `latest` for an event with its own time, if other events of its entity have none. The receiver of an
    /// equal event that was stored before may have stopped before this step, so the update uses that event's arrival.
    async fn update_latest(&self, record: &Record, id: &EventId, written: &Written) -> Result<(), Fault> {
        let mut own = candidate(record, id);
        let evidence = match written {
            Written::Done if record.origin == Origin::Webhook => Evidence::Unanswered(None),
            Written::Done => Evidence::Late,
            Written::ConditionFailed(found) => {
                own.received_ms = number(found, "received_ms").unwrap_or(own.received_ms);
                Evidence::Late
            }
        };
        let mut change = self.latest.move_to(id, &own).await?;
        for _ in 0..DECISION_ATTEMPTS {
            let latest = match change {
                Change::Done => return Ok(()),
                Change::ConditionFailed(None) => {
                    change = self.latest.move_to(id, &own).await?;
                    continue;
                }
                Change::ConditionFailed(Some(latest)) => latest,
            };
            change = match decide(&latest, &own, &evidence) {
                // The event itself keeps its arrival: an equal delivery has to find the same event.
                Decision::Newest { received_ms } => {
                    self.latest.replace(id, &latest, &newest(&own, received_ms, &latest)).await?
                }
                decision => match Box::pin(self.apply(&decision, &latest, id, &own, &evidence)).await? {
                    Applied::Put(_) => return Ok(()),
                    Applied::Again(change) => change,
                },
            };
        }
        Err(Fault::transient(NOT_STORED, "the entity's latest event changed at every attempt"))
    }

    /// Applies a decision: writes `latest`, notes and receipts.
    async fn apply(
        &self,
        decision: &Decision<String, String>,
        latest: &LatestItem,
        id: &EventId,
        own: &Candidate<String, String>,
        evidence: &Evidence<String>,
    ) -> Result<Applied, Fault> {
        let new = Ok(Applied::Put(Put::Recorded(Recorded::New)));
        let change = match decision {
            Decision::Own | Decision::Older => return new,
            Decision::Duplicate => return Box::pin(self.store_duplicate(latest, id, own)).await,
            Decision::Newest { received_ms } if *received_ms != own.received_ms => {
                let received_at = ReceivedAt::from_millis(*received_ms).unwrap_or(ReceivedAt::EPOCH);
                return Ok(Applied::Put(Put::Later(received_at)));
            }
            Decision::Newest { received_ms } => {
                self.latest.replace(id, latest, &newest(own, *received_ms, latest)).await?
            }
            Decision::Restore { duplicate, latest: next } => {
                if let Some(event) = sibling(id, &duplicate.digest, duplicate.received_ms) {
                    // The sweeper's cursor may have passed an event that a late delivery restores. It has not passed a
                    // recent event.
                    if *evidence == Evidence::Late {
                        self.pending.hand_over(&event, clock::now()).await?;
                    }
                    // First this, then `latest`: if the function ends in between, the former duplicate is still
                    // published.
                    self.unmark_duplicate(&event).await?;
                }
                self.latest.replace(id, latest, next).await?
            }
        };
        match change {
            Change::Done => new,
            failed @ Change::ConditionFailed(_) => Ok(Applied::Again(failed)),
        }
    }

    /// Notes a duplicate and writes its receipt, in this order: an event that is stored later, and arrived between
    /// the original and the duplicate, must find the note.
    async fn store_duplicate(
        &self,
        latest: &LatestItem,
        id: &EventId,
        own: &Candidate<String, String>,
    ) -> Result<Applied, Fault> {
        let new = Ok(Applied::Put(Put::Recorded(Recorded::New)));
        let Some(original) = sibling(id, &latest.digest, latest.received_ms) else {
            return new;
        };
        // An unreadable receipt counts as absent: sending an event twice is harmless, not sending it is a loss.
        let receipt = self.dynamo.get(receipt_key(&original.id)).await.ok().flatten();
        if receipt.as_ref().and_then(tombstone_until).is_some() {
            // The original is being forgotten, and this delivery arrived afterwards.
            let change = self.latest.replace(id, latest, &newest(own, own.received_ms, latest)).await?;
            return if change == Change::Done { new } else { Ok(Applied::Again(change)) };
        }
        let duplicate = Duplicate { digest: own.digest.clone(), received_ms: own.received_ms };
        let change = self.latest.note_duplicate(id, &latest.digest, &duplicate).await?;
        if change != Change::Done {
            return Ok(Applied::Again(change));
        }
        // A duplicate without a receipt is published. At worst, consumers get the event twice.
        let received_at = ReceivedAt::from_millis(own.received_ms).unwrap_or(ReceivedAt::EPOCH);
        if !self.mark_duplicate(id, received_at, &original.id).await.unwrap_or(false) {
            return new;
        }
        let processed = receipt.is_some_and(|receipt| applies_to(&receipt, original.received_at));
        Ok(Applied::Put(Put::Recorded(Recorded::Duplicate { original, processed })))
    }

    /// Writes the receipt of the event under its first arrival. If the write fails, the event is published under both
    /// arrivals.
    async fn supersede(&self, record: &Record, id: &EventId) {
        let earlier = record.supersedes.as_deref().and_then(|earlier| EventId::parse(earlier).ok());
        if let Some(earlier) = earlier {
            let received_at = ReceivedAt::from_millis(record.received_ms).unwrap_or(ReceivedAt::EPOCH);
            self.mark_duplicate(&earlier, received_at, id).await.ok();
        }
    }

    /// Writes the receipt of a duplicate, and then removes the duplicate from the time index, so that it is neither
    /// listed nor replayed. Returns false if the receipt was made void before: then the event is not a duplicate.
    async fn mark_duplicate(
        &self,
        id: &EventId,
        received_at: ReceivedAt,
        original: &EventId,
    ) -> Result<bool, Fault> {
        if !self.receipts.write_duplicate(id, received_at, original, clock::now()).await? {
            return Ok(false);
        }
        let hide = Expressions::update("REMOVE arrival")
            .only_if("attribute_exists(pk) AND attribute_not_exists(no_repeat)");
        // If this fails, the duplicate is listed, but its receipt keeps it from being sent.
        self.dynamo.update(event_key(id), hide, NOT_MARKED).await.ok();
        Ok(true)
    }

    /// Puts an event that counted as a duplicate into the time index again, and then makes its receipt void.
    async fn unmark_duplicate(&self, event: &ExistingEvent) -> Result<(), Fault> {
        let show = Expressions::update("SET no_repeat = :true, arrival = :arrival")
            .only_if("attribute_exists(pk)")
            .value(":true", AttributeValue::Bool(true))
            .value(":arrival", text_value(&event.received_at.to_string()));
        self.dynamo.update(event_key(&event.id), show, NOT_MARKED).await?;
        self.receipts.void(&event.id, clock::now()).await
    }

    /// Runs the first calls of a receiver. If they take long, it reads `latest` at the same time. Events that `latest`
    /// names in that read were stored before this delivery. Events that it names only later overlap with this delivery.
    async fn with_snapshot<T>(
        &self,
        id: &EventId,
        work: impl Future<Output = T>,
    ) -> (T, Option<Snapshot<String>>) {
        let snapshot = async {
            tokio::time::sleep(SNAPSHOT_AFTER).await;
            self.latest.snapshot(id).await.ok()
        };
        let (mut work, mut snapshot) = (pin!(work), pin!(snapshot));
        let (mut found, mut is_reading) = (None, true);
        poll_fn(|context| {
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready((done, found.take()));
            }
            if is_reading && let Poll::Ready(snapshot) = snapshot.as_mut().poll(context) {
                (found, is_reading) = (snapshot, false);
            }
            Poll::Pending
        })
        .await
    }

    /// Returns true if this event is stored. An equal event that had expired when this one arrived does not count.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn exists(&self, id: &EventId, received_at: ReceivedAt) -> Result<bool, Fault> {
        let item = self.dynamo.get(event_key(id)).await?;
        Ok(item.is_some_and(|item| is_unexpired_at(&item, received_at)))
    }

    /// Returns a stored event; `None` if there is none. Its body and message are those that were stored: a changed one
    /// is damage.
    ///
    /// # Errors
    /// If the table cannot be read. The fault is [`Damaged`](inlet::fault::FaultKind::Damaged) if the event is.
    pub async fn get(&self, id: &EventId) -> Result<Option<StoredEvent>, Fault> {
        let Some(item) = self.dynamo.get(event_key(id)).await? else {
            return Ok(None);
        };
        let examined = examine(&self.dynamo, id, &item).await?;
        examined.into_whole().map(Some).map_err(|damage| Fault::damaged(DAMAGED, damage))
    }

    /// Returns the message of a stored event; `None` if there is no such event. The body is compared too: a message is
    /// not sent if the bytes that it was read from have changed.
    ///
    /// # Errors
    /// If the table cannot be read. The fault is [`Damaged`](inlet::fault::FaultKind::Damaged) if the event is.
    pub async fn message(&self, id: &EventId) -> Result<Option<Message>, Fault> {
        let Some(event) = self.get(id).await? else {
            return Ok(None);
        };
        Message::parse(event.message).map(Some).map_err(|error| Fault::damaged(DAMAGED, error.to_string()))
    }

    /// Deletes an event with its chunks, unless an equal event that arrived after `until` has taken its place.
    /// Returns the number of chunks.
    ///
    /// # Errors
    /// If a write fails. If it fails between the event and its chunks, the chunks expire.
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

    /// Writes an event of scope `Forever`: its id decides if it is new. If `tombstone_ms` is given, the event replaces
    /// an equal event that arrived until then.
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

    /// Writes the body and the message, and returns the event's item with them or with the names of their chunks.
    async fn item_of(&self, event: &StoredEvent, id: &EventId) -> Result<Item, Fault> {
        let StoredEvent { record, message, body } = event;
        let owner = ChunkOwner::event(id, record.received_ms);
        let mut item = record_item::to_item(record, id);
        item.extend(self.dynamo.write_body_and_message(body, message, owner).await?);
        item.insert(MESSAGE_SHA256.into(), record_item::hash_value(&sha256_hex(message.as_bytes())));
        item.insert("bucket".into(), AttributeValue::S(bucket_of(record, id)));
        item.insert("arrival".into(), AttributeValue::S(record.received.clone()));
        item.insert("expires".into(), self.dynamo.expires(record.received_ms));
        Ok(item)
    }

    /// Decides about a delivery whose write found an event under its id. The delivery is
    ///
    /// 1. new if this invocation wrote that item itself: the SDK sent its own request again,
    /// 2. new if the item is about to be deleted because its entity is being forgotten: this event replaces it,
    /// 3. else a duplicate of that event.
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
        // An unreadable receipt counts as absent: sending an event twice is harmless, not sending it is a loss.
        let receipt = self.dynamo.get(receipt_key(&original.id)).await.ok().flatten();
        let tombstone_ms = receipt.as_ref().and_then(tombstone_until);
        let tombstone_ms =
            tombstone_ms.filter(|until| (original.received_at.millis()..record.received_ms).contains(until));
        if tombstone_ms.is_some() {
            let item = self.item_of(event, id).await?;
            return Ok(match self.put_item(record, item, tombstone_ms).await? {
                Written::Done => Recorded::New,
                Written::ConditionFailed(found) => {
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

/// The next `latest`: it names this event.
fn newest(own: &Candidate<String, String>, received_ms: i64, latest: &LatestItem) -> LatestItem {
    let Candidate { digest, content, .. } = own.clone();
    Latest { digest, content, received_ms, duplicate: latest.duplicate.clone() }
}

fn arrival_seconds(record: &Record) -> AttributeValue {
    number_value(record.received_ms.div_euclid(1_000))
}

/// The opposite of [`ABSENT_OR_EXPIRED`], for an item that was read.
fn is_unexpired_at(item: &Item, received_at: ReceivedAt) -> bool {
    number(item, "expires").is_some_and(|expires| received_at.millis().div_euclid(1_000) <= expires)
}

/// Returns the event of an item.
fn original(record: &Record, id: &EventId, found: &Item) -> ExistingEvent {
    let received_ms = number(found, "received_ms").unwrap_or(record.received_ms);
    let received_at = ReceivedAt::from_millis(received_ms).unwrap_or(ReceivedAt::EPOCH);
    ExistingEvent { id: id.clone(), received_at }
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
