//! The price of a month in which a deployment with one provider receives nothing, with its alarms.

use super::{Part, Prices};
use crate::flow::Idle;

/// The hours of a month, and the sweeper's runs in it.
const HOURS: f64 = 730.0;
const RUNS: f64 = HOURS * 60.0;

/// The part that is free within an account's first three dashboards, and optional.
pub const DASHBOARD: &str = "dashboard";

/// Returns the parts of the price, without any free tier.
pub fn parts(idle: &Idle, prices: &Prices) -> Vec<Part> {
    let run = idle.run;
    let part = |name, dollars| Part { name, dollars };
    let polls = prices.queue_pollers * HOURS * 3_600.0 / prices.queue_poll_seconds;
    let alarms = idle.alarm_metrics as f64;
    vec![
        part("Lambda: the sweeper", prices.lambda(&run) * RUNS),
        part(
            "DynamoDB: the sweeper's read units",
            run.reads * RUNS / 1e6 * prices.dynamodb_per_million_read_units,
        ),
        part(
            "DynamoDB: the sweeper's write units",
            run.writes * RUNS / 1e6 * prices.dynamodb_per_million_write_units,
        ),
        part(
            "SQS: the sweeper's calls",
            run.queue_requests * RUNS / 1e6 * prices.sqs_fifo_per_million_requests,
        ),
        part("SQS: Lambda polls the queue", polls / 1e6 * prices.sqs_fifo_per_million_requests),
        part("Scheduler", RUNS / 1e6 * prices.scheduler_per_million_invocations),
        part("the sweeper's log", prices.logs(run.log_bytes * RUNS)),
        part("metrics of every run", idle.metrics as f64 * prices.metric_per_month),
        part("alarms", alarms * prices.alarm_metric_per_month),
        part(DASHBOARD, prices.dashboard_per_month),
    ]
}

/// Returns what an account's free metrics, alarms and dashboards take off, if it has no others.
pub fn free(idle: &Idle, prices: &Prices) -> f64 {
    // The alarm over the rules of the bus is a query, and never free.
    let alarms = idle.alarm_metrics.saturating_sub(1).min(prices.free_alarm_metrics) as f64;
    let metrics = idle.metrics.min(prices.free_metrics) as f64;
    alarms * prices.alarm_metric_per_month + metrics * prices.metric_per_month + prices.dashboard_per_month
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Work;
    use crate::price::sum;

    #[test]
    fn a_month_has_the_price_of_all_runs() {
        let prices = Prices::read().expect("prices");
        let run = Work {
            invocations: 1.0,
            reads: 20.0,
            queue_requests: 1.0,
            log_bytes: 1_000.0,
            ..Work::default()
        };
        let idle = Idle { run, metrics: 5, alarm_metrics: 20, ..Idle::default() };
        let parts = parts(&idle, &prices);
        let of = |name: &str| parts.iter().find(|part| part.name == name).expect("the part").dollars;
        for (name, want) in [
            ("DynamoDB: the sweeper's read units", 0.1095),
            ("SQS: the sweeper's calls", 0.0219),
            ("SQS: Lambda polls the queue", 0.3285),
            ("Scheduler", 0.0438),
            ("metrics of every run", 1.5),
            ("alarms", 2.0),
            (DASHBOARD, 3.0),
        ] {
            assert!((of(name) - want).abs() < 1e-9, "{name}: {}", of(name));
        }
        let free = free(&idle, &prices);
        assert!(free > 4.5 && free < sum(&parts), "{free}");
    }
}
