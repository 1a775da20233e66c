//! The measurements, interleaved: every round has every contender, so that a slow minute of the machine slows all.

mod cold;
pub mod warm;
pub mod counted;
mod billed;
mod throttle;
mod template;
pub mod flows;
mod operate;
pub mod rates;
pub mod forgetting;
pub mod consumer;

use std::error::Error;
use std::fs;
use std::time::Duration;

use crate::backends::{Backends, Call};
use crate::certificates::Certificates;
use crate::contender::Contender;
use crate::corpus::{Body, Delivery};
use crate::function::Function;
use crate::hostile;
use crate::judge;
use crate::price;
use crate::results::{self, Metric, Results};
use crate::runtime_api::Response;
use crate::wrapper::Wrapper;

/// Default number of rounds.
pub const ROUNDS: u32 = 5;

/// Number of events of each body whose whole way is counted at busy times.
const EVENTS: usize = 1_000;

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
        Ok(Function::start(
            contender,
            body.provider(),
            Wrapper::NONE,
            &self.certificates,
            &self.backends,
            &[],
        )?)
    }

    /// Delivers to a contender and judges what it did.
    pub fn deliver(
        &self,
        function: &Function,
        by: Contender,
        delivery: &Delivery,
    ) -> Result<Delivered, Failure> {
        let response = function.deliver(&delivery.event)?;
        let calls = self.backends.calls();
        match judge::fault(delivery, &response, &calls) {
            Some(fault) if by != Contender::Hello => Err(fault.into()),
            _ => Ok(Delivered { response, calls }),
        }
    }
}

/// A delivery with the correct response.
pub struct Delivered {
    pub response: Response,
    pub calls: Vec<Call>,
}

/// Runs every measurement.
pub fn everything(rounds: u32) -> Result<Results, Failure> {
    let bench = Bench::start()?;
    let mut results = Results { machine: machine(), rounds, ..Results::default() };
    for round in 1..=rounds {
        println!("round {round} of {rounds}");
        for contender in Contender::FUNCTIONS {
            record(&mut results, contender, cold::start(&bench, contender));
        }
        for contender in Contender::WORKERS {
            record(&mut results, contender, cold::throttled(&bench, contender));
            record(&mut results, contender, warm::accepted(&bench, contender));
            record(&mut results, contender, warm::forged(&bench, contender));
            record(&mut results, contender, warm::latency(&bench, contender));
        }
        for contender in Contender::FUNCTIONS {
            record(&mut results, contender, warm::memory(&bench, contender));
        }
        results.add(Metric::WarmCpu, Contender::Floor, counted::floor_cpu(Body::Zid10)?);
        results.add(Metric::WarmCpuSmall, Contender::Floor, counted::floor_cpu(Body::Zip)?);
        results::write(&results)?;
    }
    println!("instructions");
    for contender in Contender::COUNTED {
        record(&mut results, contender, counted::instructions(&bench, contender));
    }
    record(&mut results, Contender::Inlet, counted::skew(&bench));
    results.add(Metric::WarmInstructions, Contender::Floor, counted::floor(Body::Zid10)?);
    println!("calls, sizes and prices");
    for contender in Contender::WORKERS {
        record(&mut results, contender, billed::units(&bench, contender));
    }
    for contender in Contender::FUNCTIONS {
        record(&mut results, contender, billed::sizes(contender));
    }
    record(&mut results, Contender::Inlet, billed::large(&bench));
    measure_rates(&bench, &mut results, rounds)?;
    println!("the most expensive requests without a proof");
    record(&mut results, Contender::Inlet, hostile::measured(&bench));
    count_ways(&bench, &mut results, EVENTS)?;
    price::add(&mut results)?;
    results::write(&results)?;
    Ok(results)
}

/// Counts the ways of so many events of each body, and puts them into the last run's results.
pub fn ways_only(events: usize) -> Result<Results, Failure> {
    let bench = Bench::start()?;
    let mut results = results::read()?;
    count_ways(&bench, &mut results, events)?;
    results::write(&results)?;
    Ok(results)
}

/// Measures the rates of receiver, processor, sweeper and command, and puts them into the last run's results.
pub fn rates_only(rounds: u32) -> Result<Results, Failure> {
    let bench = Bench::start()?;
    let mut results = results::read()?;
    measure_rates(&bench, &mut results, rounds)?;
    results::write(&results)?;
    Ok(results)
}

fn measure_rates(bench: &Bench, results: &mut Results, rounds: u32) -> Result<(), Failure> {
    for metric in rates::METRICS.into_iter().flatten() {
        results.values.remove(&metric);
    }
    for round in 1..=rounds {
        println!("rates, round {round} of {rounds}");
        for (metric, rate) in rates::all(bench)? {
            results.add(metric, Contender::Inlet, rate);
        }
    }
    results.forgetting = Some(forgetting::cost(bench)?);
    Ok(())
}

fn count_ways(bench: &Bench, results: &mut Results, events: usize) -> Result<(), Failure> {
    results.flows.clear();
    for body in Body::counted() {
        println!("the way of an event: {}", body.name());
        results.flows.insert(body.name().to_owned(), flows::whole(bench, body, events)?);
    }
    results.idle = Some(flows::idle(bench)?);
    Ok(())
}

/// The values of some metrics.
pub type Measured = Result<Vec<(Metric, f64)>, Failure>;

fn record(results: &mut Results, contender: Contender, measured: Measured) {
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
