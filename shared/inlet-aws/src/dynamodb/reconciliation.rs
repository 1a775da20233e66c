//! The reconciler's items: the lease, so that one run works at a time, and a cursor for each list of a provider's API.

use aws_sdk_dynamodb::types::AttributeValue;
use inlet::canonical::Kind;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;
use inlet::reconcile::Place;
use inlet::store::StoreName;

use crate::dynamodb::attributes::{Item, number, number_value, text, text_value};
use crate::dynamodb::dynamo::{Dynamo, Expressions, Key, Written};

/// The partition of the reconciler's items. No entity has it: an entity's path starts with a provider and has slashes.
/// Stored data: the value must stay.
const RECONCILER: &str = "reconciler";

const LEASE: &str = "lease";

/// The largest place that is stored, in bytes of JSON. An item of DynamoDB has at most 400 KB.
const MAX_PLACE: usize = 300_000;

/// A list of a provider's API: the objects of one kind in one store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListName {
    /// The provider.
    pub provider: &'static str,
    /// The store.
    pub store: StoreName,
    /// The kind of object.
    pub kind: Kind,
}

/// The state of a list between two runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Every change before this time was read.
    pub read_until: ReceivedAt,
    /// The time of the last run that read the list to its end; before that, of the first run.
    pub current_at: ReceivedAt,
    /// The window that is being read, if the last run did not read it to its end.
    pub open: Option<OpenWindow>,
}

/// A window that was not read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenWindow {
    /// The first change that counts.
    pub since: ReceivedAt,
    /// The time at which the first run over it began.
    pub until: ReceivedAt,
    /// The place that the last run reached.
    pub place: Place,
}

/// The owner of the lease and the cursors.
#[derive(Clone, Debug)]
pub struct Reconciliations {
    dynamo: Dynamo,
}

impl Reconciliations {
    pub(crate) fn new(dynamo: Dynamo) -> Self {
        Self { dynamo }
    }

    /// Takes the lease until this time. Returns false if another run has it.
    ///
    /// # Errors
    /// If the write fails.
    pub async fn take_lease(&self, owner: &str, now: ReceivedAt, until: ReceivedAt) -> Result<bool, Fault> {
        let mut item = Key::new(RECONCILER, LEASE).into_item();
        item.insert("owner".to_owned(), text_value(owner));
        item.insert("until_ms".to_owned(), number_value(until.millis()));
        item.insert("expires".to_owned(), self.dynamo.expires(until.millis()));
        // A call that the SDK repeats finds its own lease.
        let free = Expressions::condition("attribute_not_exists(pk) OR until_ms <= :now OR #owner = :owner")
            .name("#owner", "owner")
            .value(":now", number_value(now.millis()))
            .value(":owner", text_value(owner));
        let written = self.dynamo.put(item, free, "the lease cannot be taken").await?;
        Ok(matches!(written, Written::Done))
    }

    /// Ends the lease at this time, unless another run has taken it since.
    ///
    /// # Errors
    /// If the write fails.
    pub async fn end_lease(&self, owner: &str, until: ReceivedAt) -> Result<(), Fault> {
        let end = Expressions::update("SET until_ms = :until")
            .only_if("#owner = :owner")
            .name("#owner", "owner")
            .value(":owner", text_value(owner))
            .value(":until", number_value(until.millis()));
        let context = "the lease cannot be ended";
        self.dynamo.update(Key::new(RECONCILER, LEASE), end, context).await.map(|_| ())
    }

    /// Returns the end of the last lease: about the end of the last run, or later while a run works or after one that
    /// crashed. `None` before the first run.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn lease_end(&self) -> Result<Option<ReceivedAt>, Fault> {
        let lease = self.dynamo.get(Key::new(RECONCILER, LEASE)).await?;
        Ok(lease.and_then(|lease| number(&lease, "until_ms")).and_then(ReceivedAt::from_millis))
    }

    /// Returns the cursor of a list; `None` before its first run.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn cursor(&self, list: &ListName) -> Result<Option<Cursor>, Fault> {
        Ok(self.dynamo.get(cursor_key(list)).await?.and_then(|item| Cursor::read(&item)))
    }

    /// Stores the cursor of a list.
    ///
    /// # Errors
    /// If the write fails.
    pub async fn store_cursor(&self, list: &ListName, cursor: Cursor, now: ReceivedAt) -> Result<(), Fault> {
        let mut item = cursor_key(list).into_item();
        item.extend(cursor.into_attributes());
        item.insert("expires".to_owned(), self.dynamo.expires(now.millis()));
        let context = "the cursor cannot be stored";
        self.dynamo.put(item, Expressions::default(), context).await.map(|_| ())
    }

    /// Returns how far back the table has every event.
    pub(crate) fn first_kept(&self, now: ReceivedAt) -> ReceivedAt {
        now.earlier(self.dynamo.retention())
    }
}

