//! The report of a run, for people: one table, the goals, a picture of each metric.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;

use crate::ceilings;
use crate::chart;
use crate::contender::Contender;
use crate::flow::Flow;
use crate::goals::{GOALS, Verdict, short};
use crate::place;
use crate::price::document;
use crate::results::{Metric, Results};
use crate::written;

/// Prints the tables, draws the pictures, and writes the tables into `bench/README.md` the prices
/// into `docs/costs.md`, and the rates into `docs/scaling.md`.
pub fn publish(results: &Results) -> Result<(), Box<dyn Error>> {
    let (table, flows, goals) = (table(results), flows(results), goals(results));
    println!("\n{table}\n{flows}\n{goals}");
    for void in &results.void {
        println!("void: {void}");
    }
    let folder = place::results();
    fs::create_dir_all(&folder)?;
    for metric in Metric::ALL {
        if let Some(values) = results.values.get(&metric) {
            let (name, unit) = metric.words();
            let medians: Vec<_> =
                values.keys().filter_map(|by| Some((by.name(), results.median(metric, *by)?))).collect();
            fs::write(folder.join(format!("{}.svg", file_name(metric)?)), chart::bars(name, unit, &medians))?;
        }
    }
    let about = format!("{}; medians of {} rounds.", results.machine, results.rounds);
    let text = format!("{about}\n\n{table}\n{flows}\n{goals}{}", voids(results));
    written::replace("bench/README.md", "written by make bench", &text)?;
    document::write(results)?;
    ceilings::write(results)
}

fn table(results: &Results) -> String {
    let mut table = String::from("| metric | unit |");
    for contender in Contender::ALL {
        let _ = write!(table, " {} |", contender.name());
    }
    table += "\n|---|---|--:|--:|--:|--:|--:|--:|\n";
    for metric in Metric::ALL {
        let (name, unit) = metric.words();
        let _ = write!(table, "| {name} | {unit} |");
        for contender in Contender::ALL {
            let value = results.median(metric, contender).map(short).unwrap_or_default();
            let _ = write!(table, " {value} |");
        }
        table.push('\n');
    }
    table
}

fn flows(results: &Results) -> String {
    if results.flows.is_empty() {
        return "Units of an event of each provider: not measured.\n".to_owned();
    }
    let mut table = String::from(
        "| units of an event | calls | read units | write units: table | index | SQS chunks | repeated: calls | read units | write units |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for (name, Flow { body_len, accepted, repeated, .. }) in &results.flows {
        let _ = writeln!(
            table,
            "| {name}, {body_len} bytes | {} | {} | {} | {} | {} | {} | {} | {} |",
            accepted.calls,
            accepted.reads,
            accepted.table_writes,
            accepted.index_writes,
            accepted.queue_chunks,
            repeated.calls,
            repeated.reads,
            repeated.writes(),
        );
    }
    table
}

fn goals(results: &Results) -> String {
    let mut table = String::from("| goal | reached | |\n|---|--:|---|\n");
    for goal in &GOALS {
        let (reached, verdict) = goal.outcome(results);
        let reached = reached.map(short).unwrap_or_default();
        let verdict = match verdict {
            Verdict::Met => "met",
            Verdict::NotMet => "**not met**",
            Verdict::NotMeasured => "not measured",
        };
        let _ = writeln!(table, "| {} | {reached} | {verdict} |", goal.words());
    }
    table
}

fn voids(results: &Results) -> String {
    results.void.iter().fold(String::new(), |text, void| text + "\nVoid: " + void + "\n")
}

fn file_name(metric: Metric) -> Result<String, Box<dyn Error>> {
    let name = serde_json::to_value(metric)?;
    Ok(name.as_str().unwrap_or_default().replace('_', "-"))
}
