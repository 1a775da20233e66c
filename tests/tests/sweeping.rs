//! Properties of resending: by the sweeper, by replay and by redrive. Needs `make up`.
//!
//! The sweeper's cases run it here, with a table and a queue of their own; one runs the
//! deployed function.

use std::collections::BTreeMap;
use std::time::Duration;

use inlet::event::EventId;
use inlet::message::Message;
use inlet::process::{AttemptRecord, Attempts, MAX_BACKOFF, ProcessingStore, Received, Stored};
use inlet::receive::Recorded;
use inlet::received_at::ReceivedAt;
use inlet_aws::client::clock;
use inlet_aws::dynamodb::events::{Put, StoredEvent};
use inlet_aws::dynamodb::queue_position::Position;
use inlet_aws::dynamodb::record::Record;
use inlet_aws::dynamodb::table::Table;
use inlet_aws::lambda::processing_store::TableProcessingStore;
use inlet_aws::lambda::sweeper::{BUDGET, Oldest, SweepReport, Sweeper};
use inlet_aws::operate::dead_letters::{Action, DeadLetters, HeldLetters, LetterFilter, LettersDone};
use inlet_aws::operate::replay::{Replay, ReplayId, Replayed, Selection};
use inlet_aws::sqs::QueueDepth;
use inlet_tests::deliveries::{given, received_without};
use inlet_tests::stack::{Stack, eventually};
use inlet_zid::Zid;
use serde_json::Value;
use tokio::sync::watch;

const MINUTE: Duration = Duration::from_mins(1);
const ENOUGH: Duration = Duration::from_secs(40);

/// A sweeper with a table and a queue of its own, and events to store.
struct Site {
    stack: Stack,
    sweeper: Sweeper,
    queue_url: String,
    model: StoredEvent,
    now: ReceivedAt,
}

impl Site {
    async fn new() -> Self {
        let stack = Stack::up();
        let (store, request) = given::<Zid>(&stack, "order.create").await;
        let queue_url = stack.idle_queue().await;
        received_without::<Zid>(&stack, &stack.facts.table, &queue_url, request).await;
        let model = stack.stored(&stack.events("zid", &store).await[0]).await;
        stack.clients.sqs.purge_queue().queue_url(&queue_url).send().await.expect("an empty queue");
        let table = stack.table_of_its_own().await;
        let sweeper =
            Sweeper { table, queue: stack.queue(&queue_url), resend_after: 2 * MINUTE, budget: BUDGET };
        Self { stack, sweeper, queue_url, model, now: clock::now() }
    }

    fn table(&self) -> &Table {
        &self.sweeper.table
    }

    /// Stores an event of this age: the only one of the nth entity.
    async fn event(&self, n: u32, age: Duration) -> EventId {
        self.event_of(n, n, age).await
    }

    /// Stores an event of this age: the nth, which belongs to this entity.
    async fn event_of(&self, entity: u32, n: u32, age: Duration) -> EventId {
        let kept = self.kept(&format!("zid/shop/order/{entity}/{n:016x}"), age);
        self.table().events.put(&kept).await.unwrap();
        EventId::parse(&kept.record.id).unwrap()
    }

    /// Returns an event of this age, without storing it.
    fn kept(&self, id: &str, age: Duration) -> StoredEvent {
        let id = EventId::parse(id).unwrap();
        let received_at = self.now.earlier(age);
        let (received, received_ms) = (received_at.to_string(), received_at.millis());
        let message = self.model.message.replace(&self.model.record.id, id.as_str());
        let record = Record { id: id.to_string(), received, received_ms, ..self.model.record.clone() };
        StoredEvent { record: Record { attempt: id.to_string(), ..record }, message, ..self.model.clone() }
    }

    fn processing_store(&self) -> TableProcessingStore {
        let queue = self.stack.queue(&self.queue_url);
        TableProcessingStore { table: self.table().clone(), dead_letters: queue.clone(), queue }
    }

    /// Records that the processor failed with a message of this event, and tries it again after this time.
    async fn processor_fails_with(&self, id: &EventId, delay: Duration, now: ReceivedAt) {
        let tried =
            AttemptRecord { id: id.clone(), received: "m".into(), attempts: Attempts::default(), delay };
        self.table().attempts.record(&[tried], now).await.unwrap();
    }

