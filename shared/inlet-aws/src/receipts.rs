//! What became of an event, in small items of its own: its receipt once it was processed, and the mark that it
//! is parked. The event itself is never written again.

use std::collections::HashSet;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use inlet::event::{EventId, ReceivedAt};
use inlet::receive::Fault;

use crate::attributes::{Item, text};
use crate::connect::told;
use crate::table::{TRIES, Table, WAIT_MS, key, parked_key, put, receipt_key};

/// How many items one request reads: DynamoDB's limit.
const ITEMS_AT_ONCE: usize = 100;

/// The longest reason kept with a parked event, in characters.
const MAX_REASON_LEN: usize = 1_000;

impl Table {
    /// Whether the event has a receipt.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn is_processed(&self, id: &EventId) -> Result<bool, Fault> {
        Ok(self.item(id.entity_path(), &receipt_key(id)).await?.is_some())
    }

    /// Whether the event is parked: nobody tries it again until it is redriven or replayed.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn is_parked(&self, id: &EventId) -> Result<bool, Fault> {
        Ok(self.item(id.entity_path(), &parked_key(id)).await?.is_some())
    }

    /// Which of these events have a receipt.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn processed(&self, ids: &[EventId]) -> Result<HashSet<EventId>, Fault> {
        let has_receipt = self.having(ids, |id| vec![receipt(id)]).await?;
        Ok(ids.iter().zip(has_receipt).filter(|(_, has)| *has).map(|(id, _)| id.clone()).collect())
    }

    /// Writes a receipt for each of these events.
    ///
    /// # Errors
    /// When the table does not take all of them.
    pub async fn write_receipts(&self, ids: &[EventId], now: ReceivedAt) -> Result<(), Fault> {
        // A request must not name an item twice.
        let ids: HashSet<&EventId> = ids.iter().collect();
        let requests = ids.into_iter().map(|id| {
            let mut item = key(id.entity_path(), &receipt_key(id));
            item.insert("processed".into(), AttributeValue::S(now.to_string()));
            item.insert("expires".into(), self.expires(now.millis()));
            put(item)
        });
        self.write_all(requests.collect::<Result<_, _>>()?).await
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

    /// Takes the mark away: the event may be tried again.
    ///
    /// # Errors
    /// When the table does not do it.
    pub async fn unpark(&self, id: &EventId) -> Result<(), Fault> {
        self.remove(id.entity_path(), &parked_key(id)).await
    }

    /// For each of these things, whether there is an item under one of its keys.
    pub(crate) async fn having<T>(
        &self,
        things: &[T],
        keys: impl Fn(&T) -> Vec<(String, String)>,
    ) -> Result<Vec<bool>, Fault> {
        let wanted: HashSet<(String, String)> = things.iter().flat_map(&keys).collect();
        let wanted: Vec<(String, String)> = wanted.into_iter().collect();
        let mut there = HashSet::new();
        for some in wanted.chunks(ITEMS_AT_ONCE) {
            there.extend(self.present(some).await?);
        }
        Ok(things.iter().map(|thing| keys(thing).iter().any(|key| there.contains(key))).collect())
    }

    /// Which of these keys have an item.
    async fn present(&self, keys: &[(String, String)]) -> Result<Vec<(String, String)>, Fault> {
        let unreadable = |cause: String| Fault::new("the table cannot be read", cause);
        let keys = keys.iter().map(|(pk, sk)| key(pk, sk)).collect();
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).projection_expression("pk, sk");
        let mut wanted =
            Some(wanted.consistent_read(true).build().map_err(|error| unreadable(error.to_string()))?);
        let mut found = Vec::new();
        for wait in (0..TRIES).map(|n| WAIT_MS << n) {
            let Some(asked) = wanted.take() else { return Ok(found) };
            let get = self.client.batch_get_item().request_items(&self.name, asked);
            let output = get.send().await.map_err(|error| unreadable(told(&error)))?;
            let items = output.responses.unwrap_or_default().remove(&self.name).unwrap_or_default();
            found.extend(items.iter().filter_map(pk_and_sk));
            wanted = output.unprocessed_keys.unwrap_or_default().remove(&self.name);
            if wanted.is_some() {
                tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
            }
        }
        if wanted.is_none() { Ok(found) } else { Err(unreadable("it gives no more at the moment".into())) }
    }
}

/// The key of an event's receipt.
pub(crate) fn receipt(id: &EventId) -> (String, String) {
    (id.entity_path().to_owned(), receipt_key(id))
}

/// The key of the mark that an event is parked.
pub(crate) fn parked(id: &EventId) -> (String, String) {
    (id.entity_path().to_owned(), parked_key(id))
}

fn pk_and_sk(item: &Item) -> Option<(String, String)> {
    Some((text(item, "pk")?.to_owned(), text(item, "sk")?.to_owned()))
}
