//! An observation that the provider's API returned, and the events that it becomes.

use std::fmt;
use std::marker::PhantomData;

use serde_json::{Map, Value, json};

use super::observation::{Change, Observation};
use crate::canonical::{Canonical, Kind, Order, StoreDefaults};
use crate::event::EventId;
use crate::provider::catalogue::{DedupRule, Documented};
use crate::provider::parsed_event::{EventType, ParsedEvent};
use crate::received_at::ReceivedAt;
use crate::store::StoreName;
use crate::value::time::Time;

/// The name of an event that is reconciled, in the place of the provider's own name: the provider sent none.
pub const OBSERVED: &str = "inlet.observed";

/// The verb of an event that is reconciled. It says what happened: the state was seen, and nothing else is known.
const VERB: &str = "observed";

/// The parts of an observation that no event of its entity carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missed {
    /// The fields of the state.
    pub fields: Vec<&'static str>,
    /// The entries of the provider's history, by index, the oldest first.
    pub entries: Vec<usize>,
}

/// An observation that the API of the provider `P` returned, and when.
///
/// Only the reader of an API makes one, from the response to a request that it sent. The field is private:
///
/// ```compile_fail
/// # use inlet::reconcile::{Fetched, Observation};
/// # use inlet::received_at::ReceivedAt;
/// fn forge<P>(observation: Observation, at: ReceivedAt) -> Fetched<P> {
///     Fetched { observation, at, provider: std::marker::PhantomData }
/// }
/// ```
///
/// The observation can be read:
///
/// ```
/// # use inlet::reconcile::Fetched;
/// fn read<P>(fetched: &Fetched<P>) -> &str {
///     &fetched.observation().entity
/// }
/// ```
pub struct Fetched<P> {
    observation: Observation,
    at: ReceivedAt,
    provider: PhantomData<fn() -> P>,
}

/// One event of an observation, before its id is known: see [`Fetched::events`].
///
/// ```compile_fail
/// # use inlet::reconcile::ObservedEvent;
/// fn forge<P>() -> ObservedEvent<P> {
///     ObservedEvent { body: Vec::new() }
/// }
/// ```
pub struct ObservedEvent<P> {
    pub(crate) store: StoreName,
    pub(crate) body: Vec<u8>,
    pub(crate) received_at: ReceivedAt,
    pub(crate) parsed: ParsedEvent,
    /// Distinguishes the event from every other event of the entity.
    pub(crate) identity: Vec<u8>,
    pub(crate) missed: Vec<&'static str>,
    provider: PhantomData<fn() -> P>,
}

impl<P> Fetched<P> {
    /// Takes an observation from a response. Only the reader may call it.
    pub(super) fn new(observation: Observation, at: ReceivedAt) -> Self {
        Self { observation, at, provider: PhantomData }
    }

    /// Returns the observation.
    pub fn observation(&self) -> &Observation {
        &self.observation
    }

    /// Returns the time of the response.
    pub fn at(&self) -> ReceivedAt {
        self.at
    }

    /// Returns the events that bring what the entity's events lack: each missed entry of the provider's history, the
    /// oldest first, then the whole object.
    ///
    /// The newest event of an entity must carry its last state, so the object is published again after its history.
    ///
    /// `newest` is the newest event that the entity has. It is part of the identity: if an older state arrives after
    /// an event that was reconciled, the next run publishes the last state again.
    pub fn events(
        &self,
        missed: &Missed,
        newest: Option<&EventId>,
        store: &StoreName,
        defaults: &StoreDefaults,
    ) -> Vec<ObservedEvent<P>> {
        let Observation { kind, entity, changed_at, state, history, data, object, .. } = &self.observation;
        let entries = missed.entries.iter().filter_map(|at| history.get(*at));
        let entries = entries.filter_map(|change| Some((change, entry_data(*kind, entity, change)?)));
        let newest = newest.map(EventId::as_str);
        let mut events: Vec<ObservedEvent<P>> = Vec::new();
        for (change, data) in entries {
            let parsed = parsed(entity, data, Some(change.at), defaults);
            let identity = json!({"entry": change.status, "changed": change.at.to_string(), "after": newest});
            events.push(self.event(store, &change.entry, parsed, &identity, vec!["status"]));
        }
        let state: Map<String, Value> =
            state.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into())).collect();
        let changed = changed_at.map(|at| at.to_string());
        let identity = json!({"state": state, "changed": changed, "after": newest});
        let parsed = parsed(entity, data.clone(), *changed_at, defaults);
        events.push(self.event(store, object, parsed, &identity, missed.fields.clone()));
        self.in_order(events)
    }

    fn event(
        &self,
        store: &StoreName,
        body: &Value,
        parsed: ParsedEvent,
        identity: &Value,
        missed: Vec<&'static str>,
    ) -> ObservedEvent<P> {
        ObservedEvent {
            store: store.clone(),
            body: body.to_string().into_bytes(),
            received_at: self.at,
            parsed,
            identity: identity.to_string().into_bytes(),
            missed,
            provider: PhantomData,
        }
    }

    /// Gives each event an arrival of its own. The last one has the time of the response, so that a delivery that
    /// arrives meanwhile is newer.
    fn in_order(&self, events: Vec<ObservedEvent<P>>) -> Vec<ObservedEvent<P>> {
        let count = i64::try_from(events.len()).unwrap_or(0);
        let arrivals = (1..=count).map(|n| self.at.millis().saturating_sub(count.saturating_sub(n)));
        let at = |millis| ReceivedAt::from_millis(millis).unwrap_or(self.at);
        let arrivals = arrivals.map(at);
        events
            .into_iter()
            .zip(arrivals)
            .map(|(event, received_at)| ObservedEvent { received_at, ..event })
            .collect()
    }
}

/// Returns what an entry of a history says: the status, and nothing else. Only orders have histories.
fn entry_data(kind: Kind, entity: &str, change: &Change) -> Option<Canonical> {
    let order = Order {
        id: Some(entity.to_owned()),
        status: Some(change.status.clone()),
        state: change.state,
        updated_at: Time::parse_rfc3339(&change.at.to_string()),
        ..Order::default()
    };
    (kind == Kind::Order).then(|| order.into())
}

fn parsed(
    entity: &str,
    data: Canonical,
    changed_at: Option<jiff::Timestamp>,
    defaults: &StoreDefaults,
) -> ParsedEvent {
    let parsed = ParsedEvent {
        event_type: EventType::new(OBSERVED),
        verb: VERB,
        entity: Some(vec![entity.to_owned()]),
        time: changed_at.and_then(|at| Time::parse_rfc3339(&at.to_string())),
        dedup: DedupRule::Timestamp,
        data,
        documented: Some(Documented::Partial),
        completed: crate::canonical::Completed::default(),
        inferred: false,
        undocumented_values: Vec::new(),
        new_values: Vec::new(),
    };
    parsed.complete(defaults)
}

/// Without the object: it has personal data.
impl<P> fmt::Debug for Fetched<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetched").field("entity", &self.observation.entity).finish_non_exhaustive()
    }
}

/// Without the body: it has personal data.
impl<P> fmt::Debug for ObservedEvent<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObservedEvent").field("missed", &self.missed).finish_non_exhaustive()
    }
}
