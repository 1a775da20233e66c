//! The possible steps of a state, and the state after each.

use stateright::{Model, Property};

use super::flaw::Flaw;
use super::properties;
use super::reconciler::Reconciler;
use super::scenario::Scenario;
use super::schedule::Schedule;
use super::world::{Webhook, World};
use crate::protocol::Luck;
use crate::variant::Variant;
use crate::world::{Id, Ids};

/// The number of runs at the end.
const LAST_RUNS: u8 = 2;

/// The protocol within bounds, sound or with a flaw.
pub type Protocol = Variant<Scenario, Flaw>;

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The provider changes the object.
    Changes,
    /// The webhook of a change arrives.
    Arrives(Id),
    /// The webhook of a change arrives once more.
    Repeats(Id),
    /// The webhook of a change is never sent.
    NeverSends(Id),
    /// The provider disables the URL and discards what it has not sent.
    Disables,
    /// The merchant enables the URL again.
    Enables,
    /// The retry window of the next change is over. If its webhook is on its way, it is late.
    Settles,
    /// A run begins.
    Runs(usize),
    /// A run makes its next call.
    Reconciler(usize, Luck),
    /// A publication that its run gave up takes effect.
    Lands(usize),
    /// A cursor that its run gave up storing is stored.
    CursorLands(usize),
    /// The time of the lease is over.
    Expires,
}

impl Protocol {
    /// Returns true if nothing more can happen.
    pub fn is_over(&self, world: &World) -> bool {
        world.last_runs == LAST_RUNS && world.is_quiet()
    }

    fn reconciler_turns(&self, world: &mut World, place: usize, luck: Luck) {
        if luck != Luck::Good {
            world.faults -= 1;
        }
        let run = world.reconcilers[place];
        let owner = Id::try_from(place).unwrap_or(Id::MAX);
        let next = match (run, luck) {
            (Reconciler::Idle, _) | (_, Luck::Killed) => Reconciler::Idle,
            (Reconciler::Saving(_) | Reconciler::Ending, _) => world.finish(self, owner, run, luck),
            (_, Luck::Fails) => Reconciler::end(self),
            (Reconciler::Reading, _) => world.read_list(self),
            (Reconciler::Judging(observed), _) => world.judge(self, observed),
            (Reconciler::Publishing(event, cursor), Luck::Good) => {
                world.publish(self, event);
                Reconciler::save(self, cursor)
            }
            (Reconciler::Publishing(event, _), Luck::Overdue | Luck::SentAgain) => {
                world.overdue.push(event);
                world.overdue.sort_unstable();
                if luck == Luck::SentAgain { run } else { Reconciler::end(self) }
            }
        };
        world.reconcilers[place] = next;
        if next == Reconciler::Idle {
            world.schedule.overran.take(owner);
        }
    }

    /// Returns true if a run may begin.
    fn may_begin(&self, world: &World) -> bool {
        !world.schedule.is_held() || self.has(Flaw::LeaseIgnored)
    }

    /// Returns true if the time of the lease can be over now.
    fn may_expire(world: &World) -> bool {
        let has_crashed = |owner: Id| world.reconcilers[usize::from(owner)] == Reconciler::Idle;
        let lease = world.schedule.lease.filter(|lease| !lease.is_expired);
        lease.is_some_and(|lease| has_crashed(lease.owner) || world.faults > 0)
    }
}

/// Adds the steps of the provider and its webhooks.
fn provider_steps(protocol: &Protocol, world: &World, steps: &mut Vec<Step>) {
    let is_on_its_way = |id: &Id| world.webhooks[usize::from(*id)] == Webhook::OnItsWay;
    let has_arrived = |id: &Id| matches!(world.webhooks[usize::from(*id)], Webhook::InTime | Webhook::Late);
    let changed = 0..world.changed;
    steps.extend(changed.clone().filter(is_on_its_way).map(Step::Arrives));
    if usize::from(world.changed) < world.webhooks.len() {
        steps.push(Step::Changes);
        steps.extend(world.is_disabled.then_some(Step::Enables));
    }
    let is_late = world.settled < world.changed && is_on_its_way(&world.settled);
    if world.settled < world.changed && (!is_late || (world.faults > 0 && !protocol.scenario.is_scheduled)) {
        steps.push(Step::Settles);
    }
    if world.faults > 0 {
        steps.extend(changed.clone().filter(is_on_its_way).map(Step::NeverSends));
        steps.extend(changed.filter(has_arrived).map(Step::Repeats));
        steps.extend((!world.is_disabled).then_some(Step::Disables));
    }
}

