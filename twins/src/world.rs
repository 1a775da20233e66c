//! A twin in simulated time: its webhooks reach an event log through the provider's own verification and parser, or are
//! lost on the way, and its API is read by the reconciler.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use inlet::canonical::{Kind, StoreDefaults};
use inlet::event::{Event, EventId};
use inlet::fault::Fault;
use inlet::message::CloudEvent;
use inlet::proof::{Verified, verify};
use inlet::provider::Provider;
use inlet::provider::catalogue::find;
use inlet::received_at::ReceivedAt;
use inlet::reconcile::{
    Api, Deletions, Details, EntityHistory, EntityLog, EventLog, KnownEntity, Listed, Outcome, Publication,
    Published, Request, Response, Run, Session, Source, find_absent, is_deletion, reconcile,
};
use inlet::request::Unverified;
use inlet::store::StoreName;
use inlet::tools::sender::{Sender, delivery};
use jiff::Timestamp;
use serde::Deserialize as _;
use serde_json::Value;

use crate::dispatch::{Attempt, Dispatch};
use crate::random::Random;
use crate::{ApiRequest, ApiResponse, Twin, Webhook};

pub use crate::dispatch::Way;

/// A twin with the store's events, in simulated time.
#[derive(Debug)]
pub struct World<T: Twin> {
    now: AtomicI64,
    state: Mutex<State<T>>,
    store: StoreName,
    credential: Value,
}

#[derive(Debug)]
struct State<T> {
    twin: T,
    way: Way,
    random: Random,
    dispatch: Dispatch,
    events: BTreeMap<String, Vec<Published>>,
    /// The entities that an event deleted.
    deleted: BTreeSet<String>,
    webhooks: u64,
    /// The configured responses to the next requests.
    responses: Vec<ApiResponse>,
    /// The requests of the reader, in milliseconds.
    requests: Vec<i64>,
}

/// The begin of the simulated time.
const BEGIN: i64 = 1_749_600_000_000;

