//! The possible steps of a state, and the state after each.

use stateright::{Model, Property};

use super::flaw::Flaw;
use super::properties;
use super::reconciler::Reconciler;
use super::scenario::Scenario;
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
        world.reconcilers[place] = match (run, luck) {
            (Reconciler::Idle, _) | (_, Luck::Fails | Luck::Killed) => Reconciler::Idle,
            (Reconciler::Reading, _) => world.read_list(),
            (Reconciler::Judging(observed), _) => world.judge(self, observed),
            (Reconciler::Publishing(event), Luck::Good) => {
                world.publish(self, event);
                Reconciler::Idle
            }
            (Reconciler::Publishing(event), Luck::Overdue | Luck::SentAgain) => {
                world.overdue.push(event);
                world.overdue.sort_unstable();
                if luck == Luck::SentAgain { run } else { Reconciler::Idle }
            }
        };
    }
}

/// Adds the steps of the provider and its webhooks.
fn provider_steps(world: &World, steps: &mut Vec<Step>) {
    let is_on_its_way = |id: &Id| world.webhooks[usize::from(*id)] == Webhook::OnItsWay;
    let has_arrived = |id: &Id| matches!(world.webhooks[usize::from(*id)], Webhook::InTime | Webhook::Late);
    let changed = 0..world.changed;
    steps.extend(changed.clone().filter(is_on_its_way).map(Step::Arrives));
    if usize::from(world.changed) < world.webhooks.len() {
        steps.push(Step::Changes);
        steps.extend(world.is_disabled.then_some(Step::Enables));
    }
    let is_late = world.settled < world.changed && is_on_its_way(&world.settled);
    if world.settled < world.changed && (!is_late || world.faults > 0) {
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
            faults: self.scenario.faults,
        }]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        let is_last = world.last_runs > 0;
        if !is_last {
            provider_steps(world, steps);
            steps.extend((0..world.overdue.len()).map(Step::Lands));
        }
        for (place, run) in world.reconcilers.iter().enumerate() {
            match run {
                Reconciler::Idle if !is_last && world.runs > 0 => steps.push(Step::Runs(place)),
                Reconciler::Idle if place == 0 && world.is_quiet() && world.last_runs < LAST_RUNS => {
                    steps.push(Step::Runs(place));
                }
                Reconciler::Idle => {}
                _ => {
                    let faults = if is_last { 0 } else { world.faults };
                    let only_reads = !matches!(run, Reconciler::Publishing(_));
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
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}
