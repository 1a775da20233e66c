//! Checks all parts of the model within the usual bounds, or with more faults, and prints the results.
//!
//! `cargo run --package inlet-model` for the bounds of every test run, `-- 1` for one fault more in each.

use std::fmt::Debug;
use std::process::ExitCode;
use std::time::Instant;

use inlet_model::batch;
use inlet_model::check::{Checkable, check, shortest};
use inlet_model::deferral;
use inlet_model::flaw::Flaw;
use inlet_model::order;
use inlet_model::protocol::Protocol;
use inlet_model::reconciliation;
use inlet_model::scenario::Scenario;

fn main() -> ExitCode {
    let more = std::env::args().nth(1).and_then(|argument| argument.parse().ok()).unwrap_or(0);
    let mut sound = true;
    println!(
        "{:<52} {:>6} {:>10} {:>11} {:>5} {:>7}  verdict",
        "scenario", "faults", "states", "steps", "depth", "seconds"
    );
    for scenario in Scenario::with_faults(more) {
        sound &= holds(scenario.name, scenario.faults, &Protocol::sound(scenario.clone()));
    }
    for scenario in order::scenario::Scenario::with_faults(more) {
        sound &= holds(scenario.name, scenario.faults, &order::protocol::Protocol::sound(scenario.clone()));
    }
    for scenario in deferral::scenario::Scenario::with_faults(more) {
        sound &=
            holds(scenario.name, scenario.faults, &deferral::protocol::Protocol::sound(scenario.clone()));
    }
    for scenario in batch::scenario::Scenario::with_faults(more) {
        sound &= holds(scenario.name, scenario.faults, &batch::protocol::Protocol::sound(scenario));
    }
    for scenario in reconciliation::scenario::Scenario::with_faults(more) {
        let protocol = reconciliation::protocol::Protocol::sound(scenario.clone());
        sound &= holds(scenario.name, scenario.faults, &protocol);
    }
    println!("\nflaws, each with a shortest path to the broken property");
    for flaw in Flaw::ALL {
        let scenario = flaw.scenario();
        sound &= is_found(&flaw, scenario.name, &Protocol::flawed(scenario.clone(), flaw));
    }
    for flaw in order::flaw::Flaw::ALL {
        let scenario = flaw.scenario();
        sound &= is_found(&flaw, scenario.name, &order::protocol::Protocol::flawed(scenario.clone(), flaw));
    }
    for flaw in deferral::flaw::Flaw::ALL {
        let scenario = flaw.scenario();
        sound &=
            is_found(&flaw, scenario.name, &deferral::protocol::Protocol::flawed(scenario.clone(), flaw));
    }
    for flaw in batch::flaw::Flaw::ALL {
        let scenario = flaw.scenario();
        sound &= is_found(&flaw, scenario.name, &batch::protocol::Protocol::flawed(scenario, flaw));
    }
    for flaw in reconciliation::flaw::Flaw::ALL {
        let scenario = flaw.scenario();
        let protocol = reconciliation::protocol::Protocol::flawed(scenario.clone(), flaw);
        sound &= is_found(&flaw, scenario.name, &protocol);
    }
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn holds<M: Checkable>(name: &str, faults: u8, protocol: &M) -> bool
where
    M::Action: Clone + Debug + PartialEq + Send + Sync,
{
    let start = Instant::now();
    let verdict = check(protocol);
    let seconds = start.elapsed().as_secs_f64();
    let broken = verdict.broken_names().join("; ");
    let result = if broken.is_empty() { "holds" } else { &broken };
    println!(
        "{name:<52} {faults:>6} {:>10} {:>11} {:>5} {seconds:>7.1}  {result}",
        verdict.states, verdict.steps, verdict.depth
    );
    for (property, way) in &verdict.broken {
        println!("  {property}:\n    {}", in_words(way));
    }
    verdict.broken.is_empty()
}

fn is_found<M: Checkable>(flaw: &impl Debug, name: &str, protocol: &M) -> bool
where
    M::Action: Clone + Debug + PartialEq + Send + Sync,
{
    let verdict = check(protocol);
    let broken = verdict.broken_names();
    println!("\n{flaw:?} ({name}, {} states): {}", verdict.states, broken.join("; "));
    if let Some(property) = broken.first() {
        println!("  {}", in_words(&shortest(protocol, property).unwrap_or_default()));
    }
    !broken.is_empty()
}

fn in_words(way: &[impl Debug]) -> String {
    way.iter().map(|step| format!("{step:?}")).collect::<Vec<_>>().join(", ")
}
