//! The quarantine: requests that failed verification, complete, so that they can be verified again.
//!
//! An item contains the sender's proof, which may be a store's real secret. The table encrypts it at rest
//! (`SSESpecification` in the template: the account's `aws/dynamodb` key); every principal that may read the table may
//! read it. It never reaches a log. Items expire 72 hours after their arrival, and DynamoDB deletes them up to a few
//! days later; backups of the table, if a stage has them, keep them as long as everything else. No item has a `bucket`,
//! so the time index, and with it the sweeper and replays, never contains one.
//!
//! A store's partition has two sections: deferred requests, whose sort keys begin with `DEFERRED_PREFIX`, and after them
//! the refused ones. So `inlet reverify` reads the deferred ones first, which are mostly genuine, and the sweeper reads no
//! others, however many forgeries wait behind them.
//!
//! A provider's retry is a separate item: only the journal can decide which deliveries are one event, in the order of
//! their arrival.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use inlet::fault::Fault;
use inlet::proof::Rejection;
use inlet::receive::quarantine::{Quarantine, QuarantineOutcome, RejectedRequest};
use inlet::store::StoreName;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::client::rate_limit::TokenBucket;
use crate::dynamodb::attributes::{self, number_value};
use crate::dynamodb::chunks::{BlobField, ChunkOwner};
use crate::dynamodb::dynamo::{Dynamo, Expressions, Key};
use crate::dynamodb::gzip::Effort;
use crate::dynamodb::keys::QUARANTINE;
use crate::dynamodb::quarantine_quota::Quota;
use crate::dynamodb::record::hex;
use crate::dynamodb::table::Table;
use crate::telemetry::timing::{Step, with_timeout};

/// Maximum length of a quarantined body of a refused request, in bytes: the largest documented payload has less than a
/// tenth of it. A deferred request has no such limit, because the sender gets a 2xx.
pub const MAX_QUARANTINED_LEN: usize = 256 * 1024;

/// The body: in its item beside query and headers, which API Gateway keeps below 10 KB each, or in chunks.
pub(crate) const BODY: BlobField = BlobField { name: "body", inline_len: 300_000 };

/// The time that a request is quarantined: a wrong secret that is entered on a Friday is found on a Monday.
pub const RETENTION: Duration = Duration::from_hours(72);

/// A store's token bucket in one function instance: a token is one KiB, as DynamoDB counts writes. The burst takes some
/// 300 orders of 6 KB at once, and the refill more than one in a second. A flood costs at most 10 write units a second
/// for each store and instance. Only configured stores have a bucket.
const BURST: u32 = 2_048;
const REFILL_INTERVAL: Duration = Duration::from_millis(100);

/// The token bucket of all stores of a function instance: four stores may be flooded at once.
const TOTAL_BURST: u32 = 4 * BURST;
const TOTAL_REFILL_INTERVAL: Duration = Duration::from_millis(25);

/// The token bucket of deferred requests of a function instance: 64 MiB at once and a MiB in a second, some 170 orders of
/// 6 KB. It is wide, because a genuine delivery that finds no token is refused. While credentials cannot be read, requests
/// for invented store names are quarantined too, and only this limits what they cost: 1,000 write units a second for each
/// instance.
const DEFERRED_BURST: u32 = 64 * 1_024;
const DEFERRED_REFILL_INTERVAL: Duration = Duration::from_millis(1);

/// Maximum number of stores that have a bucket of their own.
const MAX_BUCKETS: usize = 1_000;

/// The beginning of the sort key of a request that was quarantined because the store's credentials could not be read. It
/// sorts before every arrival. Stored data: the value must stay.
pub(crate) const DEFERRED_PREFIX: &str = "!deferred/";

/// Minimum cost of a request, in tokens: the burst is 512 small forgeries, not thousands.
const MIN_COST: u32 = 4;

const NOT_QUARANTINED: &str = "the request cannot be quarantined";

/// The quarantine of one provider's stores.
#[derive(Debug)]
pub struct TableQuarantine {
    pub(crate) dynamo: Dynamo,
    pub(crate) provider: &'static str,
    buckets: Mutex<HashMap<StoreName, TokenBucket>>,
    total: Mutex<TokenBucket>,
    deferred: Mutex<TokenBucket>,
    quota: Quota,
}