impl Model for Protocol {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        vec![World {
            changed: 0,
            webhooks: vec![Webhook::OnItsWay; self.scenario.states.len()],
            settled: 0,
            is_disabled: false,
            now: 0,
            events: Vec::new(),
            reported: Ids::default(),
            reconcilers: vec![Reconciler::Idle; usize::from(self.scenario.side_by_side)],
            runs: self.scenario.runs,
            last_runs: 0,
            has_found_twice: false,
            overdue: Vec::new(),
            schedule: Schedule::default(),
            faults: self.scenario.faults,
        }]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        let is_last = world.last_runs > 0;
        if !is_last {
            provider_steps(self, world, steps);
            steps.extend((0..world.overdue.len()).map(Step::Lands));
            steps.extend((0..world.schedule.overdue.len()).map(Step::CursorLands));
        }
        steps.extend(Self::may_expire(world).then_some(Step::Expires));
        for (place, run) in world.reconcilers.iter().enumerate() {
            match run {
                Reconciler::Idle if !self.may_begin(world) => {}
                Reconciler::Idle if !is_last && world.runs > 0 => steps.push(Step::Runs(place)),
                Reconciler::Idle if place == 0 && world.is_quiet() && world.last_runs < LAST_RUNS => {
                    steps.push(Step::Runs(place));
                }
                Reconciler::Idle => {}
                _ => {
                    let faults = if is_last { 0 } else { world.faults };
                    let only_reads = !matches!(run, Reconciler::Publishing(..) | Reconciler::Saving(_));
                    let courses = Luck::of_a_call(faults, only_reads);
                    steps.extend(courses.map(|luck| Step::Reconciler(place, luck)));
                }
            }
        }
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut next = world.clone();
        match step {
            Step::Changes => {
                if next.is_disabled {
                    next.webhooks[usize::from(next.changed)] = Webhook::NeverSent;
                }
                next.changed += 1;
            }
            Step::Arrives(id) => next.arrive(self, id),
            Step::Repeats(id) => {
                next.faults -= 1;
                next.keep_webhook(self, id);
            }
            Step::NeverSends(id) => {
                next.faults -= 1;
                next.webhooks[usize::from(id)] = Webhook::NeverSent;
            }
            Step::Disables => {
                next.faults -= 1;
                next.is_disabled = true;
                let sent = next.webhooks.iter_mut().take(usize::from(next.changed));
                for webhook in sent.filter(|webhook| **webhook == Webhook::OnItsWay) {
                    *webhook = Webhook::NeverSent;
                }
            }
            Step::Enables => next.is_disabled = false,
            Step::Settles => {
                if next.webhooks[usize::from(next.settled)] == Webhook::OnItsWay {
                    next.faults -= 1;
                }
                next.settled += 1;
            }
            Step::Runs(place) => {
                next.reconcilers[place] = Reconciler::Reading;
                if self.scenario.is_scheduled {
                    next.take_lease(Id::try_from(place).unwrap_or(Id::MAX));
                }
                // All runs that begin at any time have begun, or the runs at the end begin.
                match next.runs.checked_sub(1).filter(|_| next.last_runs == 0) {
                    Some(runs) => next.runs = runs,
                    None => next.last_runs += 1,
                }
            }
            Step::Reconciler(place, luck) => self.reconciler_turns(&mut next, place, luck),
            Step::Lands(place) => {
                let event = next.overdue.remove(place);
                next.publish(self, event);
            }
            Step::CursorLands(place) => next.schedule.cursor = next.schedule.overdue.remove(place),
            Step::Expires => next.expire_lease(),
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}
