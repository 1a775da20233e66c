//! The calls and the simulated time of forgetting an entity.

use super::*;
use crate::fake_aws::FakeAws;

#[tokio::test]
async fn a_run_forgets_1000_items_a_second_at_5_ms_a_call() {
    let aws = FakeAws::default();
    let events = aws.store_events(1, 200).await;
    let entity = Entity::parse(events[0].0.entity_path()).unwrap();
    let table = aws.table();
    // Half of the events have a parked marker as well.
    for (id, at) in &events[..100] {
        aws.run(table.receipts.park(id, "for a test", *at)).await.0.unwrap();
    }
    aws.forget_calls();
    let forget = Forget { table: aws.table(), queue: aws.queue("events"), settle: Duration::ZERO };
    let (counts, took) = aws.run(forget.run(&entity)).await;
    let counts = counts.unwrap();
    assert_eq!((counts.events, counts.notes), (200, 100));
    assert!(took < Duration::from_millis(300), "{took:?} for 300 items");
    // A tombstone for each event, and the note.
    let kept = aws.sort_keys(entity.as_str());
    assert_eq!(kept.len(), 201, "{kept:?}");
    assert!(kept.iter().all(|sk| sk == FORGOTTEN || sk.starts_with("receipt/")), "{kept:?}");
    assert_eq!(aws.calls("DeleteItem").len(), 300, "each item is deleted once, on its condition");
    // The note, and the tombstones: once for what was found, and once more after the wait.
    assert_eq!(aws.calls("BatchWriteItem").len(), 1 + 2 * 200 / 25);
}

#[tokio::test]
async fn a_failed_delete_ends_the_run_and_a_second_run_ends_the_work() {
    let aws = FakeAws::default();
    let events = aws.store_events(1, 40).await;
    let entity = Entity::parse(events[0].0.entity_path()).unwrap();
    let forget = Forget { table: aws.table(), queue: aws.queue("events"), settle: Duration::ZERO };
    aws.fail("DeleteItem", events[20].0.digest());
    assert!(aws.run(forget.run(&entity)).await.0.is_err());
    assert!(aws.messages("events").is_empty(), "consumers get the notice when everything is deleted");
    aws.fail_nothing();
    aws.run(forget.run(&entity)).await.0.unwrap();
    assert!(aws.sort_keys(entity.as_str()).iter().all(|sk| !sk.starts_with(EVENT_PREFIX)));
    assert_eq!(aws.messages("events").len(), 1);
}
