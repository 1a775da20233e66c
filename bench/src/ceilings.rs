//! The part of `docs/scaling.md` that the bench writes: the measured rates of one instance, the lowest first.

use std::fmt::Write as _;
use std::fs;

use crate::contender::Contender::Inlet;
use crate::goals::short;
use crate::measure::{Failure, rates};
use crate::place;
use crate::results::{Metric, Results};

/// The table replaces the text between these lines of the document.
const BEGIN: &str = "<!-- begin: ceilings, written by make bench -->";
const END: &str = "<!-- end: ceilings, written by make bench -->";

/// The processors that run at once: the template's default of `ProcessorConcurrency`.
const PROCESSORS: f64 = 5.0;

/// A backlog, in events.
const BACKLOG: f64 = 1e6;

/// A flash sale, in events a second: ten times the traffic that the prices call busy.
const SALE: f64 = 1_000.0;

/// The duration of a flash sale.
const SALE_MINUTES: f64 = 60.0;

/// Puts the table into the document.
pub fn write(results: &Results) -> Result<(), Failure> {
    let file = place::root().join("docs/scaling.md");
    let text = fs::read_to_string(&file)?;
    let (before, rest) = text.split_once(BEGIN).ok_or("docs/scaling.md has no place for the ceilings")?;
    let (_, after) = rest.split_once(END).ok_or("docs/scaling.md has no end of the ceilings")?;
    Ok(fs::write(file, format!("{before}{BEGIN}\n\n{}\n{END}{after}", table(results)))?)
}

fn table(results: &Results) -> String {
    let mut rates: Vec<(f64, Metric)> = rates::METRICS
        .into_iter()
        .filter_map(|metric| Some((results.median(metric, Inlet)?, metric)))
        .collect();
    if rates.is_empty() {
        return "Not measured yet.\n".to_owned();
    }
    rates.sort_by(|(left, _), (right, _)| left.total_cmp(right));
    let mut table = String::from("| one instance | events a second |\n|---|--:|\n");
    for (rate, metric) in rates {
        let _ = writeln!(table, "| {} | {} |", metric.words().0, short(rate));
    }
    for (metric, service) in
        [(Metric::ProcessorTenEntities, "5 ms"), (Metric::ProcessorTenEntitiesSlow, "15 ms")]
    {
        if let Some(rate) = results.median(metric, Inlet) {
            let _ = writeln!(table, "\n{}", drained(rate * PROCESSORS, service));
        }
    }
    table
}

/// Returns the effect of a rate of all processors on a backlog and on a flash sale, as a sentence.
fn drained(rate: f64, service: &str) -> String {
    let minutes = BACKLOG / rate / 60.0;
    let sale = if rate >= SALE {
        "leaves nothing waiting".to_owned()
    } else {
        let after = SALE_MINUTES * (SALE - rate) / rate;
        format!("is processed {} minutes after its end", short(after))
    };
    format!(
        "With services at {service}, {PROCESSORS} processors handle {} events a second of different entities. A backlog \
         of a million is processed in {} minutes, and an hour with {SALE} a second, ten times a busy shop's rate, {sale}. \
         This is computed from the rate of one.",
        short(rate),
        short(minutes),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_ceiling_is_the_first() {
        let mut results = Results::default();
        assert_eq!(table(&results), "Not measured yet.\n");
        results.add(Metric::Walk, Inlet, 1_900.0);
        results.add(Metric::ProcessorOneEntity, Inlet, 60.0);
        let rates: Vec<String> = table(&results).lines().skip(2).map(str::to_owned).collect();
        assert_eq!(rates.len(), 2);
        assert!(rates[0].ends_with("| 60.0 |") && rates[1].ends_with("| 1900 |"), "{rates:?}");
    }

    #[test]
    fn a_rate_decides_on_backlog_and_flash_sale() {
        let quick = drained(5_000.0, "5 ms");
        assert!(
            quick.contains("processed in 3.33 minutes") && quick.contains("leaves nothing waiting"),
            "{quick}"
        );
        let slow = drained(500.0, "15 ms");
        assert!(slow.contains("33.3 minutes") && slow.contains("60.0 minutes after its end"), "{slow}");
    }
}
