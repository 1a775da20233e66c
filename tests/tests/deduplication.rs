//! Deduplication within a retry window, on the table itself: duplicates, states that come back, and clocks that
//! disagree. Needs `make up`.

use inlet::event::EventId;
use inlet::receive::Recorded;
use inlet::received_at::ReceivedAt;
use inlet_aws::dynamodb::events::{Put, StoredEvent};
use inlet_aws::dynamodb::record::{Origin, Record};
use inlet_aws::dynamodb::table::Table;
use inlet_tests::stack::Stack;
use sha2::{Digest, Sha256};

const ENTITY: &str = "zort/shop/stock/1";

/// The arrival of the first event, in milliseconds since 1970 UTC.
const START_MS: i64 = 1_749_715_272_000;

const NEW: Put = Put::Recorded(Recorded::New);

/// Returns a delivery of a content, this many milliseconds after the first one.
fn delivery(content: &str, after_ms: i64, origin: Origin) -> StoredEvent {
    let received_ms = START_MS + after_ms;
    let id = format!("{ENTITY}/{:016x}", received_ms * 2 + i64::from(content == "A"));
    let record = Record {
        id: id.clone(),
        event_type: "UPDATEPRODUCTQUANTITY".into(),
        canonical_type: "commerce.stock.changed".into(),
        inferred: false,
        time: None,
        received_ms,
        received: ReceivedAt::from_millis(received_ms).unwrap().to_string(),
        origin,
        trust: "shared_secret".into(),
        attempt: id.clone(),
        content: content.into(),
        window_ms: Some(60_000),
        updates_latest: false,
        supersedes: None,
        method: "POST".into(),
        topic: None,
        query: String::new(),
        headers: [].into(),
        size: content.len(),
        sha256: Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    let received = &record.received;
    let message = format!(
        r#"{{"id":"{id}","type":"commerce.stock.changed","provider":"zort","store":"shop","receivedtime":"{received}"}}"#
    );
    StoredEvent { record, message, body: content.as_bytes().to_vec() }
}

fn id_of(event: &StoredEvent) -> EventId {
    EventId::parse(&event.record.id).unwrap()
}

async fn put(table: &Table, content: &str, after_ms: i64, origin: Origin) -> Put {
    table.events.put(&delivery(content, after_ms, origin)).await.unwrap()
}

/// Returns the contents of the entity's events in the order of their arrivals, each with its arrival.
async fn history(table: &Table) -> Vec<(String, i64)> {
    let end = ReceivedAt::from_millis(START_MS + 3_600_000).unwrap();
    let arrivals = table.time_index.of_entity(ENTITY, ReceivedAt::EPOCH, end).await.unwrap();
    let mut history = Vec::new();
    for arrival in arrivals {
        let event = table.events.get(&arrival.id).await.unwrap().expect("an event of the index");
        history.push((event.record.content, arrival.received_at().millis() - START_MS));
    }
    history
}

fn states(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
    expected.iter().map(|(content, after_ms)| ((*content).to_owned(), *after_ms)).collect()
}

async fn table_with_a() -> Table {
    let table = Stack::up().table_of_its_own().await;
    assert_eq!(put(&table, "A", 0, Origin::Webhook).await, NEW);
    table
}

#[tokio::test]
async fn a_duplicate_is_not_an_event_but_a_returning_state_is() {
    let table = table_with_a().await;
    let original = id_of(&delivery("A", 0, Origin::Webhook));
    match put(&table, "A", 100, Origin::Webhook).await {
        Put::Recorded(Recorded::Duplicate { original: found, processed: false }) => {
            assert_eq!(found.id, original)
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(put(&table, "B", 200, Origin::Webhook).await, NEW);
    assert_eq!(put(&table, "A", 300, Origin::Webhook).await, NEW);
    assert_eq!(history(&table).await, states(&[("A", 0), ("B", 200), ("A", 300)]));
    let duplicate = delivery("A", 100, Origin::Webhook);
    let arrival = ReceivedAt::from_millis(duplicate.record.received_ms).unwrap();
    assert!(
        table.receipts.is_processed(&id_of(&duplicate), arrival).await.unwrap(),
        "nothing sends a duplicate"
    );
}

#[tokio::test]
async fn a_late_state_makes_the_duplicate_after_it_an_event() {
    let table = table_with_a().await;
    assert_ne!(put(&table, "A", 200, Origin::Webhook).await, NEW, "nothing is known of B");
    assert_eq!(put(&table, "B", 100, Origin::Fallback).await, NEW);
    assert_eq!(history(&table).await, states(&[("A", 0), ("B", 100), ("A", 200)]));
    let restored = id_of(&delivery("A", 200, Origin::Webhook));
    let arrival = ReceivedAt::from_millis(START_MS + 200).unwrap();
    assert!(!table.receipts.is_processed(&restored, arrival).await.unwrap(), "it can be sent");
    table.pending.take_over("zid", ReceivedAt::EPOCH).await.unwrap();
    assert!(table.pending.list(None).await.unwrap().is_empty(), "it is not Zid's");
    table.pending.take_over("zort", ReceivedAt::EPOCH).await.unwrap();
    let pending = table.pending.list(None).await.unwrap();
    assert_eq!(pending.iter().map(|event| &event.id).collect::<Vec<_>>(), [&restored]);
    // The same message once more changes nothing.
    assert_eq!(put(&table, "B", 100, Origin::Fallback).await, NEW);
    // The restored event is the latest: an equal delivery is a duplicate, and another state is not.
    assert_ne!(put(&table, "A", 300, Origin::Webhook).await, NEW);
    assert_eq!(put(&table, "B", 400, Origin::Webhook).await, NEW);
    assert_eq!(history(&table).await, states(&[("A", 0), ("B", 100), ("A", 200), ("B", 400)]));
}

#[tokio::test]
async fn a_duplicate_that_proves_new_returns_after_later_states() {
    let table = table_with_a().await;
    assert_ne!(put(&table, "A", 200, Origin::Webhook).await, NEW);
    assert_eq!(put(&table, "C", 300, Origin::Webhook).await, NEW);
    assert_eq!(put(&table, "B", 100, Origin::Fallback).await, NEW);
    assert_eq!(history(&table).await, states(&[("A", 0), ("B", 100), ("A", 200), ("C", 300)]));
    assert_ne!(put(&table, "C", 400, Origin::Webhook).await, NEW, "C is still the latest");
}

#[tokio::test]
async fn a_late_state_that_is_older_leaves_the_latest() {
    let table = table_with_a().await;
    assert_eq!(put(&table, "C", 200, Origin::Webhook).await, NEW);
    assert_eq!(put(&table, "B", 100, Origin::Quarantine).await, NEW);
    assert_ne!(put(&table, "C", 300, Origin::Webhook).await, NEW, "C is still the latest");
    assert_eq!(history(&table).await, states(&[("A", 0), ("B", 100), ("C", 200)]));
}

#[tokio::test]
async fn a_state_behind_a_clock_that_is_ahead_gets_a_later_arrival() {
    let table = Stack::up().table_of_its_own().await;
    assert_eq!(put(&table, "A", 59_000, Origin::Webhook).await, NEW);
    let later = ReceivedAt::from_millis(START_MS + 59_001).unwrap();
    assert_eq!(put(&table, "B", 100, Origin::Webhook).await, Put::Later(later));
    let mut again = delivery("B", 59_001, Origin::Webhook);
    again.record.supersedes = Some(delivery("B", 100, Origin::Webhook).record.id);
    assert_eq!(table.events.put(&again).await.unwrap(), NEW);
    assert_eq!(history(&table).await, states(&[("A", 59_000), ("B", 59_001)]));
    assert_ne!(put(&table, "B", 200, Origin::Webhook).await, NEW, "a duplicate of B");
}

#[tokio::test]
async fn equal_deliveries_of_one_millisecond_are_one_event() {
    let table = table_with_a().await;
    assert_eq!(put(&table, "A", 0, Origin::Webhook).await, NEW);
    assert_eq!(history(&table).await, states(&[("A", 0)]));
    assert!(table.events.message(&id_of(&delivery("A", 0, Origin::Webhook))).await.unwrap().is_some());
}
