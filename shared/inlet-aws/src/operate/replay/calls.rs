//! The calls, the order and the simulated time of a replay.

use std::time::Duration;

use super::*;
use crate::fake_aws::{FakeAws, arrival};
use crate::operate::selection::StateFilter;

/// No limit of the rate, which would take real time.
const FAST: u32 = u32::MAX;

fn everything() -> Selection {
    Selection::between(arrival(0), arrival(60 * 60 * 1_000))
}

async fn replay(aws: &FakeAws) -> (Result<(), Fault>, Replayed, Duration) {
    let replay = Replay { table: aws.table(), queue: aws.queue("events") };
    let (replayed, name) = (watch::Sender::new(Replayed::default()), ReplayId::parse("r").unwrap());
    let selection = everything();
    let (result, took) = aws.run(replay.run(&selection, &name, FAST, &replayed)).await;
    (result, replayed.borrow().clone(), took)
}

/// Asserts that the messages of each entity were sent in the order of these events.
fn assert_in_order(aws: &FakeAws, events: &[(EventId, ReceivedAt)]) {
    let sent = aws.messages("events");
    let place = |id: &EventId| events.iter().position(|(stored, _)| stored == id).unwrap();
    let mut last: HashMap<String, usize> = HashMap::new();
    for id in &sent {
        let id = EventId::parse(id.strip_suffix("/r").unwrap()).unwrap();
        let before = last.insert(id.entity_path().to_owned(), place(&id));
        assert!(before.is_none_or(|before| before < place(&id)), "{id} was sent too late");
    }
}

#[tokio::test]
async fn a_replay_sends_500_events_a_second_at_5_ms_a_call() {
    let aws = FakeAws::default();
    let events = aws.store_events(30, 10).await;
    let (result, replayed, took) = replay(&aws).await;
    result.unwrap();
    assert_eq!((replayed.sent, replayed.reached), (300, Some(events[299].1)));
    assert!(took < Duration::from_millis(600), "{took:?} for 300 events");
    assert_in_order(&aws, &events);
    // A message is read, sent and recorded; the notes of a step are read a hundred keys a call.
    let each = ["GetItem", "SendMessage", "UpdateItem"].map(|operation| aws.calls(operation).len());
    assert_eq!(each, [300, 300, 300]);
    assert!(aws.calls("BatchGetItem").len() <= 2 * 4, "{}", aws.calls("BatchGetItem").len());
}

#[tokio::test]
async fn after_a_failed_send_nothing_of_its_entity_is_sent() {
    let aws = FakeAws::default();
    let events = aws.store_events(3, 4).await;
    // The second event of the second entity.
    let (refused, _) = &events[4];
    aws.fail("SendMessage", refused.digest());
    let (result, replayed, _) = replay(&aws).await;
    assert!(result.is_err(), "the send was refused");
    assert_eq!(replayed.sent, 4 + 1 + 4);
    assert_in_order(&aws, &events);
    assert_eq!(replayed.reached, Some(events[3].1), "every event before the refused one is done");
    aws.fail_nothing();
    let (result, replayed, _) = replay(&aws).await;
    result.unwrap();
    assert_eq!(replayed.sent, 12);
}

#[tokio::test]
async fn a_replay_unparks_parked_events_and_skips_forgotten_ones() {
    let aws = FakeAws::default();
    let events = aws.store_events(3, 1).await;
    let table = aws.table();
    aws.run(table.receipts.park(&events[0].0, "for a test", arrival(9))).await.0.unwrap();
    aws.run(table.forgotten.put(events[1].0.entity_path(), arrival(9))).await.0.unwrap();
    let (result, replayed, _) = replay(&aws).await;
    result.unwrap();
    assert_eq!((replayed.sent, replayed.forgotten), (2, 1));
    let (is_parked, _) = aws.run(table.receipts.is_parked(&events[0].0)).await;
    assert!(!is_parked.unwrap());
    assert!(aws.messages("events").iter().all(|id| !id.starts_with(events[1].0.as_str())));
}

#[tokio::test]
async fn an_event_that_was_not_sent_stays_parked_and_selected() {
    let aws = FakeAws::default();
    let events = aws.store_events(4, 2).await;
    let table = aws.table();
    for (id, _) in &events {
        aws.run(table.receipts.park(id, "for a test", arrival(60_000))).await.0.unwrap();
    }
    let parked = Selection { state: Some(StateFilter::Parked), ..everything() };
    let replay = Replay { table: aws.table(), queue: aws.queue("events") };
    let name = ReplayId::parse("r").unwrap();
    // SQS refuses every call, DynamoDB none.
    aws.fail("SendMessage", "");
    let replayed = watch::Sender::new(Replayed::default());
    assert!(aws.run(replay.run(&parked, &name, FAST, &replayed)).await.0.is_err());
    assert_eq!((replayed.borrow().sent, replayed.borrow().reached), (0, None));
    assert_eq!(aws.run(replay.count(&parked)).await.0.unwrap(), 8, "the same command sends them");
    aws.fail_nothing();
    let replayed = watch::Sender::new(Replayed::default());
    aws.run(replay.run(&parked, &name, FAST, &replayed)).await.0.unwrap();
    assert_eq!((replayed.borrow().sent, aws.messages("events").len()), (8, 8));
    assert_eq!(aws.run(replay.count(&parked)).await.0.unwrap(), 0, "they are unparked");
    assert_in_order(&aws, &events);
}

#[tokio::test]
async fn chosen_events_of_an_entity_keep_the_order_of_the_choice() {
    let aws = FakeAws::default();
    let mut events = aws.store_events(4, 2).await;
    events.reverse();
    let chosen: Vec<Arrival> = events
        .iter()
        .map(|(id, at)| Arrival {
            id: id.clone(),
            received: at.to_string(),
            event_type: String::new(),
            canonical_type: String::new(),
        })
        .collect();
    let replay = Replay { table: aws.table(), queue: aws.queue("events") };
    let (replayed, name) = (watch::Sender::new(Replayed::default()), ReplayId::parse("r").unwrap());
    aws.run(replay.run_events(&chosen, &name, FAST, &replayed)).await.0.unwrap();
    let sent = aws.messages("events");
    assert_eq!(sent.len(), chosen.len());
    for event in &chosen {
        let entity = |id: &&String| id.starts_with(&format!("{}/", event.id.entity_path()));
        let wanted: Vec<String> = chosen.iter().map(|event| format!("{}/r", event.id)).collect();
        assert!(sent.iter().filter(entity).eq(wanted.iter().filter(entity)), "{sent:?}");
    }
}
