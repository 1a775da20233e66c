//! The state of an event, in small items of their own: receipts, tombstones and parked markers. The event's own item is
//! never changed.
//!
//! A receipt is the proof that an event was processed. A tombstone is a receipt of an event that was forgotten. A
//! parked marker keeps an event from being sent until an operator redrives or replays it.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::try_join_all;
use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;

use crate::dynamodb::attributes::{Item, number, number_value, text, text_value};
use crate::dynamodb::dynamo::{Consistency, Dynamo, Expressions, Written, delete_request, put_request};
use crate::dynamodb::keys::{attempts_key, parked_key, receipt_key, replay_key};
use crate::dynamodb::pending::{Pending, PendingEvent};

/// Maximum length of the reason in a parked marker, in characters.
const MAX_REASON_LEN: usize = 1_000;

/// Maximum difference between two clocks, with a margin. A marker of an earlier, equal event is older by the retention.
const MAX_CLOCK_SKEW: Duration = Duration::from_hours(1);

/// The time that the receipt of a signed delivery is kept: ten years. A signed delivery can be captured and sent again
/// after its event has expired, and must not become another event.
const SIGNED_RETENTION: Duration = Duration::from_hours(10 * 365 * 24);

/// The attribute that makes a receipt a tombstone. Stored data: it keeps its first name.
const TOMBSTONE: &str = "last";

/// The attribute of a duplicate's receipt: the digest of the original. Stored data: it keeps its first name.
const ORIGINAL: &str = "repeats";

/// The attribute of a void receipt: the event was decided to be a duplicate, and then not to be one.
const VOID: &str = "void";

/// The attribute of a receipt that a replay wrote, because the event had none: the replay's name.
const BY_REPLAY: &str = "replay";

/// The longest name of a replay, in bytes: longer ones are not those of a replay of ours.
const MAX_REPLAY_LEN: usize = 36;

/// A failed write of a replay's record.
const REPLAY_NOT_RECORDED: &str = "the record of a replay cannot be stored";

/// The arrival in a void receipt: it applies to no event.
const NO_ARRIVAL_MS: i64 = i64::MIN;

/// A failed write of a duplicate's receipt.
const NOT_WRITTEN: &str = "the receipt of a duplicate cannot be stored";

/// The purpose of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Its event is consumed once.
    Once,
    /// It is part of a replay: its event is consumed again.
    Again,
}

/// The owner of receipts, tombstones and parked markers.
#[derive(Clone, Debug)]
pub struct Receipts {
    dynamo: Dynamo,
    pending: Pending,
}

impl Receipts {
    pub(crate) fn new(dynamo: Dynamo) -> Self {
        Self { pending: Pending::new(dynamo.clone()), dynamo }
    }

