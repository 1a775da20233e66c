//! The price of a store in a month: the counted calls of runs in memory, times the price list of the bench.

#![expect(clippy::arithmetic_side_effects, reason = "the small numbers of a test")]

use serde_json::Value;

use super::tests::Scene;
use super::*;

/// The runs of a month.
const RUNS: f64 = 730.0 * 4.0;

/// The changes of a list in a day, and the events that each changed object has.
const CHANGES: usize = 1_000;
const EVENTS: usize = 3;

/// The length of an event's body, in bytes.
const BODY_LEN: usize = 5_000;

/// The lists of the store: one with changes, and two without.
const QUIET_LISTS: f64 = 2.0;

/// The objects on a page: the least of the providers.
const PAGE_LEN: usize = 50;

/// The time until a provider responds, in seconds.
const RESPONSE: f64 = 1.0;

/// The memory of the function, in GB: template.yaml.
const MEMORY: f64 = 0.25;

/// The work of one run.
#[derive(Debug)]
struct Counted {
    reads: f64,
    writes: f64,
    seconds: f64,
    log_bytes: f64,
}

/// Counts the run after two hours with this number of changes in a day.
async fn count(changes: usize) -> Counted {
    let scene = Scene::start(0, |_| true).await;
    scene.set_page_len(PAGE_LEN);
    scene.run().await;
    let quarters = 8;
    let (mut order, per_run) = (0, changes.div_ceil(24 * 4));
    for quarter in 1..=quarters {
        for n in 0..per_run {
            let since = scene.next_run().earlier(Duration::from_mins(15));
            let at = later(since, Duration::from_secs(80 * u64::try_from(n).unwrap()));
            scene.change(order, EVENTS, BODY_LEN, at).await;
            order += 1;
        }
        scene.aws.forget_calls();
        let requests = scene.requests();
        let RunOutcome::Done(reports) = scene.run_for(Duration::from_mins(10)).await else {
            panic!("it was skipped")
        };
        if quarter < quarters {
            continue;
        }
        let calls = scene.aws.call_count();
        let requests = scene.requests() - requests;
        let (now, reads) = (scene.next_run(), scene.aws.read_units());
        let lines =
            reports.iter().map(|report| report.line("prod", now)).chain([run_line(&reports, "prod", now)]);
        let published: u64 = reports.iter().map(|report| report.reading.as_ref().unwrap().published()).sum();
        assert_eq!(published, 0, "only what webhooks brought is counted");
        return Counted {
            reads,
            writes: scene.aws.write_units(),
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            seconds: calls as f64 * 0.005 + requests as f64 * RESPONSE,
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            log_bytes: lines.map(|line| line.to_string().len()).sum::<usize>() as f64,
        };
    }
    unreachable!("the last quarter returns");
}

#[tokio::test]
async fn a_store_costs_less_than_half_a_dollar_a_month() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let read = |file: &str| std::fs::read_to_string(format!("{folder}/{file}")).unwrap();
    let prices: Value = serde_json::from_str(&read("bench/prices.json")).unwrap();
    let price = |name: &str| prices[name].to_string().parse::<f64>().unwrap();
    let (busy, quiet) = (count(CHANGES).await, count(0).await);
    let month = |of: fn(&Counted) -> f64| (of(&busy) + QUIET_LISTS * of(&quiet)) * RUNS;
    let parts = [
        ("DynamoDB: read units", month(|run| run.reads) / 1e6 * price("dynamodb_per_million_read_units")),
        ("DynamoDB: write units", month(|run| run.writes) / 1e6 * price("dynamodb_per_million_write_units")),
        (
            "Lambda: the time of the calls and responses",
            month(|run| run.seconds) * MEMORY * price("lambda_arm64_per_gb_second"),
        ),
        ("the log", month(|run| run.log_bytes) / 1e9 * price("logs_per_gb_written")),
        ("the metric `Completeness`", price("metric_per_month")),
    ];
    let sum: f64 = parts.iter().map(|(_, dollars)| dollars).sum();
    let mut table: Vec<String> =
        parts.iter().map(|(part, dollars)| format!("| {part} | {dollars:.3} |")).collect();
    table.push(format!("| **all** | **{sum:.2}** |"));
    let table = table.join("\n");
    assert!(sum <= 0.50, "{table}\n{busy:?} {quiet:?}");
    assert!(
        read("docs/costs.md").contains(&table),
        "docs/costs.md has other numbers:\n{table}\n{busy:?} {quiet:?}"
    );
}