    /// Moves the sweeper's cursor past all events.
    async fn all_is_walked(&self) {
        for walk in ["near", "late"] {
            self.table().pending.set_cursor(walk, self.now).await.unwrap();
        }
    }

    async fn sweep_at(&self, now: ReceivedAt) -> SweepReport {
        self.sweep_for(now, ENOUGH).await
    }

    async fn sweep_for(&self, now: ReceivedAt, time: Duration) -> SweepReport {
        let (swept, fault) = self.sweeper.sweep(now, time).await;
        assert!(fault.is_none(), "{fault:?}");
        swept
    }

    /// Returns the report that the oldest event has this age.
    fn aged(&self, age: Duration) -> Oldest {
        Oldest::Arrived(self.now.earlier(age))
    }

    async fn sweep(&self) -> SweepReport {
        self.sweep_at(self.now).await
    }

    fn queued(&self) -> Vec<String> {
        let waiting = self.stack.waiting(&self.queue_url);
        waiting.iter().filter_map(|message| message.body["id"].as_str().map(str::to_owned)).collect()
    }

    /// Records that the processor received a message for the first time that was sent this long ago.
    async fn processor_is_at(&self, ago: Duration) {
        let received = Received { sent_ms: self.now.earlier(ago).millis(), ..received(String::new()) };
        self.table().queue_positions.record(Position::of(&[received], self.now).unwrap()).await.unwrap();
    }
}

/// Returns the events of each entity, in their order. Entities have no order among each other.
fn by_entity(events: &[EventId]) -> BTreeMap<&str, Vec<&str>> {
    let mut entities: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for event in events {
        entities.entry(event.entity_path()).or_default().push(event.as_str());
    }
    entities
}

/// Returns a message that is received for the first time.
fn received(text: String) -> Received {
    let nothing = String::new;
    Received {
        id: nothing(),
        group: nothing(),
        deduplication: nothing(),
        handle: nothing(),
        receives: 1,
        failing_for: Duration::ZERO,
        age: Duration::ZERO,
        sent_ms: 0,
        text,
        whole: None,
    }
}

fn later(now: ReceivedAt, by: Duration) -> ReceivedAt {
    ReceivedAt::from_millis(now.millis() + i64::try_from(by.as_millis()).unwrap()).unwrap()
}

#[tokio::test]
async fn only_events_that_lost_their_message_are_sent_again() {
    let site = Site::new().await;
    let lost = site.event(1, 10 * MINUTE).await;
    let processed = site.event(2, 10 * MINUTE).await;
    let parked = site.event(3, 10 * MINUTE).await;
    site.event(4, Duration::from_secs(30)).await;
    site.table().receipts.write(&[(&processed, site.now)], &[], site.now).await.unwrap();
    site.table().receipts.park(&parked, "for a test", site.now).await.unwrap();

    let swept = site.sweep().await;
    assert_eq!((swept.resent, swept.parked, swept.waiting), (1, 0, Some(QueueDepth::default())));
    assert_eq!(swept.oldest_unprocessed, site.aged(10 * MINUTE));
    let messages = site.stack.waiting(&site.queue_url);
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].deduplication, lost.as_str());
    assert_eq!(messages[0].group, lost.entity_path());
    assert_eq!(messages[0].body["id"], lost.as_str());

    let swept = site.sweep().await;
    assert_eq!((swept.resent, swept.waiting), (0, Some(QueueDepth { visible: 1, in_flight: 0 })), "it waits");
    site.table().receipts.write(&[(&lost, site.now)], &[], site.now).await.unwrap();
    let swept = site.sweep().await;
    assert_eq!((swept.resent, swept.oldest_unprocessed), (0, Oldest::Nothing), "it has a receipt");
}

#[tokio::test]
async fn a_run_that_sends_nothing_still_records_the_oldest_age() {
    let mut site = Site::new().await;
    let [proved, lost] = [site.event(1, 30 * MINUTE).await, site.event(2, 20 * MINUTE).await];
    assert_eq!(site.sweep().await.resent, 2);
    site.table().receipts.write(&[(&proved, site.now)], &[], site.now).await.unwrap();
    site.sweeper.budget = 0;
    let swept = site.sweep_at(later(site.now, 10 * MINUTE)).await;
    assert_eq!((swept.resent, swept.parked), (0, 0));
    assert_eq!(swept.oldest_unprocessed, site.aged(20 * MINUTE), "{lost} is the oldest now");
}

