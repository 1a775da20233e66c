//! The order of an entity's states under faults, slow writes and wrong clocks: A, B, A on several instances.
//!
//! Each row has a world of its own. Afterwards processor and sweeper run until everything is quiet, and the newest
//! published event of each entity must carry the last state that was answered 2xx.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use inlet_aws::dynamodb::table::Table;
use tokio::sync::Mutex;

use crate::faults::call::{Operation, Service};
use crate::faults::concurrent::run_all;
use crate::faults::function::Function;
use crate::faults::matrix::{is_2xx, recover};
use crate::faults::plan::{Calls, Fault, Matching, Plan, Rule};
use crate::faults::reconciliation::{Numbers, Reconciliation};
use crate::faults::sender::Kind;
use crate::faults::states::States;
use crate::faults::world::World;
use crate::stack::Stack;

/// The part of the events' ids before the entity.
pub const PATH: &str = "zort/demo/stock/";

/// The state of the table, of one of the instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableState {
    /// Every call works.
    None,
    /// Every call fails: deliveries go through the fallback.
    Fails,
    /// `latest` cannot be changed: the event is stored, and goes through the fallback too.
    UpdateFails,
    /// Every write takes 1.5 s, and then succeeds.
    Slow,
    /// The table throttles 1.5 s of every 4 s.
    Throttled,
}

impl TableState {
    fn rules(self) -> Vec<Rule> {
        let operation = |name: &str| Operation::new(Service::DynamoDb, name);
        match self {
            Self::None => Vec::new(),
            Self::Fails => vec![Rule::all_of(Service::DynamoDb, Fault::ServerError)],
            Self::UpdateFails => {
                vec![Rule::new(&operation("UpdateItem"), Calls::Every, Fault::ServerError)]
            }
            Self::Slow => ["PutItem", "UpdateItem"]
                .map(|name| Rule::new(&operation(name), Calls::Every, Fault::DoneLate))
                .to_vec(),
            Self::Throttled => {
                let calls = Calls::Periodically {
                    during: Duration::from_millis(1_500),
                    every: Duration::from_secs(4),
                };
                let matching = Matching::Service(Service::DynamoDb);
                vec![Rule { matching, calls, fault: Fault::Throttle }]
            }
        }
    }
}

/// An instance of the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instance {
    /// The state of the table, for its calls.
    pub table: TableState,
    /// The lead of its clock, in milliseconds.
    pub ahead_ms: i64,
    /// True if responses have AWS's `Date`, so that it can correct its clock.
    pub sees_date: bool,
}

/// The timing of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    /// Each delivery is answered before the next one is sent.
    Sequence,
    /// Each delivery is sent 300 ms after the one before, answered or not.
    Overlapping,
    /// The sequence is repeated for 9 s, for six entities.
    Repeated,
}

/// A row: the states in the order in which they are sent, each with its instance.
#[derive(Clone, Debug)]
pub struct Row {
    /// The states, each with the number of its instance.
    pub states: Vec<(char, usize)>,
    /// The instances.
    pub instances: Vec<Instance>,
    /// The timing.
    pub timing: Timing,
    /// The pause between two deliveries of a sequence.
    pub pause: Duration,
    /// True if the processor works after each delivery, not only at the end.
    pub is_processed_at_once: bool,
    /// The call before or after which the processor is killed, once.
    pub kill: Option<(&'static str, u32, Fault)>,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (state, instance) in &self.states {
            write!(f, "{state}{instance} ")?;
        }
        write!(f, "{:?}", self.timing)?;
        if self.is_processed_at_once {
            write!(f, ", processed immediately")?;
        }
        if let Some((operation, nth, fault)) = self.kill {
            write!(f, ", processor {fault} {operation} {nth}")?;
        }
        for (number, instance) in self.instances.iter().enumerate() {
            let Instance { table, ahead_ms, sees_date } = instance;
            write!(f, "; {number}: table {table:?}, clock {ahead_ms} ms ahead")?;
            if *sees_date {
                write!(f, ", corrected by Date")?;
            }
        }
        Ok(())
    }
}

