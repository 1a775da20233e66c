//! Instructions: the same on a busy machine as on a quiet one.

use std::fs;
use std::process::Command;

use super::{Bench, Failure, Measured};
use crate::callgrind;
use crate::contender::Contender;
use crate::corpus::{Body, Delivery, Proof};
use crate::place;
use crate::results::Metric;

/// Number of webhooks before the counted ones, and number of counted ones.
const BEFORE: usize = 3;
const COUNTED: usize = 10;

/// Measures the instructions of a start and of an accepted webhook.
pub fn instructions(bench: &Bench, contender: Contender) -> Measured {
    let warm = of_webhook(bench, contender, Body::Zid10, Body::delivery)?;
    let start =
        callgrind::count(contender, Body::Zid10.provider(), &[], &bench.certificates, &bench.backends)?;
    Ok(vec![
        (Metric::StartInstructions, millions(start.before_warming)),
        (Metric::StartInstructionsConnected, millions(start.total)),
        (Metric::WarmInstructions, warm),
    ])
}

/// Returns the instructions of a webhook, in millions.
pub fn of_webhook(
    bench: &Bench,
    contender: Contender,
    body: Body,
    make: impl Fn(Body) -> Delivery,
) -> Result<f64, Failure> {
    let run = |number: usize| {
        bench.backends.empty();
        let deliveries: Vec<Delivery> = (0..number).map(|_| make(body)).collect();
        callgrind::count(contender, body.provider(), &deliveries, &bench.certificates, &bench.backends)
    };
    let (few, many) = (run(BEFORE)?, run(BEFORE + COUNTED)?);
    bench.backends.empty();
    Ok(millions(many.total.saturating_sub(few.total)) / COUNTED as f64)
}

/// Measures the additional instructions, in per cent, of a forgery whose last byte is wrong over one whose first byte is
/// wrong. A comparison that is not constant-time would show here.
pub fn skew(bench: &Bench) -> Measured {
    let of = |proof| of_webhook(bench, Contender::Inlet, Body::Zip, move |body: Body| body.forged(proof));
    let (first, last) = (of(Proof::BadFirst)?, of(Proof::BadLast)?);
    Ok(vec![(Metric::ForgedSkew, (last / first - 1.0) * 100.0)])
}

/// Measures the instructions of verifying and parsing alone, in millions.
pub fn floor(body: Body) -> Result<f64, Failure> {
    let out = place::state().join("callgrind-floor");
    let count = |times: usize| -> Result<u64, Failure> {
        let mut command = Command::new("valgrind");
        command.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", out.display()));
        command.arg(Contender::Floor.file("")).arg(written(body)?).arg(times.to_string());
        if !command.output()?.status.success() {
            return Err("the floor cannot be counted".into());
        }
        callgrind::totals(&fs::read_to_string(&out)?).ok_or_else(|| "the floor was not counted".into())
    };
    Ok(millions(count(1 + COUNTED)?.saturating_sub(count(1)?)) / COUNTED as f64)
}

/// Measures the CPU of verifying and parsing alone, in milliseconds.
pub fn floor_cpu(body: Body) -> Result<f64, Failure> {
    let output = Command::new(Contender::Floor.file("")).arg(written(body)?).arg("2000").output()?;
    let nanos: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(nanos / 1e6)
}

fn written(body: Body) -> Result<std::path::PathBuf, Failure> {
    let file = place::state().join(format!("{}.json", body.name().replace(' ', "-")));
    fs::write(&file, body.delivery().event)?;
    Ok(file)
}

fn millions(count: u64) -> f64 {
    count as f64 / 1e6
}
