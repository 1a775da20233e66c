//! The possible steps of a state, and the state after each.

use stateright::{Model, Property};

use super::flaw::Flaw;
use super::processor::{Processor, Through};
use super::properties;
use super::receiver::{Receiver, Response};
use super::scenario::Scenario;
use super::storing::Storing;
use super::world::{Call, IDS, Message, Reply, Table, World};
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
    Arrives(usize),
    /// The provider sends nothing more.
    SendsNoMore,
    /// A receiver makes its next call.
    Receiver(usize, Luck),
    /// A receiver whose calls take long reads `latest`.
    Looks(usize),
    /// The processor makes its next call.
    Processor(Luck),
    /// The processor takes the first message of the queue.
    Receives,
    /// An overdue call takes effect.
    Lands(usize),
    /// The sweeper walks past an event that has a receipt.
    WalksPast(Id),
    /// The sweeper sends an event that has no receipt.
    Sweeps(Id),
}

impl Protocol {
    /// Returns true if nothing more can happen.
    pub fn is_over(&self, world: &World) -> bool {
        // Most states are not final, and these two conditions are cheap to check.
        if !world.queue.is_empty() || !world.overdue.is_empty() {
            return false;
        }
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
            Luck::Good => Some(Ok(world.take_effect(&self.scenario, call))),
            Luck::Fails | Luck::Overdue => Some(Err(Failed)),
            Luck::SentAgain | Luck::Killed => None,
        }
    }

    fn receiver_turns(&self, world: &mut World, delivery: usize, luck: Luck) {
        let Some(call) = world.receivers[delivery].call(self) else {
            return;
        };
        let reply = self.make(world, call, luck);
        let next = match reply {
            Some(reply) => world.receivers[delivery].after_reply(self, reply),
            None if luck == Luck::Killed => Receiver::Ended(Response::Nothing),
            None => world.receivers[delivery],
        };
        if let (Receiver::FallingBack(_), Receiver::Ended(Response::Accepted)) =
            (world.receivers[delivery], next)
        {
            world.fell_back.put(Id::try_from(delivery).unwrap_or(Id::MAX));
        }
        if next == Receiver::Ended(Response::Accepted) {
            world.accepted.put(Id::try_from(delivery).unwrap_or(Id::MAX));
        }
        world.receivers[delivery] = next;
    }

    fn processor_turns(&self, world: &mut World, luck: Luck) {
        let Some(call) = world.processor.call(self) else {
            return;
        };
        let reply = self.make(world, call, luck);
        let next = match reply {
            Some(reply) => world.processor.after_reply(self, reply),
            None if luck == Luck::Killed => Err(Through::Failed),
            None => Ok(world.processor),
        };
        world.processor = next.unwrap_or_else(|through| {
            if through == Through::Done {
                world.queue.remove(0);
            }
            Processor::Idle
        });
    }

    /// Returns true if no receiver works any more: the sweeper leaves recent events to the receivers.
    fn is_settled(world: &World) -> bool {
        world.receivers.iter().all(|receiver| matches!(receiver, Receiver::Ended(_)))
    }
}

impl Model for Protocol {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        let deliveries = self.scenario.len();
        let mut world = World {
            receivers: vec![Receiver::Unsent; deliveries],
            answered_before: vec![Ids::default(); deliveries],
            accepted: Ids::default(),
            fell_back: Ids::default(),
            processor: Processor::Idle,
            received: Ids::default(),
            table: Table::default(),
            queue: Vec::new(),
            published: [None; IDS],
            overdue: Vec::new(),
            faults: self.scenario.faults,
        };
        if self.scenario.first_is_done {
            world.begin_with(self.scenario.id(0), self.scenario.received(0), self.scenario.contents[0]);
        }
        vec![world]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        if let Some(next) = world.receivers.iter().position(|receiver| *receiver == Receiver::Unsent) {
            steps.extend([Step::Arrives(next), Step::SendsNoMore]);
        }
        for (delivery, receiver) in world.receivers.iter().enumerate() {
            if let Some(call) = receiver.call(self) {
                let courses = Luck::of_a_call(world.faults, call.only_reads());
                steps.extend(courses.map(|luck| Step::Receiver(delivery, luck)));
            }
            if matches!(receiver, Receiver::Storing(storing) if storing.may_read_latest()) {
                steps.push(Step::Looks(delivery));
            }
        }
        match world.processor.call(self) {
            Some(call) => steps.extend(Luck::of_a_call(world.faults, call.only_reads()).map(Step::Processor)),
            None if !world.queue.is_empty() => steps.push(Step::Receives),
            None => {}
        }
        steps.extend((0..world.overdue.len()).map(Step::Lands));
        if Self::is_settled(world) {
            for (id, _) in (0..).zip(&world.table.events).filter(|(_, event)| event.is_some()) {
                let is_passed = world.table.behind.has(id);
                match world.table.is_settled(id) {
                    true if !is_passed => steps.push(Step::WalksPast(id)),
                    // Messages that wait explain what has no receipt.
                    false if world.queue.is_empty() && (!is_passed || world.table.pending.has(id)) => {
                        steps.push(Step::Sweeps(id));
                    }
                    _ => {}
                }
            }
        }
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut next = world.clone();
        match step {
            Step::Arrives(delivery) => {
                next.answered_before[delivery] = world.accepted;
                next.receivers[delivery] = Receiver::Storing(Storing::of_receiver(self, delivery));
            }
            Step::SendsNoMore => {
                for receiver in next.receivers.iter_mut().filter(|receiver| **receiver == Receiver::Unsent) {
                    *receiver = Receiver::Ended(Response::NeverSent);
                }
            }
            Step::Receiver(delivery, luck) => self.receiver_turns(&mut next, delivery, luck),
            Step::Looks(delivery) => {
                let Receiver::Storing(storing) = world.receivers[delivery] else {
                    return None;
                };
                next.receivers[delivery] = Receiver::Storing(storing.has_read_latest(world.table.snapshot()));
            }
            Step::Processor(luck) => self.processor_turns(&mut next, luck),
            Step::Receives => {
                let message = world.queue[0];
                let is_again = message.whole && world.received.has(message.id);
                next.processor =
                    if is_again { Processor::Looking(message) } else { Processor::Asking(message) };
                if self.has(Flaw::StoredCountsAsDone) {
                    next.received.put(message.id);
                }
            }
            Step::Lands(place) => {
                let call = next.overdue.remove(place);
                next.take_effect(&self.scenario, call);
            }
            Step::WalksPast(id) => next.table.behind.put(id),
            Step::Sweeps(id) => {
                let received = world.table.events[usize::from(id)]?;
                next.queue.push(Message { id, received, whole: false });
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}