/// Returns the rows.
pub fn rows() -> Vec<Row> {
    let working = Instance { table: TableState::None, ahead_ms: 0, sees_date: false };
    let with = |table| Instance { table, ..working };
    let ahead = |ahead_ms| Instance { ahead_ms, ..working };
    let row = |states: &str, instances: &[Instance]| Row {
        states: states
            .split(' ')
            .filter_map(|state| {
                let mut letters = state.chars();
                let (state, instance) = (letters.next()?, letters.next()?.to_digit(10)?);
                Some((state, usize::try_from(instance).ok()?))
            })
            .collect(),
        instances: instances.to_vec(),
        timing: Timing::Sequence,
        pause: Duration::ZERO,
        is_processed_at_once: false,
        kill: None,
    };
    let mut rows = Vec::new();
    for table in [TableState::Fails, TableState::UpdateFails, TableState::Slow] {
        for states in ["A0 B1", "A0 B1 A0", "A0 B1 A0 B0", "A1 B0 A1", "A0 B1 C1 A0"] {
            rows.push(row(states, &[working, with(table)]));
        }
        let once = Row { is_processed_at_once: true, ..row("A0 B1 A0", &[working, with(table)]) };
        rows.push(once);
    }
    // The processor is killed while it stores an event that only the queue has: between the event and `latest`, and
    // around it. The message comes again.
    let kills = [
        ("UpdateItem", 1, Fault::KillBefore),
        ("UpdateItem", 1, Fault::KillAfter),
        ("PutItem", 1, Fault::KillAfter),
        ("PutEvents", 1, Fault::KillBefore),
    ];
    for kill in kills {
        for states in ["A0 B1 A0", "A0 B1 A0 B0", "A0 B1 C1 A0"] {
            let killed = row(states, &[working, with(TableState::Fails)]);
            rows.push(Row { is_processed_at_once: true, kill: Some(kill), ..killed });
        }
    }
    for states in ["A0 B1 A0", "A0 B1 A0 B0 A0"] {
        let overlapping = row(states, &[working, with(TableState::Slow)]);
        rows.push(Row { timing: Timing::Overlapping, ..overlapping });
    }
    let throttled = [with(TableState::Throttled), with(TableState::Throttled)];
    rows.push(Row { timing: Timing::Repeated, ..row("A0 B1 A1 C0", &throttled) });
    rows.push(Row {
        timing: Timing::Repeated,
        ..row("A0 B1 A0", &[with(TableState::Throttled), ahead(500)])
    });
    for ms in [500, 5_000, 59_000, 300_000] {
        for states in ["A1 B0", "A1 B0 A0", "A0 B1 A0", "A0 B0 A1", "A1 B0 A1 B0"] {
            rows.push(row(states, &[working, ahead(ms)]));
        }
        rows.push(row("A1 B0 A0", &[working, ahead(-ms)]));
        rows.push(row("A0 B1 A0", &[working, ahead(-ms)]));
    }
    // Through the fallback and with wrong clocks.
    for ms in [500, 5_000, 59_000, 300_000, -5_000, -59_000] {
        let sees_date = |instance: Instance| Instance { sees_date: true, ..instance };
        let fails = sees_date(with(TableState::Fails));
        let pause = Duration::from_millis(1_300);
        let corrected = |states| Row { pause, ..row(states, &[fails, sees_date(ahead(ms))]) };
        rows.extend(["A1 B0", "A1 B0 A1"].map(corrected));
        let ahead_and_failing = Instance { ahead_ms: ms, ..fails };
        let corrected = |states| Row { pause, ..row(states, &[sees_date(working), ahead_and_failing]) };
        rows.extend(["A0 B1", "A0 B1 A0"].map(corrected));
    }
    rows
}

/// The result of a row.
#[derive(Debug)]
pub struct Ordered {
    /// The row.
    pub row: Row,
    /// The numbers.
    pub numbers: Numbers,
    /// The number of entities.
    pub entities: usize,
    /// The entities that end in a wrong state.
    pub wrong: Vec<String>,
    /// The other broken promises.
    pub broken: Vec<String>,
}

