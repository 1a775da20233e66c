//! The number of calls that a batch makes one after the other, and what happens if a receipt is late or fails.

use super::*;

/// The stand-ins, with calls that take one turn each: calls that are made at the same time end in the same turn.
#[derive(Default)]
struct Slow {
    services: TestServices,
    /// The number of receipts of each read.
    reads: Mutex<Vec<usize>>,
    /// The event whose receipt cannot be written.
    without_receipt: Mutex<Option<&'static str>>,
    /// An event, and one whose tombstone is written when the first one is consumed.
    forgotten_after: Option<(&'static str, &'static str)>,
    /// True if the consumer keeps the order.
    keeps_order: bool,
}

/// Waits for a turn.
async fn turn() {
    let mut has_waited = false;
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut has_waited, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

impl ProcessingStore for &Slow {
    async fn store_event(&self, received: &Received, message: &Message) -> Result<Stored, ConsumeError> {
        turn().await;
        (&self.services).store_event(received, message).await
    }

    async fn processed(&self, messages: &[&Message]) -> Result<HashSet<EventId>, Fault> {
        turn().await;
        self.reads.lock().unwrap().push(messages.len());
        (&self.services).processed(messages).await
    }

    async fn receipt(&self, consumed: &[&Message], repeated: &[EventId]) -> Result<ReceivedAt, Fault> {
        turn().await;
        let refused = *self.without_receipt.lock().unwrap();
        if consumed.iter().any(|message| refused == Some(short(message.id()))) {
            return Err(fault());
        }
        (&self.services).receipt(consumed, repeated).await
    }

    async fn load_attempts(
        &self,
        messages: &[(&Received, &Message)],
    ) -> Result<HashMap<String, Attempts>, Fault> {
        turn().await;
        (&self.services).load_attempts(messages).await
    }

    async fn record_attempts(&self, records: &[AttemptRecord]) -> Result<(), Fault> {
        turn().await;
        (&self.services).record_attempts(records).await
    }

    async fn delay(&self, received: &Received, pause: Duration) -> Result<(), Fault> {
        turn().await;
        (&self.services).delay(received, pause).await
    }

    async fn dead_letter(&self, received: &Received, id: Option<&EventId>, why: &Fault) -> Result<(), Fault> {
        turn().await;
        (&self.services).dead_letter(received, id, why).await
    }
}

impl Consumer for &Slow {
    async fn consume(&self, messages: &[Message]) -> Vec<Result<(), ConsumeError>> {
        turn().await;
        if let Some((consumed, forgotten)) = self.forgotten_after
            && messages.iter().any(|message| short(message.id()) == consumed)
        {
            self.services.state.lock().unwrap().receipts.insert(forgotten.to_owned());
        }
        (&self.services).consume(messages).await
    }

    fn allows_earlier_events_again(&self) -> bool {
        !self.keeps_order
    }
}

impl Slow {
    /// Processes a batch for at most this many turns. Returns the messages that are done, and the number of turns.
    fn process(&self, batch: Vec<Received>, most: usize) -> (Vec<String>, usize) {
        let mut outcomes = Vec::new();
        let processor = Processor { store: self, consumer: self };
        let turns = {
            let mut work = pin!(processor.process(batch, |_| true, &mut outcomes));
            let mut context = Context::from_waker(Waker::noop());
            (0..most).find(|_| work.as_mut().poll(&mut context).is_ready()).unwrap_or(most)
        };
        let done = outcomes.iter().filter(|outcome| outcome.is_done());
        (done.map(|outcome| outcome.received.clone()).collect(), turns)
    }

    fn done(&self) -> Vec<String> {
        self.services.state.lock().unwrap().done.clone()
    }
}

/// A number of turns that no batch takes.
const NO_LIMIT: usize = 1_000;

#[test]
fn one_entity_has_150_events_a_second_at_5_ms_a_call() {
    let slow = Slow::default();
    let (done, turns) = slow.process(batch("a1 a2 a3 a4 a5 a6 a7 a8 a9 aa"), NO_LIMIT);
    assert_eq!(done.len(), 10);
    // One read, ten calls of the consumer with the receipts beside them, and the last receipt.
    assert_eq!((turns, slow.reads.lock().unwrap().as_slice()), (1 + 10 + 1, [10].as_slice()));
    assert!(10 * 1_000 / (turns * 5) >= 150, "{turns} calls of 5 ms for ten events");
}

#[test]
fn a_batch_of_ten_entities_makes_three_calls_in_a_row() {
    let slow = Slow::default();
    let (done, turns) = slow.process(batch("a1 b1 c1 d1 e1 f1 11 21 31 41"), NO_LIMIT);
    assert_eq!((done.len(), turns), (10, 3));
}

#[test]
fn an_event_is_consumed_in_order_and_before_its_receipt() {
    let slow = Slow::default();
    slow.process(batch("a1 a2 a3"), NO_LIMIT);
    let places = |what: &str| {
        let done = slow.done();
        ["a1", "a2", "a3"].map(|name| done.iter().position(|it| *it == format!("{what} {name}")).unwrap())
    };
    let (consumed, receipts) = (places("consume"), places("receipt"));
    assert!(consumed.is_sorted() && receipts.is_sorted(), "{:?}", slow.done());
    assert!(consumed.iter().zip(receipts).all(|(consumed, receipt)| *consumed < receipt));
}

#[test]
fn behind_a_missing_receipt_nothing_gets_one() {
    let slow = Slow { without_receipt: Mutex::new(Some("a2")), ..Slow::default() };
    let (done, _) = slow.process(batch("a1 a2 a3 a4 b1 b2 b3"), NO_LIMIT);
    assert_eq!(done, ["a1", "b1"], "the receipts of a2 and b2 are one call");
    assert_eq!(slow.services.state.lock().unwrap().receipts.len(), 2);
    let consumed_once = slow.done().iter().filter(|it| it.starts_with("consume a")).count();
    assert_eq!(consumed_once, 3, "a3 was consumed beside the receipt of a2");
    *slow.without_receipt.lock().unwrap() = None;
    let (done, _) = slow.process(received_often("a2 a3 a4 b2 b3", 2), NO_LIMIT);
    assert_eq!(done.len(), 5);
    let consumed: Vec<String> = slow.done().into_iter().filter(|it| it.starts_with("consume a")).collect();
    let order = ["consume a1", "consume a2", "consume a3", "consume a2", "consume a3", "consume a4"];
    assert_eq!(consumed, order, "an event that comes again is followed by those behind it");
}

#[test]
fn a_consumer_that_keeps_order_gets_no_earlier_event_again() {
    let slow = Slow { without_receipt: Mutex::new(Some("a1")), keeps_order: true, ..Slow::default() };
    let (done, _) = slow.process(batch("a1 a2 a3"), NO_LIMIT);
    assert_eq!((done, slow.done()), (Vec::new(), vec!["consume a1".to_owned()]));
    *slow.without_receipt.lock().unwrap() = None;
    let (done, turns) = slow.process(batch("a1 a2 a3"), NO_LIMIT);
    assert_eq!(
        (done.len(), turns),
        (3, 3 * 3),
        "each receipt is written before the next message is looked up"
    );
    let consumed: Vec<String> = slow.done().into_iter().filter(|it| it.starts_with("consume")).collect();
    assert_eq!(consumed, ["consume a1", "consume a1", "consume a2", "consume a3"]);
}

#[test]
fn an_event_forgotten_during_a_slow_batch_is_not_consumed() {
    // A function may take 20 seconds for each message, and an operator forgets the entity meanwhile.
    let slow = Slow { keeps_order: true, forgotten_after: Some(("a1", "a3")), ..Slow::default() };
    let (done, _) = slow.process(batch("a1 a2 a3"), NO_LIMIT);
    assert_eq!(done.len(), 3);
    let consumed: Vec<String> = slow.done().into_iter().filter(|it| it.starts_with("consume")).collect();
    assert_eq!(consumed, ["consume a1", "consume a2"]);
}

#[test]
fn a_failure_of_the_consumer_keeps_the_receipt_beside_it() {
    let mut slow = Slow::default();
    slow.services.failing.insert("a2", Failure::Outage);
    let (done, _) = slow.process(batch("a1 a2 a3"), NO_LIMIT);
    assert_eq!((done, slow.done()), (vec!["a1".to_owned()], vec!["consume a1".into(), "receipt a1".into()]));
}

#[test]
fn a_receipt_counts_although_the_next_message_hangs() {
    let mut slow = Slow::default();
    slow.services.failing.insert("a2", Failure::Hang);
    let (done, turns) = slow.process(batch("a1 a2 a3"), 100);
    assert_eq!((done, turns), (vec!["a1".to_owned()], 100));
}

#[test]
fn messages_received_before_are_consumed_after_each_receipt() {
    let slow = Slow::default();
    slow.process(received_often("a1 a2", 2), NO_LIMIT);
    assert_eq!(slow.done(), ["consume a1", "receipt a1", "consume a2", "receipt a2"]);
    // A crash over a2 must not count as an attempt of a1.
    let mut slow = Slow::default();
    slow.services.failing.insert("a2", Failure::Hang);
    slow.process(received_often("a1 a2", 2), 100);
    let state = slow.services.state.lock().unwrap();
    assert!(!state.attempts.contains_key("a1"), "{:?}", state.attempts.keys());
    assert_eq!(state.attempts["a2"].unfinished, 1);
}

#[test]
fn receipts_behind_a_whole_event_are_read_after_it_is_stored() {
    let slow = Slow::default();
    let whole = Received { whole: Some(b"event".to_vec()), ..received("a1") };
    let (done, _) = slow.process(vec![whole, received("a2"), received("b1"), received("b2")], NO_LIMIT);
    assert_eq!(done.len(), 4);
    assert_eq!(*slow.reads.lock().unwrap(), [2, 1, 1], "b1 and b2 in one call, a1 and a2 each in its round");
}
