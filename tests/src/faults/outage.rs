//! A long outage behind the queue: receive after receive fails, and afterwards no operator is needed.

use inlet_aws::dynamodb::table::Table;

use crate::faults::call::Service;
use crate::faults::matrix::{is_2xx, poll, recover};
use crate::faults::plan::{Fault, Plan, Rule};
use crate::faults::reconciliation::{Numbers, Reconciliation};
use crate::faults::sender::Kind;
use crate::faults::world::World;
use crate::stack::Stack;

/// The result of an outage.
#[derive(Debug)]
pub struct OutageResult {
    /// The numbers.
    pub numbers: Numbers,
    /// The broken promises.
    pub broken: Vec<String>,
}

/// Delivers some events of several entities, lets the processor receive them this many times while `service` fails, and
/// then ends the fault. With the table down from the beginning, the queue alone has the events.
pub async fn outage(stack: &Stack, service: Service, receives: usize) -> OutageResult {
    let world = World::new(&stack.facts).await;
    let mut reconciliation = Reconciliation::default();
    let mut broken = Vec::new();
    let down = Plan::new(vec![Rule::all_of(service, Fault::ServerError)]);

    let mut receiver = world.function(Kind::OwnTime.receiver(), &down).await;
    for (entity, mark) in [("8001", "a1"), ("8001", "a2"), ("8002", "b1")] {
        let (body, event) = Kind::OwnTime.delivery(entity, mark);
        let accepted = is_2xx(&receiver.invoke(event).await);
        reconciliation.record(body, mark, true, true, accepted);
        if !accepted {
            broken.push(format!("{mark} is refused although a service works"));
        }
    }
    let mut processor = world.function("inlet-processor", &down).await;
    for receive in 0..receives {
        if !poll(&world, &mut processor).await {
            broken.push(format!("nothing was on the queue at receive {receive}"));
            break;
        }
    }
    down.stop();
    if !recover(&world).await {
        broken.push("work is left after the outage".to_owned());
    }
    for (what, count) in [("dead letters", world.dead_letters().await), ("parked", parked(&world).await)] {
        if count > 0 {
            broken.push(format!("{count} {what} wait for an operator"));
        }
    }
    let table = Table::new(stack.clients.dynamodb.clone(), world.table.clone(), 90);
    let published = world.published().await;
    let (numbers, more) = reconciliation.reconciled(&world, &table, &published).await;
    broken.extend(more);
    world.remove().await;
    OutageResult { numbers, broken }
}

async fn parked(world: &World) -> usize {
    world.keys().await.iter().filter(|(_, sk)| sk.starts_with("parked/")).count()
}
