//! The possible steps of a state, and the state after each.

use stateright::{Model, Property};

use crate::flaw::Flaw;
use crate::operator::Operator;
use crate::processor::{Processor, Through};
use crate::properties;
use crate::receiver::{Receiver, Response};
use crate::scenario::{Scenario, Sight};
use crate::services::{Call, Failed, Queue, Reply, Table};
use crate::sweeper::Sweeper;
use crate::variant::Variant;
use crate::world::{Id, Ids, Message, World};

/// The protocol within bounds, sound or with a flaw.
pub type Protocol = Variant<Scenario, Flaw>;

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The provider's next delivery arrives.
    Arrives(usize),
    /// The provider sends nothing more.
    SendsNoMore,
    /// A program makes its next call.
    Turn(Program, Luck),
    /// A processor receives the queue's next message. `None` if the message was received often enough: the
    /// queue's redrive policy moves it then.
    Receives(Option<usize>),
    /// A processor's message becomes visible before the processor has finished.
    Reappears(usize),
    /// The deduplication window of an id passes.
    WindowPasses(Id),
    /// An overdue call takes effect.
    Lands(usize),
    /// The sweeper takes an event.
    Sweeps(Id),
    /// The operator takes a dead or parked event.
    Redrives,
}

/// The caller of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// The receiver of a delivery.
    Receiver(usize),
    /// One of the processors.
    Processor(usize),
    /// The sweeper.
    Sweeper,
    /// The operator.
    Operator,
}

/// The course of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Luck {
    /// Well.
    Good,
    /// It fails and does nothing.
    Fails,
    /// It fails for its caller and takes effect later, or immediately: a lost response.
    Overdue,
    /// The same, and the SDK sends the call again.
    SentAgain,
    /// It is not made: the program is killed.
    Killed,
}

impl Luck {
    /// Returns the courses that a call may take: only the good one if no faults remain, and no late effect of a read.
    pub fn of_a_call(faults: u8, only_reads: bool) -> impl Iterator<Item = Self> {
        let all = [Self::Good, Self::Killed, Self::Fails, Self::Overdue, Self::SentAgain];
        let count = match (faults, only_reads) {
            (0, _) => 1,
            (_, true) => 3,
            (_, false) => all.len(),
        };
        all.into_iter().take(count)
    }
}

impl Protocol {
    /// Returns every id that an event may have.
    pub fn ids(&self) -> impl Iterator<Item = Id> + use<> {
        0..u8::try_from(self.scenario.arrivals.len()).unwrap_or(Id::MAX)
    }

    /// Returns the ids of equal bodies.
    pub fn equals_of(&self, id: Id) -> impl Iterator<Item = Id> {
        self.scenario.equal_to(usize::from(id)).filter_map(|place| Id::try_from(place).ok())
    }

    /// Returns true if nothing more can happen.
    pub fn is_over(&self, world: &World) -> bool {
        // Most states are not final, and these conditions exclude most of them.
        if !world.queue.messages.is_empty() || !world.overdue.is_empty() || !world.queue.remembered.is_empty()
        {
            return false;
        }
        let mut steps = Vec::new();
        self.actions(world, &mut steps);
        steps.is_empty()
    }

    fn call(&self, world: &World, program: Program) -> Option<Call> {
        match program {
            Program::Receiver(place) => world.receivers[place].call(self.scenario.id_of(place)),
            Program::Processor(place) => world.processors[place].call(),
            Program::Sweeper => world.sweeper.call(),
            Program::Operator => world.operator.call(self),
        }
    }

    fn programs(world: &World) -> impl Iterator<Item = Program> {
        let receivers = (0..world.receivers.len()).map(Program::Receiver);
        let processors = (0..world.processors.len()).map(Program::Processor);
        receivers.chain(processors).chain([Program::Sweeper, Program::Operator])
    }

    fn turns(&self, world: &World, program: Program, steps: &mut Vec<Step>) {
        let Some(call) = self.call(world, program) else {
            return;
        };
        // Only the sweeper repairs a receiver's failed send: without it, the queue takes every message.
        let needs_the_sweeper =
            matches!((program, call), (Program::Receiver(_), Call::Send(Message { whole: false, .. })));
        let may_fail = !(needs_the_sweeper && self.scenario.sight == Sight::Nothing);
        let courses = Luck::of_a_call(world.faults, call.only_reads());
        let possible = courses.filter(|luck| may_fail || *luck != Luck::Fails);
        steps.extend(possible.map(|luck| Step::Turn(program, luck)));
    }

    fn turn(&self, world: &mut World, program: Program, luck: Luck) {
        let Some(call) = self.call(world, program) else {
            return;
        };
        if luck != Luck::Good {
            world.faults -= 1;
        }
        if matches!(luck, Luck::Overdue | Luck::SentAgain) {
            world.overdue.push(call);
            world.overdue.sort_unstable();
        }
        match luck {
            Luck::Good => {
                let reply = world.take_effect(self, call);
                self.after_reply(world, program, Ok(reply));
            }
            Luck::Fails | Luck::Overdue => self.after_reply(world, program, Err(Failed)),
            Luck::SentAgain => {}
            Luck::Killed => Self::kill(world, program),
        }
    }