impl TableQuarantine {
    /// The quarantine of this provider's stores in this table.
    pub fn new(table: &Table, provider: &'static str) -> Self {
        let now = Instant::now();
        let total = Mutex::new(TokenBucket::new(TOTAL_BURST, TOTAL_REFILL_INTERVAL, now));
        let deferred = Mutex::new(TokenBucket::new(DEFERRED_BURST, DEFERRED_REFILL_INTERVAL, now));
        let (dynamo, quota) = (table.dynamo.clone(), Quota::default());
        Self { dynamo, provider, buckets: Mutex::default(), total, deferred, quota }
    }

    /// Returns true if the store has tokens for this request, and takes them.
    fn has_capacity(&self, rejected: &RejectedRequest<'_>, now: Instant) -> bool {
        if is_deferred(rejected) {
            let mut deferred = self.deferred.lock().unwrap_or_else(PoisonError::into_inner);
            return deferred.try_acquire(cost(rejected), now);
        }
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || TokenBucket::new(BURST, REFILL_INTERVAL, now);
        let mut total = self.total.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() > MAX_BUCKETS {
            buckets.clear();
        }
        buckets.entry(rejected.store().clone()).or_insert_with(new).try_acquire(cost(rejected), now)
            && total.try_acquire(cost(rejected), now)
    }

    /// Writes the item within the receiver's time limit, if the provider's quota has room for it.
    async fn store_in_time(&self, rejected: &RejectedRequest<'_>) -> Result<QuarantineOutcome, Fault> {
        let step = if is_deferred(rejected) { Step::Deferral } else { Step::Quarantine };
        let store = async {
            let owner = (self.provider, rejected.store());
            let (cost, at) = (cost(rejected), rejected.received_at());
            if !is_deferred(rejected) && !self.quota.take(&self.dynamo, owner, cost, at).await? {
                return Ok(QuarantineOutcome::RateLimited);
            }
            self.put(rejected).await?;
            Ok(QuarantineOutcome::Stored)
        };
        with_timeout(step, NOT_QUARANTINED, store).await
    }

    async fn put(&self, rejected: &RejectedRequest<'_>) -> Result<(), Fault> {
        let note = Note::of(rejected);
        let mut item = attributes::to_item(&note);
        let is_deferred = is_deferred(rejected);
        let mut key = Key::new(partition(self.provider, rejected.store()), note.sort_key(rejected.body()));
        // The chunks' keys do not depend on the section, because a deferred request may become a refused one.
        let owner = ChunkOwner { partition: &key.pk, name: &key.sk, received_ms: note.received_ms };
        item.extend(self.dynamo.write_blob(BODY, rejected.body(), Effort::Fast, owner).await?);
        if is_deferred {
            key.sk.insert_str(0, DEFERRED_PREFIX);
        }
        item.extend(key.into_item());
        if is_deferred {
            // The sender gets a 2xx, so the request is kept as long as an event.
            item.insert("expires".into(), self.dynamo.expires(note.received_ms));
        } else {
            item.insert("expires".into(), expires(note.received_ms));
        }
        self.dynamo.put(item, Expressions::default(), NOT_QUARANTINED).await?;
        if is_deferred {
            // After the request: a sweeper that finds the marker first would find nothing to verify.
            self.count_deferred(rejected.store(), rejected.received_at()).await?;
        }
        Ok(())
    }
}

impl Quarantine for TableQuarantine {
    async fn store(&self, rejected: &RejectedRequest<'_>) -> Result<QuarantineOutcome, Fault> {
        if rejected.body().len() > MAX_QUARANTINED_LEN && !is_deferred(rejected) {
            return Ok(QuarantineOutcome::TooLarge);
        }
        if !self.has_capacity(rejected, Instant::now()) {
            return Ok(QuarantineOutcome::RateLimited);
        }
        self.store_in_time(rejected).await
    }
}

/// Returns the partition of a store's quarantined requests. Stored data: the value must stay.
pub(crate) fn partition(provider: &str, store: &StoreName) -> String {
    format!("{QUARANTINE}{provider}/{store}")
}

