//! A batch, seen from the queue, the table and the consumer: stand-ins in memory for all three.

use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;

use crate::received_at::ReceivedAt;

use super::*;

mod pace;

/// The stored state, and the calls in order.
#[derive(Default)]
struct TestState {
    receipts: HashSet<String>,
    dead_lettered: Vec<String>,
    journaled: Vec<String>,
    stored_elsewhere: HashSet<String>,
    attempts: HashMap<String, Attempts>,
    delays: Vec<(String, Duration)>,
    done: Vec<String>,
}

#[derive(Default)]
struct TestServices {
    state: Mutex<TestState>,
    /// The fault of each event, if it has one.
    failing: HashMap<&'static str, Failure>,
    /// Calls of the store that fail.
    broken: &'static str,
    /// The consumer's time limit.
    limit: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Failure {
    Permanent,
    Outage,
    Panic,
    Silence,
    /// It never ends.
    Hang,
    /// An outage that names the seconds until the next attempt.
    RetryAfter(u64),
    /// The whole call fails.
    Crash,
    /// The whole call does not end in time.
    TimeOut,
}

/// The time of every receipt: a second after the arrival of every message.
const PROCESSED: &str = "2025-06-12T08:01:13.345Z";

fn fault() -> Fault {
    Fault::transient("a planned failure", "as the test wants it")
}

impl TestServices {
    fn broken(&self, call: &str) -> Result<(), Fault> {
        if self.broken == call { Err(fault()) } else { Ok(()) }
    }

    fn record(&self, what: &str, id: &EventId) {
        self.state.lock().unwrap().done.push(format!("{what} {}", short(id)));
    }
}

impl ProcessingStore for &TestServices {
    async fn store_event(&self, received: &Received, message: &Message) -> Result<Stored, ConsumeError> {
        self.broken("journal").map_err(ConsumeError::Transient)?;
        assert_ne!(received.whole.as_deref(), Some(&b"bug"[..]), "a bug of the store");
        if received.whole.as_deref() == Some(b"fatal") {
            std::future::pending::<()>().await;
        }
        if received.whole.as_deref() == Some(b"damaged") {
            return Err(ConsumeError::Permanent(fault()));
        }
        let mut state = self.state.lock().unwrap();
        if state.stored_elsewhere.contains(short(message.id())) {
            return Ok(Stored::AsDuplicate);
        }
        state.journaled.push(short(message.id()).to_owned());
        Ok(Stored::Now)
    }

    async fn processed(&self, messages: &[&Message]) -> Result<HashSet<EventId>, Fault> {
        self.broken("processed")?;
        let state = self.state.lock().unwrap();
        let once = messages.iter().filter(|message| message.replay_id().is_none());
        let ids = once.map(|message| message.id());
        Ok(ids.filter(|id| state.receipts.contains(short(id))).cloned().collect())
    }

    async fn receipt(&self, consumed: &[&Message], repeated: &[EventId]) -> Result<ReceivedAt, Fault> {
        self.broken("receipt")?;
        for id in consumed.iter().map(|message| message.id()) {
            self.record("receipt", id);
            self.state.lock().unwrap().receipts.insert(short(id).to_owned());
        }
        for id in repeated {
            self.state.lock().unwrap().attempts.remove(short(id));
        }
        Ok(ReceivedAt::parse(PROCESSED).unwrap())
    }

    async fn load_attempts(
        &self,
        messages: &[(&Received, &Message)],
    ) -> Result<HashMap<String, Attempts>, Fault> {
        self.broken("tries")?;
        let state = self.state.lock().unwrap();
        let known = |(received, _): &(&Received, &Message)| {
            Some((received.id.clone(), *state.attempts.get(&received.id)?))
        };
        Ok(messages.iter().filter_map(known).collect())
    }

    async fn record_attempts(&self, records: &[AttemptRecord]) -> Result<(), Fault> {
        self.broken("note_tries")?;
        for AttemptRecord { received, attempts, .. } in records {
            self.state.lock().unwrap().attempts.insert(received.clone(), *attempts);
        }
        Ok(())
    }

    async fn delay(&self, received: &Received, pause: Duration) -> Result<(), Fault> {
        self.state.lock().unwrap().delays.push((received.id.clone(), pause));
        if self.broken == "delay" { std::future::pending().await } else { Ok(()) }
    }

