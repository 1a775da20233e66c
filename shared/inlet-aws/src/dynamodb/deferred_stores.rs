//! Markers of the stores that have deferred requests in quarantine. The sweeper looks for them once a minute.

use aws_sdk_dynamodb::types::AttributeValue;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;
use inlet::store::StoreName;

use crate::dynamodb::attributes::{number, number_value, text};
use crate::dynamodb::dynamo::{Expressions, Items, Key};
use crate::dynamodb::quarantine::TableQuarantine;

/// The attribute of a marker: the arrival of the last deferred request. Stored data: the value must stay.
const NOTED: &str = "noted_ms";

/// A store that has deferred requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeferredStore {
    /// The store.
    pub(crate) store: StoreName,
    noted_ms: i64,
}

impl TableQuarantine {
    /// Notes that a store has deferred requests.
    pub(crate) async fn put_marker(&self, store: &StoreName, received_at: ReceivedAt) -> Result<(), Fault> {
        let mut marker = self.marker_key(store.as_str()).into_item();
        marker.insert(NOTED.into(), number_value(received_at.millis()));
        marker.insert("expires".into(), self.dynamo.expires(received_at.millis()));
        let context = "the request cannot be quarantined";
        self.dynamo.put(marker, Expressions::default(), context).await.map(|_| ())
    }

    /// Returns the stores that have deferred requests.
    pub(crate) async fn deferred_stores(&self) -> Result<Vec<DeferredStore>, Fault> {
        let query = self.dynamo.query().consistent_read(true).key_condition_expression("pk = :pk");
        let query = query.expression_attribute_values(":pk", AttributeValue::S(self.marker_partition()));
        let mut markers = Items::new(query, "the quarantine cannot be read");
        let mut stores = Vec::new();
        while let Some(marker) = markers.next().await? {
            let store = text(&marker, "sk").and_then(|name| StoreName::parse(name).ok());
            let noted = store.zip(number(&marker, NOTED));
            stores.extend(noted.map(|(store, noted_ms)| DeferredStore { store, noted_ms }));
        }
        Ok(stores)
    }

    /// Removes the marker of a store, unless another request was deferred since.
    pub(crate) async fn delete_marker(&self, deferred: &DeferredStore) -> Result<(), Fault> {
        let unchanged = Expressions::condition("noted_ms = :noted");
        let unchanged = unchanged.value(":noted", number_value(deferred.noted_ms));
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
