//! The calls, the order and the simulated time of a redrive.

use std::time::Duration;

use super::*;
use crate::fake_aws::{FakeAws, arrival, stored_event};

async fn letters(aws: &FakeAws, entities: usize, each: usize) -> Vec<EventId> {
    let queue = aws.queue("dead");
    let events = aws.store_events(entities, each).await;
    for (id, at) in &events {
        let message = Message::parse(stored_event(id, *at).message).unwrap();
        aws.run(queue.send_message(&message, id.as_str())).await.0.unwrap();
    }
    aws.forget_calls();
    events.into_iter().map(|(id, _)| id).collect()
}

fn dead_letters(aws: &FakeAws) -> DeadLetters {
    DeadLetters {
        dead_letters: aws.queue("dead"),
        queue: aws.queue("events"),
        table: aws.table(),
        held: HeldLetters::default(),
    }
}

async fn redrive(aws: &FakeAws) -> (Result<(), Fault>, LettersDone, Duration) {
    let letters = dead_letters(aws);
    let (done, (_stop, stopped)) = (watch::Sender::default(), watch::channel(false));
    let filter = LetterFilter::default();
    let run = letters.run(Action::Redrive, &filter, u32::MAX, &stopped, &done);
    let (result, took) = aws.run(run).await;
    (result, *done.borrow(), took)
}

/// Returns the events whose letters were moved, in their order.
fn moved(aws: &FakeAws) -> Vec<String> {
    let ids = aws.messages("events").into_iter();
    ids.map(|id| id.rsplit_once('/').unwrap().0.to_owned()).collect()
}

#[tokio::test]
async fn a_redrive_moves_ten_letters_in_the_time_of_four_calls() {
    let aws = FakeAws::default();
    letters(&aws, 100, 1).await;
    let (result, done, took) = redrive(&aws).await;
    result.unwrap();
    assert_eq!((done.moved, done.kept), (100, 0));
    // The queue's depth first; then each ten are received, looked up, moved and deleted.
    assert_eq!(took, crate::fake_aws::clock::LATENCY * (1 + 10 * 4));
    let calls = ["BatchGetItem", "SendMessage", "DeleteMessage"].map(|operation| aws.calls(operation).len());
    assert_eq!(calls, [10, 100, 100]);
}

#[tokio::test]
async fn letters_of_an_entity_are_moved_in_their_order() {
    let aws = FakeAws::default();
    let ids = letters(&aws, 2, 20).await;
    let (result, done, _) = redrive(&aws).await;
    result.unwrap();
    assert_eq!(done.moved, 40);
    for entity in ["acme/riyadh/order/0/", "acme/riyadh/order/1/"] {
        let of_entity =
            |ids: Vec<String>| ids.into_iter().filter(|id| id.starts_with(entity)).collect::<Vec<_>>();
        let stored = ids.iter().map(EventId::to_string).collect();
        assert_eq!(of_entity(moved(&aws)), of_entity(stored));
    }
}

#[tokio::test]
async fn a_letter_that_cannot_be_moved_stops_its_entity_alone() {
    let aws = FakeAws::default();
    let ids = letters(&aws, 2, 5).await;
    // The second letter of the first entity.
    aws.fail("SendMessage", ids[2].digest());
    let (result, done, _) = redrive(&aws).await;
    assert!(result.is_err(), "the send was refused");
    assert_eq!(done.moved, 1 + 5);
    assert_eq!(aws.messages("dead").len(), 4, "the refused letter and those behind it stay");
    aws.fail_nothing();
    let (result, done, _) = redrive(&aws).await;
    result.unwrap();
    assert_eq!((done.moved, aws.messages("dead").len()), (4, 0), "they were given back");
    let of_first =
        |ids: Vec<String>| ids.into_iter().filter(|id| id.contains("/order/0/")).collect::<Vec<_>>();
    assert_eq!(of_first(moved(&aws)), of_first(ids.iter().map(EventId::to_string).collect()));
}

#[tokio::test]
async fn a_redrive_unparks_parked_events_and_deletes_forgotten_ones() {
    let aws = FakeAws::default();
    let ids = letters(&aws, 3, 1).await;
    let table = aws.table();
    aws.run(table.receipts.park(&ids[0], "for a test", arrival(9))).await.0.unwrap();
    aws.run(table.forgotten.put(ids[1].entity_path(), arrival(9))).await.0.unwrap();
    let (result, done, _) = redrive(&aws).await;
    result.unwrap();
    assert_eq!((done.moved, done.forgotten, aws.messages("dead").len()), (2, 1, 0));
    assert!(!aws.run(table.receipts.is_parked(&ids[0])).await.0.unwrap());
    assert!(!moved(&aws).contains(&ids[1].to_string()));
}