#[tokio::test]
async fn pending_events_above_one_request_are_listed_and_deleted() {
    let site = Site::new().await;
    let mut ids = Vec::new();
    for n in 1..=60 {
        let id = site.event(n, 10 * MINUTE).await;
        site.processor_fails_with(&id, Duration::from_hours(1), site.now).await;
        ids.push(id);
    }
    assert_eq!(site.sweep().await.resent, 0, "all are on the queue");
    assert_eq!(site.table().pending.list(None).await.unwrap().len(), 60);
    let next = later(site.now, 7 * MINUTE);
    assert_eq!(site.sweep_at(next).await.resent, 0, "still");
    let listed = site.table().pending.list(None).await.unwrap();
    assert!(listed.iter().all(|pending| pending.sent == next && pending.times == 0), "{listed:?}");
    let processed: Vec<_> = ids.iter().map(|id| (id, site.now)).collect();
    site.table().receipts.write(&processed, &[], site.now).await.unwrap();
    site.sweep_at(next).await;
    assert_eq!(site.table().pending.list(None).await.unwrap(), []);
}

#[tokio::test]
async fn events_that_may_wait_on_a_long_queue_are_not_sent_again() {
    let site = Site::new().await;
    let lost = site.event(1, 20 * MINUTE).await;
    let behind = site.event(2, 5 * MINUTE).await;
    site.stack.enqueue(&site.queue_url, "any", "{}", None).await;
    let swept = site.sweep().await;
    assert_eq!(swept.resent, 0, "the position of the processor is unknown");
    assert_eq!(swept.oldest_unprocessed, site.aged(20 * MINUTE), "but its age is recorded");

    site.processor_is_at(10 * MINUTE).await;
    assert_eq!(site.sweep().await.resent, 1, "an event that was sent before is no longer on the queue");
    assert_eq!(site.queued(), [lost.as_str()]);

    site.stack.clients.sqs.purge_queue().queue_url(&site.queue_url).send().await.unwrap();
    assert_eq!(site.sweep().await.resent, 1, "nothing is on an empty queue");
    assert_eq!(site.queued(), [behind.as_str()]);
}

#[tokio::test]
async fn in_flight_messages_alone_do_not_hold_others_back() {
    let mut site = Site::new().await;
    let lost = site.event(1, 20 * MINUTE).await;
    site.stack.enqueue(&site.queue_url, "any", "{}", None).await;
    let message = site.stack.clients.sqs.receive_message().queue_url(&site.queue_url).send().await.unwrap();
    assert_eq!(message.messages().len(), 1, "a delayed poison message of another entity");

    site.processor_is_at(30 * MINUTE).await;
    let swept = site.sweep().await;
    assert_eq!(swept.waiting, Some(QueueDepth { visible: 0, in_flight: 1 }));
    assert_eq!(swept.resent, 0, "a backlog was received recently, and this event may be the last of it");

    site.now = later(site.now, 5 * MINUTE);
    site.stack.enqueue(&site.queue_url, "another", "{}", None).await;
    assert_eq!(site.sweep().await.resent, 0, "a message waits that was not received yet");

    site.stack.clients.sqs.purge_queue().queue_url(&site.queue_url).send().await.unwrap();
    site.stack.enqueue(&site.queue_url, "any", "{}", None).await;
    let message = site.stack.clients.sqs.receive_message().queue_url(&site.queue_url).send().await.unwrap();
    assert_eq!(message.messages().len(), 1, "the poison again");
    assert_eq!(site.sweep().await.resent, 1, "what is in flight was received long ago and is noted");
    assert_eq!(site.queued(), [lost.as_str()]);
}

#[tokio::test]
async fn without_the_queue_a_run_fails_with_the_oldest_age() {
    let mut site = Site::new().await;
    let lost = site.event(1, 30 * MINUTE).await;
    let queue = site.sweeper.queue.clone();
    site.sweeper.queue = site.stack.queue(&format!("{}-nowhere.fifo", site.queue_url));
    let (swept, fault) = site.sweeper.sweep(site.now, ENOUGH).await;
    assert!(fault.is_some(), "there is no such queue");
    assert_eq!((swept.resent, swept.waiting), (0, None));
    assert_eq!(swept.oldest_unprocessed, site.aged(30 * MINUTE), "the table alone knows");
    site.table().receipts.write(&[(&lost, site.now)], &[], site.now).await.unwrap();
    let (swept, _) = site.sweeper.sweep(site.now, ENOUGH).await;
    assert_eq!(swept.oldest_unprocessed, Oldest::Nothing, "and it knows when the outage is over");
    site.sweeper.queue = queue;
    assert_eq!(site.sweep().await.oldest_unprocessed, Oldest::Nothing);
}

