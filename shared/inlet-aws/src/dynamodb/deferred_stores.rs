//! Markers of the stores that have deferred requests in quarantine. The sweeper looks for them once a minute.
//!
//! A marker has two numbers, and both only grow: a receiver counts each deferred request after it is written, and the
//! sweeper notes the count that it read before it verified the requests of the store. So a request that is deferred while
//! the sweeper works on the same store makes the two differ again, whatever comes late or twice. A marker is deleted only
//! when no call that was made for it can be on its way any more.

use aws_sdk_dynamodb::types::AttributeValue;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;
use inlet::store::StoreName;

use crate::client::clock;
use crate::dynamodb::attributes::{number, number_value, text};
use crate::dynamodb::dynamo::{Expressions, Items, Key};
use crate::dynamodb::quarantine::TableQuarantine;

/// The attributes of a marker: the arrival of the last deferred request, the number of deferred requests, and the number
/// of those that the sweeper has verified. Stored data: the values must stay.
const NOTED: &str = "noted_ms";
const COUNTED: &str = "counted";
const VERIFIED: &str = "verified";

/// The age of the last deferred request at which a marker is deleted. No call takes that long.
const SETTLED_MS: i64 = 60 * 60 * 1_000;

/// The markers of a provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Markers {
    /// The stores that have deferred requests to verify.
    pub(crate) open: Vec<DeferredStore>,
    /// The markers that are not needed any more.
    pub(crate) settled: Vec<DeferredStore>,
}

/// A store that has deferred requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeferredStore {
    /// The store.
    pub(crate) store: StoreName,
    noted_ms: i64,
    counted: i64,
    verified: i64,
}

impl DeferredStore {
    /// Returns whether requests were deferred since the sweeper verified the store's.
    pub(crate) fn is_open(&self) -> bool {
        self.verified < self.counted
    }

    /// Returns whether the marker is not needed any more.
    fn is_settled(&self, now: ReceivedAt) -> bool {
        !self.is_open() && now.millis().saturating_sub(self.noted_ms) > SETTLED_MS
    }
}

impl TableQuarantine {
    /// Counts a deferred request of a store. A call that is made twice counts it twice, which costs a look.
    pub(crate) async fn count_deferred(
        &self,
        store: &StoreName,
        received_at: ReceivedAt,
    ) -> Result<(), Fault> {
        let count = Expressions::update("ADD counted :one SET noted_ms = :noted, expires = :expires")
            .value(":one", number_value(1))
            .value(":noted", number_value(received_at.millis()))
            .value(":expires", self.dynamo.expires(received_at.millis()));
        let context = "the request cannot be quarantined";
        self.dynamo.update(self.marker_key(store.as_str()), count, context).await.map(|_| ())
    }

    /// Returns the markers of the provider's stores.
    pub(crate) async fn markers(&self) -> Result<Markers, Fault> {
        let query = self.dynamo.query().consistent_read(true).key_condition_expression("pk = :pk");
        let query = query.expression_attribute_values(":pk", AttributeValue::S(self.marker_partition()));
        let mut items = Items::new(query, "the quarantine cannot be read");
        let (mut markers, now) = (Markers::default(), clock::now());
        while let Some(marker) = items.next().await? {
            let store = text(&marker, "sk").and_then(|name| StoreName::parse(name).ok());
            let Some((store, noted_ms)) = store.zip(number(&marker, NOTED)) else { continue };
            // Version 0.3's first markers had no numbers.
            let counted = number(&marker, COUNTED).unwrap_or(1);
            let verified = number(&marker, VERIFIED).unwrap_or_default();
            let deferred = DeferredStore { store, noted_ms, counted, verified };
            if deferred.is_settled(now) {
                markers.settled.push(deferred);
            } else if deferred.is_open() {
                markers.open.push(deferred);
            }
        }
        Ok(markers)
    }

    /// Notes that all requests of a store that its marker counted were verified.
    pub(crate) async fn note_verified(&self, deferred: &DeferredStore) -> Result<(), Fault> {
        let note = Expressions::update("SET verified = :counted")
            .only_if("attribute_exists(pk) AND (attribute_not_exists(verified) OR verified < :counted)")
            .value(":counted", number_value(deferred.counted));
        let context = "the deferred requests cannot be noted as verified";
        self.dynamo.update(self.marker_key(deferred.store.as_str()), note, context).await.map(|_| ())
    }

    /// Deletes a marker that is not needed any more, if it has not changed since.
    pub(crate) async fn delete_marker(&self, deferred: &DeferredStore) -> Result<(), Fault> {
        let unchanged = Expressions::condition("noted_ms = :noted AND verified = :verified");
        let unchanged = unchanged
            .value(":noted", number_value(deferred.noted_ms))
            .value(":verified", number_value(deferred.counted));
        self.dynamo.delete(self.marker_key(deferred.store.as_str()), unchanged).await.map(|_| ())
    }

    /// A store's name has no underscore, so this is no store's partition. Stored data: the value must stay.
    fn marker_partition(&self) -> String {
        format!("quarantine/{}/_deferred", self.provider)
    }

    fn marker_key(&self, store: &str) -> Key {
        Key::new(self.marker_partition(), store)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker(counted: i64, verified: i64) -> DeferredStore {
        let store = StoreName::parse("riyadh").unwrap();
        DeferredStore { store, noted_ms: 1_000, counted, verified }
    }

    #[test]
    fn a_store_is_open_until_all_its_requests_are_verified() {
        assert!(marker(1, 0).is_open() && marker(2, 1).is_open());
        assert!(!marker(2, 2).is_open());
    }

    #[test]
    fn a_marker_is_deleted_only_when_no_call_is_on_its_way() {
        let at = |ms| ReceivedAt::from_millis(ms).unwrap();
        assert!(!marker(1, 1).is_settled(at(1_000 + SETTLED_MS)));
        assert!(marker(1, 1).is_settled(at(1_001 + SETTLED_MS)));
        assert!(!marker(2, 1).is_settled(at(i64::from(u32::MAX) * 1_000)), "a request waits");
    }
}