impl Cursor {
    /// Parses an item; `None` if it has another form. A place of another version is dropped: its window is read again.
    fn read(item: &Item) -> Option<Self> {
        let time = |name: &str| number(item, name).and_then(ReceivedAt::from_millis);
        let place = text(item, "place").and_then(|place| serde_json::from_str(place).ok());
        let open = place.zip(time("since_ms").zip(time("until_ms")));
        let open = open.map(|(place, (since, until))| OpenWindow { since, until, place });
        Some(Self { read_until: time("read_ms")?, current_at: time("current_ms")?, open })
    }

    fn into_attributes(self) -> Vec<(String, AttributeValue)> {
        let mut attributes = vec![
            ("read_ms".to_owned(), number_value(self.read_until.millis())),
            ("current_ms".to_owned(), number_value(self.current_at.millis())),
        ];
        if let Some(OpenWindow { since, until, place }) = self.open
            && let Some(place) = as_text(place)
        {
            attributes.extend([
                ("since_ms".to_owned(), number_value(since.millis())),
                ("until_ms".to_owned(), number_value(until.millis())),
                ("place".to_owned(), AttributeValue::S(place)),
            ]);
        }
        attributes
    }
}

/// Returns a place as JSON, without its verdicts if it is too large with them. `None` if the walk alone is too large: its
/// window is read again.
fn as_text(place: Place) -> Option<String> {
    let fitting = |place: &Place| serde_json::to_string(place).ok().filter(|text| text.len() <= MAX_PLACE);
    fitting(&place).or_else(|| fitting(&place.without_verdicts()))
}

fn cursor_key(list: &ListName) -> Key {
    let ListName { provider, store, kind } = list;
    Key::new(RECONCILER, format!("cursor/{provider}/{store}/{}", kind.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_aws::{FakeAws, arrival};
    use serde_json::json;

    fn list() -> ListName {
        ListName { provider: "acme", store: StoreName::parse("riyadh").unwrap(), kind: Kind::Order }
    }

    fn place(verdicts: usize) -> Place {
        let verdicts: serde_json::Map<_, _> =
            (0..verdicts).map(|n| (format!("{n:08}"), json!("arrived"))).collect();
        serde_json::from_value(json!({"walk": {"page": 7}, "verdicts": verdicts})).unwrap()
    }

    #[tokio::test]
    async fn one_run_has_the_lease_until_it_ends() {
        let aws = FakeAws::default();
        let leases = aws.table().reconciliations;
        let take = |owner: &'static str, now, until| {
            let leases = leases.clone();
            async move { leases.take_lease(owner, arrival(now), arrival(until)).await.unwrap() }
        };
        assert_eq!(aws.run(leases.lease_end()).await.0.unwrap(), None);
        assert!(aws.run(take("a", 0, 1_000)).await.0);
        assert_eq!(aws.run(leases.lease_end()).await.0.unwrap(), Some(arrival(1_000)));
        assert!(!aws.run(take("b", 999, 2_000)).await.0);
        assert!(aws.run(take("a", 1, 1_000)).await.0, "a repeated call");
        assert!(aws.run(take("b", 1_000, 2_000)).await.0, "it expired");
        // A run that was late does not end the lease of the next one.
        aws.run(leases.end_lease("a", arrival(1_500))).await.0.unwrap();
        assert!(!aws.run(take("c", 1_999, 3_000)).await.0);
        aws.run(leases.end_lease("b", arrival(1_600))).await.0.unwrap();
        assert!(aws.run(take("c", 1_600, 3_000)).await.0);
    }

    #[tokio::test]
    async fn a_cursor_is_read_as_it_was_stored() {
        let aws = FakeAws::default();
        let cursors = aws.table().reconciliations;
        assert_eq!(aws.run(cursors.cursor(&list())).await.0.unwrap(), None);
        let open = OpenWindow { since: arrival(1), until: arrival(2), place: place(3) };
        let cursor = Cursor { read_until: arrival(0), current_at: arrival(4), open: Some(open) };
        aws.run(cursors.store_cursor(&list(), cursor.clone(), arrival(5))).await.0.unwrap();
        assert_eq!(aws.run(cursors.cursor(&list())).await.0.unwrap(), Some(cursor));
    }

    #[test]
    fn a_place_with_too_many_verdicts_is_stored_without_them() {
        assert_eq!(as_text(place(3)), serde_json::to_string(&place(3)).ok());
        let text = as_text(place(20_000)).unwrap();
        let stored: Place = serde_json::from_str(&text).unwrap();
        assert_eq!((text.len() < MAX_PLACE, stored), (true, place(0).without_verdicts()));
    }
}
