//! The quarantine in the event table: refused deliveries with all that is needed to verify them again.
//!
//! That includes what they offer as proof, which may be a store's real secret. It is encrypted at rest by the
//! table (`SSESpecification` in the template: the account's own `aws/dynamodb` key), so whoever may read the table may read
//! it; it never reaches a log. Items go 72 hours after their arrival by the table's time to live, which takes
//! DynamoDB up to a few days more; the table's backups, where a stage has them, keep it as long as everything
//! else. No item has a `bucket`: the time index, and so the sweeper and a replay, never see one.
//!
//! A retry of the provider is an item of its own. Which deliveries are one event only the journal can say, in the
//! order of their arrival: A, B, A is three.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use inlet::event::Event;
use inlet::fault::Fault;
use inlet::receive::quarantine::{Quarantine, QuarantineOutcome, RejectedRequest};
use inlet::received_at::ReceivedAt;
use inlet::request::{Method, Request};
use inlet::store::StoreName;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::client::clock;
use crate::client::connect::describe_sdk_error;
use crate::client::rate_limit::TokenBucket;
use crate::client::timeouts;
use crate::dynamodb::attributes::{self, Item, text};
use crate::dynamodb::blob::BlobField;
use crate::dynamodb::pending::PendingEvent;
use crate::dynamodb::record::hex;
use crate::dynamodb::table::{Table, key};

/// The largest body that is held, in bytes. The largest documented payload has less than a tenth of it, and it fits
/// into its item beside query and headers, which API Gateway keeps below 10 KB each.
pub const MAX_QUARANTINED_LEN: usize = 256 * 1024;

/// How long a delivery is held: a wrong secret that is entered on a Friday is found on a Monday.
pub const RETENTION: Duration = Duration::from_hours(72);

/// What a store may have held by one function instance, in KiB as DynamoDB counts writes: a burst, and one more
/// in how much time. The burst takes some 300 orders of 6 KB at once, the rest more than one in a second. A flood
/// costs 10 write units a second, store and instance at the most, and only configured stores count.
const BURST: u32 = 2_048;
const REFILL_INTERVAL: Duration = Duration::from_millis(100);

/// What any delivery counts as at least: a burst of small forgeries is 512 of them, and not thousands.
const MIN_COST: u32 = 4;

/// The body beside the rest. It never leaves its item.
const BODY: BlobField = BlobField { name: "body", inline_len: MAX_QUARANTINED_LEN };

/// A provider's refused deliveries in the event table.
#[derive(Debug)]
pub struct TableQuarantine {
    table: Table,
    provider: &'static str,
    buckets: Mutex<HashMap<StoreName, TokenBucket>>,
}

impl TableQuarantine {
    /// The quarantine of this provider's stores.
    pub fn new(table: Table, provider: &'static str) -> Self {
        Self { table, provider, buckets: Mutex::default() }
    }

    /// Has the sweeper look after a held delivery that becomes an event now, whatever becomes of its message.
    pub(crate) async fn put_pending(&self, event: &Event) -> Result<(), Fault> {
        let received = event.received_at().to_string();
        self.table.put_pending(&PendingEvent::unsent(event.id(), &received, clock::now())).await
    }

    /// The partition of a store's held deliveries.
    fn partition(&self, store: &StoreName) -> String {
        format!("quarantine/{}/{store}", self.provider)
    }

    fn has_capacity(&self, suspect: &RejectedRequest<'_>, now: Instant) -> bool {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || TokenBucket::new(BURST, REFILL_INTERVAL, now);
        buckets.entry(suspect.store().clone()).or_insert_with(new).try_acquire(cost(suspect), now)
    }

    async fn put(&self, suspect: &RejectedRequest<'_>) -> Result<(), Fault> {
        let (note, pk) = (Note::of(suspect), self.partition(suspect.store()));
        let mut item = attributes::of(&note);
        item.extend(self.table.write_blob(BODY, suspect.body(), note.received_ms).await?);
        item.extend(key(&pk, &note.sort_key(suspect.body())));
        item.insert("expires".into(), expires(note.received_ms));
        let put = self.table.client.put_item().table_name(&self.table.name).set_item(Some(item));
        put.send().await.map(|_| ()).map_err(|error| Fault::new(NOT_HELD, describe_sdk_error(&error)))
    }
}

const NOT_HELD: &str = "the delivery cannot be held";

impl Quarantine for TableQuarantine {
    async fn store(&self, suspect: &RejectedRequest<'_>) -> Result<QuarantineOutcome, Fault> {
        if suspect.body().len() > MAX_QUARANTINED_LEN {
            return Ok(QuarantineOutcome::TooLarge);
        }
        if !self.has_capacity(suspect, Instant::now()) {
            return Ok(QuarantineOutcome::RateLimited);
        }
        timeouts::with_timeout(timeouts::QUARANTINE, NOT_HELD, self.put(suspect))
            .await
            .map(|()| QuarantineOutcome::Stored)
    }
}

/// What holding a delivery counts as, in KiB before it is compressed.
fn cost(suspect: &RejectedRequest<'_>) -> u32 {
    let headers = suspect.headers().iter().map(|(name, value)| name.len().saturating_add(value.len()));
    let len = headers.fold(suspect.body().len(), usize::saturating_add).saturating_add(suspect.query().len());
    u32::try_from(len.div_euclid(1_024).saturating_add(1)).unwrap_or(u32::MAX).max(MIN_COST)
}

fn expires(received_ms: i64) -> AttributeValue {
    let seconds = i64::try_from(RETENTION.as_secs()).unwrap_or(i64::MAX);
    AttributeValue::N(received_ms.div_euclid(1_000).saturating_add(seconds).to_string())
}

