//! A batch, seen from the queue, the table and the consumer: stand-ins in memory for all three.

use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use super::*;

/// The stored state, and the calls in order.
#[derive(Default)]
struct Books {
    receipts: HashSet<String>,
    aside: Vec<String>,
    journaled: Vec<String>,
    stored_elsewhere: HashSet<String>,
    attempts: HashMap<String, Attempts>,
    held_back: Vec<(String, Duration)>,
    done: Vec<String>,
}

#[derive(Default)]
struct Desk {
    books: Mutex<Books>,
    /// The fault of each event, if it has one.
    failing: HashMap<&'static str, Way>,
    /// Calls of the ledger that fail.
    broken: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Itself,
    Outage,
    Panic,
    Silence,
    /// It never ends.
    Hang,
}

/// The time of every receipt: a second after the arrival of every message.
const PROCESSED: &str = "2025-06-12T08:01:13.345Z";

fn fault() -> Fault {
    Fault::transient("a planned failure", "as the test wants it")
}

impl Desk {
    fn broken(&self, call: &str) -> Result<(), Fault> {
        if self.broken == call { Err(fault()) } else { Ok(()) }
    }

    fn note(&self, what: &str, id: &EventId) {
        self.books.lock().unwrap().done.push(format!("{what} {}", short(id)));
    }
}

impl ProcessingStore for &Desk {
    async fn store_event(&self, received: &Received, message: &Message) -> Result<Stored, ConsumeError> {
        self.broken("journal").map_err(ConsumeError::Transient)?;
        assert_ne!(received.whole.as_deref(), Some(&b"bug"[..]), "a bug of the ledger");
        if received.whole.as_deref() == Some(b"fatal") {
            std::future::pending::<()>().await;
        }
        if received.whole.as_deref() == Some(b"damaged") {
            return Err(ConsumeError::Permanent(fault()));
        }
        let mut books = self.books.lock().unwrap();
        if books.stored_elsewhere.contains(short(message.id())) {
            return Ok(Stored::AsDuplicate);
        }
        books.journaled.push(short(message.id()).to_owned());
        Ok(Stored::Now)
    }

    async fn processed(&self, messages: &[&Message]) -> Result<HashSet<EventId>, Fault> {
        self.broken("processed")?;
        let books = self.books.lock().unwrap();
        let once = messages.iter().filter(|message| message.replay_id().is_none());
        let ids = once.map(|message| message.id());
        Ok(ids.filter(|id| books.receipts.contains(short(id))).cloned().collect())
    }

    async fn receipt(&self, consumed: &[&Message], repeated: &[EventId]) -> Result<ReceivedAt, Fault> {
        self.broken("receipt")?;
        for id in consumed.iter().map(|message| message.id()) {
            self.note("receipt", id);
            self.books.lock().unwrap().receipts.insert(short(id).to_owned());
        }
        for id in repeated {
            self.books.lock().unwrap().attempts.remove(short(id));
        }
        Ok(ReceivedAt::parse(PROCESSED).unwrap())
    }

    async fn load_attempts(
        &self,
        messages: &[(&Received, &Message)],
    ) -> Result<HashMap<String, Attempts>, Fault> {
        self.broken("tries")?;
        let books = self.books.lock().unwrap();
        let known = |(received, _): &(&Received, &Message)| {
            Some((received.id.clone(), *books.attempts.get(&received.id)?))
        };
        Ok(messages.iter().filter_map(known).collect())
    }

    async fn record_attempts(&self, records: &[AttemptRecord]) -> Result<(), Fault> {
        self.broken("note_tries")?;
        for AttemptRecord { received, attempts, .. } in records {
            self.books.lock().unwrap().attempts.insert(received.clone(), *attempts);
        }
        Ok(())
    }

    async fn delay(&self, received: &Received, pause: Duration) -> Result<(), Fault> {
        self.books.lock().unwrap().held_back.push((received.id.clone(), pause));
        if self.broken == "delay" { std::future::pending().await } else { Ok(()) }
    }

    async fn dead_letter(&self, received: &Received, _: Option<&EventId>, _: &Fault) -> Result<(), Fault> {
        self.broken("set_aside")?;
        self.books.lock().unwrap().aside.push(received.id.clone());
        Ok(())
    }
}

