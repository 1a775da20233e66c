//! The instructions of our receivers for arm64, the template's default: measurement and table.

use std::fmt::Write as _;

use crate::contender::Contender;
use crate::corpus::Body;
use crate::measure::{Bench, Failure};
use crate::qemu::Counted;
use crate::written;

/// Number of webhooks before the counted ones, and number of counted ones.
const BEFORE: usize = 3;
const COUNTED: usize = 10;

/// Instructions in millions.
struct Figures {
    start: f64,
    webhook: f64,
}

/// Counts, and writes the table.
pub fn run() -> Result<(), Failure> {
    let bench = Bench::start()?;
    let mut table = String::from(
        "| M instructions on arm64 | start to first /next | warm accepted webhook |\n|---|--:|--:|\n",
    );
    for body in [Body::Zid10, Body::Zid1, Body::Zip, Body::Tiki] {
        let Figures { start, webhook } = count(&bench, body)?;
        let _ = writeln!(table, "| {} | {start:.2} | {webhook:.2} |", body.name());
    }
    println!("\n{table}");
    written::replace("bench/README.md", "written by inlet-bench arm64", &table)
}

fn count(bench: &Bench, body: Body) -> Result<Figures, Failure> {
    bench.backends.empty();
    let function = Counted::start(body.provider(), &bench.certificates, &bench.backends)?;
    let start = function.instructions()?;
    let instructions_after = |number: usize| -> Result<u64, Failure> {
        for _ in 0..number {
            bench.deliver(&function.function, Contender::Inlet, &body.delivery())?;
        }
        function.instructions()
    };
    let (before, after) = (instructions_after(BEFORE)?, instructions_after(COUNTED)?);
    Ok(Figures { start: millions(start), webhook: millions(after.saturating_sub(before)) / COUNTED as f64 })
}

fn millions(count: u64) -> f64 {
    count as f64 / 1e6
}