/// All that is kept of a refused delivery but its body. Without `Debug`: it holds what was offered as proof.
#[derive(Serialize, Deserialize)]
struct Note {
    received_ms: i64,
    received: String,
    reason: String,
    method: String,
    topic: Option<String>,
    query: String,
    headers: Vec<(String, String)>,
    size: usize,
}

impl Note {
    fn of(suspect: &RejectedRequest<'_>) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self {
            received_ms: suspect.received_at().millis(),
            received: suspect.received_at().to_string(),
            reason: suspect.rejection().to_string(),
            method: suspect.method().as_str().to_owned(),
            topic: suspect.topic().map(str::to_owned),
            query: suspect.query().to_owned(),
            headers: suspect.headers().iter().map(owned).collect(),
            size: suspect.body().len(),
        }
    }

    /// Sorts by arrival. The digest of proof and body tells two of the same millisecond apart, and makes one item
    /// of the SDK's own second try.
    fn sort_key(&self, body: &[u8]) -> String {
        let mut hash = Sha256::new();
        let headers = self.headers.iter().flat_map(|(name, value)| [name, value]);
        for part in [&self.method, &self.query].into_iter().chain(&self.topic).chain(headers) {
            // The length keeps the parts apart.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update(body);
        let digest: String = hex(&hash.finalize()).chars().take(16).collect();
        format!("{}/{digest}", self.received)
    }
}

/// A delivery out of the quarantine, not proved yet.
pub(crate) struct QuarantinedRequest {
    pub(crate) request: Request,
    pub(crate) received_at: ReceivedAt,
    pub(crate) sort_key: String,
}

impl TableQuarantine {
    /// All that is held for a store, in the order of arrival.
    pub(crate) fn all_quarantined(&self, store: &StoreName) -> QueryFluentBuilder {
        let query = self.table.client.query().table_name(&self.table.name).consistent_read(true);
        let partition = AttributeValue::S(self.partition(store));
        query.key_condition_expression("pk = :pk").expression_attribute_values(":pk", partition)
    }

    /// A held delivery as it arrived.
    pub(crate) async fn quarantined_request(
        &self,
        item: &Item,
        store: &StoreName,
    ) -> Result<QuarantinedRequest, Fault> {
        let damaged = |error| Fault::new("the held delivery is damaged", error);
        let note: Note = attributes::read(item).map_err(damaged)?;
        let request = Request {
            method: Method::parse(&note.method),
            store: store.clone(),
            topic: note.topic,
            query: note.query,
            headers: note.headers.into_iter().collect(),
            body: self.table.read_blob(BODY, item).await?,
        };
        let received_at = ReceivedAt::from_millis(note.received_ms).unwrap_or(ReceivedAt::EPOCH);
        let sort_key = text(item, "sk").unwrap_or_default().to_owned();
        Ok(QuarantinedRequest { request, received_at, sort_key })
    }

    /// Ends the holding of a delivery.
    pub(crate) async fn remove(&self, store: &StoreName, sort_key: &str) -> Result<(), Fault> {
        let delete = self.table.client.delete_item().table_name(&self.table.name);
        let delete = delete.set_key(Some(key(&self.partition(store), sort_key)));
        let removed = delete.send().await;
        removed
            .map(|_| ())
            .map_err(|error| Fault::new("the held delivery cannot be removed", describe_sdk_error(&error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn note(received_ms: i64, headers: Vec<(String, String)>) -> Note {
        Note {
            received_ms,
            received: ReceivedAt::from_millis(received_ms).unwrap().to_string(),
            reason: "no live credential fits what was offered".into(),
            method: "POST".into(),
            topic: None,
            query: String::new(),
            headers,
            size: 0,
        }
    }

    fn proof(text: &str) -> Vec<(String, String)> {
        vec![("x-signature".into(), text.into())]
    }

    #[test]
    fn the_second_try_of_one_write_is_the_same_item_and_everything_else_another() {
        let first = note(7, proof("a")).sort_key(b"{}");
        assert_eq!(note(7, proof("a")).sort_key(b"{}"), first);
        for (other, body) in [
            (note(7, proof("b")), &b"{}"[..]),
            (note(7, proof("a")), b"{ }"),
            (note(7, proof("a{}")), b""),
            (note(8, proof("a")), b"{}"),
        ] {
            assert_ne!(other.sort_key(body), first);
        }
    }

    proptest! {
        #[test]
        fn held_deliveries_sort_by_their_arrival(one in 0_i64..4_000_000_000_000, other in 0_i64..4_000_000_000_000) {
            let key = |ms| note(ms, proof("a")).sort_key(b"{}");
            prop_assume!(one != other);
            prop_assert_eq!(one < other, key(one) < key(other));
        }

        #[test]
        fn a_note_comes_out_of_its_item_as_it_went_in(
            headers in prop::collection::vec((".{0,20}", ".{0,40}"), 0..6), topic: Option<String>, query: String,
        ) {
            let note = Note { topic, query, ..note(7, headers) };
            let mut item = attributes::of(&note);
            item.extend(key("quarantine/zid/a", "x"));
            item.insert("expires".into(), expires(7));
            let read: Note = attributes::read(&item).unwrap();
            let all = |note: Note| (note.received_ms, note.topic, note.query, note.headers, note.reason, note.method);
            prop_assert_eq!(all(read), all(note));
        }
    }

    #[test]
    fn what_is_held_goes_after_three_days() {
        assert_eq!(
            expires(1_749_715_272_345),
            AttributeValue::N((1_749_715_272 + 3 * 24 * 60 * 60).to_string())
        );
    }
}
