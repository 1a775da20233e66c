//! The time from the provider's `POST` to the consumer's handler, for each mode: measurement, results, table.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use serde::{Deserialize, Serialize};

use crate::contender::Contender;
use crate::measure::consumer::{Mode, Way, ways};
use crate::measure::{Bench, Failure, machine};
use crate::median::{median, quantile};
use crate::place;
use crate::written;

/// The results of a run.
#[derive(Serialize, Deserialize)]
struct Results {
    machine: String,
    rounds: u32,
    modes: BTreeMap<Mode, Figures>,
}

/// The figures of a mode, in milliseconds.
#[derive(Serialize, Deserialize)]
struct Figures {
    p50: f64,
    p99: f64,
    /// The median of each step, by its name.
    steps: Vec<(String, f64)>,
}

/// Measures every mode, and writes the results and the table.
pub fn run(rounds: u32) -> Result<(), Failure> {
    let bench = Bench::start()?;
    let mut measured: BTreeMap<Mode, Vec<Way>> = BTreeMap::new();
    // Interleaved, so that a slow minute of the machine slows every mode.
    for round in 1..=rounds {
        println!("round {round} of {rounds}");
        for mode in Mode::ALL {
            measured.entry(mode).or_default().extend(ways(&bench, Contender::Inlet, mode)?);
        }
    }
    let modes = measured.into_iter().map(|(mode, ways)| (mode, figures(&ways))).collect();
    let results = Results { machine: machine(), rounds, modes };
    fs::create_dir_all(place::results())?;
    fs::write(place::results().join("consumers.json"), serde_json::to_string_pretty(&results)? + "\n")?;
    publish(&results)
}

fn figures(ways: &[Way]) -> Figures {
    let whole: Vec<f64> = ways.iter().map(|way| way.whole()).collect();
    let names = ways.first().map(|way| way.steps().map(|(name, _)| name)).unwrap_or_default();
    let step = |at: usize| median(&ways.iter().map(|way| way.steps()[at].1).collect::<Vec<f64>>());
    let steps = names.iter().enumerate().map(|(at, name)| ((*name).to_owned(), step(at))).collect();
    Figures { p50: quantile(&whole, 0.5), p99: quantile(&whole, 0.99), steps }
}

fn publish(results: &Results) -> Result<(), Failure> {
    let table = table(results);
    println!("\n{table}");
    let text = format!("{}; {} rounds.\n\n{table}", results.machine, results.rounds);
    written::replace("bench/README.md", "written by inlet-bench consumers", &text)
}

fn table(results: &Results) -> String {
    let mut table = String::from("| from the provider's POST to the handler, ms |");
    for mode in results.modes.keys() {
        let _ = write!(table, " {} |", mode.name());
    }
    table += "\n|---|";
    table += &"--:|".repeat(results.modes.len());
    let mut row = |name: &str, value: &dyn Fn(&Figures) -> f64| {
        let _ = write!(table, "\n| {name} |");
        for figures in results.modes.values() {
            let _ = write!(table, " {:.1} |", value(figures));
        }
    };
    row("p50", &|figures| figures.p50);
    row("p99", &|figures| figures.p99);
    let names = results.modes.values().next().map(|figures| &figures.steps).into_iter().flatten();
    for (at, (name, _)) in names.enumerate() {
        row(&format!("{name}, median"), &|figures| figures.steps.get(at).map_or(0.0, |(_, value)| *value));
    }
    table + "\n"
}
