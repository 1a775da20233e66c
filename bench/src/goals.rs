//! The goals: a value of a run, and its limit.

use crate::contender::Contender::{Idiomatic, Inlet};
use crate::corpus::Body;
use crate::flow::Traffic;
use crate::hostile;
use crate::price::{Prices, all_in, idle, sum};
use crate::results::{Metric, Results};

/// A goal.
pub struct Goal {
    /// The goal in words, without its limit.
    pub name: &'static str,
    limit: Limit,
    unit: &'static str,
    value: fn(&Results) -> Option<f64>,
}

/// The limit of a goal.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

use Limit::{AtLeast, AtMost};

/// The state of a goal after a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Met,
    NotMet,
    NotMeasured,
}

/// The goals.
pub const GOALS: [Goal; 35] = [
    goal("price of a million events, busy: Zid 1 KB", AtMost(9.5), "$", |it| {
        price(it, Body::Zid1, Traffic::Busy)
    }),
    goal("price of a million events, quiet: Zid 1 KB", AtMost(10.5), "$", |it| {
        price(it, Body::Zid1, Traffic::Quiet)
    }),
    goal("price of a million events, busy: Tiki 0.3 KB", AtMost(8.1), "$", |it| {
        price(it, Body::Tiki, Traffic::Busy)
    }),
    goal("price of a million events, quiet: Tiki 0.3 KB", AtMost(9.3), "$", |it| {
        price(it, Body::Tiki, Traffic::Quiet)
    }),
    goal("price of a million events, busy: Zip 0.4 KB", AtMost(8.1), "$", |it| {
        price(it, Body::Zip, Traffic::Busy)
    }),
    goal("price of a million events, quiet: Zip 0.4 KB", AtMost(9.3), "$", |it| {
        price(it, Body::Zip, Traffic::Quiet)
    }),
    goal("price of a million events, busy: ZORT", AtMost(9.5), "$", |it| price(it, ZORT, Traffic::Busy)),
    goal("price of a million events, quiet: ZORT", AtMost(11.0), "$", |it| price(it, ZORT, Traffic::Quiet)),
    goal("price of a million events, busy: DealPOS", AtMost(9.5), "$", |it| {
        price(it, DEALPOS, Traffic::Busy)
    }),
    goal("price of a million events, quiet: DealPOS", AtMost(11.0), "$", |it| {
        price(it, DEALPOS, Traffic::Quiet)
    }),
    goal("price of a million events, busy: an order of 10 KB", AtMost(14.3), "$", |it| {
        price(it, Body::Zid10, Traffic::Busy)
    }),
    goal(
        "price of an idle month: one provider, alarms on, the dashboard within the account's free three",
        AtMost(3.0),
        "$",
        idle_month,
    ),
    goal("write units of the event's item: Tiki 0.3 KB", AtMost(1.0), "units", |it| {
        event_writes(it, Body::Tiki)
    }),
    goal("write units of the event's item: Zip 0.4 KB", AtMost(1.0), "units", |it| {
        event_writes(it, Body::Zip)
    }),
    goal("write units of the event's item: DealPOS", AtMost(1.0), "units", |it| event_writes(it, DEALPOS)),
    goal("write units of the event's item: an order of 10 KB", AtMost(4.0), "units", |it| {
        event_writes(it, Body::Zid10)
    }),
    goal("write units of the event's item: 1 MB", AtMost(256.0), "units", |it| {
        it.median(Metric::TableWritesLarge, Inlet)
    }),
    goal(
        "read units of the sweeper for a settled event, most of all providers",
        AtMost(1.0),
        "units",
        sweeper_reads,
    ),
    goal("sweeper's walk, services at 5 ms", AtLeast(5_000.0), "events a second", |it| {
        it.median(Metric::Walk, Inlet)
    }),
    goal("resend, services at 5 ms", AtLeast(500.0), "events a second", |it| {
        it.median(Metric::Resend, Inlet)
    }),
    goal("replay, services at 5 ms", AtLeast(500.0), "events a second", |it| {
        it.median(Metric::Replay, Inlet)
    }),
    goal("forget, services at 5 ms", AtLeast(1_000.0), "items a second", |it| {
        it.median(Metric::Forget, Inlet)
    }),
    goal("processor, one entity, services at 5 ms", AtLeast(150.0), "events a second", |it| {
        it.median(Metric::ProcessorOneEntity, Inlet)
    }),
    goal(
        "processor, ten entities, one instance, services at 5 ms",
        AtLeast(900.0),
        "events a second",
        |it| it.median(Metric::ProcessorTenEntities, Inlet),
    ),
    goal("own time on an accepted webhook, 10 KB, p50", AtMost(1.0), "ms", |it| {
        it.median(Metric::OwnMiddle, Inlet)
    }),
    goal("own time on an accepted webhook, 10 KB, p99", AtMost(2.0), "ms", |it| {
        it.median(Metric::OwnTail, Inlet)
    }),
    goal("CPU of an accepted webhook, 10 KB", AtMost(0.8), "of R1", |it| of_peer(it, Metric::WarmCpu)),
    goal("CPU of an accepted webhook, Zip 0.4 KB", AtMost(0.7), "of R1", |it| {
        of_peer(it, Metric::WarmCpuSmall)
    }),
    goal("CPU of a forged webhook, 10 KB", AtMost(0.3), "of an accepted one", forged),
    goal(
        "most expensive request without a proof: peak RSS",
        AtMost(hostile::MAX_MEMORY as f64 / 1e6),
        "MB",
        |it| it.median(Metric::WorstMemory, Inlet),
    ),
    goal(
        "most expensive request without a proof: CPU, a second of a function of 256 MB",
        AtMost(hostile::MAX_CPU.as_millis() as f64),
        "ms",
        |it| it.median(Metric::WorstCpu, Inlet),
    ),
    goal("AWS calls for a forged webhook, in a flood", AtMost(0.0), "calls", |it| {
        it.median(Metric::CallsOfForged, Inlet)
    }),
    goal("forged: last byte wrong against first byte wrong, instructions", AtMost(1.0), "%", |it| {
        it.median(Metric::ForgedSkew, Inlet).map(f64::abs)
    }),
    goal("first webhook of a new instance, start included, CPU", AtMost(0.15), "of R1", |it| {
        of_peer(it, Metric::FirstWithStartCpu)
    }),
    goal("binary, stripped", AtMost(0.4), "of R1", |it| of_peer(it, Metric::Binary)),
];