#[tokio::test]
async fn an_event_that_is_never_processed_is_parked() {
    let site = Site::new().await;
    let lost = site.event(1, 10 * MINUTE).await;
    let mut now = site.now;
    let mut resent = Vec::new();
    for minutes in [0, 3, 3, 12, 24, 48, 96] {
        now = later(now, minutes * MINUTE);
        site.stack.clients.sqs.purge_queue().queue_url(&site.queue_url).send().await.unwrap();
        let swept = site.sweep_at(now).await;
        resent.push((swept.resent, swept.parked));
    }
    assert_eq!(resent, [(1, 0), (0, 0), (1, 0), (1, 0), (1, 0), (1, 0), (0, 1)]);
    assert!(site.table().receipts.is_parked(&lost).await.unwrap());
    let swept = site.sweep_at(later(now, 600 * MINUTE)).await;
    assert_eq!(
        (swept.resent, swept.parked, swept.oldest_unprocessed),
        (0, 0, Oldest::Nothing),
        "it waits for an operator"
    );
}

#[tokio::test]
async fn events_behind_a_failing_message_are_not_sent_again() {
    let site = Site::new().await;
    let failing = site.event(1, 10 * MINUTE).await;
    let behind = site.kept("zid/shop/order/1/00000000000000b1", 9 * MINUTE);
    site.table().events.put(&behind).await.unwrap();
    let mut now = site.now;
    for hour in 0..24 {
        for _ in 0..2 {
            site.processor_fails_with(&failing, MAX_BACKOFF, now).await;
            now = later(now, MAX_BACKOFF);
            let swept = site.sweep_at(now).await;
            assert_eq!((swept.resent, swept.parked), (0, 0), "in hour {hour} of the outage");
            assert_eq!(swept.oldest_unprocessed, site.aged(10 * MINUTE), "but its age is recorded");
        }
    }
    site.table().receipts.write(&[(&failing, now)], &[], now).await.unwrap();
    let swept = site.sweep_at(later(now, MINUTE)).await;
    assert_eq!(swept.oldest_unprocessed, site.aged(9 * MINUTE), "the outage is over");
    assert_eq!(site.sweep_at(later(now, 10 * MINUTE)).await.resent, 1, "its entity waits no longer");
    assert_eq!(site.queued(), [behind.record.id.as_str()]);
}

#[tokio::test]
async fn fallbacks_stored_behind_the_walk_are_pending() {
    let site = Site::new().await;
    site.all_is_walked().await;
    let kept = site.kept("zid/shop/order/7/0000000000000007", 1_200 * MINUTE);
    let message = Message::parse(kept.message.clone()).unwrap();
    let carrying = |receives| {
        let whole = Some(kept.record.packed(&kept.body));
        Received { whole, receives, id: "m".into(), ..received(kept.message.clone()) }
    };
    let store = site.processing_store();
    assert_eq!(store.store_event(&carrying(1), &message).await.unwrap(), Stored::Now);
    assert_eq!(store.store_event(&carrying(2), &message).await.unwrap(), Stored::Now, "it is there");
    assert_eq!(site.sweep().await.resent, 0, "its message is at the processor");
    assert_eq!(site.sweep_at(later(site.now, 10 * MINUTE)).await.resent, 1, "which was never done with it");
    assert_eq!(site.queued(), [kept.record.id]);
}

#[tokio::test]
async fn an_unsent_event_stays_parked_and_an_unparked_one_is_pending() {
    let site = Site::new().await;
    let parked = site.event(1, 1_200 * MINUTE).await;
    site.all_is_walked().await;
    site.table().receipts.park(&parked, "for a test", site.now).await.unwrap();
    let nowhere = site.stack.queue(&format!("{}-nowhere.fifo", site.queue_url));
    let replay = Replay { table: site.table().clone(), queue: nowhere };
    let (from, until) = (site.now.earlier(1_300 * MINUTE), site.now);
    let all = Selection::between(from, until);
    let name = ReplayId::parse("r").unwrap();
    let replayed = watch::Sender::new(Replayed::default());
    assert!(replay.run(&all, &name, 100, &replayed).await.is_err(), "there is no such queue");
    assert!(site.table().receipts.is_parked(&parked).await.unwrap(), "the same selection finds it again");
    assert_eq!(site.sweep_at(later(site.now, 10 * MINUTE)).await.resent, 0, "it waits for an operator");
    let arrived = site.now.earlier(1_200 * MINUTE).to_string();
    site.table().receipts.unpark(&parked, &arrived, site.now).await.unwrap();
    assert_eq!(site.sweep_at(later(site.now, 10 * MINUTE)).await.resent, 1, "it is pending behind the walk");
    assert_eq!(site.queued(), [parked.as_str()]);
}