    /// Returns true if the event that arrived at this time was processed.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn is_processed(&self, id: &EventId, received_at: ReceivedAt) -> Result<bool, Fault> {
        let receipt = self.dynamo.get(receipt_key(id)).await?;
        Ok(receipt.is_some_and(|receipt| applies_to(&receipt, received_at)))
    }

    /// Returns true if the event is parked.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn is_parked(&self, id: &EventId) -> Result<bool, Fault> {
        Ok(self.dynamo.get(parked_key(id)).await?.is_some())
    }

    /// Returns which of these messages, given by event, arrival and purpose, are not to be consumed: those whose event
    /// was processed, and replays of an event that was forgotten.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn processed(
        &self,
        messages: &[(&EventId, ReceivedAt, Purpose)],
    ) -> Result<HashSet<EventId>, Fault> {
        let receipts = self.dynamo.batch_get(messages.iter().map(|(id, ..)| receipt_key(id))).await?;
        let is_done = |(id, received_at, purpose): &&(&EventId, ReceivedAt, Purpose)| {
            let receipt = receipts.get(&receipt_key(id));
            receipt.filter(|receipt| applies_to(receipt, *received_at)).is_some_and(|receipt| match purpose {
                Purpose::Once => true,
                Purpose::Again => tombstone_until(receipt).is_some(),
            })
        };
        Ok(messages.iter().filter(is_done).map(|(id, ..)| (*id).clone()).collect())
    }

    /// Returns those of these events, given with their arrivals, whose receipt an eventually consistent read finds.
    ///
    /// A receipt that was written a moment ago may be missing. The receipt of a duplicate counts as missing, because it
    /// can become void, and an old copy of it would hide an event.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub(crate) async fn surely_processed(
        &self,
        events: &[(&EventId, ReceivedAt)],
    ) -> Result<HashSet<EventId>, Fault> {
        let keys = events.iter().map(|(id, _)| receipt_key(id));
        let receipts = self.dynamo.batch_get_with(keys, Consistency::Eventual).await?;
        let has_receipt = |(id, received_at): &&(&EventId, ReceivedAt)| {
            let receipt = receipts.get(&receipt_key(id));
            receipt.is_some_and(|it| !it.contains_key(ORIGINAL) && applies_to(it, *received_at))
        };
        Ok(events.iter().filter(has_receipt).map(|(id, _)| (*id).clone()).collect())
    }

    /// Writes a receipt for each of these events, given with their arrivals, and deletes the attempts of the entities
    /// of `attempted`.
    ///
    /// # Errors
    /// If a write fails. Others of them may have succeeded.
    pub async fn write(
        &self,
        consumed: &[(&EventId, ReceivedAt)],
        attempted: &[EventId],
        now: ReceivedAt,
    ) -> Result<(), Fault> {
        self.write_with_signed(consumed, &HashSet::new(), attempted, now).await
    }

    /// The same; the receipts of `signed` events are kept for longer than the events.
    pub(crate) async fn write_with_signed(
        &self,
        consumed: &[(&EventId, ReceivedAt)],
        signed: &HashSet<&EventId>,
        attempted: &[EventId],
        now: ReceivedAt,
    ) -> Result<(), Fault> {
        // DynamoDB refuses a request that names a key twice.
        let mut latest: HashMap<&EventId, ReceivedAt> = HashMap::new();
        for &(id, received_at) in consumed {
            let known = latest.entry(id).or_insert(received_at);
            *known = received_at.max(*known);
        }
        let attempts: HashSet<_> = attempted.iter().map(attempts_key).collect();
        let attempts = attempts.into_iter().map(delete_request);
        let receipts = latest.into_iter().map(|(id, received_at)| {
            let mut receipt = self.receipt(id, received_at, now);
            if signed.contains(id) {
                receipt.insert("expires".into(), expires_as_signed(now));
            }
            put_request(receipt)
        });
        self.dynamo.batch_write(receipts.chain(attempts).collect::<Result<_, _>>()?).await
    }

    /// Records that these events, given with their arrivals and the names of their replays, were processed again. An
    /// event that has a receipt keeps it, so that the time of its first processing stays. An event without one gets it.
    ///
    /// # Errors
    /// When the table does not do all of it.
    pub(crate) async fn write_replayed(
        &self,
        replayed: &[(&EventId, ReceivedAt, &str)],
        signed: &HashSet<&EventId>,
        now: ReceivedAt,
    ) -> Result<(), Fault> {
        if replayed.is_empty() {
            return Ok(());
        }
        let receipts = self.dynamo.batch_get(replayed.iter().map(|(id, ..)| receipt_key(id))).await?;
        let has_receipt = |id: &EventId, received_at| {
            receipts.get(&receipt_key(id)).is_some_and(|receipt| applies_to(receipt, received_at))
        };
        // DynamoDB refuses a request that names a key twice.
        let missing: HashMap<&EventId, _> = replayed
            .iter()
            .filter(|(id, received_at, _)| !has_receipt(id, *received_at))
            .map(|(id, received_at, replay)| (*id, (*received_at, *replay)))
            .collect();
        let puts = missing.into_iter().map(|(id, (received_at, replay))| {
            let mut item = self.receipt(id, received_at, now);
            item.insert(BY_REPLAY.into(), text_value(replay));
            if signed.contains(id) {
                item.insert("expires".into(), expires_as_signed(now));
            }
            put_request(item)
        });
        self.dynamo.batch_write(puts.collect::<Result<_, _>>()?).await?;
        let named = replayed.iter().filter(|(.., replay)| (1..=MAX_REPLAY_LEN).contains(&replay.len()));
        let records = named.map(|(id, _, replay)| {
            // The operator's command may write its part of the record later.
            let record = Expressions::update("SET #processed = :now, expires = :expires")
                .name("#processed", "processed")
                .value(":now", text_value(&now.to_string()))
                .value(":expires", self.dynamo.expires(now.millis()));
            self.dynamo.update(replay_key(id, replay), record, REPLAY_NOT_RECORDED)
        });
        try_join_all(records).await.map(|_| ())
    }

    /// Writes a tombstone for each of these events of a forgotten entity, given with the time until which it applies,
    /// to the millisecond: an equal delivery afterwards is a new event.
    ///
    /// # Errors
    /// If a write fails. Others of them may have succeeded.
    pub async fn write_tombstones(
        &self,
        events: &[(EventId, ReceivedAt)],
        now: ReceivedAt,
    ) -> Result<(), Fault> {
        let tombstones = events.iter().map(|(id, until)| {
            let mut item = self.receipt(id, *until, now);
            item.insert(TOMBSTONE.into(), AttributeValue::Bool(true));
            put_request(item)
        });
        self.dynamo.batch_write(tombstones.collect::<Result<_, _>>()?).await
    }

    /// Writes the receipt of a duplicate, given with its arrival. Returns false if the receipt was made void before:
    /// then the event is not a duplicate.
    ///
    /// # Errors
    /// If the write fails.
    pub(crate) async fn write_duplicate(
        &self,
        id: &EventId,
        received_at: ReceivedAt,
        original: &EventId,
        now: ReceivedAt,
    ) -> Result<bool, Fault> {
        let mut item = self.receipt(id, received_at, now);
        item.insert(ORIGINAL.into(), text_value(original.digest()));
        let condition = Expressions::condition("attribute_not_exists(pk)");
        match self.dynamo.put(item, condition, NOT_WRITTEN).await? {
            Written::Done => Ok(true),
            Written::ConditionFailed(found) => Ok(!found.contains_key(VOID)),
        }
    }

    /// Makes the receipt of a duplicate void, because the event is not a duplicate. The receipt of a processed event
    /// stays.
    ///
    /// # Errors
    /// If the write fails.
    pub(crate) async fn void(&self, id: &EventId, now: ReceivedAt) -> Result<(), Fault> {
        let mut item = receipt_key(id).into_item();
        item.insert(VOID.into(), AttributeValue::Bool(true));
        item.insert("received_ms".into(), number_value(NO_ARRIVAL_MS));
        item.insert("expires".into(), self.dynamo.expires(now.millis()));
        let condition = Expressions::condition("attribute_not_exists(pk) OR attribute_exists(repeats)");
        self.dynamo.put(item, condition, NOT_WRITTEN).await.map(|_| ())
    }

    fn receipt(&self, id: &EventId, received_at: ReceivedAt, now: ReceivedAt) -> Item {
        let mut item = receipt_key(id).into_item();
        // A message that another program put on the queue may contain no arrival.
        if received_at != ReceivedAt::EPOCH {
            item.insert("received_ms".into(), number_value(received_at.millis()));
        }
        item.insert("processed".into(), text_value(&now.to_string()));
        item.insert("expires".into(), self.dynamo.expires(now.millis()));
        item
    }

    /// Parks an event, with the reason.
    ///
    /// # Errors
    /// If the write fails.
    pub async fn park(&self, id: &EventId, why: &str, now: ReceivedAt) -> Result<(), Fault> {
        let mut item = parked_key(id).into_item();
        item.insert("parked".into(), text_value(&now.to_string()));
        item.insert("reason".into(), AttributeValue::S(why.chars().take(MAX_REASON_LEN).collect()));
        item.insert("expires".into(), self.dynamo.expires(now.millis()));
        self.dynamo.batch_write(vec![put_request(item)?]).await
    }

    /// Deletes the parked marker of an event, if there is one. Before that it adds the event to the pending list: the
    /// sweeper's cursor has passed the event, and its message may be lost.
    ///
    /// # Errors
    /// If a write fails.
    pub async fn unpark(&self, id: &EventId, received: &str, now: ReceivedAt) -> Result<(), Fault> {
        if !self.is_parked(id).await? {
            return Ok(());
        }
        self.pending.put(&PendingEvent::unsent(id, received, now)).await?;
        self.dynamo.delete(parked_key(id), Expressions::default()).await.map(|_| ())
    }
}

