//! The receiver's ports in memory, for simulation: they count their calls and fail at configured ones.

use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use inlet::dedup::{Candidate, Decision, Duplicate, Evidence, Latest, decide, moves_immediately};
use inlet::event::{DedupScope, Event, EventId, ExistingEvent, Origin};
use inlet::fault::Fault;
use inlet::message::CloudEvent;
use inlet::proof::{Rejection, Verified};
use inlet::provider::Provider;
use inlet::receive::quarantine::{Quarantine, QuarantineOutcome, RejectedRequest};
use inlet::receive::{Journal, Queue, Recorded, Secrets, Store, WriteToken};
use inlet::received_at::ReceivedAt;
use inlet::store::StoreName;

/// A fault of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nothing is done.
    Before,
    /// It is done, and the reply is lost.
    After,
}

/// The failing calls, counted from 1; `always` for all that are not listed.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The failing calls and their faults.
    pub at: HashMap<usize, Failure>,
    /// The fault of every other call, if it has one.
    pub always: Option<Failure>,
}

impl Plan {
    /// Returns a plan by which every call fails like this.
    pub fn always(failure: Failure) -> Self {
        Self { at: HashMap::new(), always: Some(failure) }
    }

    /// Returns a plan by which only the `nth` call fails.
    pub fn nth(nth: usize, failure: Failure) -> Self {
        Self { at: HashMap::from([(nth, failure)]), always: None }
    }
}

#[derive(Debug, Default)]
struct Calls {
    plan: Plan,
    made: usize,
}

impl Calls {
    fn next(&mut self) -> Option<Failure> {
        self.made += 1;
        self.plan.at.get(&self.made).copied().or(self.plan.always)
    }
}

fn lost() -> Fault {
    Fault::transient("a planned failure", "injected by the test")
}

fn locked<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A journal that keeps bodies by id.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    state: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    calls: Calls,
    events: HashMap<EventId, StoredEvent>,
    latest: HashMap<String, Latest<EventId, String>>,
    duplicates: HashSet<EventId>,
    processed: HashSet<EventId>,
}

#[derive(Debug)]
struct StoredEvent {
    body: Vec<u8>,
    attempt: WriteToken,
    received_at: ReceivedAt,
}

impl MemoryJournal {
    /// Returns a journal that fails as planned.
    pub fn failing(plan: Plan) -> Self {
        let calls = Calls { plan, made: 0 };
        Self { state: Mutex::new(Kept { calls, ..Kept::default() }) }
    }

    /// Returns the bodies of the events, by id. Duplicates are not events.
    pub fn bodies(&self) -> HashMap<EventId, Vec<u8>> {
        let state = locked(&self.state);
        let is_event = |id: &EventId| !state.duplicates.contains(id);
        state
            .events
            .iter()
            .filter(|(id, _)| is_event(id))
            .map(|(id, event)| (id.clone(), event.body.clone()))
            .collect()
    }

    /// Returns the events in the order of their arrivals, with their bodies. Duplicates are not events.
    pub fn history(&self) -> Vec<(ReceivedAt, Vec<u8>)> {
        let state = locked(&self.state);
        let is_event = |id: &EventId| !state.duplicates.contains(id);
        let events = state.events.iter().filter(|(id, _)| is_event(id));
        let mut history: Vec<_> = events.map(|(_, event)| (event.received_at, event.body.clone())).collect();
        history.sort();
        history
    }

    /// Marks an event as processed.
    pub fn process(&self, id: &EventId) {
        locked(&self.state).processed.insert(id.clone());
    }
}

impl Journal for MemoryJournal {
    async fn record(&self, event: &mut Verified<Event>, attempt: &WriteToken) -> Result<Recorded, Fault> {
        let mut state = locked(&self.state);
        let failure = state.calls.next();
        if failure == Some(Failure::Before) {
            return Err(lost());
        }
        let recorded = state.record(event, attempt);
        if failure == Some(Failure::After) { Err(lost()) } else { Ok(recorded) }
    }
}

