//! What became of an event, in small items of its own: its receipt once it was processed, and the mark that it
//! is parked. The event itself is never written again.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;

use crate::client::connect::describe_sdk_error;
use crate::dynamodb::attributes::{Item, number, text};
use crate::dynamodb::pending::PendingEvent;
use crate::dynamodb::table::{TRIED, TRIES, Table, WAIT_MS, delete, key, parked_key, put, receipt_key};

/// How many items one request reads: DynamoDB's limit.
const ITEMS_AT_ONCE: usize = 100;

/// The longest reason kept with a parked event, in characters.
const MAX_REASON_LEN: usize = 1_000;

/// How far two clocks may be apart, generously. A mark of an earlier event is older by the retention.
const MAX_CLOCK_SKEW: Duration = Duration::from_hours(1);

impl Table {
    /// Whether the event that arrived then has a receipt.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn is_processed(&self, id: &EventId, received_at: ReceivedAt) -> Result<bool, Fault> {
        let receipt = self.item(id.entity_path(), &receipt_key(id)).await?;
        Ok(receipt.is_some_and(|receipt| applies_to(&receipt, received_at)))
    }

    /// Whether the event is parked: nobody tries it again until it is redriven or replayed.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn is_parked(&self, id: &EventId) -> Result<bool, Fault> {
        Ok(self.item(id.entity_path(), &parked_key(id)).await?.is_some())
    }

    /// Which of these events, with their arrivals, have a receipt.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn processed(&self, events: &[(&EventId, ReceivedAt)]) -> Result<HashSet<EventId>, Fault> {
        let receipts = self.batch_get(events.iter().map(|(id, _)| receipt_item_key(id))).await?;
        let has_receipt = |(id, received_at): &&(&EventId, ReceivedAt)| {
            receipts.get(&receipt_item_key(id)).is_some_and(|receipt| applies_to(receipt, *received_at))
        };
        Ok(events.iter().filter(has_receipt).map(|(id, _)| (*id).clone()).collect())
    }

    /// Writes a receipt for each of these events, with their arrivals, and takes away the notes that the entities of
    /// `tried` wait.
    ///
    /// # Errors
    /// When the table does not do all of it.
    pub async fn write_receipts(
        &self,
        consumed: &[(&EventId, ReceivedAt)],
        tried: &[EventId],
        now: ReceivedAt,
    ) -> Result<(), Fault> {
        // A request must not name an item twice.
        let mut latest: HashMap<&EventId, ReceivedAt> = HashMap::new();
        for &(id, received_at) in consumed {
            let known = latest.entry(id).or_insert(received_at);
            *known = received_at.max(*known);
        }
        let tried: HashSet<&str> = tried.iter().map(EventId::entity_path).collect();
        let notes = tried.into_iter().map(|entity_path| delete(key(entity_path, TRIED)));
        let receipts = latest.into_iter().map(|(id, received_at)| put(self.receipt(id, received_at, now)));
        self.write_all(receipts.chain(notes).collect::<Result<_, _>>()?).await
    }

    /// Writes a receipt for each of these events of an entity that is forgotten. It counts for what arrived until
    /// now, to the millisecond: what is sent anew is another delivery, however soon.
    ///
    /// # Errors
    /// When the table does not do all of it.
    pub async fn write_tombstones(&self, ids: &[EventId], now: ReceivedAt) -> Result<(), Fault> {
        let receipts = ids.iter().map(|id| {
            let mut item = self.receipt(id, now, now);
            item.insert(TOMBSTONE.into(), AttributeValue::Bool(true));
            put(item)
        });
        self.write_all(receipts.collect::<Result<_, _>>()?).await
    }

    fn receipt(&self, id: &EventId, received_at: ReceivedAt, now: ReceivedAt) -> Item {
        let mut item = key(id.entity_path(), &receipt_key(id));
        // A message of somebody else's may not say when it arrived.
        if received_at != ReceivedAt::EPOCH {
            item.insert("received_ms".into(), AttributeValue::N(received_at.millis().to_string()));
        }
        item.insert("processed".into(), AttributeValue::S(now.to_string()));
        item.insert("expires".into(), self.expires(now.millis()));
        item
    }

    /// Marks an event as parked, and why.
    ///
    /// # Errors
    /// When the table does not take it.
    pub async fn park(&self, id: &EventId, why: &str, now: ReceivedAt) -> Result<(), Fault> {
        let mut item = key(id.entity_path(), &parked_key(id));
        item.insert("parked".into(), AttributeValue::S(now.to_string()));
        item.insert("reason".into(), AttributeValue::S(why.chars().take(MAX_REASON_LEN).collect()));
        item.insert("expires".into(), self.expires(now.millis()));
        self.write_all(vec![put(item)?]).await
    }

    /// Takes the mark away, where there is one: the event may be tried again. The sweeper is told first, as it has
    /// long walked past the event: whatever becomes of the message that is to be sent now, the event is not
    /// forgotten.
    ///
    /// # Errors
    /// When the table does not do it.
    pub async fn unpark(&self, id: &EventId, received: &str, now: ReceivedAt) -> Result<(), Fault> {
        if !self.is_parked(id).await? {
            return Ok(());
        }
        self.put_pending(&PendingEvent::unsent(id, received, now)).await?;
        self.remove(id.entity_path(), &parked_key(id)).await
    }

    /// The small items that stand under these keys, by their keys.
    pub(crate) async fn batch_get(
        &self,
        keys: impl IntoIterator<Item = (String, String)>,
    ) -> Result<HashMap<(String, String), Item>, Fault> {
        // A request must not name an item twice.
        let wanted: HashSet<(String, String)> = keys.into_iter().collect();
        let wanted: Vec<(String, String)> = wanted.into_iter().collect();
        let mut notes = HashMap::new();
        for some in wanted.chunks(ITEMS_AT_ONCE) {
            let found = self.batch_get_some(some).await?;
            notes.extend(found.into_iter().filter_map(|item| Some((pk_and_sk(&item)?, item))));
        }
        Ok(notes)
    }

    async fn batch_get_some(&self, keys: &[(String, String)]) -> Result<Vec<Item>, Fault> {
        let unreadable = |cause: String| Fault::new("the table cannot be read", cause);
        let keys = keys.iter().map(|(pk, sk)| key(pk, sk)).collect();
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true);
        let mut wanted = Some(wanted.build().map_err(|error| unreadable(error.to_string()))?);
        let mut found = Vec::new();
        for wait in (0..TRIES).map(|n| WAIT_MS << n) {
            let Some(asked) = wanted.take() else { return Ok(found) };
            let get = self.client.batch_get_item().request_items(&self.name, asked);
            let output = get.send().await.map_err(|error| unreadable(describe_sdk_error(&error)))?;
            found.extend(output.responses.unwrap_or_default().remove(&self.name).unwrap_or_default());
            wanted = output.unprocessed_keys.unwrap_or_default().remove(&self.name);
            if wanted.is_some() {
                tokio::time::sleep(Duration::from_millis(wait)).await;
            }
        }
        if wanted.is_none() { Ok(found) } else { Err(unreadable("it gives no more at the moment".into())) }
    }
}

