//! Parameter Store's faults: cold receivers that cannot read credentials respond 2xx, and the sweeper verifies later.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use inlet_aws::dynamodb::table::Table;
use serde_json::json;

use crate::faults::call::Service;
use crate::faults::concurrent::run_all;
use crate::faults::matrix::{is_2xx, recover};
use crate::faults::order::PATH;
use crate::faults::plan::{Fault, Plan, Rule};
use crate::faults::reconciliation::{Numbers, Reconciliation};
use crate::faults::sender::{Kind, forged};
use crate::faults::states::States;
use crate::faults::world::World;
use crate::stack::Stack;

/// The faults of Parameter Store.
pub const FAULTS: [Fault; 5] =
    [Fault::Throttle, Fault::Deny, Fault::TimeoutLost, Fault::ServerError, Fault::Refuse];

/// A row: what Parameter Store does, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The fault of every call.
    pub fault: Fault,
    /// The kind of body.
    pub kind: Kind,
    /// The shortest duration of the outage; it lasts at least until every delivery is answered.
    pub lasts: Duration,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {:?}, back after {} s", self.fault, self.kind, self.lasts.as_secs())
    }
}

/// Returns the rows: every fault, every kind of body, and one that lasts 30 s.
pub fn rows() -> Vec<Row> {
    let row = |fault, kind| Row { fault, kind, lasts: Duration::ZERO };
    let mut rows = FAULTS.map(|fault| row(fault, Kind::Windowed)).to_vec();
    rows.extend([Kind::OwnTime, Kind::Large].map(|kind| row(Fault::Throttle, kind)));
    rows.push(Row { lasts: Duration::from_secs(30), ..row(Fault::Throttle, Kind::Windowed) });
    rows
}

/// The result of a row.
#[derive(Debug)]
pub struct Seen {
    /// The row.
    pub row: Row,
    /// The numbers.
    pub numbers: Numbers,
    /// The broken promises.
    pub broken: Vec<String>,
}

/// Runs a row: a cold receiver gets the states A, B, A of one entity, another entity and a forgery, while the sweeper
/// works too; then Parameter Store responds again.
pub async fn run(stack: &Stack, row: Row) -> Seen {
    let world = World::new(&stack.facts).await;
    let (mut reconciliation, mut states, mut broken) =
        (Reconciliation::default(), States::default(), Vec::new());
    let blind = Plan::new(vec![Rule::all_of(Service::Ssm, row.fault)]);
    let mut receiver = world.function(row.kind.receiver(), &blind).await;
    let mut sweeper = world.function("inlet-sweeper", &blind).await;
    let since = Instant::now();
    for (entity, mark) in [("9001", "a"), ("9001", "b"), ("9002", "c"), ("9001", "a")] {
        let (body, event) = row.kind.delivery(entity, mark);
        let sent = Instant::now();
        let ended = receiver.invoke(event).await;
        let accepted = is_2xx(&ended);
        if !accepted {
            broken.push(format!("{mark} of {entity} is refused: {ended:?}"));
        }
        states.record(entity, body.clone(), sent, accepted);
        reconciliation.record(
            body,
            &format!("{mark} of {entity}"),
            true,
            row.kind != Kind::Windowed,
            accepted,
        );
        sweeper.invoke(json!({})).await;
    }
    let (body, event) = row.kind.delivery("9003", "forged");
    receiver.invoke(forged(event)).await;
    // It is answered 2xx, as every delivery then, and must not become an event.
    reconciliation.record(body, "a forgery", false, true, false);
    sweeper.invoke(json!({})).await;
    if !world.published().await.is_empty() {
        broken.push("an event is published although no credential can be read".to_owned());
    }
    if !world.has_deferred().await {
        broken.push("no delivery is deferred".to_owned());
    }
    tokio::time::sleep(row.lasts.saturating_sub(since.elapsed())).await;
    blind.stop();
    if !recover(&world).await {
        broken.push("work is left at the end".to_owned());
    }
    let table = Table::new(stack.clients.dynamodb.clone(), world.table.clone(), 90);
    let published = world.published().await;
    let (mut numbers, more) = reconciliation.reconciled(&world, &table, &published).await;
    broken.extend(more);
    if row.kind == Kind::Windowed {
        broken.extend(states.wrong(&table, &published, PATH).await);
    }
    numbers.faults = blind.struck();
    world.remove().await;
    Seen { row, numbers, broken }
}

/// The number of rows that run at the same time.
const AT_ONCE: usize = 8;

/// Runs rows, many at a time.
pub async fn all(stack: &Arc<Stack>, rows: Vec<Row>) -> Vec<Seen> {
    let run_row = |row| {
        let stack = Arc::clone(stack);
        async move { run(&stack, row).await }
    };
    run_all(AT_ONCE, rows, run_row).await
}