impl<T: Twin + Send> World<T> {
    /// Returns a world whose chances follow from the seed.
    pub fn new(twin: T, seed: u64) -> Self {
        let state = State {
            twin,
            way: Way::default(),
            random: Random::new(seed),
            dispatch: Dispatch::default(),
            events: BTreeMap::new(),
            deleted: BTreeSet::new(),
            webhooks: 0,
            responses: Vec::new(),
            requests: Vec::new(),
        };
        Self {
            now: AtomicI64::new(BEGIN),
            state: Mutex::new(state),
            store: StoreName::parse("twin").expect("a store's name"),
            credential: T::Provider::PROFILE.demo_credential(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the time.
    pub fn time(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now.load(Ordering::Relaxed)).expect("a time")
    }

    /// Changes the faults.
    pub fn set_way(&self, way: Way) {
        self.state().way = way;
    }

    /// Configures the next responses of the API.
    pub fn set_responses(&self, responses: impl IntoIterator<Item = ApiResponse>) {
        self.state().responses = responses.into_iter().collect();
    }

    /// Repairs what the provider's circuit breaker disabled.
    pub fn renew(&self) {
        self.state().dispatch.enable();
    }

    /// Returns true if the circuit breaker has disabled the URL.
    pub fn is_broken(&self) -> bool {
        self.state().dispatch.is_disabled()
    }

    /// Reads the twin.
    pub fn twin<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        read(&self.state().twin)
    }

    /// Changes the twin's objects for this long, a change after each of these milliseconds on average.
    pub fn live(&self, time: Duration, every_ms: u64) {
        let end = self.now.load(Ordering::Relaxed) + i64::try_from(time.as_millis()).expect("a short time");
        loop {
            let step = 1 + self.state().random.below(2 * every_ms);
            let next = self.now.load(Ordering::Relaxed) + i64::try_from(step).expect("a short step");
            if next >= end {
                self.advance_to(end);
                return;
            }
            self.advance_to(next);
            self.change();
        }
    }

    /// Lets time pass without a change.
    pub fn rest(&self, time: Duration) {
        let end = self.now.load(Ordering::Relaxed) + i64::try_from(time.as_millis()).expect("a short time");
        self.advance_to(end);
    }

    fn change(&self) {
        let now = self.time();
        let mut state = self.state();
        let State { twin, random, way, dispatch, .. } = &mut *state;
        let webhook = twin.change(random, now);
        dispatch.send(&webhook, *way, random, now.as_millisecond());
    }

    /// Delivers every attempt until this time.
    fn advance_to(&self, end: i64) {
        loop {
            let mut state = self.state();
            let Some((at, attempt)) = state.dispatch.due(end) else { break };
            self.now.fetch_max(at, Ordering::Relaxed);
            self.arrive(&mut state, attempt, at);
        }
        self.now.fetch_max(end, Ordering::Relaxed);
    }

    fn arrive(&self, state: &mut State<T>, attempt: Attempt, at: i64) {
        let State { dispatch, random, way, .. } = state;
        if way.is_down {
            let policy = <T::Provider as Provider>::RETRY_POLICY;
            dispatch.fail(attempt, None, &policy, *way, random, at);
            return;
        }
        dispatch.succeed();
        state.webhooks += 1;
        let event = self.received(&attempt.webhook, at);
        state.store_event(&event, false);
    }

    /// Takes a webhook through the provider's verification and parser.
    fn received(&self, webhook: &Webhook, at: i64) -> Verified<Event> {
        let spec = find(T::Provider::EVENTS, webhook.event).expect("an event of the catalogue");
        let request =
            delivery::<T::Provider>(self.store.clone(), spec, webhook.body.clone(), &self.credential);
        let credential =
            <T::Provider as Provider>::Credential::deserialize(&self.credential).expect("a credential");
        let at = ReceivedAt::from_millis(at).expect("a time");
        let delivery =
            verify::<T::Provider>(Unverified::new(request), &[credential], at).expect("a genuine delivery");
        let parsed = <T::Provider as Provider>::parse(&delivery);
        delivery.into_event::<T::Provider>(parsed)
    }

    /// Reconciles one kind from this time on.
    pub async fn reconcile(
        &self,
        kind: Kind,
        since: Timestamp,
        publishes: bool,
        details: Details,
    ) -> Outcome {
        let access = T::access();
        let access = <T::Provider as Source>::Access::deserialize(&access).expect("an access");
        self.reconcile_with(&access, kind, since, publishes, details).await
    }

    /// Does the same with another access.
    pub async fn reconcile_with(
        &self,
        access: &<T::Provider as Source>::Access,
        kind: Kind,
        since: Timestamp,
        publishes: bool,
        details: Details,
    ) -> Outcome {
        let defaults = StoreDefaults::default();
        let run = Run { store: &self.store, defaults: &defaults, kind, since, publishes, details };
        let mut session = Session::new(<T::Provider as Source>::LIMIT);
        reconcile::<T::Provider, _, _>(&run, self, access, &mut session, self, |_| {})
            .await
            .expect("an event log that works")
    }

    /// Looks for deletions of one kind whose webhooks were lost.
    pub async fn find_absent(&self, kind: Kind) -> Deletions {
        let access = <T::Provider as Source>::Access::deserialize(&T::access()).expect("an access");
        let listed = Listed { store: &self.store, kind };
        let mut session = Session::new(<T::Provider as Source>::LIMIT);
        find_absent::<T::Provider, _, _>(listed, self, &access, &mut session, self)
            .await
            .expect("an event log that works")
    }

    /// Returns the newest event of an entity that carries this field, with its value.
    pub fn published(&self, kind: Kind, entity: &str, field: &str) -> Option<String> {
        let path = EventId::path_of(<T::Provider as Provider>::NAME, &self.store, kind, entity);
        let state = self.state();
        let mut events: Vec<&Published> = state.events.get(&path)?.iter().collect();
        events.sort_by_key(|event| event.received_at);
        events.iter().rev().find_map(|event| {
            let value = event.data.get(field)?;
            Some(value.get("amount").unwrap_or(value).as_str()?.to_owned())
        })
    }

    /// Returns the number of webhooks that arrived, and of events.
    pub fn counts(&self) -> (u64, usize) {
        let state = self.state();
        (state.webhooks, state.events.values().map(Vec::len).sum())
    }

    /// Returns the events of an entity, the oldest first.
    pub fn events(&self, kind: Kind, entity: &str) -> Vec<Published> {
        let path = EventId::path_of(<T::Provider as Provider>::NAME, &self.store, kind, entity);
        let mut events = self.state().events.get(&path).cloned().unwrap_or_default();
        events.sort_by_key(|event| event.received_at);
        events
    }

    /// Returns the largest number of requests of the reader in any stretch of this time.
    pub fn peak(&self, stretch: Duration) -> usize {
        let stretch = i64::try_from(stretch.as_millis()).expect("a short time");
        let state = self.state();
        let within =
            |first: &i64| state.requests.iter().filter(|at| (0..stretch).contains(&(*at - first))).count();
        state.requests.iter().map(within).max().unwrap_or(0)
    }

    /// Delivers a webhook now, as one that comes late.
    pub fn deliver(&self, webhook: &Webhook) {
        let at = self.now.fetch_add(1, Ordering::Relaxed) + 1;
        let event = self.received(webhook, at);
        self.state().store_event(&event, false);
    }

    /// Changes an object and returns the webhook, which is not sent.
    pub fn change_unsent(&self) -> Webhook {
        let now = self.time();
        let mut state = self.state();
        let State { twin, random, .. } = &mut *state;
        twin.change(random, now)
    }
}

impl<T> State<T> {
    /// Stores an event, unless one with the same id is there.
    fn store_event(&mut self, event: &Verified<Event>, is_reconciled: bool) -> bool {
        let message: Value = serde_json::from_str(&CloudEvent::of(event).to_json()).expect("a message");
        let path = event.id().entity_path().to_owned();
        if message["type"].as_str().is_some_and(is_deletion) {
            self.deleted.insert(path.clone());
        }
        let events = self.events.entry(path).or_default();
        if events.iter().any(|stored| stored.id == *event.id()) {
            return false;
        }
        let published = Published {
            id: event.id().clone(),
            received_at: event.received_at(),
            is_reconciled,
            data: message["data"].clone(),
        };
        let place = events.partition_point(|stored| stored.received_at <= published.received_at);
        events.insert(place, published);
        true
    }
}

impl<T: Twin + Send> Api for World<T> {
    fn now(&self) -> ReceivedAt {
        ReceivedAt::from_millis(self.now.load(Ordering::Relaxed)).expect("a time")
    }

