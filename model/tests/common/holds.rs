//! Checks that a sound protocol holds and ends.

use std::fmt::Debug;
use std::time::Instant;

use inlet_model::check::{Checkable, Verdict, check, ends};

/// Asserts that no property is broken, that every run ends, and that both walks visit the same states. Returns the
/// verdict.
pub(crate) fn holds_and_ends<M: Checkable>(name: &str, faults: u8, protocol: &M) -> Verdict<M::Action>
where
    M::Action: Clone + Debug + PartialEq + Send + Sync,
{
    let start = Instant::now();
    let verdict = check(protocol);
    println!(
        "{name}: {faults} faults, {} states, {} steps, {:.1?}",
        verdict.states,
        verdict.steps,
        start.elapsed()
    );
    assert!(verdict.broken.is_empty(), "{name}: {:#?}", verdict.broken);
    let walked = ends(protocol).map_err(|world| format!("a path leads back to {world:#?}"));
    assert_eq!(walked, Ok(verdict.states), "{name}: the second walk");
    verdict
}