impl Kept {
    fn record(&mut self, event: &mut Verified<Event>, attempt: &WriteToken) -> Recorded {
        match event.dedup_scope() {
            DedupScope::Forever => self.record_forever(event, attempt),
            DedupScope::Within(window) => {
                self.record_within(event, attempt, i64::try_from(window.as_millis()).unwrap_or(i64::MAX))
            }
        }
    }

    fn record_forever(&mut self, event: &Event, attempt: &WriteToken) -> Recorded {
        if let Some(stored) = self.events.get(event.id()) {
            let original = ExistingEvent { id: event.id().clone(), received_at: stored.received_at };
            let processed = self.processed.contains(&original.id);
            let is_ours = stored.attempt == *attempt;
            return if is_ours { Recorded::New } else { Recorded::Duplicate { original, processed } };
        }
        self.insert(event, attempt);
        if event.updates_latest() {
            self.move_latest(event, event.received_at().millis());
        }
        Recorded::New
    }

    /// Applies the rule of [`inlet::dedup`], with each decision done in one step.
    fn record_within(
        &mut self,
        event: &mut Verified<Event>,
        attempt: &WriteToken,
        window_ms: i64,
    ) -> Recorded {
        self.insert(event, attempt);
        let own = Candidate {
            digest: event.id().clone(),
            content: event.content().to_hex(),
            received_ms: event.received_at().millis(),
            window_ms: Some(window_ms),
        };
        let evidence = match event.origin() {
            Origin::Webhook => Evidence::Unanswered(None),
            Origin::Fallback | Origin::Quarantine | Origin::Reconciled => Evidence::Late,
        };
        let Some(latest) = self.latest.get_mut(event.id().entity_path()) else {
            self.move_latest(event, own.received_ms);
            return Recorded::New;
        };
        if moves_immediately(Some(latest), &own) {
            self.move_latest(event, own.received_ms);
            return Recorded::New;
        }
        match decide(latest, &own, &evidence) {
            Decision::Own | Decision::Older => {}
            Decision::Duplicate => {
                latest.duplicate = Some(Duplicate { digest: own.digest, received_ms: own.received_ms });
                let received_at = ReceivedAt::from_millis(latest.received_ms).unwrap_or(ReceivedAt::EPOCH);
                let original = ExistingEvent { id: latest.digest.clone(), received_at };
                self.duplicates.insert(event.id().clone());
                let processed = self.processed.contains(&original.id);
                return Recorded::Duplicate { original, processed };
            }
            Decision::Newest { received_ms } => {
                if received_ms != own.received_ms {
                    self.duplicates.insert(own.digest);
                    event.receive_later(ReceivedAt::from_millis(received_ms).unwrap_or(ReceivedAt::EPOCH));
                    self.insert(event, attempt);
                }
                self.move_latest(event, received_ms);
            }
            Decision::Restore { duplicate, latest: next } => {
                self.duplicates.remove(&duplicate.digest);
                *latest = next;
            }
        }
        Recorded::New
    }

    fn insert(&mut self, event: &Event, attempt: &WriteToken) {
        let body = event.delivery().body().to_vec();
        let stored = StoredEvent { body, attempt: attempt.clone(), received_at: event.received_at() };
        self.events.insert(event.id().clone(), stored);
    }

    fn move_latest(&mut self, event: &Event, received_ms: i64) {
        let entity = event.id().entity_path().to_owned();
        let duplicate = self.latest.get(&entity).and_then(|latest| latest.duplicate.clone());
        let (digest, content) = (event.id().clone(), event.content().to_hex());
        self.latest.insert(entity, Latest { digest, content, received_ms, duplicate });
    }
}

/// A queue that keeps messages by deduplication id, as a FIFO queue does.
#[derive(Debug, Default)]
pub struct MemoryQueue {
    state: Mutex<Sent>,
}

#[derive(Debug, Default)]
struct Sent {
    calls: Calls,
    messages: Vec<Message>,
    seen: HashSet<EventId>,
}

