//! The receiver's ports in memory, for simulation: they count their calls and fail at configured ones.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use inlet::event::{ContentDigest, DedupScope, Event, EventId, ExistingEvent};
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
    /// Every call fails like this.
    pub fn always(failure: Failure) -> Self {
        Self { at: HashMap::new(), always: Some(failure) }
    }

    /// Only the `nth` call fails.
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
    Fault::transient("a planned failure", "as the test wants it")
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
    bodies: HashMap<EventId, (Vec<u8>, WriteToken, ReceivedAt)>,
    last: HashMap<String, (ContentDigest, ExistingEvent, WriteToken)>,
    processed: HashSet<EventId>,
}

impl MemoryJournal {
    /// A journal that fails as planned.
    pub fn failing(plan: Plan) -> Self {
        let calls = Calls { plan, made: 0 };
        Self { state: Mutex::new(Kept { calls, ..Kept::default() }) }
    }

    /// The bodies stored, by id.
    pub fn bodies(&self) -> HashMap<EventId, Vec<u8>> {
        locked(&self.state).bodies.iter().map(|(id, (body, ..))| (id.clone(), body.clone())).collect()
    }

    /// Marks an event as processed.
    pub fn process(&self, id: &EventId) {
        locked(&self.state).processed.insert(id.clone());
    }
}

impl Journal for MemoryJournal {
    async fn record(&self, event: &Verified<Event>, attempt: &WriteToken) -> Result<Recorded, Fault> {
        let mut kept = locked(&self.state);
        let failure = kept.calls.next();
        if failure == Some(Failure::Before) {
            return Err(lost());
        }
        let recorded = kept.record(event, attempt);
        if failure == Some(Failure::After) { Err(lost()) } else { Ok(recorded) }
    }
}

impl Kept {
    fn record(&mut self, event: &Event, attempt: &WriteToken) -> Recorded {
        if let Some((original, by)) = self.repeated(event) {
            let processed = self.processed.contains(&original.id);
            let ours = by == *attempt;
            return if ours { Recorded::New } else { Recorded::Duplicate { original, processed } };
        }
        let original = ExistingEvent { id: event.id().clone(), received_at: event.received_at() };
        let body = event.delivery().body().to_vec();
        self.bodies.insert(event.id().clone(), (body, attempt.clone(), event.received_at()));
        // A delivery that is stored late does not become the latest.
        let entity = event.id().entity_path().to_owned();
        if self.last.get(&entity).is_none_or(|(_, last, _)| last.received_at <= event.received_at()) {
            self.last.insert(entity, (event.content(), original, attempt.clone()));
        }
        Recorded::New
    }

    fn repeated(&self, event: &Event) -> Option<(ExistingEvent, WriteToken)> {
        match event.dedup_scope() {
            DedupScope::Forever => self.bodies.get(event.id()).map(|(_, attempt, received_at)| {
                (ExistingEvent { id: event.id().clone(), received_at: *received_at }, attempt.clone())
            }),
            DedupScope::Within(window) => {
                let (content, original, attempt) = self.last.get(event.id().entity_path())?;
                let age_ms = event.received_at().millis() - original.received_at.millis();
                let recent = u128::from(age_ms.unsigned_abs()) <= window.as_millis();
                (*content == event.content() && recent).then(|| (original.clone(), attempt.clone()))
            }
        }
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
    /// A queue that fails as planned.
    pub fn failing(plan: Plan) -> Self {
        let calls = Calls { plan, made: 0 };
        Self { state: Mutex::new(Sent { calls, ..Sent::default() }) }
    }

    /// The messages in the queue.
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
    state: Mutex<Ward>,
}

#[derive(Debug, Default)]
struct Ward {
    calls: Calls,
    held: Vec<HeldDelivery>,
}

/// A delivery in quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldDelivery {
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
    /// A quarantine that fails as planned.
    pub fn failing(plan: Plan) -> Self {
        let calls = Calls { plan, made: 0 };
        Self { state: Mutex::new(Ward { calls, held: Vec::new() }) }
    }

    /// Returns the quarantined deliveries, in order of arrival.
    pub fn held(&self) -> Vec<HeldDelivery> {
        locked(&self.state).held.clone()
    }
}

impl Quarantine for MemoryQuarantine {
    async fn store(&self, suspect: &RejectedRequest<'_>) -> Result<QuarantineOutcome, Fault> {
        let mut ward = locked(&self.state);
        let failure = ward.calls.next();
        if failure != Some(Failure::Before) {
            ward.held.push(HeldDelivery {
                store: suspect.store().clone(),
                rejection: suspect.rejection(),
                received_at: suspect.received_at(),
                body: suspect.body().to_vec(),
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
