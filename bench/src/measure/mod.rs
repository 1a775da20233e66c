//! The measurements, interleaved: every round has every contender, so that a slow minute of the machine slows all.

mod cold;
mod warm;
pub mod counted;
mod billed;
mod throttle;
mod flows;
pub mod consumer;

use std::error::Error;
use std::fs;
use std::time::Duration;

use crate::backends::{Backends, Call};
use crate::certificates::Certificates;
use crate::contender::Contender;
use crate::corpus::{Body, Delivery};
use crate::function::Function;
use crate::judge;
use crate::price;
use crate::results::{self, Metric, Results};
use crate::runtime_api::Answer;

/// Default number of rounds.
pub const ROUNDS: u32 = 5;

/// The context of every measurement.
pub struct Bench {
    pub certificates: Certificates,
    pub backends: Backends,
}

/// The reason that a contender was not measured.
pub type Failure = Box<dyn Error>;

impl Bench {
    /// Makes certificates and starts the backends.
    pub fn start() -> Result<Self, Failure> {
        let certificates = Certificates::make()?;
        let backends = Backends::start(&certificates.server())?;
        Ok(Self { certificates, backends })
    }

    /// Starts a contender.
    pub fn function(&self, contender: Contender, body: Body) -> Result<Function, Failure> {
        self.backends.empty();
        Ok(Function::start(contender, body.provider(), &[], &self.certificates, &self.backends, &[])?)
    }

    /// Delivers to a contender and judges what it did.
    pub fn deliver(&self, function: &Function, by: Contender, delivery: &Delivery) -> Result<Done, Failure> {
        let answer = function.deliver(&delivery.event)?;
        let calls = self.backends.calls();
        match judge::fault(delivery, &answer, &calls) {
            Some(fault) if by != Contender::Hello => Err(fault.into()),
            _ => Ok(Done { answer, calls }),
        }
    }
}

/// A correctly answered delivery.
pub struct Done {
    pub answer: Answer,
    pub calls: Vec<Call>,
}

/// Runs every measurement.
pub fn everything(rounds: u32) -> Result<Results, Failure> {
    let bench = Bench::start()?;
    let mut results = Results { machine: machine(), rounds, ..Results::default() };
    for round in 1..=rounds {
        println!("round {round} of {rounds}");
        for contender in Contender::FUNCTIONS {
            of(&mut results, contender, cold::start(&bench, contender));
        }
        for contender in Contender::WORKERS {
            of(&mut results, contender, cold::throttled(&bench, contender));
            of(&mut results, contender, warm::accepted(&bench, contender));
            of(&mut results, contender, warm::forged(&bench, contender));
            of(&mut results, contender, warm::latency(&bench, contender));
        }
        for contender in Contender::FUNCTIONS {
            of(&mut results, contender, warm::memory(&bench, contender));
        }
        results.add(Metric::WarmCpu, Contender::Floor, counted::floor_cpu(Body::Zid10)?);
        results.add(Metric::WarmCpuSmall, Contender::Floor, counted::floor_cpu(Body::Zip)?);
        results::write(&results)?;
    }
    println!("instructions");
    for contender in Contender::COUNTED {
        of(&mut results, contender, counted::instructions(&bench, contender));
    }
    of(&mut results, Contender::Inlet, counted::skew(&bench));
    results.add(Metric::WarmInstructions, Contender::Floor, counted::floor(Body::Zid10)?);
    println!("calls, sizes and prices");
    for contender in Contender::WORKERS {
        of(&mut results, contender, billed::units(&bench, contender));
    }
    for contender in Contender::FUNCTIONS {
        of(&mut results, contender, billed::sizes(contender));
    }
    println!("units of every provider");
    for body in Body::counted() {
        results.flows.insert(body.name().to_owned(), flows::of(&bench, Contender::Inlet, body)?);
    }
    price::add(&mut results)?;
    results::write(&results)?;
    Ok(results)
}

type Measured = Result<Vec<(Metric, f64)>, Failure>;

fn of(results: &mut Results, contender: Contender, measured: Measured) {
    match measured {
        Ok(values) => values.into_iter().for_each(|(metric, value)| results.add(metric, contender, value)),
        Err(failure) => {
            eprintln!("{}: {failure}", contender.name());
            results.void(contender, &failure.to_string());
        }
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// Returns the machine's processors.
pub fn machine() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let names = cpus
        .lines()
        .filter_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map(|(_, name)| name);
    let names: Vec<&str> = names.collect();
    format!("{} x {}", names.len(), names.first().copied().unwrap_or("processor"))
}
