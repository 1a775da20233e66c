//! Runs of the command's work, in a program of its own: replay and forget.

use std::process::Command;
use std::time::Duration;

use super::flows::{accept, start};
use super::{Bench, Failure};
use crate::backends::Call;
use crate::contender::Contender::Inlet;
use crate::corpus::Body;

/// A run.
pub struct Run {
    /// The time of the work, without the program's start.
    pub took: Duration,
    /// The number of events that were sent, or of items that were deleted.
    pub done: usize,
    pub calls: Vec<Call>,
}

/// Runs the program with these arguments.
pub fn operate(bench: &Bench, arguments: &[&str], service: Duration) -> Result<Run, Failure> {
    let mut command = Command::new(Inlet.file("bench-operate"));
    // It is no function, and calls no runtime interface.
    Inlet.surround(&mut command, &bench.certificates, &bench.backends, "");
    command.args(arguments);
    bench.backends.calls();
    bench.backends.delay(service);
    let output = command.output();
    bench.backends.delay(Duration::ZERO);
    let output = output?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let (took, done) = parse(&String::from_utf8(output.stdout)?).ok_or("the program printed no result")?;
    Ok(Run { took, done, calls: bench.backends.calls() })
}

/// Reads the seconds of the work and the number of events or items.
fn parse(line: &str) -> Option<(Duration, usize)> {
    let (seconds, done) = line.trim().split_once(' ')?;
    Some((Duration::try_from_secs_f64(seconds.parse().ok()?).ok()?, done.parse().ok()?))
}

/// Stores so many events of one entity, and returns its path. They are copies of one event that a receiver stored.
pub fn one_entity(bench: &Bench, events: usize) -> Result<String, Failure> {
    let receiver = start(bench, Body::Zid1.provider(), &[])?;
    accept(bench, &receiver, Body::Zid1)?;
    bench.backends.copy_event(events).ok_or_else(|| "no event was stored".into())
}

/// Forgets an entity with so many events, and checks that they are deleted.
pub fn forget_entity(bench: &Bench, entity: &str, events: usize, service: Duration) -> Result<Run, Failure> {
    let before = bench.backends.events_of(entity);
    let run = operate(bench, &["forget", entity], service)?;
    let after = bench.backends.events_of(entity);
    if before != events || after != 0 || run.done < events {
        return Err(format!(
            "{before} events were stored, {} items forgotten, {after} events left",
            run.done
        )
        .into());
    }
    Ok(run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_prints_seconds_and_a_number() {
        assert_eq!(parse("0.25 1000\n"), Some((Duration::from_millis(250), 1_000)));
        for line in ["", "0.25", "x 1", "-1 1", "0.25 1.5"] {
            assert_eq!(parse(line), None, "{line:?}");
        }
    }
}
