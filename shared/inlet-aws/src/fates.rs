//! What became of events: whether and when they were processed, or why they are parked.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::KeysAndAttributes;
use inlet::event::{EventId, ReceivedAt};
use inlet::receive::Fault;

use crate::attributes::{Item, text};
use crate::connect::told;
use crate::receipts::{parked, receipt};
use crate::table::{TRIES, Table, WAIT_MS, key};

/// How many events one request asks about: two items each, and DynamoDB reads a hundred.
const EVENTS_AT_ONCE: usize = 50;

/// What became of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// When it was last processed, if it was.
    pub processed: Option<ReceivedAt>,
    /// That it was given up on, if it was.
    pub parked: Option<Parked>,
}

/// An event was given up on: it waits for a redrive or a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// Since when.
    pub since: ReceivedAt,
    /// Why.
    pub reason: String,
}

impl Fate {
    /// What a receipt and a mark say; either may be absent.
    pub(crate) fn told_by(receipt: Option<&Item>, mark: Option<&Item>) -> Self {
        let time = |item: &Item, name: &str| text(item, name).and_then(ReceivedAt::parse);
        let parked = |mark: &Item| Parked {
            since: time(mark, "parked").unwrap_or(ReceivedAt::EPOCH),
            reason: text(mark, "reason").unwrap_or_default().to_owned(),
        };
        Self { processed: receipt.and_then(|receipt| time(receipt, "processed")), parked: mark.map(parked) }
    }
}

impl Table {
    /// What became of each of these events, in their order.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn fates(&self, ids: &[EventId]) -> Result<Vec<Fate>, Fault> {
        let mut fates = Vec::new();
        for some in ids.chunks(EVENTS_AT_ONCE) {
            let items = self.receipts_and_marks(some).await?;
            fates
                .extend(some.iter().map(|id| Fate::told_by(items.get(&receipt(id)), items.get(&parked(id)))));
        }
        Ok(fates)
    }

    async fn receipts_and_marks(&self, ids: &[EventId]) -> Result<HashMap<(String, String), Item>, Fault> {
        let unreadable = |cause: String| Fault::new("the table cannot be read", cause);
        let mut keys: Vec<(String, String)> = ids.iter().flat_map(|id| [receipt(id), parked(id)]).collect();
        // A request must not name an item twice.
        keys.sort();
        keys.dedup();
        let keys = keys.iter().map(|(pk, sk)| key(pk, sk)).collect();
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).build();
        let mut wanted = Some(wanted.map_err(|error| unreadable(error.to_string()))?);
        let mut found = HashMap::new();
        for wait in (0..TRIES).map(|n| WAIT_MS << n) {
            let Some(asked) = wanted.take() else { break };
            let get = self.client.batch_get_item().request_items(&self.name, asked);
            let output = get.send().await.map_err(|error| unreadable(told(&error)))?;
            let items = output.responses.unwrap_or_default().remove(&self.name).unwrap_or_default();
            found.extend(items.into_iter().filter_map(under_its_key));
            wanted = output.unprocessed_keys.unwrap_or_default().remove(&self.name);
            if wanted.is_some() {
                tokio::time::sleep(Duration::from_millis(wait)).await;
            }
        }
        if wanted.is_none() { Ok(found) } else { Err(unreadable("it gives no more at the moment".into())) }
    }
}

fn under_its_key(item: Item) -> Option<((String, String), Item)> {
    Some(((text(&item, "pk")?.to_owned(), text(&item, "sk")?.to_owned()), item))
}
