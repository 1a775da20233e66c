//! A webhook like all the others: what it costs, how long it takes, what it leaves behind.

use std::time::Duration;

use super::{Bench, Measured, millis};
use crate::contender::Contender;
use crate::corpus::{Body, Proof};
use crate::median::quantile;
use crate::results::Metric;

/// After how many webhooks a just-in-time compiler has seen enough, and a quarantine is full.
const WARMING: usize = 250;

/// Over how many the CPU is averaged.
const MANY: usize = 200;

/// The CPU of accepted webhooks.
pub fn accepted(bench: &Bench, contender: Contender) -> Measured {
    let mut values = Vec::new();
    for (body, metric) in [(Body::Zid10, Metric::WarmCpu), (Body::Zip, Metric::WarmCpuSmall)] {
        let function = bench.function(contender, body)?;
        function.ready()?;
        for _ in 0..WARMING {
            bench.deliver(&function, contender, &body.delivery())?;
        }
        let before = function.settled_cpu();
        for n in 0..MANY {
            // Bodies come as text or in base64, as API Gateway thinks fit.
            let delivery = if n % 2 == 0 { body.delivery() } else { body.in_base64() };
            bench.deliver(&function, contender, &delivery)?;
        }
        values.push((metric, millis(function.settled_cpu().saturating_sub(before)) / MANY as f64));
    }
    Ok(values)
}

/// The CPU of forged webhooks, once there have been many.
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

/// How long the sender waits when each service takes 5 ms.
pub fn latency(bench: &Bench, contender: Contender) -> Measured {
    let function = bench.function(contender, Body::Zid10)?;
    function.ready()?;
    for _ in 0..WARMING {
        bench.deliver(&function, contender, &Body::Zid10.delivery())?;
    }
    bench.backends.delay(Duration::from_millis(5));
    let took: Result<Vec<f64>, _> = (0..MANY)
        .map(|_| {
            bench.deliver(&function, contender, &Body::Zid10.delivery()).map(|done| millis(done.answer.took))
        })
        .collect();
    bench.backends.delay(Duration::ZERO);
    let took = took?;
    Ok(vec![(Metric::LatencyMiddle, quantile(&took, 0.5)), (Metric::LatencyTail, quantile(&took, 0.99))])
}

/// Memory after a thousand webhooks, and what one of 1 MB adds.
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