impl Consumer for &Desk {
    async fn consume(&self, messages: &[Message]) -> Vec<Result<(), ConsumeError>> {
        let way = |message: &Message| self.failing.get(short(message.id())).copied();
        assert!(!messages.iter().any(|m| way(m) == Some(Way::Panic)), "a bug of the consumer");
        let mut outcomes = Vec::new();
        for message in messages {
            match way(message) {
                None | Some(Way::Panic) => {
                    self.note("consume", message.id());
                    outcomes.push(Ok(()));
                }
                Some(Way::Itself) => outcomes.push(Err(ConsumeError::Permanent(fault()))),
                Some(Way::Outage) => outcomes.push(Err(ConsumeError::Transient(fault()))),
                Some(Way::Silence) => return outcomes,
                Some(Way::Hang) => std::future::pending().await,
            }
        }
        outcomes
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
fn outcomes(desk: &Desk, batch: Vec<Received>) -> HashMap<String, &'static str> {
    let mut outcomes = Vec::new();
    at_once(Processor { store: desk, consumer: desk }.process(batch, |_| true, &mut outcomes));
    let word = |outcome: &Outcome| match outcome.disposition {
        Disposition::Processed => "processed",
        Disposition::Duplicate => "duplicate",
        Disposition::DeadLettered(_) => "set aside",
        Disposition::Failed(ConsumeError::Permanent(_)) => "failed by itself",
        Disposition::Failed(ConsumeError::Transient(_) | ConsumeError::RetryAfter(..)) => "failed",
        Disposition::Failed(ConsumeError::Crashed(_)) => "crashed",
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
    let desk = Desk::default();
    let got = outcomes(&desk, batch("a1 a2 b1 a3"));
    assert_eq!(
        got,
        are(&[("a1", "processed"), ("a2", "processed"), ("a3", "processed"), ("b1", "processed")])
    );
    assert_eq!(
        desk.books.lock().unwrap().done,
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
    for way in [Way::Itself, Way::Outage] {
        let desk = Desk { failing: HashMap::from([("a2", way)]), ..Desk::default() };
        let got = outcomes(&desk, batch("a1 a2 a3 b1 a4 b2"));
        let failed = if way == Way::Itself { "failed by itself" } else { "failed" };
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
    let desk = Desk { failing: HashMap::from([("a1", Way::Itself)]), ..Desk::default() };
    for receives in 1..MAX_ATTEMPTS {
        assert_eq!(
            outcomes(&desk, received_often("a1 a2", receives)),
            are(&[("a1", "failed by itself"), ("a2", "behind")]),
            "receive {receives}"
        );
    }
    assert_eq!(
        outcomes(&desk, received_often("a1 a2 b1", MAX_ATTEMPTS)),
        are(&[("a1", "set aside"), ("a2", "processed"), ("b1", "processed")])
    );
    assert_eq!(desk.books.lock().unwrap().aside, ["a1"]);
}

#[test]
fn receives_behind_another_message_are_not_its_own_attempts() {
    let desk = Desk { failing: HashMap::from([("a2", Way::Itself)]), ..Desk::default() };
    assert_eq!(
        outcomes(&desk, received_often("a1 a2", 50)),
        are(&[("a1", "processed"), ("a2", "failed by itself")]),
        "however often it was received behind a1, it was tried once"
    );
    assert_eq!(desk.books.lock().unwrap().attempts["a2"], Attempts { failed: 1, unfinished: 0 });
}

#[test]
fn an_outage_of_any_length_dead_letters_nothing() {
    let desk = Desk { failing: HashMap::from([("a1", Way::Outage)]), ..Desk::default() };
    for receives in 1..1_000 {
        assert_eq!(outcomes(&desk, received_often("a1", receives)), are(&[("a1", "failed")]));
    }
    assert!(desk.books.lock().unwrap().aside.is_empty());
}

#[test]
fn the_delay_grows_with_the_outage_up_to_half_an_hour() {
    for (failing_for, waits) in [(0, None), (29, None), (60, Some(6)), (300, Some(30)), (6_000, Some(30))] {
        let desk = Desk { failing: HashMap::from([("a1", Way::Outage)]), ..Desk::default() };
        let failing_for = Duration::from_mins(failing_for);
        let received = Received { failing_for, receives: 2, ..received("a1") };
        outcomes(&desk, vec![received]);
        let held_back = desk.books.lock().unwrap().held_back.first().map(|(_, pause)| pause.as_secs() / 60);
        assert_eq!(held_back, waits, "after {failing_for:?}");
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
fn cut_off(desk: &Desk, batch: Vec<Received>) {
    let mut outcomes = Vec::new();
    let processor = Processor { store: desk, consumer: desk };
    let mut processing = pin!(processor.process(batch, |_| true, &mut outcomes));
    let polled = processing.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending(), "it came to an end");
}

#[test]
fn a_crashing_message_is_isolated_and_dead_lettered_alone() {
    let desk = Desk { failing: HashMap::from([("b1", Way::Hang)]), ..Desk::default() };
    // The first receive is not recorded, and all are suspects after the second.
    cut_off(&desk, received_often("a1 b1 c1", 1));
    cut_off(&desk, received_often("a1 b1 c1", 2));
    cut_off(&desk, received_often("a1 b1 c1", 3));
    assert!(desk.books.lock().unwrap().receipts.contains("a1"), "it is tried before the one that hangs");
    for receives in 4..=6 {
        cut_off(&desk, received_often("b1 c1", receives));
    }
    assert_eq!(desk.books.lock().unwrap().attempts["c1"].unfinished, 1, "it was not tried since");
    assert_eq!(
        outcomes(&desk, received_often("b1 b2 c1", 7)),
        are(&[("b1", "set aside"), ("b2", "processed"), ("c1", "processed")])
    );
    assert_eq!(desk.books.lock().unwrap().aside, ["b1"], "it alone");
}

#[test]
fn a_message_with_a_result_is_no_longer_suspicious() {
    let failing = [("a1", Way::Outage), ("b1", Way::Itself), ("c1", Way::Hang)];
    let desk = Desk { failing: HashMap::from(failing), ..Desk::default() };
    let suspicious = Attempts { failed: 0, unfinished: 1 };
    for name in ["a1", "b1", "c1"] {
        desk.books.lock().unwrap().attempts.insert(name.into(), suspicious);
    }
    cut_off(&desk, received_often("a1 b1 c1 d1", 3));
    let books = desk.books.lock().unwrap();
    assert_eq!(books.attempts["a1"], Attempts { failed: 0, unfinished: 0 }, "it has a result");
    assert_eq!(books.attempts["b1"], Attempts { failed: 1, unfinished: 0 }, "so did this one");
    assert_eq!(books.attempts["c1"], Attempts { failed: 0, unfinished: 2 }, "it alone may be what hangs");
    assert!(books.receipts.contains("d1"));
}

#[test]
fn an_outage_that_exhausts_the_time_costs_no_attempt() {
    let failing = [("a1", Way::Outage), ("b1", Way::Hang)];
    let desk = Desk { failing: HashMap::from(failing), ..Desk::default() };
    // First together with the hanging one, then beside it.
    for receives in 2..50 {
        if receives < 7 {
            cut_off(&desk, received_often("a1 b1", receives));
        } else {
            outcomes(&desk, received_often("a1 b1", receives));
        }
        assert!(desk.books.lock().unwrap().attempts["a1"].unfinished <= 1, "receive {receives}");
    }
    assert!(!desk.books.lock().unwrap().aside.contains(&"a1".to_owned()));
}

#[test]
fn no_suspicious_message_is_started_without_time() {
    let desk = Desk::default();
    let suspicious = Attempts { failed: 0, unfinished: 4 };
    desk.books.lock().unwrap().attempts.insert("a1".into(), suspicious);
    let mut outcomes = Vec::new();
    let processor = Processor { store: &desk, consumer: &desk };
    at_once(processor.process(received_often("a1 a2 b1", 6), |_| false, &mut outcomes));
    let done: Vec<(&str, bool)> = outcomes.iter().map(|it| (it.received.as_str(), it.is_done())).collect();
    assert_eq!(done, [("b1", true), ("a1", false), ("a2", false)]);
    assert_eq!(desk.books.lock().unwrap().attempts["a1"], suspicious, "not begun, so not counted");
}

#[test]
fn results_are_recorded_before_delays_are_set() {
    let failing = [("a1", Way::Outage), ("b1", Way::Outage)];
    let desk = Desk { failing: HashMap::from(failing), broken: "delay", ..Desk::default() };
    let long = |name| Received { receives: 2, failing_for: Duration::from_hours(9), ..received(name) };
    cut_off(&desk, vec![long("a1"), long("b1")]);
    let books = desk.books.lock().unwrap();
    assert_eq!((books.attempts["a1"], books.attempts["b1"]), (Attempts::default(), Attempts::default()));
    assert_eq!(books.held_back.len(), 2, "neither waits for the other");
}

#[test]
fn a_success_deletes_the_record_of_attempts() {
    let mut desk = Desk { failing: HashMap::from([("a1", Way::Outage)]), ..Desk::default() };
    outcomes(&desk, received_often("a1 b1", 1));
    assert!(desk.books.lock().unwrap().attempts.contains_key("a1"));
    desk.failing.clear();
    assert_eq!(outcomes(&desk, received_often("a1", 2)), are(&[("a1", "processed")]));
    assert!(desk.books.lock().unwrap().attempts.is_empty());
}

#[test]
fn a_message_whose_attempts_cannot_be_recorded_waits() {
    for broken in ["tries", "note_tries"] {
        let desk = Desk { broken, ..Desk::default() };
        assert_eq!(outcomes(&desk, received_often("a1", 2)), are(&[("a1", "failed")]), "{broken}");
        assert!(desk.books.lock().unwrap().done.is_empty(), "{broken}");
    }
}

#[test]
fn a_record_that_cannot_be_read_is_not_overwritten() {
    let desk = Desk { broken: "tries", ..Desk::default() };
    let tries = Attempts { failed: 3, unfinished: 1 };
    desk.books.lock().unwrap().attempts.insert("a1".into(), tries);
    assert_eq!(outcomes(&desk, received_often("a1", 9)), are(&[("a1", "failed")]));
    assert_eq!(desk.books.lock().unwrap().attempts["a1"], tries);
}

#[test]
fn an_event_that_crashes_its_storing_has_five_attempts() {
    let carries = |whole: &[u8], receives| {
        vec![Received { whole: Some(whole.to_vec()), receives, ..received("a1") }, received("b1")]
    };
    let desk = Desk::default();
    for receives in 1..MAX_ATTEMPTS {
        assert_eq!(
            outcomes(&desk, carries(b"bug", receives)).get("a1"),
            Some(&"failed by itself"),
            "receive {receives}"
        );
    }
    assert_eq!(outcomes(&desk, carries(b"bug", MAX_ATTEMPTS)).get("a1"), Some(&"set aside"));

    let desk = Desk::default();
    for receives in 1..=MAX_ATTEMPTS + 1 {
        cut_off(&desk, carries(b"fatal", receives));
    }
    assert_eq!(
        outcomes(&desk, carries(b"fatal", MAX_ATTEMPTS + 2)),
        are(&[("a1", "set aside"), ("b1", "duplicate")]),
        "b1 went its way as soon as it was known who is suspect"
    );
}

#[test]
fn a_message_that_cannot_be_dead_lettered_stays_on_the_queue() {
    let mut desk =
        Desk { failing: HashMap::from([("a1", Way::Itself)]), broken: "set_aside", ..Desk::default() };
    desk.books
        .get_mut()
        .unwrap()
        .attempts
        .insert("a1".into(), Attempts { failed: MAX_ATTEMPTS, unfinished: 0 });
    let last = Received { receives: 9, ..received("a1") };
    assert_eq!(
        outcomes(&desk, vec![last.clone(), received("a2")]),
        are(&[("a1", "failed"), ("a2", "behind")])
    );
    desk.broken = "";
    assert_eq!(outcomes(&desk, vec![last]), are(&[("a1", "set aside")]), "without another try");
    assert_eq!(desk.books.lock().unwrap().done, [""; 0]);
}

#[test]
fn a_text_that_is_no_message_is_poison_too() {
    let desk = Desk::default();
    let torn = |receives| Received { text: "{".into(), receives, ..received("a1") };
    assert_eq!(
        outcomes(&desk, vec![torn(1), received("a2")]),
        are(&[("a1", "failed by itself"), ("a2", "behind")])
    );
    assert_eq!(
        outcomes(&desk, vec![torn(MAX_ATTEMPTS), received("a2")]),
        are(&[("a1", "set aside"), ("a2", "processed")])
    );
}

#[test]
fn a_panic_of_the_consumer_fails_one_message_alone() {
    let desk = Desk { failing: HashMap::from([("b1", Way::Panic)]), ..Desk::default() };
    assert_eq!(
        outcomes(&desk, batch("a1 b1 c1")),
        are(&[("a1", "processed"), ("b1", "failed by itself"), ("c1", "processed")])
    );
}

#[test]
fn a_message_without_a_result_is_not_consumed() {
    let desk = Desk { failing: HashMap::from([("b1", Way::Silence)]), ..Desk::default() };
    assert_eq!(
        outcomes(&desk, batch("a1 b1 c1")),
        are(&[("a1", "processed"), ("b1", "failed"), ("c1", "failed")])
    );
}

#[test]
fn an_event_with_a_receipt_is_skipped_in_the_same_batch_too() {
    let desk = Desk::default();
    let twice = vec![received("a1"), Received { id: "again".into(), ..received("a1") }];
    assert_eq!(outcomes(&desk, twice), are(&[("a1", "processed"), ("again", "duplicate")]));
    assert_eq!(desk.books.lock().unwrap().done, ["consume a1", "receipt a1"]);
}

#[test]
fn a_replay_passes_the_receipt() {
    let desk = Desk::default();
    let first = received("a1");
    let replayed = Message::parse(first.text.clone()).unwrap().replayed("r1").json().to_owned();
    let again = Received { id: "replayed".into(), text: replayed, ..first.clone() };
    assert_eq!(outcomes(&desk, vec![first, again]), are(&[("a1", "processed"), ("replayed", "processed")]));
}

#[test]
fn a_whole_event_is_stored_before_it_is_consumed() {
    let whole = |bytes: &[u8]| Received { whole: Some(bytes.to_vec()), ..received("a1") };
    let desk = Desk::default();
    assert_eq!(outcomes(&desk, vec![whole(b"event")]), are(&[("a1", "processed")]));
    assert_eq!(desk.books.lock().unwrap().journaled, ["a1"]);

    let without_table = Desk { broken: "journal", ..Desk::default() };
    let last = Received { receives: MAX_ATTEMPTS, ..whole(b"event") };
    assert_eq!(outcomes(&without_table, vec![last]), are(&[("a1", "failed")]), "it is kept on the queue");
    assert!(without_table.books.lock().unwrap().done.is_empty(), "not stored, so not consumed");

    let desk = Desk::default();
    let damaged = |receives| vec![Received { receives, ..whole(b"damaged") }];
    for receives in 1..MAX_ATTEMPTS {
        assert_eq!(outcomes(&desk, damaged(receives)), are(&[("a1", "failed by itself")]));
    }
    assert_eq!(outcomes(&desk, damaged(MAX_ATTEMPTS)), are(&[("a1", "set aside")]));
}

#[test]
fn a_fallback_is_dead_lettered_before_the_queue_deletes_it() {
    let days = |days: u64| Duration::from_hours(days * 24);
    let carried = |age| Received { whole: Some(b"event".to_vec()), receives: 600, age, ..received("a1") };
    for broken in ["journal", "tries"] {
        let desk = Desk { broken, ..Desk::default() };
        assert_eq!(outcomes(&desk, vec![carried(days(12))]), are(&[("a1", "failed")]), "{broken}");
        assert_eq!(outcomes(&desk, vec![carried(days(13))]), are(&[("a1", "set aside")]), "{broken}");
        assert_eq!(desk.books.lock().unwrap().aside, ["a1"]);
    }
    let desk = Desk { failing: HashMap::from([("a1", Way::Outage)]), ..Desk::default() };
    assert_eq!(outcomes(&desk, vec![carried(days(13))]), are(&[("a1", "failed")]), "it is stored");
    let without = Received { whole: None, ..carried(days(13)) };
    assert_eq!(outcomes(&desk, vec![without]), are(&[("a1", "failed")]), "the table has it");
}

#[test]
fn a_fallback_stored_under_another_id_is_a_duplicate() {
    let desk = Desk::default();
    desk.books.lock().unwrap().stored_elsewhere.insert("a1".into());
    let whole = Received { whole: Some(b"event".to_vec()), ..received("a1") };
    assert_eq!(
        outcomes(&desk, vec![whole, received("a2")]),
        are(&[("a1", "duplicate"), ("a2", "processed")])
    );
    assert_eq!(desk.books.lock().unwrap().done, ["consume a2", "receipt a2"]);
}

#[test]
fn without_the_store_nothing_is_consumed_or_finished() {
    let unread = Desk { broken: "processed", ..Desk::default() };
    assert_eq!(
        outcomes(&unread, batch("a1 b1 a2")),
        are(&[("a1", "failed"), ("b1", "failed"), ("a2", "behind")])
    );
    assert!(unread.books.lock().unwrap().done.is_empty());

    let unwritten = Desk { broken: "receipt", ..Desk::default() };
    assert_eq!(
        outcomes(&unwritten, batch("a1 b1 a2")),
        are(&[("a1", "failed"), ("b1", "failed"), ("a2", "behind")])
    );
}
