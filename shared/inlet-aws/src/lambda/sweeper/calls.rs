//! The calls, read units and simulated time of the sweeper's runs.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::fake_aws::{FakeAws, arrival};

/// The time of the runs: ten hours after the first arrival, when both passes cover every event.
fn later() -> ReceivedAt {
    arrival(10 * 60 * 60 * 1_000)
}

fn sweeper(aws: &FakeAws) -> Sweeper {
    Sweeper { table: aws.table(), queue: aws.queue("events"), resend_after: RESEND_AFTER, budget: BUDGET }
}

/// Runs without a limit of the rate, which would take real time.
async fn sweep(aws: &FakeAws, now: ReceivedAt) -> (SweepReport, Duration) {
    let sweeper = sweeper(aws);
    let ((report, fault), took) =
        aws.run(sweeper.sweep_at_rate(now, Duration::from_mins(10), u32::MAX)).await;
    assert!(fault.is_none(), "{fault:?}");
    (report, took)
}

async fn process(aws: &FakeAws, events: &[(EventId, ReceivedAt)]) {
    let table = aws.table();
    let consumed: Vec<_> = events.iter().map(|(id, at)| (id, *at)).collect();
    aws.run(table.receipts.write(&consumed, &[], later())).await.0.unwrap();
    aws.forget_calls();
}

#[tokio::test]
async fn a_settled_event_costs_two_eventual_reads_in_its_life() {
    let (aws, empty) = (FakeAws::default(), FakeAws::default());
    let events = aws.store_events(100, 10).await;
    process(&aws, &events).await;
    let (report, _) = sweep(&aws, later()).await;
    assert_eq!((report.resent, report.oldest_unprocessed), (0, Oldest::Nothing));
    for call in aws.calls("BatchGetItem") {
        let wanted = &call.input["RequestItems"]["events"];
        assert_eq!(wanted["ConsistentRead"], json!(false));
        let keys = wanted["Keys"].as_array().unwrap();
        assert!(keys.iter().all(|key| key["sk"]["S"].as_str().unwrap().starts_with("receipt/")), "{keys:?}");
    }
    assert_eq!(aws.calls("BatchGetItem").len(), 2 * 1_000 / 100, "two passes of a hundred keys a call");
    let receipts: f64 = aws.calls("BatchGetItem").iter().map(|call| call.units).sum();
    assert!((receipts - 1_000.0).abs() < 1e-9, "{receipts}: a half unit in each pass");
    // The rest of a run does not grow with the events, apart from the index.
    sweep(&empty, later()).await;
    let each = (aws.read_units() - empty.read_units()) / 1_000.0;
    assert!((1.0..1.1).contains(&each), "{each} read units for a settled event");
}

#[tokio::test]
async fn the_walk_passes_5000_settled_events_a_second() {
    let aws = FakeAws::default();
    let events = aws.store_events(100, 10).await;
    process(&aws, &events).await;
    let empty = sweep(&FakeAws::default(), later()).await.1;
    let took = sweep(&aws, later()).await.1.saturating_sub(empty);
    assert!(took < Duration::from_millis(200), "{took:?} for 1,000 events");
}

#[tokio::test]
async fn only_events_without_a_receipt_cost_four_consistent_reads() {
    let aws = FakeAws::default();
    let events = aws.store_events(100, 3).await;
    process(&aws, &events[..290]).await;
    let (report, _) = sweep(&aws, later()).await;
    assert_eq!(report.resent, 10);
    let is_consistent =
        |call: &crate::fake_aws::Call| call.input["RequestItems"]["events"]["ConsistentRead"] == true;
    let keys =
        |call: &crate::fake_aws::Call| call.input["RequestItems"]["events"]["Keys"].as_array().unwrap().len();
    let consistent: usize =
        aws.calls("BatchGetItem").iter().filter(|call| is_consistent(call)).map(keys).sum();
    // Both passes meet the ten events: the second one finds them on the pending list. Before an event is sent, the note
    // of its entity is read.
    assert_eq!(consistent, 2 * 10 * 4 + 10);
}

#[tokio::test]
async fn a_pending_event_that_was_processed_costs_half_a_unit() {
    let aws = FakeAws::default();
    let events = aws.store_events(50, 1).await;
    assert_eq!(sweep(&aws, later()).await.0.resent, 50);
    process(&aws, &events).await;
    let (report, _) = sweep(&aws, later()).await;
    assert_eq!((report.resent, report.oldest_unprocessed), (0, Oldest::Nothing));
    let reads: f64 = aws.calls("BatchGetItem").iter().map(|call| call.units).sum();
    assert!((reads - 25.0).abs() < 1e-9, "{reads} units for 50 pending events");
    assert!(aws.sort_keys("sweeper").iter().all(|sk| !sk.starts_with("unproven/")), "the list is empty");
}

/// The first run after an outage: the events are sent and put on the pending list.
async fn resend(entities: usize, each: usize) -> (FakeAws, Vec<EventId>, Duration) {
    let aws = FakeAws::default();
    let events = aws.store_events(entities, each).await;
    let empty = sweep(&FakeAws::default(), later()).await.1;
    let (report, took) = sweep(&aws, later()).await;
    assert_eq!(usize::try_from(report.resent).unwrap(), events.len());
    (aws, events.into_iter().map(|(id, _)| id).collect(), took.saturating_sub(empty))
}

#[tokio::test]
async fn a_run_resends_500_events_a_second_at_5_ms_a_call() {
    let (aws, events, took) = resend(25, 10).await;
    assert!(took < Duration::from_millis(500), "{took:?} for 250 events");
    for entity in 0..25 {
        let of_entity = |id: &&String| id.starts_with(&format!("acme/riyadh/order/{entity}/"));
        let sent: Vec<String> = aws.messages("events").iter().filter(of_entity).cloned().collect();
        let stored: Vec<String> = events.iter().map(EventId::to_string).collect();
        assert_eq!(sent, stored.iter().filter(of_entity).cloned().collect::<Vec<_>>());
    }
    assert_eq!(aws.calls("SendMessage").len(), 250);
}

#[tokio::test]
async fn an_entitys_next_message_is_read_while_one_is_sent() {
    let (_, _, took) = resend(1, 100).await;
    // One call after the other would take three times as long.
    assert!(took < Duration::from_millis(700), "{took:?} for 100 events of one entity");
}

#[tokio::test]
async fn a_refused_message_stops_the_resends_of_its_entity() {
    let aws = FakeAws::default();
    let events = aws.store_events(2, 5).await;
    // The second event of the first entity.
    aws.fail("SendMessage", events[2].0.digest());
    let sweeper = sweeper(&aws);
    let ((report, fault), _) = aws.run(sweeper.sweep(later(), Duration::from_mins(10))).await;
    assert!(fault.is_some(), "the send was refused");
    assert_eq!(report.resent, 1 + 5);
    let sent = aws.messages("events");
    let of_first: Vec<&String> = sent.iter().filter(|id| id.contains("/order/0/")).collect();
    assert_eq!(of_first, [events[0].0.as_str()]);
}
