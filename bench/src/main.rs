//! The bench: plays Lambda's runtime interface and AWS to the receivers and to their peers, checks what they did,
//! and measures the cost.
//!
//! `inlet-bench run` measures everything and writes `bench/results/`; `inlet-bench gate` measures values that are the same
//! on every machine and compares them with `bench/figures.json`; `inlet-bench gate --accept` replaces that file;
//! `inlet-bench prices` counts the ways of so many events of each body, and replaces those of the last run;
//! `inlet-bench rates` does the same with the rates of receiver, processor, sweeper and command;
//! `inlet-bench hostile` measures the most expensive forged requests only;
//! `inlet-bench consumers` measures the time until a consumer's handler; `inlet-bench arm64` counts instructions of the
//! binaries for arm64; `inlet-bench load` drives the deployed stack.

mod place;
mod http;
mod certificates;
mod corpus;
mod backends;
mod runtime_api;
mod contender;
mod wrapper;
mod function;
mod judge;
mod callgrind;
mod qemu;
mod measure;
mod median;
mod flow;
mod forgetting;
mod emitted_metrics;
mod results;
mod price;
mod goals;
mod ceilings;
mod report;
mod written;
mod chart;
mod gate;
mod hostile;
mod load;
mod consumers;
mod arm64;

use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["run"] => measure::everything(measure::ROUNDS).and_then(|results| report::publish(&results)),
        ["run", rounds] => match rounds.parse() {
            Ok(rounds) => measure::everything(rounds).and_then(|results| report::publish(&results)),
            Err(_) => return usage(),
        },
        ["report"] => results::read().and_then(|results| report::publish(&results)),
        ["prices", events] => match events.parse() {
            Ok(events) => measure::ways_only(events).and_then(|results| report::publish(&results)),
            Err(_) => return usage(),
        },
        ["rates", rounds] => match rounds.parse() {
            Ok(rounds) => measure::rates_only(rounds).and_then(|results| report::publish(&results)),
            Err(_) => return usage(),
        },
        ["gate"] => gate::compare(),
        ["gate", "--accept"] => gate::accept(),
        ["hostile"] => gate::hostile(),
        ["consumers", rounds] => match rounds.parse() {
            Ok(rounds) => consumers::run(rounds),
            Err(_) => return usage(),
        },
        ["arm64"] => arm64::run(),
        ["load", seconds, ours, peers] => match seconds.parse() {
            Ok(seconds) => load::drive(Duration::from_secs(seconds), ours, peers),
            Err(_) => return usage(),
        },
        _ => return usage(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!(
        "inlet-bench run [ROUNDS] | report | prices EVENTS | rates ROUNDS | gate [--accept] | hostile | consumers ROUNDS | arm64 | load SECONDS OUR_API THEIR_API"
    );
    ExitCode::FAILURE
}