    async fn send(&self, request: &Request) -> Result<Response, Fault> {
        let sent = self.now.load(Ordering::Relaxed);
        // A response takes a while, and webhooks arrive meanwhile.
        self.advance_to(sent + 120);
        let now = self.time();
        let mut state = self.state();
        state.requests.push(sent);
        let response = if state.responses.is_empty() {
            state.twin.respond(&api_request(request), now)
        } else {
            state.responses.remove(0)
        };
        let retry_after = response.retry_after.map(|seconds| seconds.to_string());
        Ok(Response::new(response.status, retry_after.as_deref(), response.body.into_bytes()))
    }

    async fn pause(&self, time: Duration) {
        self.rest(time);
    }
}

impl<T: Twin + Send> EventLog for World<T> {
    async fn history(&self, entity_path: &str) -> Result<EntityHistory, Fault> {
        let events = self.state().events.get(entity_path).cloned().unwrap_or_default();
        Ok(EntityHistory { events, ..EntityHistory::default() })
    }

    async fn publish(&self, event: Verified<Event>) -> Result<Publication, Fault> {
        let is_new = self.state().store_event(&event, true);
        Ok(if is_new { Publication::Published } else { Publication::Known })
    }
}

impl<T: Twin + Send> EntityLog for World<T> {
    async fn entities(&self, prefix: &str) -> Result<Vec<KnownEntity>, Fault> {
        let state = self.state();
        let of_prefix = state.events.iter().filter(|(path, _)| path.starts_with(prefix));
        let known = of_prefix.filter_map(|(path, events)| {
            let newest = events.last()?.received_at;
            Some(KnownEntity { path: path.clone(), newest, is_deleted: state.deleted.contains(path) })
        });
        Ok(known.collect())
    }
}

/// Returns a request as the twin gets it.
fn api_request(request: &Request) -> ApiRequest {
    let headers =
        request.headers().iter().map(|(name, value)| ((*name).to_owned(), value.text().into_owned()));
    let path = request.url().splitn(4, '/').nth(3).unwrap_or_default();
    let body = request.body().unwrap_or_default().as_bytes().to_vec();
    ApiRequest::new(&format!("/{path}"), headers.collect(), body)
}