#[tokio::test]
async fn an_equal_delivery_after_expiry_is_new_without_old_marks() {
    let site = Site::new().await;
    // The table keeps events for a day; DynamoDB has not deleted this one yet.
    let days = |n: u32| n * 1_440 * MINUTE;
    let id = site.event(1, days(3)).await;
    let then = site.now.earlier(days(3));
    site.table().receipts.write(&[(&id, then)], &[], then).await.unwrap();
    site.table().receipts.park(&id, "for a test", then).await.unwrap();
    assert!(site.table().receipts.is_processed(&id, then).await.unwrap());

    let equal = site.kept(id.as_str(), 10 * MINUTE);
    let equal = StoredEvent { record: Record { attempt: "another".into(), ..equal.record }, ..equal };
    assert_eq!(
        site.table().events.put(&equal).await.unwrap(),
        Put::Recorded(Recorded::New),
        "it would expire with the old one"
    );
    let retry = StoredEvent { record: Record { attempt: "a third".into(), ..equal.record.clone() }, ..equal };
    let repeated = site.table().events.put(&retry).await.unwrap();
    assert!(matches!(repeated, Put::Recorded(Recorded::Duplicate { processed: false, .. })), "{repeated:?}");
    let message = Message::parse(retry.message).unwrap();
    assert!(
        site.processing_store().processed(&[&message]).await.unwrap().is_empty(),
        "it was never processed"
    );
    assert_eq!(site.sweep().await.resent, 1, "and is not forgotten");
}

#[tokio::test]
async fn a_delayed_message_is_hidden_for_exactly_that_long() {
    let site = Site::new().await;
    site.stack.enqueue(&site.queue_url, "any", "{}", None).await;
    let receive = async || {
        let asked = site.stack.clients.sqs.receive_message().queue_url(&site.queue_url).send();
        asked.await.unwrap().messages.unwrap_or_default()
    };
    let messages = receive().await;
    assert!(receive().await.is_empty(), "it is being processed");
    let handle = messages[0].receipt_handle.clone().unwrap();
    let received = Received { handle, ..received(String::new()) };
    site.processing_store().delay(&received, Duration::ZERO).await.unwrap();
    assert_eq!(receive().await.len(), 1, "no longer than asked");
}

#[tokio::test]
async fn after_a_day_without_runs_each_entity_keeps_its_order() {
    let site = Site::new().await;
    site.table().pending.set_cursor("near", site.now.earlier(1_500 * MINUTE)).await.unwrap();
    let mut lost = Vec::new();
    for n in 0..50 {
        lost.push(site.event_of(n % 5, n, (1_440 - 28 * n) * MINUTE).await);
    }
    let swept = site.sweep_for(site.now, Duration::ZERO).await;
    assert_eq!((swept.resent, swept.oldest_unprocessed), (0, site.aged(1_440 * MINUTE)), "without time");
    assert_eq!(site.sweep().await.resent, 50);
    let queued: Vec<EventId> = site.queued().iter().map(|id| EventId::parse(id).unwrap()).collect();
    assert_eq!(by_entity(&queued), by_entity(&lost));
}

#[tokio::test]
async fn an_event_that_the_index_shows_late_is_found_in_walk_2() {
    let site = Site::new().await;
    site.table().pending.set_cursor("near", site.now).await.unwrap();
    site.table().pending.set_cursor("late", site.now.earlier(600 * MINUTE)).await.unwrap();
    site.event(1, 400 * MINUTE).await;
    site.event(2, 300 * MINUTE).await;
    assert_eq!(site.sweep().await.resent, 1, "it is more than six hours old");
}