    fn after_reply(&self, world: &mut World, program: Program, reply: Result<Reply, Failed>) {
        match program {
            Program::Receiver(place) => {
                let next = world.receivers[place].after_reply(self, self.scenario.id_of(place), reply);
                world.receivers[place] = next;
                if next == Receiver::Ended(Response::Accepted) {
                    accept(world, place);
                }
            }
            Program::Processor(place) => {
                match world.processors[place].after_reply(self, world.table.late, reply) {
                    Ok(next) => world.processors[place] = next,
                    Err(through) => {
                        world.processors[place] = Processor::Idle;
                        match through {
                            Through::Done => world.queue.delete(place),
                            Through::Failed => world.queue.release(place),
                        }
                    }
                }
            }
            Program::Sweeper => world.sweeper = world.sweeper.after_reply(reply),
            Program::Operator => world.operator = world.operator.after_reply(self, reply),
        }
    }

    /// Deletes the state of a killed program. Its message becomes visible again.
    fn kill(world: &mut World, program: Program) {
        match program {
            Program::Receiver(place) => world.receivers[place] = Receiver::Ended(Response::Nothing),
            Program::Processor(place) => {
                world.processors[place] = Processor::Idle;
                world.queue.release(place);
            }
            Program::Sweeper => world.sweeper = Sweeper::Idle,
            Program::Operator => world.operator = Operator::Idle,
        }
    }

    fn receive(&self, world: &mut World, processor: Option<usize>) {
        match processor {
            None => {
                let moved = world.queue.messages.remove(0);
                world.bury(moved.message);
            }
            Some(place) => {
                let first = &mut world.queue.messages[0];
                first.receives += 1;
                first.held_by = Some(place);
                world.processors[place] = Processor::begin(self, *first);
            }
        }
    }
}

fn accept(world: &mut World, place: usize) {
    world.accepted.put(u8::try_from(place).unwrap_or(Id::MAX));
}

impl Model for Protocol {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        let Scenario { arrivals, processors, faults, .. } = &self.scenario;
        vec![World {
            receivers: vec![Receiver::Unsent; arrivals.len()],
            processors: vec![Processor::Idle; *processors],
            sweeper: Sweeper::Idle,
            operator: Operator::Idle,
            table: Table::default(),
            queue: Queue::default(),
            dead: Vec::new(),
            deaths: 0,
            published: Ids::default(),
            accepted: Ids::default(),
            overdue: Vec::new(),
            faults: *faults,
        }]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        if let Some(next) = world.receivers.iter().position(|receiver| *receiver == Receiver::Unsent) {
            steps.extend([Step::Arrives(next), Step::SendsNoMore]);
        }
        for program in Self::programs(world) {
            self.turns(world, program, steps);
        }
        if let Some(next) = world.queue.next() {
            // Idle processors are all alike, so the first one represents all.
            let idle = world.processors.iter().position(|processor| *processor == Processor::Idle);
            if next.receives >= self.scenario.receives {
                steps.push(Step::Receives(None));
            } else if idle.is_some() {
                steps.push(Step::Receives(idle));
            }
        }
        if world.faults > 0 {
            steps
                .extend(world.queue.messages.iter().filter_map(|queued| queued.held_by).map(Step::Reappears));
        }
        steps.extend(self.ids().filter(|&id| world.queue.remembered.has(id)).map(Step::WindowPasses));
        steps.extend((0..world.overdue.len()).map(Step::Lands));
        // While messages wait they explain unprocessed events; a sweep in that state is a misjudgement.
        if world.sweeper == Sweeper::Idle && (world.queue.messages.is_empty() || world.faults > 0) {
            let due = self.ids().filter(|&id| Sweeper::begin(self, world, id).is_some());
            steps.extend(due.map(Step::Sweeps));
        }
        if world.operator == Operator::Idle && Operator::begin(self, world).is_some() {
            steps.push(Step::Redrives);
        }
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut next = world.clone();
        match step {
            Step::Arrives(place) => {
                next.receivers[place] = Receiver::begin(self, place);
                if self.has(Flaw::AnswerBeforeJournal) && next.receivers[place] == Receiver::Journaling {
                    accept(&mut next, place);
                }
            }
            Step::SendsNoMore => {
                for receiver in next.receivers.iter_mut().filter(|receiver| **receiver == Receiver::Unsent) {
                    *receiver = Receiver::Ended(Response::NeverSent);
                }
            }
            Step::Turn(program, luck) => self.turn(&mut next, program, luck),
            Step::Receives(processor) => self.receive(&mut next, processor),
            Step::Reappears(processor) => {
                next.faults -= 1;
                next.queue.release(processor);
            }
            Step::WindowPasses(id) => next.queue.remembered.take(id),
            Step::Lands(place) => {
                let call = next.overdue.remove(place);
                next.take_effect(self, call);
            }
            Step::Sweeps(id) => {
                if !next.queue.messages.is_empty() {
                    next.faults -= 1;
                }
                next.sweeper = Sweeper::begin(self, world, id)?;
            }
            Step::Redrives => next.operator = Operator::begin(self, world)?,
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}
