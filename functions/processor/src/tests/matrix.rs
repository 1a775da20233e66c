//! Both consumers under every fault of the endpoint or function, with a queue, a table and attempts in memory: no event
//! is lost, the events of an entity stay in order, and no call contains two of them.

#![expect(clippy::arithmetic_side_effects, reason = "counts and limits of a test")]

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::message::Message;
use inlet::process::{
    AttemptRecord, Attempts, ConsumeError, Consumer, Disposition, Outcome, ProcessingStore, Processor,
    Received, Stored,
};
use inlet::received_at::ReceivedAt;
use serde_json::{Value, json};

use super::message;
use super::stand_in::{ReceivedRequest, Reply, StandIn};
use crate::function::Function;
use crate::https::Endpoint;

const ENTITIES: usize = 4;
const EVENTS: usize = 5;
/// The time limit of a call in cases whose fault exceeds it.
const TIMEOUT: Duration = Duration::from_millis(400);
/// The time limit in all other cases, long enough for a busy machine.
const LONG_TIMEOUT: Duration = Duration::from_secs(20);
/// Number of requests that fail before the fault ends.
const FAULTY: usize = 12;
/// More receives than any case needs.
const ROUNDS: usize = 200;

/// A fault of the endpoint or the function.
#[derive(Clone, Copy, Debug, PartialEq)]
enum ConsumerFault {
    None,
    /// It fails with a 500.
    Fails,
    /// It responds 429.
    Throttles,
    /// It never responds, and does nothing.
    Hangs,
    /// Every second request fails.
    Flaps,
    /// The connection ends, and nothing is done.
    Breaks,
    /// The connection ends after the work is done.
    BreaksLate,
    /// It does the work and responds after the processor has given up.
    RespondsLate,
    /// The processor dies while a request is under way.
    ProcessorDies,
    /// One event fails permanently, and always.
    Poison,
    /// One event crashes the function, and always. An endpoint responds 400.
    Crash,
}

const ALL: [ConsumerFault; 11] = [
    ConsumerFault::None,
    ConsumerFault::Fails,
    ConsumerFault::Throttles,
    ConsumerFault::Hangs,
    ConsumerFault::Flaps,
    ConsumerFault::Breaks,
    ConsumerFault::BreaksLate,
    ConsumerFault::RespondsLate,
    ConsumerFault::ProcessorDies,
    ConsumerFault::Poison,
    ConsumerFault::Crash,
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Function,
    Https,
}

/// The work of the endpoint or function.
#[derive(Default)]
struct Done {
    requests: usize,
    /// Each entity's events, in the order in which they were handed over and processed.
    processed: BTreeMap<String, Vec<String>>,
    /// Number of times that the poison was handed over.
    poison: usize,
}

/// Returns the event that is poison: the third of the second entity.
fn poison() -> String {
    message("2", 3).id().to_string()
}

fn given(request: &ReceivedRequest) -> Vec<String> {
    let body: Value = serde_json::from_str(&request.body).unwrap();
    match body.get("events") {
        Some(events) => events.as_array().unwrap().iter().map(id_of).collect(),
        None => vec![id_of(&body)],
    }
}

fn id_of(event: &Value) -> String {
    event["id"].as_str().unwrap().to_owned()
}

fn entity_of(id: &str) -> String {
    id.rsplit_once('/').unwrap().0.to_owned()
}

