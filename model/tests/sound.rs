//! The sound protocol: no property is broken, and the check has seen every required situation.

#[path = "common/holds.rs"]
mod holds;

use inlet_model::check::check;
use inlet_model::properties::{BY_JOURNAL_ALONE, DEAD, FINISHED, MUST_BE_SEEN, PARKED, REFUSED, RESENT};
use inlet_model::protocol::Protocol;
use inlet_model::scenario::{Scenario, Sight};

/// Every scenario has more states than this; a check that stopped early would have fewer.
const FEWEST: usize = 30_000;

#[test]
fn the_promises_hold_and_every_run_ends() {
    for scenario in Scenario::usual() {
        let (name, faults, unseen) = (scenario.name, scenario.faults, unseen(&scenario));
        let verdict = holds::holds_and_ends(name, faults, &Protocol::sound(scenario));
        assert!(verdict.states >= FEWEST, "{name}: only {} states", verdict.states);
        for seen in MUST_BE_SEEN {
            assert!(verdict.seen.contains(&seen) || unseen.contains(&seen), "{name}: not {seen}");
        }
    }
}

/// Returns the situations that a scenario has too few faults for, or no sweeper, or a sweeper that never sends.
fn unseen(scenario: &Scenario) -> &'static [&'static str] {
    match scenario {
        Scenario { sight: Sight::Nothing, .. } => &[BY_JOURNAL_ALONE, RESENT],
        Scenario { resends: 0, .. } => &[RESENT],
        Scenario { faults: 1, .. } => &[REFUSED, DEAD, PARKED],
        _ => &[],
    }
}

#[test]
fn without_a_fault_everything_is_accepted_and_finished() {
    for scenario in Scenario::usual() {
        let (name, protocol) = (scenario.name, Protocol::sound(Scenario { faults: 0, ..scenario }));
        let verdict = check(&protocol);
        assert!(verdict.broken.is_empty(), "{name}: {:#?}", verdict.broken);
        assert!(verdict.seen.contains(&FINISHED), "{name}: {:?}", verdict.seen);
        assert!(!verdict.seen.contains(&REFUSED), "{name}: refused without a fault");
        assert!(!verdict.seen.contains(&DEAD), "{name}: dead without a fault");
    }
}