const ZORT: Body = Body::Sample("zort");
const DEALPOS: Body = Body::Sample("dealpos");

const fn goal(
    name: &'static str,
    limit: Limit,
    unit: &'static str,
    value: fn(&Results) -> Option<f64>,
) -> Goal {
    Goal { name, limit, unit, value }
}

impl Goal {
    /// Returns the goal in words.
    pub fn words(&self) -> String {
        let (word, limit) = match self.limit {
            AtMost(limit) => ("at most", limit),
            AtLeast(limit) => ("at least", limit),
        };
        format!("{}: {word} {} {}", self.name, short(limit), self.unit)
    }

    /// Returns the value that a run reached, and the state of the goal.
    pub fn outcome(&self, results: &Results) -> (Option<f64>, Verdict) {
        let reached = (self.value)(results);
        let verdict = match (reached, self.limit) {
            (None, _) => Verdict::NotMeasured,
            (Some(value), AtMost(limit)) if value <= limit => Verdict::Met,
            (Some(value), AtLeast(limit)) if value >= limit => Verdict::Met,
            _ => Verdict::NotMet,
        };
        (reached, verdict)
    }
}

/// The price of a million events. Receipts of signed deliveries are kept for ten years; those years are a part of it.
fn price(results: &Results, body: Body, traffic: Traffic) -> Option<f64> {
    let flow = results.flows.get(body.name())?;
    Some(sum(&all_in::parts(flow, traffic, results.idle.as_ref()?, &Prices::read().ok()?)?))
}

fn idle_month(results: &Results) -> Option<f64> {
    let parts = idle::parts(results.idle.as_ref()?, &Prices::read().ok()?);
    Some(parts.iter().filter(|part| part.name != idle::DASHBOARD).map(|part| part.dollars).sum())
}

fn event_writes(results: &Results, body: Body) -> Option<f64> {
    Some(results.flows.get(body.name())?.event_writes as f64)
}

fn sweeper_reads(results: &Results) -> Option<f64> {
    let ways = results.flows.values().map(|flow| flow.ways.map(|ways| ways[Traffic::Busy as usize]));
    let reads: Vec<f64> = ways.map(|way| way.map(|way| way.sweeper.reads)).collect::<Option<_>>()?;
    reads.into_iter().reduce(f64::max)
}

fn forged(results: &Results) -> Option<f64> {
    Some(results.median(Metric::ForgedCpu, Inlet)? / results.median(Metric::WarmCpu, Inlet)?)
}

/// Returns our value in proportion to the idiomatic peer's.
fn of_peer(results: &Results, metric: Metric) -> Option<f64> {
    Some(results.median(metric, Inlet)? / results.median(metric, Idiomatic)?)
}

/// Returns the number with its significant digits.
pub fn short(number: f64) -> String {
    match number.abs() {
        n if n >= 100.0 => format!("{number:.0}"),
        n if n >= 10.0 => format!("{number:.1}"),
        n if n >= 1.0 || n == 0.0 => format!("{number:.2}"),
        _ => format!("{number:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_without_a_value_is_not_measured() {
        for goal in &GOALS {
            assert_eq!(goal.outcome(&Results::default()), (None, Verdict::NotMeasured), "{}", goal.name);
        }
    }

    #[test]
    fn a_limit_is_met_from_its_own_side() {
        fn reached(results: &Results) -> Option<f64> {
            results.median(Metric::OwnMiddle, Inlet)
        }
        for (limit, value, want) in [
            (AtMost(1.0), 1.0, Verdict::Met),
            (AtMost(1.0), 1.1, Verdict::NotMet),
            (AtLeast(150.0), 150.0, Verdict::Met),
            (AtLeast(150.0), 149.0, Verdict::NotMet),
        ] {
            let mut results = Results::default();
            results.add(Metric::OwnMiddle, Inlet, value);
            let outcome = goal("a goal", limit, "ms", reached).outcome(&results);
            assert_eq!(outcome, (Some(value), want), "{limit:?}");
        }
    }

    #[test]
    fn the_price_of_a_body_that_was_not_counted_is_not_measured() {
        let results = Results { idle: Some(crate::flow::Idle::default()), ..Results::default() };
        assert_eq!(price(&results, ZORT, Traffic::Busy), None);
        assert!(idle_month(&results).is_some());
    }
}