/// Returns the reply to a request under a fault.
fn reply_to(mode: Mode, fault: ConsumerFault, done: &Mutex<Done>, request: &ReceivedRequest) -> Reply {
    let ids = given(request);
    let entities: HashSet<String> = ids.iter().map(|id| entity_of(id)).collect();
    assert_eq!(entities.len(), ids.len(), "two events of an entity at once: {ids:?}");
    let mut done = done.lock().unwrap();
    done.requests += 1;
    let (is_faulty, is_even) = (done.requests <= FAULTY, done.requests.is_multiple_of(2));
    let has_poison = ids.contains(&poison());
    if has_poison {
        done.poison += 1;
    }
    let mut work = |without: Option<&str>| {
        for id in ids.iter().filter(|id| Some(id.as_str()) != without) {
            done.processed.entry(entity_of(id)).or_default().push(id.clone());
        }
    };
    let success = || match mode {
        Mode::Function => Reply::json("null"),
        Mode::Https => Reply::status(204),
    };
    match fault {
        ConsumerFault::Fails if is_faulty => Reply::status(500),
        ConsumerFault::Throttles if is_faulty => Reply::status(429),
        ConsumerFault::Hangs if is_faulty => Reply::Close.after(TIMEOUT * 3),
        ConsumerFault::Flaps if is_faulty && is_even => Reply::status(503),
        ConsumerFault::Breaks if is_faulty => Reply::Close,
        ConsumerFault::BreaksLate if is_faulty => {
            work(None);
            Reply::Close
        }
        ConsumerFault::RespondsLate if is_faulty => {
            work(None);
            success().after(TIMEOUT * 2)
        }
        ConsumerFault::ProcessorDies if is_faulty => {
            work(None);
            success().after(TIMEOUT / 2)
        }
        ConsumerFault::Poison if has_poison && mode == Mode::Function => {
            work(Some(&poison()));
            Reply::json(&json!({"failures": [{"id": poison(), "kind": "permanent"}]}).to_string())
        }
        ConsumerFault::Crash if has_poison && mode == Mode::Function => {
            Reply::json(r#"{"errorType": "KeyError"}"#).with("x-amz-function-error", "Unhandled")
        }
        ConsumerFault::Poison | ConsumerFault::Crash if has_poison => Reply::status(400),
        _ => {
            work(None);
            success()
        }
    }
}

/// The queue and the table.
#[derive(Default)]
struct Site {
    receipts: Mutex<HashSet<String>>,
    attempts: Mutex<HashMap<String, Attempts>>,
    dead: Mutex<Vec<String>>,
}

impl ProcessingStore for &Site {
    async fn store_event(&self, _: &Received, _: &Message) -> Result<Stored, ConsumeError> {
        Ok(Stored::Now)
    }

    async fn processed(&self, messages: &[&Message]) -> Result<HashSet<EventId>, Fault> {
        let receipts = self.receipts.lock().unwrap();
        let ids = messages.iter().map(|message| message.id());
        Ok(ids.filter(|id| receipts.contains(id.as_str())).cloned().collect())
    }

    async fn receipt(&self, consumed: &[&Message], repeated: &[EventId]) -> Result<ReceivedAt, Fault> {
        for message in consumed {
            self.receipts.lock().unwrap().insert(message.id().to_string());
        }
        for id in repeated {
            self.attempts.lock().unwrap().remove(id.as_str());
        }
        Ok(ReceivedAt::EPOCH)
    }

    async fn load_attempts(
        &self,
        messages: &[(&Received, &Message)],
    ) -> Result<HashMap<String, Attempts>, Fault> {
        let attempts = self.attempts.lock().unwrap();
        Ok(messages.iter().filter_map(|(it, _)| Some((it.id.clone(), *attempts.get(&it.id)?))).collect())
    }

    async fn record_attempts(&self, records: &[AttemptRecord]) -> Result<(), Fault> {
        for record in records {
            self.attempts.lock().unwrap().insert(record.received.clone(), record.attempts);
        }
        Ok(())
    }

    async fn delay(&self, _: &Received, _: Duration) -> Result<(), Fault> {
        Ok(())
    }

    async fn dead_letter(&self, received: &Received, _: Option<&EventId>, _: &Fault) -> Result<(), Fault> {
        self.dead.lock().unwrap().push(received.id.clone());
        Ok(())
    }
}

/// Returns each entity's messages, in order.
fn queue() -> VecDeque<Received> {
    let mut queue = VecDeque::new();
    for n in 1..=EVENTS {
        for entity in 1..=ENTITIES {
            let message = message(&entity.to_string(), n);
            queue.push_back(Received {
                id: message.id().to_string(),
                group: message.id().entity_path().to_owned(),
                deduplication: String::new(),
                handle: String::new(),
                receives: 0,
                failing_for: Duration::ZERO,
                sent_ms: 0,
                age: Duration::ZERO,
                text: message.json().to_owned(),
                whole: None,
            });
        }
    }
    queue
}

/// Receives batches of up to ten messages until the queue is empty. Visibility timeouts take no time.
async fn drain(consumer: impl Consumer, site: &Site, fault: ConsumerFault) -> Vec<String> {
    let mut queue = queue();
    let processor = Processor { store: site, consumer };
    let mut left_after_deaths = 4;
    for _ in 0..ROUNDS {
        let batch: Vec<Received> = queue
            .iter_mut()
            .take(10)
            .map(|received| {
                received.receives += 1;
                received.clone()
            })
            .collect();
        if batch.is_empty() {
            return Vec::new();
        }
        let mut outcomes: Vec<Outcome> = Vec::new();
        let processing = processor.process(batch, |_| true, &mut outcomes);
        if fault == ConsumerFault::ProcessorDies && left_after_deaths > 0 {
            left_after_deaths -= 1;
            // If an invocation dies, its messages stay on the queue.
            let _ = tokio::time::timeout(TIMEOUT / 4, processing).await;
            continue;
        }
        processing.await;
        let done: HashSet<&str> =
            outcomes.iter().filter(|it| it.is_done()).map(|it| it.received.as_str()).collect();
        assert!(
            !outcomes
                .iter()
                .any(|it| matches!(it.disposition, Disposition::Duplicate) && fault == ConsumerFault::None)
        );
        queue.retain(|received| !done.contains(received.id.as_str()));
    }
    queue.into_iter().map(|received| received.id).collect()
}

/// Runs one case and returns what is wrong with its result.
async fn run(mode: Mode, fault: ConsumerFault) -> Vec<String> {
    let done = Arc::new(Mutex::new(Done::default()));
    let shared = Arc::clone(&done);
    let stand_in = StandIn::start(move |request| reply_to(mode, fault, &shared, request));
    let (site, config) = (Site::default(), stand_in.sdk_config());
    let timeout = match fault {
        ConsumerFault::Hangs | ConsumerFault::RespondsLate => TIMEOUT,
        _ => LONG_TIMEOUT,
    };
    let left = match mode {
        Mode::Function => {
            let arn = "arn:aws:lambda:eu-central-1:123456789012:function:orders";
            drain(Function::new(arn, timeout, &config), &site, fault).await
        }
        Mode::Https => {
            let endpoint = Endpoint::new(&stand_in.url, timeout, "test", &config).unwrap();
            drain(endpoint, &site, fault).await
        }
    };
    let mut wrong: Vec<String> = left.into_iter().map(|id| format!("{id} is still on the queue")).collect();
    let is_poisoned = matches!(fault, ConsumerFault::Poison | ConsumerFault::Crash);
    let (receipts, dead, done) =
        (site.receipts.lock().unwrap(), site.dead.lock().unwrap(), done.lock().unwrap());
    for received in queue() {
        let (id, entity) = (received.id, received.group);
        let processed = done.processed.get(&entity).is_some_and(|ids| ids.contains(&id));
        if is_poisoned && id == poison() {
            if !dead.contains(&id) || receipts.contains(&id) {
                wrong.push(format!("{id} is not parked"));
            }
        } else if !processed || !receipts.contains(&id) || dead.contains(&id) {
            wrong.push(format!("{id} is lost"));
        }
    }
    for ids in done.processed.values() {
        // The newest event may be repeated; an earlier one may not follow it.
        if !ids.is_sorted() {
            wrong.push(format!("out of order: {ids:?}"));
        }
    }
    if is_poisoned && done.poison != 5 {
        wrong.push(format!("the poison was handed over {} times", done.poison));
    }
    wrong
}

#[tokio::test]
async fn no_fault_loses_an_event_or_changes_the_order() {
    for mode in [Mode::Function, Mode::Https] {
        for fault in ALL {
            assert_eq!(run(mode, fault).await, [""; 0], "{mode:?}, {fault:?}");
        }
    }
}