/// Returns the arrival in the receipt of a signed event that was processed, and that may have expired since; `None` if
/// there is no such receipt.
pub(crate) fn signed_arrival(receipt: &Item) -> Option<ReceivedAt> {
    if tombstone_until(receipt).is_some() || receipt.contains_key(VOID) {
        return None;
    }
    ReceivedAt::from_millis(number(receipt, "received_ms")?)
}

fn expires_as_signed(now: ReceivedAt) -> AttributeValue {
    let seconds = i64::try_from(SIGNED_RETENTION.as_secs()).unwrap_or(i64::MAX);
    number_value(now.millis().div_euclid(1_000).saturating_add(seconds))
}

/// Returns whether a receipt or a parked marker applies to the event that arrived then, and not to an earlier, equal
/// one. A marker may outlive its event, because DynamoDB deletes expired items late, and because a forgotten entity
/// leaves tombstones.
///
/// A marker with an arrival applies to every event that arrived until then. A marker without an arrival (version 0.1.0)
/// applies to events that arrived before it was written, allowing for clock skew.
pub(crate) fn applies_to(marker: &Item, received_at: ReceivedAt) -> bool {
    if let Some(received_ms) = number(marker, "received_ms") {
        return received_at.millis() <= received_ms;
    }
    let written = text(marker, "processed").or_else(|| text(marker, "parked")).and_then(ReceivedAt::parse);
    written.is_some_and(|written| received_at.earlier(MAX_CLOCK_SKEW) <= written)
}

