//! One run of the reconciler: `inlet::reconcile`.

use super::flaw::Flaw;
use super::protocol::Protocol;
use super::world::{Event, Identity, World};
use crate::world::Id;

/// The step of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reconciler {
    /// It has not begun, or it is over.
    Idle,
    /// It reads the provider's list.
    Reading,
    /// It reads the events of the entity, to compare them.
    Judging(Observation),
    /// It publishes, before it stores the cursor.
    Publishing(Event, Id),
    /// It stores the cursor, if it is scheduled.
    Saving(Id),
    /// It ends its lease, if it is scheduled.
    Ending,
}

/// The object in the provider's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Observation {
    /// Its last change, which has the state.
    pub change: Id,
    /// True if the change is older than the retry window.
    pub is_settled: bool,
    /// The time of the response by the clock of the service.
    pub at: i8,
    /// The cursor after the run, if it can judge. Zero if the run is not scheduled.
    pub cursor: Id,
}

/// The result of the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The change is so young that its webhook may still arrive, or an event arrived after the read.
    Young,
    /// The state was published.
    Published,
    /// The state was published, and an event of an older state arrived after it.
    Overtaken,
    /// The state was not published.
    Missed,
}

/// Compares an observation with the events of the entity, which are in the order of their arrival.
pub fn judge(protocol: &Protocol, observed: Observation, events: &[Event]) -> Verdict {
    let has_state =
        |event: &Event| protocol.scenario.state(event.change) == protocol.scenario.state(observed.change);
    if !protocol.has(Flaw::StaleReadJudged) && events.iter().any(|event| event.arrival > observed.at) {
        return Verdict::Young;
    }
    let by_arrival = events.last();
    // Of two events of one change, the one that arrived last.
    let by_change = events.iter().max_by_key(|event| event.change);
    let last = if protocol.has(Flaw::JudgedByArrival) { by_arrival } else { by_change };
    match (last.is_some_and(has_state), by_arrival.is_some_and(has_state)) {
        (true, true) => Verdict::Published,
        (true, false) if protocol.has(Flaw::OvertakenLeft) => Verdict::Published,
        (true, false) => Verdict::Overtaken,
        (false, _) if observed.is_settled || protocol.has(Flaw::NotWaited) => Verdict::Missed,
        (false, _) => Verdict::Young,
    }
}

/// Returns the event of an observation. `newest` is the newest event of the entity.
pub fn event(protocol: &Protocol, observed: Observation, newest: Option<&Event>, now: i8) -> Event {
    let Observation { change, at, .. } = observed;
    let identity = Identity::Observed {
        change: (!protocol.has(Flaw::IdentityWithoutState)).then_some(change),
        after: newest.map(|event| event.arrival).filter(|_| {
            !protocol.has(Flaw::IdentityWithoutNewest) && !protocol.has(Flaw::IdentityWithoutState)
        }),
        read: protocol.has(Flaw::IdentityWithReadTime).then_some(at),
    };
    let arrival = match protocol.flaw {
        Some(Flaw::ClockOfTheMachine) => protocol.scenario.clock.read(now),
        Some(Flaw::ArrivalOfPublishing) => now,
        _ => at,
    };
    Event { arrival, change, identity }
}

impl Reconciler {
    /// Returns the step of a run that read its list and published what was missed.
    pub fn save(protocol: &Protocol, cursor: Id) -> Self {
        if protocol.scenario.is_scheduled { Self::Saving(cursor) } else { Self::Idle }
    }

    /// Returns the step of a run whose list ended, to its end or not.
    pub fn end(protocol: &Protocol) -> Self {
        if protocol.scenario.is_scheduled { Self::Ending } else { Self::Idle }
    }
}

impl World {
    /// A run reads the provider's list. It is over if the list has no object.
    pub fn read_list(&mut self, protocol: &Protocol) -> Reconciler {
        let at = self.tick();
        let cursor = self.next_cursor(protocol);
        match self.last_change().filter(|change| *change >= self.schedule.cursor) {
            Some(change) => {
                Reconciler::Judging(Observation { change, is_settled: change < self.settled, at, cursor })
            }
            None => Reconciler::end(protocol),
        }
    }

    /// A run reads the events of the entity and compares.
    pub fn judge(&mut self, protocol: &Protocol, observed: Observation) -> Reconciler {
        let verdict = judge(protocol, observed, &self.events);
        if verdict == Verdict::Missed {
            self.reported.put(observed.change);
            self.has_found_twice |= self.last_runs == 2;
        }
        let Observation { cursor, change, .. } = observed;
        match verdict {
            // A change that could not be judged is read again.
            Verdict::Young => Reconciler::save(protocol, cursor.min(change)),
            Verdict::Published => Reconciler::save(protocol, cursor),
            Verdict::Overtaken | Verdict::Missed => {
                if protocol.has(Flaw::CursorBeforePublishing) {
                    self.schedule.cursor = cursor;
                }
                Reconciler::Publishing(event(protocol, observed, self.events.last(), self.now), cursor)
            }
        }
    }

    /// A publication takes effect.
    pub fn publish(&mut self, protocol: &Protocol, event: Event) {
        let event = match protocol.flaw {
            Some(Flaw::ArrivalOfPublishing) => Event { arrival: self.tick(), ..event },
            _ => event,
        };
        let is_new = self.keep(event);
        self.has_found_twice |= is_new && self.last_runs == 2;
    }
}
