//! Faults of the table while a receiver reads or claims the shared list of store names: no delivery fails, and the
//! receiver lists the names itself.

use std::sync::Arc;

use inlet::store::StoreName;

use crate::faults::call::{Operation, Service};
use crate::faults::concurrent::run_all;
use crate::faults::flood::{demo_list, status};
use crate::faults::matrix::is_2xx;
use crate::faults::plan::{Calls, Fault, Plan, Rule};
use crate::faults::sender::to_store;
use crate::faults::world::World;
use crate::stack::Stack;

/// The rows: a call for the shared list, and its fault.
pub fn rows() -> Vec<(&'static str, Fault)> {
    let faults = || Fault::OF_SERVICES.into_iter().chain([Fault::Deny]);
    ["GetItem", "UpdateItem"].into_iter().flat_map(|call| faults().map(move |fault| (call, fault))).collect()
}

/// Runs a row: a cold receiver gets a delivery for an invented store, a genuine one, and another for the invented store.
/// Returns the broken promises.
async fn run(stack: &Stack, (call, fault): (&'static str, Fault)) -> Vec<String> {
    let world = World::new(&stack.facts).await;
    let operation = Operation::new(Service::DynamoDb, call);
    let plan = Plan::new(vec![Rule::new(&operation, Calls::Every, fault)]);
    let variables = [("INLET_STORE_NAMES_SECONDS", "50")];
    let mut receiver = world.function_with("inlet-zort", &plan, &variables).await;
    let store = stack.store("zort", &demo_list()).await;
    let invented = StoreName::parse("invented-name").expect("a name");
    let mut broken = Vec::new();
    for (name, nth) in [(&invented, "1"), (&store, "2"), (&invented, "3")] {
        let ended = receiver.invoke(to_store(name, nth)).await;
        let is_right = if *name == store { is_2xx(&ended) } else { status(&ended) == Some(401) };
        if !is_right {
            broken.push(format!("{call}, {fault}: delivery {nth} to {name}: {ended:?}"));
        }
    }
    let listed = Operation::new(Service::Ssm, "GetParametersByPath");
    if plan.struck() == 0 || !plan.seen().contains_key(&listed) {
        broken.push(format!("{call}, {fault}: the receiver did not list the names after a fault"));
    }
    stack.remove_parameter(&format!("zort/{store}")).await;
    world.remove().await;
    broken
}

/// The number of rows that run at the same time.
const AT_ONCE: usize = 4;

/// Runs all rows, many at a time. Returns the broken promises.
pub async fn all(stack: &Arc<Stack>) -> Vec<String> {
    let run_row = |row| {
        let stack = Arc::clone(stack);
        async move { run(&stack, row).await }
    };
    run_all(AT_ONCE, rows(), run_row).await.into_iter().flatten().collect()
}