/// Runs a row in a world of its own.
pub async fn run(stack: &Stack, row: Row) -> Ordered {
    let world = World::new(&stack.facts).await;
    let (reconciliation, states, broken) =
        (Mutex::<Reconciliation>::default(), Mutex::<States>::default(), Mutex::<Vec<String>>::default());
    let mut instances = Vec::new();
    for Instance { table, ahead_ms, sees_date } in &row.instances {
        let plan = Plan::new(table.rules());
        if !sees_date {
            plan.hide_date();
        }
        let function = world.function_ahead(Kind::Windowed.receiver(), &plan, *ahead_ms).await;
        instances.push((Mutex::new(function), plan));
    }
    let send = async |entity: &str, state: char, number: usize| {
        let (body, event) = Kind::Windowed.delivery(entity, &state.to_string());
        let mut function: tokio::sync::MutexGuard<'_, Function> = instances[number].0.lock().await;
        let sent = Instant::now();
        let ended = function.invoke(event).await;
        let accepted = is_2xx(&ended);
        states.lock().await.record(entity, body.clone(), sent, accepted);
        reconciliation.lock().await.record(body, &format!("{state} of {entity}"), true, false, accepted);
        if !accepted {
            broken
                .lock()
                .await
                .push(format!("{state} of {entity} is refused although the queue works: {ended:?}"));
        }
    };
    let of_processor = Plan::default();
    match row.timing {
        Timing::Sequence => {
            let mut processor = world.function("inlet-processor", &of_processor).await;
            for (state, number) in &row.states {
                send("9001", *state, *number).await;
                // The first event is stored by its receiver: the fault meets one that only the queue has.
                if let (Some((operation, nth, fault)), 'B', 0) = (row.kill, *state, of_processor.struck()) {
                    let operation = Operation::new(operation_service(operation), operation);
                    of_processor.set(vec![Rule::new(&operation, Calls::Nth(nth), fault)]);
                }
                if row.is_processed_at_once {
                    while crate::faults::matrix::poll(&world, &mut processor).await {}
                }
                tokio::time::sleep(row.pause).await;
            }
        }
        Timing::Overlapping => {
            let sending = row.states.iter().enumerate().map(|(nth, (state, number))| {
                let send = &send;
                async move {
                    tokio::time::sleep(Duration::from_millis(300) * u32::try_from(nth).unwrap_or(0)).await;
                    send("9001", *state, *number).await;
                }
            });
            futures_util::future::join_all(sending).await;
        }
        Timing::Repeated => {
            let since = Instant::now();
            while since.elapsed() < Duration::from_secs(9) {
                for (state, number) in &row.states {
                    for entity in ["9001", "9002", "9003", "9004", "9005", "9006"] {
                        send(entity, *state, *number).await;
                    }
                }
            }
        }
    }
    for (_, plan) in &instances {
        plan.stop();
    }
    let mut broken = broken.into_inner();
    if row.kill.is_some() && of_processor.struck() != 1 {
        broken.push(format!("the processor was killed {} times", of_processor.struck()));
    }
    of_processor.stop();
    if !recover(&world).await {
        broken.push("work is left at the end".to_owned());
    }
    let table = Table::new(stack.clients.dynamodb.clone(), world.table.clone(), 90);
    let published = world.published().await;
    let (numbers, more) = reconciliation.into_inner().reconciled(&world, &table, &published).await;
    broken.extend(more);
    let states = states.into_inner();
    let wrong = states.wrong(&table, &published, PATH).await;
    world.remove().await;
    Ordered { row, numbers, entities: states.len(), wrong, broken }
}

/// Returns the service of an operation that the processor calls.
fn operation_service(operation: &str) -> Service {
    if operation == "PutEvents" { Service::EventBridge } else { Service::DynamoDb }
}

/// The number of rows that run at the same time.
const AT_ONCE: usize = 8;

/// Runs rows, many at a time.
pub async fn all(stack: &Arc<Stack>, rows: Vec<Row>) -> Vec<Ordered> {
    let run_row = |row| {
        let stack = Arc::clone(stack);
        async move { run(&stack, row).await }
    };
    run_all(AT_ONCE, rows, run_row).await
}