/// Returns true if a replay wrote the receipt: the event had none before, for instance because it was parked.
pub(crate) fn is_by_replay(receipt: &Item) -> bool {
    receipt.contains_key(BY_REPLAY)
}

/// Returns true for the receipt of a duplicate of another event.
pub(crate) fn is_of_duplicate(receipt: &Item) -> bool {
    receipt.contains_key(ORIGINAL) && !receipt.contains_key(VOID)
}

/// Returns the arrival, in milliseconds, until which a tombstone applies; `None` for an ordinary receipt.
pub(crate) fn tombstone_until(receipt: &Item) -> Option<i64> {
    receipt.get(TOMBSTONE).and_then(|_| number(receipt, "received_ms"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_does_not_apply_to_a_later_equal_event() {
        let receipt = Item::from([
            ("processed".to_owned(), text_value("1970-01-01T00:00:09.000Z")),
            ("received_ms".to_owned(), number_value(1_000)),
        ]);
        for (received_ms, applies) in [(0, true), (1_000, true), (1_001, false)] {
            let received_at = ReceivedAt::from_millis(received_ms).unwrap();
            assert_eq!(applies_to(&receipt, received_at), applies, "an arrival at {received_ms} ms");
        }
    }

    #[test]
    fn a_marker_that_outlives_its_event_does_not_apply_to_the_next() {
        let marker = |name: &str| Item::from([(name.to_owned(), text_value("2025-06-12T08:00:00.000Z"))]);
        for (received, applies) in [
            ("2025-06-12T07:59:59.999Z", true),
            ("2025-06-12T08:00:01.000Z", true), // the processor's clock is behind
            ("2025-09-12T08:00:00.000Z", false),
        ] {
            let received_at = ReceivedAt::parse(received).unwrap();
            for name in ["processed", "parked"] {
                assert_eq!(applies_to(&marker(name), received_at), applies, "{name}, arrival {received}");
            }
        }
    }
}
