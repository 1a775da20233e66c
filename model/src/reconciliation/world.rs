//! The provider, the events and the runs at one moment, and the calls that change them.

use super::flaw::Flaw;
use super::protocol::Protocol;
use super::reconciler::Reconciler;
use super::schedule::Schedule;
use crate::world::{Id, Ids};

/// The whole state at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    /// Number of changes at the provider so far.
    pub changed: Id,
    /// The webhook of each change.
    pub webhooks: Vec<Webhook>,
    /// Number of changes whose retry window is over: the oldest ones.
    pub settled: Id,
    /// True while the provider's circuit breaker has disabled the URL.
    pub is_disabled: bool,
    /// The clock of the service: it moves on with every arrival and every response of the API.
    pub now: i8,
    /// The events, in the order of their arrival.
    pub events: Vec<Event>,
    /// The changes that were reported as missed.
    pub reported: Ids,
    /// The runs of the reconciler.
    pub reconcilers: Vec<Reconciler>,
    /// Number of runs that may still begin at any time.
    pub runs: u8,
    /// Number of runs at the end that have begun.
    pub last_runs: u8,
    /// True if the second run at the end published or reported something.
    pub has_found_twice: bool,
    /// Publications that their run gave up and that take effect later; sorted, so that equal states compare equal.
    pub overdue: Vec<Event>,
    /// The lease and the cursor of scheduled runs.
    pub schedule: Schedule,
    /// Number of remaining faults.
    pub faults: u8,
}

/// The webhook of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Webhook {
    /// It is on its way, or the change has not happened.
    OnItsWay,
    /// It arrived within the retry window.
    InTime,
    /// It arrived after the retry window.
    Late,
    /// It was never sent, or discarded.
    NeverSent,
}

/// An event of the entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Event {
    /// Its arrival.
    pub arrival: i8,
    /// The change after which the object had this state: the provider's time.
    pub change: Id,
    /// Its identity.
    pub identity: Identity,
}

/// The identity of an event. Two events of one identity are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Identity {
    /// The body of a webhook.
    Webhook(Id),
    /// A reconciled event.
    Observed {
        /// The state and the time of the change.
        change: Option<Id>,
        /// The newest event before, by its arrival.
        after: Option<i8>,
        /// The time of the read, which does not belong there: [`Flaw::IdentityWithReadTime`].
        read: Option<i8>,
    },
}

impl Event {
    /// Returns true if the reconciler published it.
    pub fn is_reconciled(&self) -> bool {
        matches!(self.identity, Identity::Observed { .. })
    }
}

impl World {
    /// Returns the last change that happened.
    pub fn last_change(&self) -> Option<Id> {
        self.changed.checked_sub(1)
    }

    /// The clock moves on, and returns its time.
    pub fn tick(&mut self) -> i8 {
        self.now += 1;
        self.now
    }

    /// The webhook of a change arrives for the first time.
    pub fn arrive(&mut self, protocol: &Protocol, change: Id) {
        let is_in_time = change >= self.settled;
        self.webhooks[usize::from(change)] = if is_in_time { Webhook::InTime } else { Webhook::Late };
        self.keep_webhook(protocol, change);
    }

    /// Keeps the event of a webhook.
    pub fn keep_webhook(&mut self, protocol: &Protocol, change: Id) {
        let arrival = self.tick();
        let is_known = protocol.has(Flaw::LateWebhookDropped)
            && self.events.iter().any(|event| event.is_reconciled() && event.change == change);
        if !is_known {
            self.keep(Event { arrival, change, identity: Identity::Webhook(change) });
        }
    }

    /// Stores an event, unless one of its identity is stored. Returns true if it is new.
    pub fn keep(&mut self, event: Event) -> bool {
        let is_new = self.events.iter().all(|kept| kept.identity != event.identity);
        if is_new {
            let place = self.events.partition_point(|kept| kept.arrival <= event.arrival);
            self.events.insert(place, event);
        }
        is_new
    }

    /// Returns the places of the runs that work.
    pub fn working(&self) -> impl Iterator<Item = Id> {
        let places = self.reconcilers.iter().zip(0..);
        places.filter(|(run, _)| **run != Reconciler::Idle).map(|(_, place)| place)
    }

    /// Returns true if only the runs at the end can follow.
    pub fn is_quiet(&self) -> bool {
        usize::from(self.changed) == self.webhooks.len()
            && self.settled == self.changed
            && !self.webhooks.contains(&Webhook::OnItsWay)
            && self.overdue.is_empty()
            && self.schedule.overdue.is_empty()
            && !self.schedule.is_held()
            && self.reconcilers.iter().all(|run| *run == Reconciler::Idle)
    }
}