#[tokio::test]
async fn a_look_counts_the_letters_over_its_limit() {
    let aws = FakeAws::default();
    letters(&aws, 39, 1).await;
    let dead = dead_letters(&aws);
    for (limit, shown) in [(2, 2), (10, 10), (15, 15), (39, 39), (50, 39)] {
        let peeked = aws.run(dead.peek(&LetterFilter::default(), limit)).await.0.unwrap();
        assert_eq!(
            (peeked.letters.len(), peeked.hidden),
            (shown, 39 - u32::try_from(shown).unwrap()),
            "{limit}"
        );
    }
}

#[tokio::test]
async fn a_look_shows_whose_event_is_processed() {
    let aws = FakeAws::default();
    let ids = letters(&aws, 3, 1).await;
    let table = aws.table();
    aws.run(table.receipts.park(&ids[0], "for a test", arrival(60_000))).await.0.unwrap();
    aws.run(table.receipts.write(&[(&ids[1], arrival(1))], &[], arrival(60_000))).await.0.unwrap();
    let dead = dead_letters(&aws);
    let peeked = aws.run(dead.peek(&LetterFilter::default(), 10)).await.0.unwrap();
    let of = |id: &EventId| peeked.letters.iter().find(|letter| letter.is(id.as_str())).unwrap();
    assert_eq!((of(&ids[0]).reason.as_deref(), of(&ids[0]).processed), (Some("for a test"), None));
    assert_eq!((of(&ids[1]).reason.as_deref(), of(&ids[1]).processed), (None, Some(arrival(60_000))));
    assert_eq!((of(&ids[2]).reason.as_deref(), of(&ids[2]).processed), (None, None));
}

/// Drops work on letters after so much time, and waits until it gave them back.
async fn drop_after<T>(aws: &FakeAws, dead: &DeadLetters, work: impl Future<Output = T>, time: Duration) {
    let race = futures_util::future::select(Box::pin(work), Box::pin(aws.sleep(time)));
    // The loser is dropped with the result.
    aws.run(async { drop(race.await) }).await;
    let given_back = tokio::spawn({
        let held = dead.held.clone();
        async move { held.given_back().await }
    });
    while !given_back.is_finished() {
        aws.run(aws.sleep(crate::fake_aws::clock::LATENCY)).await;
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_look_that_is_dropped_anywhere_gives_its_letters_back() {
    let aws = FakeAws::default();
    letters(&aws, 25, 1).await;
    let dead = dead_letters(&aws);
    let every = LetterFilter::default();
    let (_, took) = aws.run(dead.peek(&every, 100)).await;
    for part in 0..=20 {
        aws.forget_calls();
        // In the middle of each call: those of a look that is not dropped, and some more.
        let time = took * part / 20;
        drop_after(&aws, &dead, dead.peek(&every, 100), time).await;
        let received = aws.calls("ReceiveMessage").len();
        assert_eq!(aws.hidden("dead"), 0, "after {time:?} and {received} receives");
        assert_eq!(aws.messages("dead").len(), 25, "after {time:?}");
    }
}

#[tokio::test]
async fn a_redrive_that_is_dropped_anywhere_hides_no_letter() {
    for part in 0..=20 {
        let aws = FakeAws::default();
        letters(&aws, 25, 1).await;
        let dead = dead_letters(&aws);
        let (done, (_stop, stopped)) = (watch::Sender::default(), watch::channel(false));
        let every = LetterFilter::default();
        let run = dead.run(Action::Redrive, &every, u32::MAX, &stopped, &done);
        // Four calls for ten letters, and the queue's depth.
        let time = crate::fake_aws::clock::LATENCY * 13 * part / 20;
        drop_after(&aws, &dead, run, time).await;
        assert_eq!(aws.hidden("dead"), 0, "after {time:?}");
        let there = aws.messages("dead").len() + aws.messages("events").len();
        assert!(there >= 25, "{there} after {time:?}");
    }
}

#[tokio::test]
async fn a_look_that_fails_gives_its_letters_back() {
    let aws = FakeAws::default();
    letters(&aws, 15, 1).await;
    let dead = dead_letters(&aws);
    aws.fail("BatchGetItem", "");
    let (peeked, _) = aws.run(dead.peek(&LetterFilter::default(), 100)).await;
    assert!(peeked.is_err(), "the table was not read");
    assert_eq!((aws.hidden("dead"), aws.messages("dead").len()), (0, 15));
}
