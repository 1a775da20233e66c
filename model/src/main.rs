//! Checks the protocol within the usual bounds, or with more faults, and prints what came of it.
//!
//! `cargo run --package inlet-model` for the bounds of every test run, `-- 1` for one fault more in each.

use std::process::ExitCode;
use std::time::Instant;

use inlet_model::check::{check, shortest};
use inlet_model::flaw::Flaw;
use inlet_model::protocol::Protocol;
use inlet_model::scenario::Scenario;

fn main() -> ExitCode {
    let more = std::env::args().nth(1).and_then(|argument| argument.parse().ok()).unwrap_or(0);
    let mut sound = true;
    println!(
        "{:<52} {:>6} {:>10} {:>11} {:>5} {:>7}  verdict",
        "scenario", "faults", "states", "steps", "depth", "seconds"
    );
    for scenario in Scenario::with_faults(more) {
        let (name, faults, start) = (scenario.name, scenario.faults, Instant::now());
        let verdict = check(&Protocol::sound(scenario));
        let seconds = start.elapsed().as_secs_f64();
        let broken = verdict.broken_names().join("; ");
        let said = if broken.is_empty() { "holds" } else { &broken };
        println!(
            "{name:<52} {faults:>6} {:>10} {:>11} {:>5} {seconds:>7.1}  {said}",
            verdict.states, verdict.steps, verdict.depth
        );
        for (property, way) in &verdict.broken {
            println!("  {property}:");
            for step in way {
                println!("    {step:?}");
            }
        }
        sound &= verdict.broken.is_empty();
    }
    println!("\nflaws, each with a shortest way to what it breaks");
    for flaw in Flaw::ALL {
        let protocol = Protocol::flawed(flaw.scenario(), flaw);
        let verdict = check(&protocol);
        let broken = verdict.broken_names();
        println!("\n{flaw:?} ({}, {} states): {}", protocol.scenario.name, verdict.states, broken.join("; "));
        if let Some(property) = broken.first() {
            let way = shortest(&protocol, property).unwrap_or_default();
            println!("  {}", way.iter().map(|step| format!("{step:?}")).collect::<Vec<_>>().join(", "));
        }
        sound &= !broken.is_empty();
    }
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
