//! The most expensive requests that everyone can send: their memory and CPU time have limits, because they need no
//! proof.

use std::error::Error;
use std::time::Duration;

use crate::contender::Contender;
use crate::corpus::{Body, Hostile, hostile};
use crate::function::Function;
use crate::measure::{Bench, Measured};
use crate::results::Metric;

/// The memory that a function may use for one request: half of what the template gives it.
pub const MAX_MEMORY: u64 = 128_000_000;

/// The CPU time that a request may take: one second of a function of 256 MB, which has that part of a processor of 1,769 MB.
pub const MAX_CPU: Duration = Duration::from_millis(1_000 * 256 / 1_769);

/// The step to which memory is rounded up: a process's peak differs by a few pages from run to run.
const STEP: u64 = 8_000_000;

/// The cost of the worst request of a provider.
#[derive(Clone, Copy, Debug)]
pub struct Worst {
    /// The peak of the resident memory, in bytes, rounded up.
    pub memory: u64,
    /// The CPU time.
    pub cpu: Duration,
}

/// Measures every hostile request to a provider's receiver, each in a process of its own that is warm.
pub fn worst(bench: &Bench, contender: Contender, body: Body) -> Result<Worst, Box<dyn Error>> {
    let mut worst = Worst { memory: 0, cpu: Duration::ZERO };
    for Hostile { name, event } in hostile(body) {
        let Worst { memory, cpu } = cost(bench, contender, body, &event)?;
        println!(
            "  {:<8} {name:<34} {:>6} MB {:>6} ms",
            body.provider(),
            memory / 1_000_000,
            cpu.as_millis()
        );
        worst = Worst { memory: worst.memory.max(memory), cpu: worst.cpu.max(cpu) };
    }
    Ok(worst)
}

/// Measures the most expensive requests to the receivers of all providers.
pub fn measured(bench: &Bench) -> Measured {
    let mut all = Worst { memory: 0, cpu: Duration::ZERO };
    for body in Body::of_each_provider() {
        let Worst { memory, cpu } = worst(bench, Contender::Inlet, body)?;
        all = Worst { memory: all.memory.max(memory), cpu: all.cpu.max(cpu) };
    }
    Ok(vec![(Metric::WorstCpu, all.cpu.as_secs_f64() * 1e3), (Metric::WorstMemory, all.memory as f64 / 1e6)])
}

/// Returns what exceeds its limit, one line each.
pub fn exceeded(provider: &str, worst: Worst) -> Vec<String> {
    let mut exceeded = Vec::new();
    if worst.memory > MAX_MEMORY {
        exceeded.push(format!("inlet-{provider}: the worst request takes {} bytes", worst.memory));
    }
    if worst.cpu > MAX_CPU {
        exceeded.push(format!("inlet-{provider}: the worst request takes {:?} of CPU", worst.cpu));
    }
    exceeded
}

fn cost(bench: &Bench, contender: Contender, body: Body, event: &[u8]) -> Result<Worst, Box<dyn Error>> {
    let function: Function = bench.function(contender, body)?;
    function.ready()?;
    function.deliver(&body.delivery().event)?;
    let mut cpu = Duration::MAX;
    // The shortest of some: other programs of the machine only make it longer.
    for _ in 0..3 {
        let before = function.settled_cpu();
        let response = function.deliver(event)?;
        if response.status != 401 {
            return Err(format!("a forged request got the status {}", response.status).into());
        }
        cpu = cpu.min(function.settled_cpu().saturating_sub(before));
    }
    Ok(Worst { memory: function.peak_memory().next_multiple_of(STEP), cpu })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_beyond_either_limit_is_named() {
        for (memory, cpu, want) in [
            (MAX_MEMORY, MAX_CPU, 0),
            (MAX_MEMORY + 1, MAX_CPU, 1),
            (MAX_MEMORY, MAX_CPU + Duration::from_millis(1), 1),
            (MAX_MEMORY * 2, MAX_CPU * 2, 2),
        ] {
            assert_eq!(exceeded("zid", Worst { memory, cpu }).len(), want, "{memory} bytes, {cpu:?}");
        }
    }
}
