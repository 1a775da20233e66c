//! A warm webhook: its cost, its latency, the memory that it leaves.

use std::time::Duration;

use super::{Bench, Failure, Measured, millis};
use crate::backends::held;
use crate::contender::Contender;
use crate::corpus::{Body, Proof};
use crate::median::{median, quantile};
use crate::results::Metric;

/// Number of webhooks after which a just-in-time compiler is warm and the quarantine is full.
const WARMING: usize = 250;

/// Number of webhooks over which the CPU is averaged.
const MANY: usize = 200;

/// Number of rounds of a ratio: three, of which one may be disturbed.
const ROUNDS_OF_RATIO: usize = 3;

/// Measures the CPU of accepted webhooks.
pub fn accepted(bench: &Bench, contender: Contender) -> Measured {
    let bodies = [(Body::Zid10, Metric::WarmCpu), (Body::Zip, Metric::WarmCpuSmall)];
    bodies.into_iter().map(|(body, metric)| Ok((metric, cpu(bench, contender, body)?))).collect()
}

/// Returns the CPU of an accepted webhook with this body, in milliseconds.
pub fn cpu(bench: &Bench, contender: Contender, body: Body) -> Result<f64, Failure> {
    let function = bench.function(contender, body)?;
    function.ready()?;
    for _ in 0..WARMING {
        bench.deliver(&function, contender, &body.delivery())?;
    }
    let before = function.settled_cpu();
    for n in 0..MANY {
        // API Gateway sends bodies as text or in base64.
        let delivery = if n % 2 == 0 { body.delivery() } else { body.in_base64() };
        bench.deliver(&function, contender, &delivery)?;
    }
    Ok(millis(function.settled_cpu().saturating_sub(before)) / MANY as f64)
}

/// Returns our CPU of an accepted webhook in proportion to the idiomatic peer's: the median of some rounds, each with both.
pub fn cpu_ratio(bench: &Bench, body: Body) -> Result<f64, Failure> {
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS_OF_RATIO {
        let ours = cpu(bench, Contender::Inlet, body)?;
        ratios.push(ours / cpu(bench, Contender::Idiomatic, body)?);
    }
    Ok(median(&ratios))
}

/// Measures the CPU of forged webhooks after many of them.
pub fn forged(bench: &Bench, contender: Contender) -> Measured {
    let function = bench.function(contender, Body::Zid10)?;
    function.ready()?;
    for _ in 0..WARMING {
        bench.deliver(&function, contender, &Body::Zid10.forged(Proof::BadLast))?;
    }
    let before = function.settled_cpu();
    let mut calls = 0;
    for _ in 0..MANY {
        calls += bench.deliver(&function, contender, &Body::Zid10.forged(Proof::BadLast))?.calls.len();
    }
    let cpu = millis(function.settled_cpu().saturating_sub(before)) / MANY as f64;
    Ok(vec![(Metric::ForgedCpu, cpu), (Metric::CallsOfForged, calls as f64 / MANY as f64)])
}

/// Measures the sender's wait when each service takes 5 ms, and the part of it in which no service held a call.
pub fn latency(bench: &Bench, contender: Contender) -> Measured {
    let function = bench.function(contender, Body::Zid10)?;
    function.ready()?;
    for _ in 0..WARMING {
        bench.deliver(&function, contender, &Body::Zid10.delivery())?;
    }
    bench.backends.delay(Duration::from_millis(5));
    let (mut waits, mut own) = (Vec::new(), Vec::new());
    for _ in 0..MANY {
        let done = bench.deliver(&function, contender, &Body::Zid10.delivery())?;
        waits.push(millis(done.response.took));
        own.push(millis(done.response.took.saturating_sub(held(&done.calls))));
    }
    bench.backends.delay(Duration::ZERO);
    Ok(vec![
        (Metric::LatencyMiddle, quantile(&waits, 0.5)),
        (Metric::LatencyTail, quantile(&waits, 0.99)),
        (Metric::OwnMiddle, quantile(&own, 0.5)),
        (Metric::OwnTail, quantile(&own, 0.99)),
    ])
}

/// Measures memory after a thousand webhooks, and the additional memory of one of 1 MB.
pub fn memory(bench: &Bench, contender: Contender) -> Measured {
    let function = bench.function(contender, Body::Zid10)?;
    function.ready()?;
    for _ in 0..1_000 {
        bench.deliver(&function, contender, &Body::Zid10.delivery())?;
    }
    let small = function.peak_memory();
    let large = Body::Zid1000.delivery();
    bench.deliver(&function, contender, &large)?;
    let growth = function.peak_memory().saturating_sub(small);
    Ok(vec![
        (Metric::PeakMemory, small as f64 / 1e6),
        (Metric::GrowthPerByte, growth as f64 / large.body.len() as f64),
    ])
}