    async fn dead_letter(&self, received: &Received, _: Option<&EventId>, _: &Fault) -> Result<(), Fault> {
        self.broken("dead_letter")?;
        self.state.lock().unwrap().dead_lettered.push(received.id.clone());
        Ok(())
    }
}

impl Consumer for &TestServices {
    async fn consume(&self, messages: &[Message]) -> Vec<Result<(), ConsumeError>> {
        let failure = |message: &Message| self.failing.get(short(message.id())).copied();
        assert!(!messages.iter().any(|m| failure(m) == Some(Failure::Panic)), "a bug of the consumer");
        if messages.iter().any(|message| failure(message) == Some(Failure::Crash)) {
            for message in messages {
                self.record("crash", message.id());
            }
            return messages.iter().map(|_| Err(ConsumeError::Crashed(fault()))).collect();
        }
        if messages.iter().any(|message| failure(message) == Some(Failure::TimeOut)) {
            return messages.iter().map(|_| Err(ConsumeError::TimedOut(fault()))).collect();
        }
        let mut outcomes = Vec::new();
        for message in messages {
            match failure(message) {
                None | Some(Failure::Panic | Failure::Crash | Failure::TimeOut) => {
                    self.record("consume", message.id());
                    outcomes.push(Ok(()));
                }
                Some(Failure::Permanent) => outcomes.push(Err(ConsumeError::Permanent(fault()))),
                Some(Failure::Outage) => outcomes.push(Err(ConsumeError::Transient(fault()))),
                Some(Failure::RetryAfter(seconds)) => {
                    outcomes.push(Err(ConsumeError::RetryAfter(fault(), Duration::from_secs(seconds))));
                }
                Some(Failure::Silence) => return outcomes,
                Some(Failure::Hang) => std::future::pending().await,
            }
        }
        outcomes
    }

    fn time_limit(&self) -> Option<Duration> {
        self.limit
    }
}

/// `a1`: the first event of the entity `a`.
fn short(id: &EventId) -> &str {
    id.digest().trim_start_matches('0')
}

/// The message of an event, received for the first time.
fn received(name: &str) -> Received {
    let group = format!("zid/store/order/{}", &name[..1]);
    let id = format!("{group}/{name:0>16}");
    let text = format!(
        r#"{{"id":"{id}","type":"commerce.order.created","provider":"zid","store":"store","receivedtime":"2025-06-12T08:01:12.345Z","data":{{}}}}"#
    );
    let id = name.to_owned();
    Received {
        deduplication: id.clone(),
        id,
        group,
        handle: String::new(),
        receives: 1,
        failing_for: Duration::ZERO,
        sent_ms: 0,
        age: Duration::ZERO,
        text,
        whole: None,
    }
}

/// A batch with this number of receives.
fn received_often(names: &str, receives: u32) -> Vec<Received> {
    batch(names).into_iter().map(|received| Received { receives, ..received }).collect()
}

fn batch(names: &str) -> Vec<Received> {
    names.split(' ').map(received).collect()
}

/// The outcomes by message, as words.
fn outcomes(services: &TestServices, batch: Vec<Received>) -> HashMap<String, &'static str> {
    let mut outcomes = Vec::new();
    at_once(Processor { store: services, consumer: services }.process(batch, |_| true, &mut outcomes));
    let word = |outcome: &Outcome| match outcome.disposition {
        Disposition::Processed => "processed",
        Disposition::Duplicate => "duplicate",
        Disposition::DeadLettered(_) => "dead-lettered",
        Disposition::Failed(ConsumeError::Permanent(_)) => "failed by itself",
        Disposition::Failed(ConsumeError::Transient(_) | ConsumeError::RetryAfter(..)) => "failed",
        Disposition::Failed(ConsumeError::Crashed(_)) => "crashed",
        Disposition::Failed(ConsumeError::TimedOut(_)) => "timed out",
        Disposition::Blocked => "behind",
    };
    outcomes.iter().map(|outcome| (outcome.received.clone(), word(outcome))).collect()
}

/// Nothing here waits for anything.
fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

