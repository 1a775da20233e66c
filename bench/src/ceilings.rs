//! The part of `docs/scaling.md` that the bench writes: the measured rates of one instance, the lowest first.

use std::fmt::Write as _;

use crate::contender::Contender::Inlet;
use crate::forgetting::Forgetting;
use crate::goals::short;
use crate::measure::forgetting::{FEW, MANY, OTHERS};
use crate::measure::{Failure, rates};
use crate::price::Prices;
use crate::results::{Metric, Results};
use crate::written;

/// The processors that run at once: the template's default of `ProcessorConcurrency`.
const PROCESSORS: f64 = 5.0;

/// A backlog, in events.
const BACKLOG: f64 = 1e6;

/// A flash sale, in events a second: ten times the traffic that the prices call busy.
const SALE: f64 = 1_000.0;

/// An entity with many events.
const LARGE_ENTITY: f64 = 1_000.0;

/// The duration of a flash sale.
const SALE_MINUTES: f64 = 60.0;

/// Puts the table into the document.
pub fn write(results: &Results) -> Result<(), Failure> {
    written::replace("docs/scaling.md", "ceilings, written by make bench", &format!("\n{}\n", table(results)))
}

fn table(results: &Results) -> String {
    let mut rates: Vec<(f64, Metric)> = rates::METRICS
        .into_iter()
        .flatten()
        .filter_map(|metric| Some((results.median(metric, Inlet)?, metric)))
        .collect();
    if rates.is_empty() {
        return "Not measured yet.\n".to_owned();
    }
    rates.sort_by(|(left, _), (right, _)| left.total_cmp(right));
    let mut table =
        String::from("| one instance, or one command | events (forget: items) a second |\n|---|--:|\n");
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
    if let Some(sentence) =
        results.forgetting.zip(Prices::read().ok()).map(|(cost, prices)| forgetting(&cost, &prices))
    {
        let _ = writeln!(table, "\n{sentence}");
    }
    table
}

/// Returns the cost of forgetting an entity in a large table, as a sentence with its formula.
fn forgetting(cost: &Forgetting, prices: &Prices) -> String {
    let Forgetting { fixed, each } = cost;
    let part = |fixed: f64, each: f64| format!("{} + {} × n", short(fixed), short(each));
    let large = cost.of(LARGE_ENTITY);
    format!(
        "Forgetting an entity with n events of 1 KB takes {} calls, {} read units and {} write units in a table of any \
         size, also of 100 million events: an entity with {LARGE_ENTITY} events {} calls and {} $. This is computed from \
         the counted calls for {FEW} and for {MANY} events. {OTHERS} events of other entities in the table change none \
         of the numbers.",
        part(fixed.calls, each.calls),
        part(fixed.reads, each.reads),
        part(fixed.writes, each.writes),
        short(large.calls),
        short(large.dollars(prices)),
    )
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
    use crate::forgetting::Cost;

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
    fn the_cost_of_forgetting_has_its_formula() {
        let cost = |calls, reads, writes| Cost { calls, reads, writes };
        let some = Forgetting { fixed: cost(80.0, 70.0, 1.0), each: cost(1.0, 0.5, 5.0) };
        let sentence = forgetting(&some, &Prices::read().expect("the price list"));
        for part in ["80.0 + 1.00 × n calls", "70.0 + 0.500 × n read", "1.00 + 5.00 × n write", "1080 calls"]
        {
            assert!(sentence.contains(part), "{part}: {sentence}");
        }
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