#[tokio::test]
async fn the_deployed_sweeper_sends_events_that_sqs_did_not_get() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create").await;
    let nowhere = format!("{}-nowhere.fifo", stack.facts.queue_url);
    assert_eq!(received_without::<Zid>(&stack, &stack.facts.table, &nowhere, request).await.0, 200);
    let swept = eventually(|| {
        stack.sweep();
        std::thread::sleep(Duration::from_secs(1));
        Some(stack.published(&store)).filter(|published| !published.is_empty())
    });
    assert_eq!(swept.map(|published| published.len()), Some(1));
    assert_eq!(stack.processed_once(1, "zid", &store).await, 1);
}

fn replay_ids(published: &[Value]) -> Vec<Option<&str>> {
    published.iter().map(|message| message["replayid"].as_str()).collect()
}

#[tokio::test]
async fn a_replay_sends_the_selected_events_again_and_marks_them() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create").await;
    let from = clock::now();
    assert_eq!(stack.send("zid", &request).status, 200);
    assert_eq!(stack.processed_once(1, "zid", &store).await, 1);
    let id = &stack.events("zid", &store).await[0];
    stack.table().receipts.park(id, "for a test", clock::now()).await.unwrap();

    let replay = Replay { table: stack.table(), queue: stack.queue(&stack.facts.queue_url) };
    let all = Selection {
        provider: Some("zid".into()),
        store: Some(store.clone()),
        ..Selection::between(from, later(from, 10 * MINUTE))
    };
    let entity = id.entity_path().splitn(3, '/').nth(2).map(str::to_owned);
    for (selection, count) in [
        (all.clone(), 1),
        (Selection { entity: entity.clone(), ..all.clone() }, 1),
        (Selection { event_types: vec!["commerce.order.created".into()], ..all.clone() }, 1),
        (Selection { event_types: vec!["order.update".into()], ..all.clone() }, 0),
        (Selection { entity, until: from, ..all.clone() }, 0),
        (Selection { until: from, ..all.clone() }, 0),
    ] {
        assert_eq!(replay.count(&selection).await.unwrap(), count, "{selection:?}");
    }
    assert_eq!(stack.published(&store).len(), 1, "counting sends nothing");

    for (name, published) in [("first", 2), ("second", 3)] {
        let replayed = watch::Sender::new(Replayed::default());
        replay.run(&all, &ReplayId::parse(name).unwrap(), 100, &replayed).await.unwrap();
        let replayed = replayed.borrow();
        assert_eq!((replayed.sent, replayed.refused.len()), (1, 0));
        assert_eq!(stack.published_once(published, &store).len(), published);
    }
    assert_eq!(replay_ids(&stack.published(&store)), [None, Some("first"), Some("second")]);
    assert!(!stack.table().receipts.is_parked(id).await.unwrap(), "it was tried again");
}

#[tokio::test]
async fn a_redrive_returns_dead_letters_with_all_they_carry() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create").await;
    // A whole event, as the queue alone has it, waits among the dead letters.
    let dead = stack.idle_queue().await;
    received_without::<Zid>(&stack, "no-such-table", &dead, request.clone()).await;
    let id = EventId::parse(stack.waiting(&dead)[0].body["id"].as_str().unwrap()).unwrap();
    stack.table().receipts.park(&id, "for a test", clock::now()).await.unwrap();

    let queue = stack.queue(&stack.facts.queue_url);
    let held = HeldLetters::default();
    let letters = DeadLetters { dead_letters: stack.queue(&dead), queue, table: stack.table(), held };
    let (all, (_running, stop)) = (LetterFilter::default(), watch::channel(false));
    let peeked = letters.peek(&all, 10).await.unwrap();
    assert_eq!(peeked.letters[0].event.as_ref().map(|event| &event.id), Some(&id));
    assert_eq!(peeked.letters[0].reason.as_deref(), Some("for a test"));
    assert_eq!(letters.count().await.unwrap(), 1, "listing returns the letters to the queue");
    let moved = watch::Sender::new(LettersDone::default());
    letters.run(Action::Redrive, &all, 100, &stop, &moved).await.unwrap();
    let done = LettersDone { moved: 1, ..LettersDone::default() };
    assert_eq!((*moved.borrow(), stack.waiting(&dead).len()), (done, 0));
    assert_eq!(stack.published_once(1, &store).len(), 1);
    assert_eq!(stack.processed_once(1, "zid", &store).await, 1);
    assert_eq!(stack.stored(&id).await.body, request.body);
    assert!(!stack.table().receipts.is_parked(&id).await.unwrap());
}