/// Whether a receipt or a mark was made for the event that arrived then. DynamoDB deletes what has expired when it
/// likes: a mark may outlive its event, and then says nothing of an equal delivery that comes again. Nor does one that
/// was left when its entity was forgotten, or that a message on its way then left afterwards. So a receipt says until
/// which arrival it counts, and a mark that does not (a receipt of 0.1.0) counts until about when it was made.
pub(crate) fn applies_to(mark: &Item, received_at: ReceivedAt) -> bool {
    if let Some(received_ms) = number(mark, "received_ms") {
        return received_at.millis() <= received_ms;
    }
    let made = text(mark, "processed").or_else(|| text(mark, "parked")).and_then(ReceivedAt::parse);
    made.is_some_and(|made| received_at.earlier(MAX_CLOCK_SKEW) <= made)
}

/// The attribute that makes a receipt a tombstone: its event was removed, or is about to be. The value is stored
/// data: it keeps its first name.
const TOMBSTONE: &str = "last";

/// Until which arrival events are removed that have this receipt, where it is the last one of a forgotten entity.
pub(crate) fn tombstone_until(receipt: &Item) -> Option<i64> {
    receipt.get(TOMBSTONE).and_then(|_| number(receipt, "received_ms"))
}

/// The key of an event's receipt.
pub(crate) fn receipt_item_key(id: &EventId) -> (String, String) {
    (id.entity_path().to_owned(), receipt_key(id))
}

/// The key of the mark that an event is parked.
pub(crate) fn parked_marker_key(id: &EventId) -> (String, String) {
    (id.entity_path().to_owned(), parked_key(id))
}

fn pk_and_sk(item: &Item) -> Option<(String, String)> {
    Some((text(item, "pk")?.to_owned(), text(item, "sk")?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_says_nothing_of_an_equal_event_that_arrived_later() {
        let receipt = Item::from([
            ("processed".to_owned(), AttributeValue::S("1970-01-01T00:00:09.000Z".into())),
            ("received_ms".to_owned(), AttributeValue::N("1000".into())),
        ]);
        for (received_ms, is) in [(0, true), (1_000, true), (1_001, false)] {
            let received_at = ReceivedAt::from_millis(received_ms).unwrap();
            assert_eq!(applies_to(&receipt, received_at), is, "an arrival at {received_ms} ms");
        }
    }

    #[test]
    fn a_mark_that_outlived_its_event_says_nothing_of_the_next_one() {
        let mark = |name: &str| {
            Item::from([(name.to_owned(), AttributeValue::S("2025-06-12T08:00:00.000Z".into()))])
        };
        for (received, is) in [
            ("2025-06-12T07:59:59.999Z", true),
            ("2025-06-12T08:00:01.000Z", true), // the processor's clock is behind
            ("2025-09-12T08:00:00.000Z", false),
        ] {
            let received_at = ReceivedAt::parse(received).unwrap();
            for name in ["processed", "parked"] {
                assert_eq!(applies_to(&mark(name), received_at), is, "{name} of what arrived at {received}");
            }
        }
    }
}