/// Returns whether the request is quarantined because credentials cannot be read: the sender gets a 2xx for it.
fn is_deferred(rejected: &RejectedRequest<'_>) -> bool {
    rejected.rejection() == Rejection::CredentialsUnreadable
}

/// Returns the cost of quarantining a request in tokens: its length in KiB before compression.
fn cost(rejected: &RejectedRequest<'_>) -> u32 {
    let headers = rejected.headers().iter().map(|(name, value)| name.len().saturating_add(value.len()));
    let len =
        headers.fold(rejected.body().len(), usize::saturating_add).saturating_add(rejected.query().len());
    u32::try_from(len.div_euclid(1_024).saturating_add(1)).unwrap_or(u32::MAX).max(MIN_COST)
}

fn expires(received_ms: i64) -> AttributeValue {
    let seconds = i64::try_from(RETENTION.as_secs()).unwrap_or(i64::MAX);
    number_value(received_ms.div_euclid(1_000).saturating_add(seconds))
}

/// A quarantined request without its body. It has no `Debug`, because it contains the sender's proof.
#[derive(Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) received_ms: i64,
    pub(crate) received: String,
    pub(crate) reason: String,
    pub(crate) method: String,
    pub(crate) topic: Option<String>,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) size: usize,
}

impl Note {
    fn of(rejected: &RejectedRequest<'_>) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self {
            received_ms: rejected.received_at().millis(),
            received: rejected.received_at().to_string(),
            reason: rejected.rejection().to_string(),
            method: rejected.method().as_str().to_owned(),
            topic: rejected.topic().map(str::to_owned),
            query: rejected.query().to_owned(),
            headers: rejected.headers().iter().map(owned).collect(),
            size: rejected.body().len(),
        }
    }

    /// Returns the sort key, which sorts by arrival. The digest of the request separates two of one millisecond, and
    /// gives the SDK's retry of a write the same key.
    fn sort_key(&self, body: &[u8]) -> String {
        let mut hash = Sha256::new();
        let headers = self.headers.iter().flat_map(|(name, value)| [name, value]);
        for part in [&self.method, &self.query].into_iter().chain(&self.topic).chain(headers) {
            // The length separates the parts.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update(body);
        let digest: String = hex(&hash.finalize()).chars().take(16).collect();
        format!("{}/{digest}", self.received)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inlet::received_at::ReceivedAt;
    use proptest::prelude::*;

    fn note(received_ms: i64, headers: Vec<(String, String)>) -> Note {
        Note {
            received_ms,
            received: ReceivedAt::from_millis(received_ms).unwrap().to_string(),
            reason: "no live credential matches the proof".into(),
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
    fn a_repeated_write_has_the_same_key_and_all_else_another() {
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

    #[test]
    fn deferred_requests_sort_before_all_refused_ones() {
        let key = |ms| note(ms, proof("a")).sort_key(b"{}");
        let deferred = format!("{DEFERRED_PREFIX}{}", key(4_000_000_000_000));
        assert!(deferred < key(0), "{deferred}");
    }

    proptest! {
        #[test]
        fn requests_sort_by_their_arrival(one in 0_i64..4_000_000_000_000, other in 0_i64..4_000_000_000_000) {
            let key = |ms| note(ms, proof("a")).sort_key(b"{}");
            prop_assume!(one != other);
            prop_assert_eq!(one < other, key(one) < key(other));
        }

        #[test]
        fn a_note_survives_its_item(
            headers in prop::collection::vec((".{0,20}", ".{0,40}"), 0..6), topic: Option<String>, query: String,
        ) {
            let note = Note { topic, query, ..note(7, headers) };
            let mut item = attributes::to_item(&note);
            item.extend(Key::new("quarantine/zid/a", "x").into_item());
            item.insert("expires".into(), expires(7));
            let read: Note = attributes::read(&item).unwrap();
            let all = |note: Note| (note.received_ms, note.topic, note.query, note.headers, note.reason, note.method);
            prop_assert_eq!(all(read), all(note));
        }
    }

    #[test]
    fn a_quarantined_request_expires_after_three_days() {
        assert_eq!(expires(1_749_715_272_345), number_value(1_749_715_272 + 3 * 24 * 60 * 60));
    }
}