/// A message in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The event's id.
    pub id: EventId,
    /// The CloudEvents text.
    pub text: String,
    /// The whole body, if the journal does not have it.
    pub whole: Option<Vec<u8>>,
}

impl MemoryQueue {
    /// Returns a queue that fails as planned.
    pub fn failing(plan: Plan) -> Self {
        let calls = Calls { plan, made: 0 };
        Self { state: Mutex::new(Sent { calls, ..Sent::default() }) }
    }

    /// Returns the messages in the queue.
    pub fn messages(&self) -> Vec<Message> {
        locked(&self.state).messages.clone()
    }

    /// Returns the number of sent messages, duplicates included.
    pub fn calls(&self) -> usize {
        locked(&self.state).calls.made
    }

    fn take(&self, event: &Verified<Event>, whole: Option<Vec<u8>>) -> Result<(), Fault> {
        let mut sent = locked(&self.state);
        let failure = sent.calls.next();
        if failure != Some(Failure::Before) && sent.seen.insert(event.id().clone()) {
            let text = CloudEvent::of(event).to_json();
            sent.messages.push(Message { id: event.id().clone(), text, whole });
        }
        if failure.is_some() { Err(lost()) } else { Ok(()) }
    }
}

impl Queue for MemoryQueue {
    async fn send(&self, event: &Verified<Event>) -> Result<(), Fault> {
        self.take(event, None)
    }

    async fn send_with_event(&self, event: &Verified<Event>) -> Result<(), Fault> {
        self.take(event, Some(event.delivery().body().to_vec()))
    }
}

/// A quarantine that keeps everything.
#[derive(Debug, Default)]
pub struct MemoryQuarantine {
    state: Mutex<QuarantineState>,
}

#[derive(Debug, Default)]
struct QuarantineState {
    calls: Calls,
    deliveries: Vec<QuarantinedDelivery>,
}

/// A delivery in quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantinedDelivery {
    /// The store that it names.
    pub store: StoreName,
    /// The reason of its refusal.
    pub rejection: Rejection,
    /// Its time of arrival.
    pub received_at: ReceivedAt,
    /// The body as sent.
    pub body: Vec<u8>,
}

impl MemoryQuarantine {
    /// Returns a quarantine that fails as planned.
    pub fn failing(plan: Plan) -> Self {
        let calls = Calls { plan, made: 0 };
        Self { state: Mutex::new(QuarantineState { calls, deliveries: Vec::new() }) }
    }

    /// Returns the quarantined deliveries, in order of arrival.
    pub fn deliveries(&self) -> Vec<QuarantinedDelivery> {
        locked(&self.state).deliveries.clone()
    }
}

impl Quarantine for MemoryQuarantine {
    async fn store(&self, request: &RejectedRequest<'_>) -> Result<QuarantineOutcome, Fault> {
        let mut state = locked(&self.state);
        let failure = state.calls.next();
        if failure != Some(Failure::Before) {
            state.deliveries.push(QuarantinedDelivery {
                store: request.store().clone(),
                rejection: request.rejection(),
                received_at: request.received_at(),
                body: request.body().to_vec(),
            });
        }
        if failure.is_some() { Err(lost()) } else { Ok(QuarantineOutcome::Stored) }
    }
}

/// Secrets that are always cached: one store, and the result of a refresh.
pub struct MemorySecrets<P: Provider> {
    /// The store's name.
    pub name: StoreName,
    /// The cached secrets.
    pub store: Arc<Store<P>>,
    /// The result of a refresh.
    pub newer: Option<Arc<Store<P>>>,
}

impl<P: Provider> Secrets<P> for MemorySecrets<P> {
    async fn store(&self, name: &StoreName) -> Result<Option<Arc<Store<P>>>, Fault> {
        Ok((*name == self.name).then(|| self.store.clone()))
    }

    async fn refresh(&self, _: &StoreName) -> Option<Arc<Store<P>>> {
        self.newer.clone()
    }
}

/// Runs a future that never waits, as those of these ports.
///
/// # Panics
/// If the future waits.
pub fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("ports in memory do not wait"),
    }
}
