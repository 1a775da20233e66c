//! The generated part of `docs/costs.md`: the numbers of a deployment's alarms and metrics, counted in the code, so
//! that the document has no outdated number.

use std::fmt::Write as _;

use inlet_aws::telemetry::metrics::{self, Dimension, Metric};
use inlet_providers::NAMES;

use crate::operations::{self, Alarm, FREE_METRICS};
use crate::{marks, repository};

/// The document.
pub const DOCUMENT: &str = "docs/costs.md";

/// Returns the document with its current numbers.
pub fn document() -> String {
    marks::replace(&repository::text(DOCUMENT), "counts", &table())
}

fn table() -> String {
    let alarms = operations::alarms();
    let count = |is: &dyn Fn(&&Alarm) -> bool| alarms.iter().filter(is).count();
    let query = count(&|alarm| alarm.is_query());
    let of_reconciler = count(&|alarm| alarm.is_of_reconciler());
    let of_all = count(&|alarm| alarm.provider().is_none()) - query - of_reconciler;
    let by_provider = NAMES.iter().map(|name| {
        let name = operations::resource_of(name);
        (count(&|alarm| alarm.provider() == Some(&name)), name)
    });
    let by_provider: Vec<String> = by_provider.map(|(alarms, name)| format!("{name} {alarms}")).collect();
    let of_reconciler_alone = [&metrics::OF_EVERY_RECONCILIATION[..], &[metrics::COMPLETENESS]].concat();
    let is_rare = |metric: &Metric| !is_regular(*metric) && !of_reconciler_alone.contains(metric);
    let rare: Vec<Metric> = metrics::ALL.iter().copied().filter(is_rare).collect();
    let providers = NAMES.len();
    let mut table = "\n| | number |\n|---|--:|\n".to_owned();
    let mut row = |what: &str, number: usize| writeln!(table, "| {what} | {number} |").expect("memory");
    row("alarms of the whole deployment", of_all);
    row(
        "the alarm `target-failed`, a query over the metrics of the bus's rules; only with the bus as the consumer",
        query,
    );
    let of_providers = alarms.len() - of_all - query - of_reconciler;
    row(&format!("alarms of the providers: {}", by_provider.join(", ")), of_providers);
    row(&format!("**all alarms with {providers} providers and the bus**"), alarms.len() - of_reconciler);
    row("alarms of the reconciler, only with `Reconcile=on`", of_reconciler);
    row(
        &format!(
            "metrics of every run of the sweeper, so in every hour: {}",
            listed(&metrics::OF_EVERY_SWEEP)
        ),
        series(&metrics::OF_EVERY_SWEEP, providers),
    );
    row(
        &format!(
            "metrics of each provider whose deliveries are accepted: {}",
            listed(&metrics::OF_EVERY_DELIVERY)
        ),
        series(&metrics::OF_EVERY_DELIVERY, 1),
    );
    row(
        &format!("metrics of processing: {}", listed(&metrics::OF_EVERY_EVENT)),
        series(&metrics::OF_EVERY_EVENT, providers),
    );
    row(
        &format!("**metrics of a busy deployment without problems, with {providers} providers**"),
        series(&metrics::OF_EVERY_SWEEP, providers)
            + series(&metrics::OF_EVERY_DELIVERY, providers)
            + series(&metrics::OF_EVERY_EVENT, providers),
    );
    row(
        &format!(
            "metrics of the reconciler: {}, and one more `Completeness` for each store with an access; only with `Reconcile=on`",
            listed(&of_reconciler_alone)
        ),
        series(&of_reconciler_alone, providers),
    );
    row(
        &format!(
            "metrics that exist only in the hours in which something is counted: {}; at most, with {providers} providers, besides one for each code of a refusal and each event's name",
            listed(&rare)
        ),
        series(&rare, providers),
    );
    row(
        &format!(
            "metrics on the dashboard; up to {FREE_METRICS} are free on the first three dashboards of an account"
        ),
        operations::drawn().len(),
    );
    table.push('\n');
    table
}

/// Returns true for a metric that has data while nothing is wrong.
fn is_regular(metric: Metric) -> bool {
    let regular = [&metrics::OF_EVERY_SWEEP[..], &metrics::OF_EVERY_DELIVERY, &metrics::OF_EVERY_EVENT];
    regular.concat().contains(&metric)
}

fn listed(metrics: &[Metric]) -> String {
    metrics.iter().map(|metric| format!("`{}`", metric.name)).collect::<Vec<_>>().join(", ")
}

/// Returns the number of metrics that CloudWatch bills: one for each set of dimensions and their values, without those
/// of a refusal's code or an event's name.
fn series(metrics: &[Metric], providers: usize) -> usize {
    let of_set = |set: &&[Dimension]| match set {
        [Dimension::Stage] => 1,
        [Dimension::Stage, Dimension::Provider] => providers,
        _ => 0,
    };
    metrics.iter().flat_map(|metric| metric.by.iter().map(of_set)).sum()
}
