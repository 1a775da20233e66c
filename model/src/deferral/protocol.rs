//! The possible steps of a state, and the state after each.

use stateright::{Model, Property};

use super::flaw::Flaw;
use super::programs::{Receiver, Response, Sweeper};
use super::properties;
use super::scenario::Scenario;
use super::world::{Call, Reply, World};
use crate::protocol::Luck;
use crate::services::Failed;
use crate::variant::Variant;
use crate::world::{Id, Ids};

/// The protocol within bounds, sound or with a flaw.
pub type Protocol = Variant<Scenario, Flaw>;

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The provider's next delivery arrives.
    Arrives(Id),
    /// The provider sends nothing more.
    SendsNoMore,
    /// Parameter Store responds again.
    Recovers,
    /// A receiver makes its next call.
    Receiver(Id, Luck),
    /// The sweeper looks for markers.
    Sweeps,
    /// The sweeper makes its next call.
    Sweeper(Luck),
    /// An overdue call takes effect.
    Lands(usize),
}

impl Protocol {
    /// Returns true if nothing more can happen.
    pub fn is_over(&self, world: &World) -> bool {
        let mut steps = Vec::new();
        self.actions(world, &mut steps);
        steps.is_empty()
    }

    /// Makes a call. Returns the reply, if one reaches the caller.
    fn make(&self, world: &mut World, call: Call, luck: Luck) -> Option<Result<Reply, Failed>> {
        if luck != Luck::Good {
            world.faults -= 1;
        }
        if matches!(luck, Luck::Overdue | Luck::SentAgain) {
            world.overdue.push(call);
            world.overdue.sort_unstable();
        }
        match luck {
            Luck::Good => Some(Ok(world.take_effect(self, call))),
            Luck::Fails | Luck::Overdue => Some(Err(Failed)),
            Luck::SentAgain | Luck::Killed => None,
        }
    }

    fn receiver_turns(&self, world: &mut World, id: Id, luck: Luck) {
        let receiver = world.receivers[usize::from(id)];
        let Some(call) = receiver.call(id) else {
            return;
        };
        let next = match self.make(world, call, luck) {
            Some(reply) => receiver.after_reply(self, reply),
            None if luck == Luck::Killed => Receiver::Ended(Response::Nothing),
            None => receiver,
        };
        if next == Receiver::Ended(Response::Deferred)
            || (next == Receiver::Keeping && self.has(Flaw::ResponseBeforeRequest))
        {
            world.accepted.put(id);
        }
        world.receivers[usize::from(id)] = next;
    }

    fn sweeper_turns(&self, world: &mut World, luck: Luck) {
        let Some(call) = world.sweeper.call() else {
            return;
        };
        world.sweeper = match self.make(world, call, luck) {
            Some(reply) => world.sweeper.after_reply(self, reply),
            None if luck == Luck::Killed => Sweeper::Idle,
            None => world.sweeper,
        };
    }
}

impl Model for Protocol {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        vec![World {
            receivers: vec![Receiver::Unsent; self.scenario.genuine.len()],
            sweeper: Sweeper::Idle,
            is_readable: false,
            accepted: Ids::default(),
            requests: Ids::default(),
            refused: Ids::default(),
            marker: None,
            events: Ids::default(),
            pending: Ids::default(),
            sent: Ids::default(),
            overdue: Vec::new(),
            faults: self.scenario.faults,
        }]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        let is_unsent = |id: &Id| world.receivers[usize::from(*id)] == Receiver::Unsent;
        if let Some(next) = self.scenario.ids().find(is_unsent) {
            steps.extend([Step::Arrives(next), Step::SendsNoMore]);
        }
        if !world.is_readable {
            steps.push(Step::Recovers);
        }
        for id in self.scenario.ids() {
            if let Some(call) = world.receivers[usize::from(id)].call(id) {
                let courses = Luck::of_a_call(world.faults, call.only_reads());
                steps.extend(courses.map(|luck| Step::Receiver(id, luck)));
            }
        }
        match world.sweeper.call() {
            Some(call) => steps.extend(Luck::of_a_call(world.faults, call.only_reads()).map(Step::Sweeper)),
            // A run while nothing can be read does nothing but read.
            None if world.is_open() && world.is_readable => steps.push(Step::Sweeps),
            None => {}
        }
        steps.extend((0..world.overdue.len()).map(Step::Lands));
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut next = world.clone();
        match step {
            Step::Arrives(id) => next.receivers[usize::from(id)] = Receiver::Reading,
            Step::SendsNoMore => {
                for receiver in next.receivers.iter_mut().filter(|receiver| **receiver == Receiver::Unsent) {
                    *receiver = Receiver::Ended(Response::NeverSent);
                }
            }
            Step::Recovers => next.is_readable = true,
            Step::Receiver(id, luck) => self.receiver_turns(&mut next, id, luck),
            Step::Sweeps => next.sweeper = Sweeper::Looking,
            Step::Sweeper(luck) => self.sweeper_turns(&mut next, luck),
            Step::Lands(place) => {
                let call = next.overdue.remove(place);
                next.take_effect(self, call);
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}
