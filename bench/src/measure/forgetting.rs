//! The cost of forgetting an entity, counted in small tables.

use std::time::Duration;

use super::operate::{forget_entity, one_entity};
use super::{Bench, Failure};
use crate::backends::Units;
use crate::forgetting::{Cost, Forgetting};

/// The numbers of events of the two entities: multiples of a batch of 25 writes.
pub const FEW: usize = 200;
pub const MANY: usize = 400;

/// The number of events of other entities in the larger table.
pub const OTHERS: usize = 5_000;

/// Counts the cost for two entities, and for the second one among events of others too: if the size of the table had an
/// effect, the cost could not be computed for a large one.
pub fn cost(bench: &Bench) -> Result<Forgetting, Failure> {
    let (few, many) = (of_entity(bench, FEW, 0)?, of_entity(bench, MANY, 0)?);
    let among_others = of_entity(bench, MANY, OTHERS)?;
    if among_others != many {
        return Err(format!(
            "forgetting an entity costs {many:?}, and {among_others:?} among {OTHERS} events of others"
        )
        .into());
    }
    Ok(Forgetting::between((FEW, few), (MANY, many)))
}

/// Returns the cost for an entity with so many events.
fn of_entity(bench: &Bench, events: usize, others: usize) -> Result<Cost, Failure> {
    bench.backends.empty();
    let entity = one_entity(bench, events)?;
    bench.backends.add_entities(others);
    let run = forget_entity(bench, &entity, events, Duration::ZERO)?;
    Ok(Units::of(&run.calls).into())
}