fn are(pairs: &[(&str, &'static str)]) -> HashMap<String, &'static str> {
    pairs.iter().map(|(message, word)| ((*message).to_owned(), *word)).collect()
}

#[test]
fn an_entitys_events_are_consumed_in_order_before_receipts() {
    let services = TestServices::default();
    let got = outcomes(&services, batch("a1 a2 b1 a3"));
    assert_eq!(
        got,
        are(&[("a1", "processed"), ("a2", "processed"), ("a3", "processed"), ("b1", "processed")])
    );
    assert_eq!(
        services.state.lock().unwrap().done,
        [
            "consume a1",
            "consume b1",
            "receipt a1",
            "receipt b1",
            "consume a2",
            "receipt a2",
            "consume a3",
            "receipt a3"
        ]
    );
}

#[test]
fn a_failure_blocks_later_messages_of_its_entity_alone() {
    for failure in [Failure::Permanent, Failure::Outage] {
        let services = TestServices { failing: HashMap::from([("a2", failure)]), ..TestServices::default() };
        let got = outcomes(&services, batch("a1 a2 a3 b1 a4 b2"));
        let failed = if failure == Failure::Permanent { "failed by itself" } else { "failed" };
        assert_eq!(
            got,
            are(&[
                ("a1", "processed"),
                ("a2", failed),
                ("a3", "behind"),
                ("a4", "behind"),
                ("b1", "processed"),
                ("b2", "processed"),
            ])
        );
    }
}

#[test]
fn poison_is_dead_lettered_alone_after_its_own_attempts() {
    let services =
        TestServices { failing: HashMap::from([("a1", Failure::Permanent)]), ..TestServices::default() };
    for receives in 1..MAX_ATTEMPTS {
        assert_eq!(
            outcomes(&services, received_often("a1 a2", receives)),
            are(&[("a1", "failed by itself"), ("a2", "behind")]),
            "receive {receives}"
        );
    }
    assert_eq!(
        outcomes(&services, received_often("a1 a2 b1", MAX_ATTEMPTS)),
        are(&[("a1", "dead-lettered"), ("a2", "processed"), ("b1", "processed")])
    );
    assert_eq!(services.state.lock().unwrap().dead_lettered, ["a1"]);
}

#[test]
fn receives_behind_another_message_are_not_its_own_attempts() {
    let services =
        TestServices { failing: HashMap::from([("a2", Failure::Permanent)]), ..TestServices::default() };
    assert_eq!(
        outcomes(&services, received_often("a1 a2", 50)),
        are(&[("a1", "processed"), ("a2", "failed by itself")]),
        "however often it was received behind a1, it was tried once"
    );
    assert_eq!(services.state.lock().unwrap().attempts["a2"], Attempts { failed: 1, unfinished: 0 });
}

#[test]
fn an_outage_of_any_length_dead_letters_nothing() {
    let services =
        TestServices { failing: HashMap::from([("a1", Failure::Outage)]), ..TestServices::default() };
    for receives in 1..1_000 {
        assert_eq!(outcomes(&services, received_often("a1", receives)), are(&[("a1", "failed")]));
    }
    assert!(services.state.lock().unwrap().dead_lettered.is_empty());
}

#[test]
fn the_delay_grows_with_the_outage_up_to_half_an_hour() {
    for (failing_for, waits) in [(0, None), (29, None), (60, Some(6)), (300, Some(30)), (6_000, Some(30))] {
        let services =
            TestServices { failing: HashMap::from([("a1", Failure::Outage)]), ..TestServices::default() };
        let failing_for = Duration::from_mins(failing_for);
        let received = Received { failing_for, receives: 2, ..received("a1") };
        outcomes(&services, vec![received]);
        let delays = services.state.lock().unwrap().delays.first().map(|(_, pause)| pause.as_secs() / 60);
        assert_eq!(delays, waits, "after {failing_for:?}");
    }
}

#[test]
fn no_outage_exhausts_the_receives_of_a_message() {
    let (kept, most) = (Duration::from_hours(14 * 24), 1_000);
    let (mut failing_for, mut receives) = (Duration::ZERO, 0);
    while failing_for < kept {
        failing_for += backoff(failing_for);
        receives += 1;
    }
    assert!(receives < most, "{receives} receives in {kept:?}");
}

/// Returns the outcomes of a batch that was ended before it was complete.
fn cut_off(services: &TestServices, batch: Vec<Received>) {
    let mut outcomes = Vec::new();
    let processor = Processor { store: services, consumer: services };
    let mut processing = pin!(processor.process(batch, |_| true, &mut outcomes));
    let polled = processing.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending(), "it came to an end");
}

#[test]
fn a_crashing_message_is_isolated_and_dead_lettered_alone() {
    let services =
        TestServices { failing: HashMap::from([("b1", Failure::Hang)]), ..TestServices::default() };
    // The first receive is not recorded, and all are suspects after the second.
    cut_off(&services, received_often("a1 b1 c1", 1));
    cut_off(&services, received_often("a1 b1 c1", 2));
    cut_off(&services, received_often("a1 b1 c1", 3));
    assert!(services.state.lock().unwrap().receipts.contains("a1"), "it is tried before the one that hangs");
    for receives in 4..=6 {
        cut_off(&services, received_often("b1 c1", receives));
    }
    assert_eq!(services.state.lock().unwrap().attempts["c1"].unfinished, 1, "it was not tried since");
    assert_eq!(
        outcomes(&services, received_often("b1 b2 c1", 7)),
        are(&[("b1", "dead-lettered"), ("b2", "processed"), ("c1", "processed")])
    );
    assert_eq!(services.state.lock().unwrap().dead_lettered, ["b1"], "it alone");
}

#[test]
fn a_message_with_a_result_is_no_longer_suspicious() {
    let failing = [("a1", Failure::Outage), ("b1", Failure::Permanent), ("c1", Failure::Hang)];
    let services = TestServices { failing: HashMap::from(failing), ..TestServices::default() };
    let suspicious = Attempts { failed: 0, unfinished: 1 };
    for name in ["a1", "b1", "c1"] {
        services.state.lock().unwrap().attempts.insert(name.into(), suspicious);
    }
    cut_off(&services, received_often("a1 b1 c1 d1", 3));
    let state = services.state.lock().unwrap();
    assert_eq!(state.attempts["a1"], Attempts { failed: 0, unfinished: 0 }, "it has a result");
    assert_eq!(state.attempts["b1"], Attempts { failed: 1, unfinished: 0 }, "so did this one");
    assert_eq!(state.attempts["c1"], Attempts { failed: 0, unfinished: 2 }, "it alone may be what hangs");
    assert!(state.receipts.contains("d1"));
}

#[test]
fn an_outage_that_exhausts_the_time_costs_no_attempt() {
    let failing = [("a1", Failure::Outage), ("b1", Failure::Hang)];
    let services = TestServices { failing: HashMap::from(failing), ..TestServices::default() };
    // First together with the hanging one, then beside it.
    for receives in 2..50 {
        if receives < 7 {
            cut_off(&services, received_often("a1 b1", receives));
        } else {
            outcomes(&services, received_often("a1 b1", receives));
        }
        assert!(services.state.lock().unwrap().attempts["a1"].unfinished <= 1, "receive {receives}");
    }
    assert!(!services.state.lock().unwrap().dead_lettered.contains(&"a1".to_owned()));
}

#[test]
fn no_suspicious_message_is_started_without_time() {
    let services = TestServices::default();
    let suspicious = Attempts { failed: 0, unfinished: 4 };
    services.state.lock().unwrap().attempts.insert("a1".into(), suspicious);
    let mut outcomes = Vec::new();
    let processor = Processor { store: &services, consumer: &services };
    at_once(processor.process(received_often("a1 a2 b1", 6), |_| false, &mut outcomes));
    let done: Vec<(&str, bool)> = outcomes.iter().map(|it| (it.received.as_str(), it.is_done())).collect();
    assert_eq!(done, [("b1", true), ("a1", false), ("a2", false)]);
    assert_eq!(services.state.lock().unwrap().attempts["a1"], suspicious, "not begun, so not counted");
}

#[test]
fn results_are_recorded_before_delays_are_set() {
    let failing = [("a1", Failure::Outage), ("b1", Failure::Outage)];
    let services =
        TestServices { failing: HashMap::from(failing), broken: "delay", ..TestServices::default() };
    let long = |name| Received { receives: 2, failing_for: Duration::from_hours(9), ..received(name) };
    cut_off(&services, vec![long("a1"), long("b1")]);
    let state = services.state.lock().unwrap();
    assert_eq!((state.attempts["a1"], state.attempts["b1"]), (Attempts::default(), Attempts::default()));
    assert_eq!(state.delays.len(), 2, "neither waits for the other");
}

#[test]
fn a_success_deletes_the_record_of_attempts() {
    let mut services =
        TestServices { failing: HashMap::from([("a1", Failure::Outage)]), ..TestServices::default() };
    outcomes(&services, received_often("a1 b1", 1));
    assert!(services.state.lock().unwrap().attempts.contains_key("a1"));
    services.failing.clear();
    assert_eq!(outcomes(&services, received_often("a1", 2)), are(&[("a1", "processed")]));
    assert!(services.state.lock().unwrap().attempts.is_empty());
}

#[test]
fn a_message_whose_attempts_cannot_be_recorded_waits() {
    for broken in ["tries", "note_tries"] {
        let services = TestServices { broken, ..TestServices::default() };
        assert_eq!(outcomes(&services, received_often("a1", 2)), are(&[("a1", "failed")]), "{broken}");
        assert!(services.state.lock().unwrap().done.is_empty(), "{broken}");
    }
}

#[test]
fn a_record_that_cannot_be_read_is_not_overwritten() {
    let services = TestServices { broken: "tries", ..TestServices::default() };
    let tries = Attempts { failed: 3, unfinished: 1 };
    services.state.lock().unwrap().attempts.insert("a1".into(), tries);
    assert_eq!(outcomes(&services, received_often("a1", 9)), are(&[("a1", "failed")]));
    assert_eq!(services.state.lock().unwrap().attempts["a1"], tries);
}

#[test]
fn an_event_that_crashes_its_storing_has_five_attempts() {
    let carries = |whole: &[u8], receives| {
        vec![Received { whole: Some(whole.to_vec()), receives, ..received("a1") }, received("b1")]
    };
    let services = TestServices::default();
    for receives in 1..MAX_ATTEMPTS {
        assert_eq!(
            outcomes(&services, carries(b"bug", receives)).get("a1"),
            Some(&"failed by itself"),
            "receive {receives}"
        );
    }
    assert_eq!(outcomes(&services, carries(b"bug", MAX_ATTEMPTS)).get("a1"), Some(&"dead-lettered"));

    let services = TestServices::default();
    for receives in 1..=MAX_ATTEMPTS + 1 {
        cut_off(&services, carries(b"fatal", receives));
    }
    assert_eq!(
        outcomes(&services, carries(b"fatal", MAX_ATTEMPTS + 2)),
        are(&[("a1", "dead-lettered"), ("b1", "duplicate")]),
        "b1 was finished as soon as it was known who is suspect"
    );
}

#[test]
fn a_message_that_cannot_be_dead_lettered_stays_on_the_queue() {
    let mut services = TestServices {
        failing: HashMap::from([("a1", Failure::Permanent)]),
        broken: "dead_letter",
        ..TestServices::default()
    };
    services
        .state
        .get_mut()
        .unwrap()
        .attempts
        .insert("a1".into(), Attempts { failed: MAX_ATTEMPTS, unfinished: 0 });
    let last = Received { receives: 9, ..received("a1") };
    assert_eq!(
        outcomes(&services, vec![last.clone(), received("a2")]),
        are(&[("a1", "failed"), ("a2", "behind")])
    );
    services.broken = "";
    assert_eq!(outcomes(&services, vec![last]), are(&[("a1", "dead-lettered")]), "without another try");
    assert_eq!(services.state.lock().unwrap().done, [""; 0]);
}

#[test]
fn a_text_that_is_no_message_is_poison_too() {
    let services = TestServices::default();
    let torn = |receives| Received { text: "{".into(), receives, ..received("a1") };
    assert_eq!(
        outcomes(&services, vec![torn(1), received("a2")]),
        are(&[("a1", "failed by itself"), ("a2", "behind")])
    );
    assert_eq!(
        outcomes(&services, vec![torn(MAX_ATTEMPTS), received("a2")]),
        are(&[("a1", "dead-lettered"), ("a2", "processed")])
    );
}

#[test]
fn a_panic_of_the_consumer_fails_one_message_alone() {
    let services =
        TestServices { failing: HashMap::from([("b1", Failure::Panic)]), ..TestServices::default() };
    assert_eq!(
        outcomes(&services, batch("a1 b1 c1")),
        are(&[("a1", "processed"), ("b1", "failed by itself"), ("c1", "processed")])
    );
}

#[test]
fn a_message_without_a_result_is_not_consumed() {
    let services =
        TestServices { failing: HashMap::from([("b1", Failure::Silence)]), ..TestServices::default() };
    assert_eq!(
        outcomes(&services, batch("a1 b1 c1")),
        are(&[("a1", "processed"), ("b1", "failed"), ("c1", "failed")])
    );
}

#[test]
fn an_event_with_a_receipt_is_skipped_in_the_same_batch_too() {
    let services = TestServices::default();
    let twice = vec![received("a1"), Received { id: "again".into(), ..received("a1") }];
    assert_eq!(outcomes(&services, twice), are(&[("a1", "processed"), ("again", "duplicate")]));
    assert_eq!(services.state.lock().unwrap().done, ["consume a1", "receipt a1"]);
}

#[test]
fn a_replay_passes_the_receipt() {
    let services = TestServices::default();
    let first = received("a1");
    let replayed = Message::parse(first.text.clone()).unwrap().replayed("r1").json().to_owned();
    let again = Received { id: "replayed".into(), text: replayed, ..first.clone() };
    assert_eq!(
        outcomes(&services, vec![first, again]),
        are(&[("a1", "processed"), ("replayed", "processed")])
    );
}

#[test]
fn a_whole_event_is_stored_before_it_is_consumed() {
    let whole = |bytes: &[u8]| Received { whole: Some(bytes.to_vec()), ..received("a1") };
    let services = TestServices::default();
    assert_eq!(outcomes(&services, vec![whole(b"event")]), are(&[("a1", "processed")]));
    assert_eq!(services.state.lock().unwrap().journaled, ["a1"]);

    let without_table = TestServices { broken: "journal", ..TestServices::default() };
    let last = Received { receives: MAX_ATTEMPTS, ..whole(b"event") };
    assert_eq!(outcomes(&without_table, vec![last]), are(&[("a1", "failed")]), "it is kept on the queue");
    assert!(without_table.state.lock().unwrap().done.is_empty(), "not stored, so not consumed");

    let services = TestServices::default();
    let damaged = |receives| vec![Received { receives, ..whole(b"damaged") }];
    for receives in 1..MAX_ATTEMPTS {
        assert_eq!(outcomes(&services, damaged(receives)), are(&[("a1", "failed by itself")]));
    }
    assert_eq!(outcomes(&services, damaged(MAX_ATTEMPTS)), are(&[("a1", "dead-lettered")]));
}

#[test]
fn a_fallback_is_dead_lettered_before_the_queue_deletes_it() {
    let days = |days: u64| Duration::from_hours(days * 24);
    let carried = |age| Received { whole: Some(b"event".to_vec()), receives: 600, age, ..received("a1") };
    for broken in ["journal", "tries"] {
        let services = TestServices { broken, ..TestServices::default() };
        assert_eq!(outcomes(&services, vec![carried(days(12))]), are(&[("a1", "failed")]), "{broken}");
        assert_eq!(outcomes(&services, vec![carried(days(13))]), are(&[("a1", "dead-lettered")]), "{broken}");
        assert_eq!(services.state.lock().unwrap().dead_lettered, ["a1"]);
    }
    let services =
        TestServices { failing: HashMap::from([("a1", Failure::Outage)]), ..TestServices::default() };
    assert_eq!(outcomes(&services, vec![carried(days(13))]), are(&[("a1", "failed")]), "it is stored");
    let without = Received { whole: None, ..carried(days(13)) };
    assert_eq!(outcomes(&services, vec![without]), are(&[("a1", "failed")]), "the table has it");
}

#[test]
fn a_fallback_stored_under_another_id_is_a_duplicate() {
    let services = TestServices::default();
    services.state.lock().unwrap().stored_elsewhere.insert("a1".into());
    let whole = Received { whole: Some(b"event".to_vec()), ..received("a1") };
    assert_eq!(
        outcomes(&services, vec![whole, received("a2")]),
        are(&[("a1", "duplicate"), ("a2", "processed")])
    );
    assert_eq!(services.state.lock().unwrap().done, ["consume a2", "receipt a2"]);
}

#[test]
fn without_the_store_nothing_is_consumed_or_finished() {
    let unread = TestServices { broken: "processed", ..TestServices::default() };
    assert_eq!(
        outcomes(&unread, batch("a1 b1 a2")),
        are(&[("a1", "failed"), ("b1", "failed"), ("a2", "behind")])
    );
    assert!(unread.state.lock().unwrap().done.is_empty());

    let unwritten = TestServices { broken: "receipt", ..TestServices::default() };
    assert_eq!(
        outcomes(&unwritten, batch("a1 b1 a2")),
        are(&[("a1", "failed"), ("b1", "failed"), ("a2", "behind")])
    );
}

#[test]
fn a_crash_over_several_messages_is_narrowed_down_at_once() {
    let services =
        TestServices { failing: HashMap::from([("b1", Failure::Crash)]), ..TestServices::default() };
    assert_eq!(
        outcomes(&services, batch("a1 b1 c1 a2 b2")),
        are(&[
            ("a1", "processed"),
            ("b1", "crashed"),
            ("c1", "processed"),
            ("a2", "processed"),
            ("b2", "behind")
        ])
    );
    let state = services.state.lock().unwrap();
    assert_eq!(state.attempts["b1"], Attempts { failed: 0, unfinished: 2 }, "both calls count");
    assert!(!state.attempts.contains_key("a1"), "it was processed");
}

#[test]
fn a_message_that_crashes_the_consumer_has_five_attempts() {
    let services =
        TestServices { failing: HashMap::from([("b1", Failure::Crash)]), ..TestServices::default() };
    let mut receives = 0;
    let mut names = "a1 b1 c1";
    while services.state.lock().unwrap().dead_lettered.is_empty() {
        receives += 1;
        assert!(receives < 10, "it is never dead-lettered");
        outcomes(&services, received_often(names, receives));
        // The others are done.
        names = "b1 d1";
    }
    let state = services.state.lock().unwrap();
    let crashes = |name: &str| state.done.iter().filter(|done| **done == format!("crash {name}")).count();
    assert_eq!((state.dead_lettered.as_slice(), crashes("b1")), (["b1".to_owned()].as_slice(), 5));
    assert_eq!([crashes("a1"), crashes("c1"), crashes("d1")], [1, 1, 0], "it is tried alone since");
}

#[test]
fn a_shared_crash_is_never_the_last_attempt() {
    let services =
        TestServices { failing: HashMap::from([("b1", Failure::Crash)]), ..TestServices::default() };
    services.state.lock().unwrap().attempts.insert("a1".into(), Attempts { failed: 4, unfinished: 0 });
    assert_eq!(
        outcomes(&services, received_often("a1 b1", 5)),
        are(&[("a1", "processed"), ("b1", "crashed")])
    );
}

#[test]
fn suspects_of_a_crash_wait_if_no_time_is_left() {
    let services = TestServices {
        failing: HashMap::from([("b1", Failure::Crash)]),
        limit: Some(Duration::from_secs(1)),
        ..TestServices::default()
    };
    let mut outcomes = Vec::new();
    let processor = Processor { store: &services, consumer: &services };
    at_once(processor.process(batch("a1 b1"), |_| false, &mut outcomes));
    assert!(
        outcomes.iter().all(|outcome| matches!(outcome.disposition, Disposition::Blocked)),
        "{outcomes:?}"
    );
    let suspicious = Attempts { failed: 0, unfinished: 1 };
    assert_eq!(services.state.lock().unwrap().attempts["a1"], suspicious, "it is tried alone next time");
}

#[test]
fn events_of_a_call_that_timed_out_are_tried_alone_next_time() {
    let services =
        TestServices { failing: HashMap::from([("b1", Failure::TimeOut)]), ..TestServices::default() };
    let late = are(&[("a1", "timed out"), ("b1", "timed out"), ("c1", "timed out")]);
    assert_eq!(outcomes(&services, batch("a1 b1 c1")), late, "the call may still be running");
    assert!(services.state.lock().unwrap().done.is_empty());
    assert_eq!(
        outcomes(&services, received_often("a1 b1 c1", 2)),
        are(&[("a1", "processed"), ("b1", "timed out"), ("c1", "processed")])
    );
}

#[test]
fn time_outs_alone_never_set_a_message_aside() {
    let services =
        TestServices { failing: HashMap::from([("b1", Failure::TimeOut)]), ..TestServices::default() };
    for failed in 0..MAX_ATTEMPTS {
        services.state.lock().unwrap().attempts.insert("b1".into(), Attempts { failed, unfinished: 0 });
        for receives in 2..30 {
            assert_eq!(outcomes(&services, received_often("b1", receives)), are(&[("b1", "timed out")]));
        }
        assert_eq!(services.state.lock().unwrap().attempts["b1"].failed, failed, "no attempt of its own");
    }
}

#[test]
fn a_consumers_delay_is_kept_for_its_whole_group() {
    for (asked, delay) in [(0, 1), (7, 7), (179, 179), (3_600, 3_600), (u64::MAX, 39_600)] {
        let services = TestServices {
            failing: HashMap::from([("a1", Failure::RetryAfter(asked))]),
            ..TestServices::default()
        };
        assert_eq!(
            outcomes(&services, batch("a1 a2 b1")),
            are(&[("a1", "failed"), ("a2", "behind"), ("b1", "processed")])
        );
        let delay = Duration::from_secs(delay);
        let mut wanted = vec![("a1".to_owned(), delay)];
        // While a later message is hidden, SQS hands out none of the group.
        if delay < MIN_BACKOFF {
            wanted.push(("a2".to_owned(), delay));
        }
        let state = services.state.lock().unwrap();
        assert_eq!(state.delays, wanted, "{asked} s");
        assert_eq!(state.attempts["a1"], Attempts::default(), "no attempt of its own");
    }
}

#[test]
fn short_delays_do_not_use_up_the_receives_of_a_message() {
    let (kept, most) = (Duration::from_hours(14 * 24), 1_000);
    let (mut failing_for, mut receives) = (Duration::ZERO, 0);
    while failing_for < kept {
        failing_for += delay_asked_for(Duration::ZERO, failing_for);
        receives += 1;
    }
    assert!(receives < most, "{receives} receives in {kept:?}");
}

#[test]
fn no_call_begins_that_the_time_does_not_suffice_for() {
    let services = TestServices { limit: Some(Duration::from_secs(20)), ..TestServices::default() };
    let mut outcomes = Vec::new();
    let processor = Processor { store: &services, consumer: &services };
    let asked = Mutex::new(Vec::new());
    let has_time = |limit| {
        asked.lock().unwrap().push(limit);
        false
    };
    at_once(processor.process(batch("a1 a2 b1 a3"), has_time, &mut outcomes));
    let done: Vec<(&str, bool)> = outcomes.iter().map(|it| (it.received.as_str(), it.is_done())).collect();
    assert_eq!(done, [("a1", true), ("b1", true), ("a2", false), ("a3", false)]);
    assert_eq!(*asked.lock().unwrap(), [Some(Duration::from_secs(20))]);
    let delays = &services.state.lock().unwrap().delays;
    assert_eq!(*delays, [("a2".to_owned(), Duration::ZERO), ("a3".to_owned(), Duration::ZERO)]);
}

#[test]
fn the_delay_of_processing_leaves_replays_out() {
    let services =
        TestServices { failing: HashMap::from([("b1", Failure::Outage)]), ..TestServices::default() };
    let first = received("a1");
    let replayed = Message::parse(first.text.clone()).unwrap().replayed("r1").json().to_owned();
    let again = Received { id: "replayed".into(), text: replayed, ..first.clone() };
    let mut outcomes = Vec::new();
    let processor = Processor { store: &services, consumer: &services };
    at_once(processor.process(vec![first, again, received("b1")], |_| true, &mut outcomes));
    let measured: HashMap<&str, (Option<Duration>, bool)> =
        outcomes.iter().map(|it| (it.received.as_str(), (it.processing_delay, it.consumer_failed))).collect();
    assert_eq!(measured["a1"], (Some(Duration::from_secs(1)), false));
    assert_eq!(measured["replayed"], (None, false));
    assert_eq!(measured["b1"], (None, true));
}

/// The events of the property test: four of each of three entities.
const NAMES: [&str; 12] = ["a1", "a2", "a3", "a4", "b1", "b2", "b3", "b4", "c1", "c2", "c3", "c4"];

fn failures() -> impl Strategy<Value = Option<Failure>> {
    prop_oneof![
        4 => Just(None),
        1 => prop_oneof![
            Just(Failure::Permanent),
            Just(Failure::Outage),
            Just(Failure::Panic),
            Just(Failure::Silence),
            (0_u64..500).prop_map(Failure::RetryAfter),
            Just(Failure::Crash),
            Just(Failure::TimeOut),
        ]
        .prop_map(Some),
    ]
}

proptest! {
    /// Each entity's events are consumed in
    /// order and none is lost, for any failures and batches.
    #[test]
    fn order_within_an_entity_survives_every_failure(
        failing in prop::collection::vec(prop::collection::vec(failures(), NAMES.len()), 0..7),
        sizes in prop::collection::vec(1_usize..=10, 1..5),
        has_limit: bool,
        has_time in prop::collection::vec(any::<bool>(), 1..5),
    ) {
        let mut services = TestServices { limit: has_limit.then_some(Duration::from_secs(1)), ..TestServices::default() };
        let mut queue: Vec<&str> = NAMES.to_vec();
        // The queue hands out the entities' events alternately.
        queue.sort_by_key(|name| name[1..].to_owned());
        let (mut failing, mut sizes) = (failing.into_iter(), sizes.into_iter().cycle());
        let mut has_time = has_time.into_iter().cycle();
        for receives in 1_u32..200 {
            let failures = failing.next();
            // Suspects wait until there is time.
            let is_time_left = failures.is_none() || has_time.next() == Some(true);
            let failures = failures.into_iter().flatten();
            services.failing = NAMES.into_iter().zip(failures).filter_map(|(name, failure)| Some((name, failure?))).collect();
            let size = sizes.next().unwrap();
            let batch = queue.iter().take(size).map(|name| Received { receives, ..received(name) }).collect();
            let mut outcomes = Vec::new();
            let processor = Processor { store: &services, consumer: &services };
            at_once(processor.process(batch, |_| is_time_left, &mut outcomes));
            queue.retain(|name| !outcomes.iter().any(|it| it.received == *name && it.is_done()));
        }
        prop_assert!(queue.is_empty(), "{queue:?} stay on the queue");
        let state = services.state.lock().unwrap();
        for entity in ["a", "b", "c"] {
            let consumed: Vec<&str> =
                state.done.iter().filter_map(|done| done.strip_prefix("consume ")).filter(|name| name.starts_with(entity)).collect();
            // A message of which the consumer said nothing, or that shared a call with a crash, may come again at once.
            prop_assert!(consumed.is_sorted(), "{consumed:?}");
        }
        for name in NAMES {
            let is_done = state.receipts.contains(name) || state.dead_lettered.iter().any(|id| id == name);
            prop_assert!(is_done, "{name} is lost");
        }
    }
}
