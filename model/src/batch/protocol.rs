//! The possible steps of a state, and the state after each.

use stateright::{Model, Property};

use super::flaw::Flaw;
use super::processor::{Processor, Round};
use super::properties;
use super::scenario::Scenario;
use super::world::World;
use crate::protocol::Luck;
use crate::services::Failed;
use crate::variant::Variant;
use crate::world::{Id, Ids};

/// The protocol within bounds, sound or with a flaw.
pub type Protocol = Variant<Scenario, Flaw>;

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The processor takes the messages that are on the queue.
    Receives,
    /// It reads their receipts.
    Reads(Luck),
    /// The consumer takes the head of the round.
    Consumes(Luck),
    /// The table takes the receipt of the message before it.
    Writes(Luck),
    /// An overdue receipt takes effect.
    Lands(usize),
}

impl Protocol {
    /// The messages.
    pub fn ids(&self) -> impl Iterator<Item = Id> + use<> {
        0..self.scenario.messages
    }

    /// Returns true if nothing more can happen.
    pub fn is_over(&self, world: &World) -> bool {
        let mut steps = Vec::new();
        self.actions(world, &mut steps);
        steps.is_empty()
    }

    /// Goes on after a call that has ended: with the other call of the round, with the next round that makes a call, or
    /// with the end of the batch.
    fn after(&self, world: &mut World, mut round: Round) {
        while round.has_ended() {
            round = match round.following(self) {
                Ok(next) => next,
                Err(done) => {
                    for id in self.ids().filter(|&id| done.has(id)) {
                        world.gone.put(id);
                    }
                    world.processor = Processor::Idle;
                    return;
                }
            };
        }
        world.processor = Processor::Working(round);
    }

    fn read(&self, world: &mut World, luck: Luck) {
        if luck == Luck::Good {
            let first = self.ids().find(|&id| !world.gone.has(id)).unwrap_or(Id::MAX);
            let round = Round::first(self, self.known(world), first);
            self.after(world, round);
        } else {
            world.processor = Processor::Idle;
        }
    }

    /// A message that left the queue is not in the batch, as one with a receipt is not consumed.
    fn known(&self, world: &World) -> Ids {
        let mut known = world.gone;
        for id in self.ids().filter(|&id| world.receipts.has(id)) {
            known.put(id);
        }
        known
    }

    fn consume(&self, world: &mut World, round: Round, luck: Luck) {
        let Some(head) = round.head else { return };
        match luck {
            Luck::Good => {
                world.consume(head);
                self.after(world, round.after_consumer(self, Ok(())));
            }
            Luck::Fails => self.after(world, round.after_consumer(self, Err(Failed))),
            // The consumer takes it, and the processor gets no response: an attempt that was interrupted at its end.
            Luck::Overdue | Luck::SentAgain => {
                world.consume(head);
                self.after(world, round.after_consumer(self, Err(Failed)));
            }
            Luck::Killed => world.processor = Processor::Idle,
        }
    }

    fn write(&self, world: &mut World, round: Round, luck: Luck) {
        let Some(id) = round.writing else { return };
        match luck {
            Luck::Good => {
                world.receipts.put(id);
                self.after(world, round.after_table(self, Ok(())));
            }
            Luck::Fails => self.after(world, round.after_table(self, Err(Failed))),
            Luck::Overdue | Luck::SentAgain => {
                world.overdue.push(id);
                world.overdue.sort_unstable();
                self.after(world, round.after_table(self, Err(Failed)));
            }
            Luck::Killed => world.processor = Processor::Idle,
        }
    }
}

fn turns(world: &World, step: impl Fn(Luck) -> Step, can_be_late: bool, steps: &mut Vec<Step>) {
    steps.push(step(Luck::Good));
    if world.faults > 0 {
        steps.extend([Luck::Fails, Luck::Killed].map(&step));
        steps.extend(can_be_late.then(|| step(Luck::Overdue)));
    }
}

impl Model for Protocol {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        vec![World {
            processor: Processor::Idle,
            gone: Ids::default(),
            receipts: Ids::default(),
            consumed: Ids::default(),
            repeated: Ids::default(),
            last: None,
            overtook: false,
            returned: false,
            overdue: Vec::new(),
            faults: self.scenario.faults,
        }]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        match world.processor {
            Processor::Idle => {
                if self.ids().any(|id| !world.gone.has(id)) {
                    steps.push(Step::Receives);
                }
            }
            Processor::Reading => turns(world, Step::Reads, false, steps),
            Processor::Working(round) => {
                if round.is_consuming {
                    turns(world, Step::Consumes, true, steps);
                }
                if round.writing.is_some() {
                    turns(world, Step::Writes, true, steps);
                }
            }
        }
        steps.extend((0..world.overdue.len()).map(Step::Lands));
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut next = world.clone();
        if let Step::Reads(luck) | Step::Consumes(luck) | Step::Writes(luck) = step
            && luck != Luck::Good
        {
            next.faults -= 1;
        }
        match (step, world.processor) {
            (Step::Receives, _) => next.processor = Processor::Reading,
            (Step::Reads(luck), _) => self.read(&mut next, luck),
            (Step::Consumes(luck), Processor::Working(round)) => self.consume(&mut next, round, luck),
            (Step::Writes(luck), Processor::Working(round)) => self.write(&mut next, round, luck),
            (Step::Consumes(_) | Step::Writes(_), _) => {}
            (Step::Lands(place), _) => {
                let id = next.overdue.remove(place);
                next.receipts.put(id);
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}
