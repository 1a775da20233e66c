//! `inlet restore`.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use inlet::event::EventId;
use inlet::received_at::ReceivedAt;
use inlet_aws::dynamodb::events::StoredEvent;
use inlet_aws::dynamodb::record::Record;
use inlet_aws::dynamodb::table::Table;
use inlet_tests::deliveries;
use inlet_tests::stack::Stack;
use serde_json::json;

use crate::given::{Given, orders};
use crate::inlet::{Ran, run};

/// Restores the store's events from a copy.
fn restore(given: &Given, copy: &str, more: &[&str]) -> Ran {
    run(&[&["restore", "--from-table", copy, "--store", &given.address, "--json"], more].concat())
}

#[tokio::test]
async fn missing_and_damaged_events_come_back_but_no_forgotten() {
    let given = orders(5).await;
    let copy = given.stack.copy_of_table().await;
    let ids = &given.ids;
    given.stack.lose(ids[0].entity_path()).await;
    given.stack.damage(&ids[1], "gzip", Some(AttributeValue::B(Blob::new("{}")))).await;
    run(&["forget", ids[2].entity_path(), "--yes", "--settle", "0"]).done();
    given.stack.damage(&ids[3], "arrival", None).await;
    assert_eq!(given.stack.published_once(6, &given.store).len(), 6, "five events and a notice");

    let planned = restore(&given, &copy, &["--dry-run"]).done().json();
    let counts = |output: &serde_json::Value| {
        ["examined", "restored", "replaced", "present", "forgotten", "unprocessed"]
            .map(|name| output[name].as_u64())
    };
    let expected = [5, 3, 2, 1, 1, 0].map(Some);
    assert_eq!(counts(&planned), expected, "{planned}");
    assert_eq!(run(&["verify", "--store", &given.address]).code, 1, "a dry run changes nothing");
    assert_eq!(restore(&given, &copy, &[]).code, 2, "it asks");

    // Not always six: a message that was under way when its receipt was lost is published once more.
    let published = given.stack.published(&given.store).len();
    assert_eq!(counts(&restore(&given, &copy, &["--yes"]).done().json()), expected);
    let verified = run(&["verify", "--store", &given.address, "--json"]).done().json();
    assert_eq!(verified["verified"], 4, "{verified}");
    let shown = run(&["show", ids[0].as_str(), "--json"]).done().json();
    assert_eq!(shown["state"], "processed", "with its receipt");
    assert_eq!(run(&["show", ids[2].as_str()]).code, 3, "what was forgotten stays so");
    given.stack.sweep();
    assert_eq!(given.stack.published(&given.store).len(), published, "nothing is published again");
    let again = restore(&given, &copy, &["--yes"]).done().json();
    assert_eq!(counts(&again), [5, 0, 0, 4, 1, 0].map(Some), "{again}");
}

#[tokio::test]
async fn restored_events_are_sent_if_that_is_asked_for() {
    let given = orders(2).await;
    let copy = given.stack.copy_of_table().await;
    for id in &given.ids {
        given.stack.lose(id.entity_path()).await;
    }
    let output = restore(&given, &copy, &["--yes", "--resend"]).done().json();
    assert_eq!((&output["restored"], &output["resent"]["sent"]), (&json!(2), &json!(2)), "{output}");
    let published = given.stack.published_once(4, &given.store);
    let replays: Vec<&str> = published.iter().filter_map(|event| event["replayid"].as_str()).collect();
    assert_eq!(replays.len(), 2, "{published:?}");
    assert!(replays.iter().all(|replay| Some(*replay) == output["resent"]["replay"].as_str()), "{replays:?}");
}

#[tokio::test]
async fn an_event_without_a_receipt_is_parked_with_its_chunks() {
    let given = orders(1).await;
    let name = given.stack.copy_of_table().await;
    let copy = Table::new(given.stack.clients.dynamodb.clone(), name.clone(), 1);
    let large = large(&given.stack.stored(&given.ids[0]).await);
    copy.events.put(&large).await.unwrap();
    let id = EventId::parse(&large.record.id).unwrap();

    let output = restore(&given, &name, &["--yes"]).done().json();
    assert_eq!((&output["restored"], &output["unprocessed"]), (&json!(1), &json!(1)), "{output}");
    let stored = given.stack.stored(&id).await;
    assert!(stored == large, "another event came back");
    assert_eq!(given.stack.parts_of(&id).await, 2);
    assert!(given.stack.table().receipts.is_parked(&id).await.unwrap());
    let arrival = ReceivedAt::parse(&large.record.received).unwrap();
    assert!(!given.stack.table().receipts.is_processed(&id, arrival).await.unwrap(), "nothing says so");
    given.stack.sweep();
    assert_eq!(given.stack.published(&given.store).len(), 1, "the sweeper does not send it");
}

#[tokio::test]
async fn a_damaged_event_of_the_copy_is_not_taken() {
    let given = orders(1).await;
    given.stack.damage(&given.ids[0], "sha256", Some(AttributeValue::S("00".into()))).await;
    let copy = given.stack.copy_of_table().await;
    given.stack.lose(given.ids[0].entity_path()).await;
    let ran = restore(&given, &copy, &["--yes"]);
    let output = ran.json();
    assert_eq!((ran.code, &output["restored"]), (5, &json!(0)), "{ran:?}");
    assert_eq!(output["unusable"][0]["id"], given.ids[0].as_str());
    assert!(given.stack.events("zid", &given.store).await.is_empty());
}

#[test]
fn a_copy_is_another_table_of_the_same_form() {
    let own = Stack::up().facts.table;
    for (name, code) in [(own.as_str(), 2), ("no-such-table", 3)] {
        let ran = run(&["restore", "--from-table", name, "--yes"]);
        assert_eq!(ran.code, code, "{ran:?}");
    }
}

/// An equal event of another id whose body is in chunks.
fn large(model: &StoredEvent) -> StoredEvent {
    let (entity, _) = model.record.id.rsplit_once('/').expect("an id");
    let id = format!("{entity}/00000000000000ab");
    let body: Vec<u8> = (0..150_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    let message = model.message.replace(&model.record.id, &id);
    let record = Record { attempt: id.clone(), id, ..model.record.clone() };
    deliveries::with_body(StoredEvent { record, message, body: Vec::new() }, body)
}
