//! The numbers of the overview: from CloudWatch's metrics, which cost the same whatever the number of events is.
//!
//! The emulator of the local stack keeps log lines and no metrics of them. There the console reads the metrics from the
//! lines (embedded metric format), as CloudWatch does.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat};
use inlet::received_at::ReceivedAt;
use inlet_aws::telemetry::metrics::{self, NAMESPACE};
use serde_json::Value;

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::percentile::percentile;
use crate::providers::ALL;

/// The time that the overview covers, in buckets of half an hour.
pub(crate) const BUCKETS: usize = 48;
pub(crate) const STEP: Duration = Duration::from_mins(30);
pub(crate) const WINDOW: Duration = Duration::from_hours(24);

/// Pages of log lines that are read of each log group of the local stack.
const LOG_PAGES: usize = 20;

/// The reason of a refusal with a 503, beside the reject codes of 4xx.
const UNAVAILABLE: &str = "unavailable";

/// The numbers of the last day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// Accepted deliveries by half hour, oldest first.
    pub(crate) accepted: Vec<u64>,
    /// Refused deliveries by half hour.
    pub(crate) refused: Vec<u64>,
    /// The 95th percentile of the processing delay by half hour, in milliseconds; zero where nothing was processed.
    pub(crate) delay_p95: Vec<u64>,
    /// Duplicates among the accepted deliveries.
    pub(crate) duplicates: u64,
    /// Refused deliveries by reject code.
    pub(crate) by_reason: BTreeMap<String, u64>,
    /// Percentiles of the processing delay of the day: 50, 95 and 99; `None` if nothing was processed.
    pub(crate) delays: Option<[Duration; 3]>,
    /// Age of the oldest event that is neither processed nor parked, at the sweeper's last run.
    pub(crate) oldest_waiting: Option<Duration>,
}

impl Figures {
    fn empty() -> Self {
        let zeros = || vec![0; BUCKETS];
        Self { accepted: zeros(), refused: zeros(), delay_p95: zeros(), ..Self::default() }
    }

    /// Returns the start of the first bucket: a whole half hour.
    pub(crate) fn first_bucket(now: ReceivedAt) -> ReceivedAt {
        let step = step_ms();
        let end = now.millis().div_euclid(step).saturating_add(1).saturating_mul(step);
        ReceivedAt::from_millis(end).unwrap_or(now).earlier(WINDOW)
    }

    /// Reads the numbers.
    ///
    /// # Errors
    /// If AWS does not return them.
    pub(crate) async fn read(deployment: &Deployment, now: ReceivedAt) -> Result<Self, Failure> {
        if deployment.is_local { of_logs(deployment, now).await } else { of_metrics(deployment, now).await }
    }
}

/// Returns the length of a bucket in milliseconds.
pub(crate) fn step_ms() -> i64 {
    i64::try_from(STEP.as_millis()).unwrap_or(i64::MAX)
}

fn bucket_of(at_ms: i64, from: ReceivedAt) -> Option<usize> {
    let bucket = usize::try_from(at_ms.saturating_sub(from.millis()).checked_div(step_ms())?).ok()?;
    (at_ms >= from.millis() && bucket < BUCKETS).then_some(bucket)
}

fn add(values: &mut [u64], bucket: Option<usize>, value: u64) {
    if let Some(of_bucket) = bucket.and_then(|bucket| values.get_mut(bucket)) {
        *of_bucket = of_bucket.saturating_add(value);
    }
}

async fn of_metrics(deployment: &Deployment, now: ReceivedAt) -> Result<Figures, Failure> {
    let from = Figures::first_bucket(now);
    let mut pages = aws_sdk_cloudwatch::Client::new(&deployment.config)
        .get_metric_data()
        .start_time(DateTime::from_millis(from.millis()))
        .end_time(DateTime::from_millis(now.millis()))
        .set_metric_data_queries(Some(queries(&deployment.stage)))
        .into_paginator()
        .send();
    let mut figures = Figures::empty();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| Failure::aws("the metrics cannot be read", &error))?;
        for result in page.metric_data_results() {
            figures.add_result(result, from);
        }
    }
    Ok(figures)
}

/// Returns the queries of the overview: sums by half hour, and percentiles of the day.
fn queries(stage: &str) -> Vec<MetricDataQuery> {
    let step = i32::try_from(STEP.as_secs()).unwrap_or(i32::MAX);
    let day = i32::try_from(WINDOW.as_secs()).unwrap_or(i32::MAX);
    let search = |metric: metrics::Metric, dimensions: &str, period: i32| {
        let name = metric.name;
        format!(
            "SEARCH('{{{NAMESPACE},{dimensions}}} MetricName=\"{name}\" Stage=\"{stage}\"', 'Sum', {period})"
        )
    };
    let sum = |id: &str, metric| {
        let expression = format!("SUM({})", search(metric, "Stage,Provider", step));
        MetricDataQuery::builder().id(id).expression(expression).build()
    };
    let of_stage = |id: &str, metric: metrics::Metric, statistic: &str, period: i32| {
        let stage = Dimension::builder().name("Stage").value(stage).build();
        let metric =
            Metric::builder().namespace(NAMESPACE).metric_name(metric.name).dimensions(stage).build();
        let statistic = MetricStat::builder().metric(metric).stat(statistic).period(period).build();
        MetricDataQuery::builder().id(id).metric_stat(statistic).build()
    };
    let reasons = search(metrics::REJECTED, "Stage,Provider,RejectCode", day);
    vec![
        sum("accepted", metrics::ACCEPTED),
        sum("duplicates", metrics::DUPLICATE),
        sum("refused", metrics::REJECTED),
        of_stage("unavailable", metrics::UNAVAILABLE, "Sum", step),
        MetricDataQuery::builder()
            .id("reasons")
            .expression(reasons)
            .label("${PROP('Dim.RejectCode')}")
            .build(),
        of_stage("delay", metrics::PROCESSING_DELAY, "p95", step),
        of_stage("p50", metrics::PROCESSING_DELAY, "p50", day),
        of_stage("p95", metrics::PROCESSING_DELAY, "p95", day),
        of_stage("p99", metrics::PROCESSING_DELAY, "p99", day),
        of_stage("oldest", metrics::OLDEST_UNPROCESSED_AGE, "Maximum", 300),
    ]
}

impl Figures {
    fn add_result(&mut self, result: &MetricDataResult, from: ReceivedAt) {
        let points: Vec<(i64, f64)> = result
            .timestamps()
            .iter()
            .map(|at| at.secs().saturating_mul(1_000))
            .zip(result.values().iter().copied())
            .collect();
        let total = || points.iter().map(|(_, value)| whole(*value)).sum::<u64>();
        let newest = points.iter().max_by_key(|(at, _)| *at).map(|(_, value)| *value);
        match result.id().unwrap_or_default() {
            "accepted" => {
                for (at, value) in points {
                    add(&mut self.accepted, bucket_of(at, from), whole(value));
                }
            }
            "duplicates" => self.duplicates = self.duplicates.saturating_add(total()),
            "refused" => {
                for (at, value) in points {
                    add(&mut self.refused, bucket_of(at, from), whole(value));
                }
            }
            "unavailable" => {
                self.add_reason(UNAVAILABLE, total());
                for (at, value) in points {
                    add(&mut self.refused, bucket_of(at, from), whole(value));
                }
            }
            "reasons" => self.add_reason(result.label().unwrap_or_default(), total()),
            "delay" => {
                for (at, value) in points {
                    add(&mut self.delay_p95, bucket_of(at, from), whole(value));
                }
            }
            "p50" => self.set_delay(0, newest),
            "p95" => self.set_delay(1, newest),
            "p99" => self.set_delay(2, newest),
            "oldest" => self.oldest_waiting = newest.map(|seconds| Duration::from_secs(whole(seconds))),
            _ => {}
        }
    }

    fn add_reason(&mut self, reason: &str, count: u64) {
        if count > 0 {
            let of_reason = self.by_reason.entry(reason.to_owned()).or_default();
            *of_reason = of_reason.saturating_add(count);
        }
    }

    fn set_delay(&mut self, index: usize, value: Option<f64>) {
        let Some(value) = value else { return };
        let delays = self.delays.get_or_insert_default();
        if let Some(delay) = delays.get_mut(index) {
            *delay = Duration::from_millis(whole(value));
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a count")]
fn whole(value: f64) -> u64 {
    value.round().clamp(0.0, 1e15) as u64
}

async fn of_logs(deployment: &Deployment, now: ReceivedAt) -> Result<Figures, Failure> {
    let from = Figures::first_bucket(now);
    let client = aws_sdk_cloudwatchlogs::Client::new(&deployment.config);
    let functions = ALL.iter().map(|provider| provider.name).chain(["processor", "sweeper"]);
    let mut sums = LineSums::new(from);
    for function in functions {
        let mut pages = client
            .filter_log_events()
            .log_group_name(format!("/inlet/{}/{function}", deployment.stage))
            .start_time(from.millis())
            .end_time(now.millis())
            .into_paginator()
            .send();
        for _ in 0..LOG_PAGES {
            // A function that was not deployed has no log.
            let Some(Ok(page)) = pages.next().await else { break };
            for event in page.events() {
                sums.add_line(event.timestamp().unwrap_or_default(), event.message().unwrap_or_default());
            }
        }
    }
    Ok(sums.into_figures())
}

/// Sums of metrics of log lines.
struct LineSums {
    from: ReceivedAt,
    figures: Figures,
    delays: Vec<Vec<Duration>>,
    oldest_at: i64,
}

impl LineSums {
    fn new(from: ReceivedAt) -> Self {
        Self { from, figures: Figures::empty(), delays: vec![Vec::new(); BUCKETS], oldest_at: 0 }
    }

    fn add_line(&mut self, at: i64, line: &str) {
        if !line.contains("\"_aws\"") {
            return;
        }
        let Ok(line) = serde_json::from_str::<Value>(line) else { return };
        let values = |metric: metrics::Metric| match line.get(metric.name) {
            Some(Value::Array(values)) => values.iter().filter_map(Value::as_u64).collect(),
            Some(value) => value.as_u64().into_iter().collect::<Vec<u64>>(),
            None => Vec::new(),
        };
        let sum = |metric| values(metric).into_iter().sum::<u64>();
        let (bucket, figures) = (bucket_of(at, self.from), &mut self.figures);
        let (rejected, unavailable) = (sum(metrics::REJECTED), sum(metrics::UNAVAILABLE));
        add(&mut figures.accepted, bucket, sum(metrics::ACCEPTED));
        add(&mut figures.refused, bucket, rejected.saturating_add(unavailable));
        figures.duplicates = figures.duplicates.saturating_add(sum(metrics::DUPLICATE));
        figures.add_reason(line.get("RejectCode").and_then(Value::as_str).unwrap_or("other"), rejected);
        figures.add_reason(UNAVAILABLE, unavailable);
        if let Some(delays) = bucket.and_then(|bucket| self.delays.get_mut(bucket)) {
            delays.extend(values(metrics::PROCESSING_DELAY).into_iter().map(Duration::from_millis));
        }
        if let Some(seconds) = values(metrics::OLDEST_UNPROCESSED_AGE).last().filter(|_| at >= self.oldest_at)
        {
            self.oldest_at = at;
            figures.oldest_waiting = Some(Duration::from_secs(*seconds));
        }
    }

    fn into_figures(mut self) -> Figures {
        let mut all = Vec::new();
        for (bucket, mut delays) in self.delays.into_iter().enumerate() {
            delays.sort_unstable();
            let p95 = percentile(&delays, 95).map_or(0, |delay| delay.as_millis());
            add(&mut self.figures.delay_p95, Some(bucket), u64::try_from(p95).unwrap_or(u64::MAX));
            all.extend(delays);
        }
        all.sort_unstable();
        let at = |percent| percentile(&all, percent);
        self.figures.delays = at(50).zip(at(95)).zip(at(99)).map(|((p50, p95), p99)| [p50, p95, p99]);
        self.figures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> ReceivedAt {
        ReceivedAt::parse(&format!("2025-06-12T{time}Z")).unwrap()
    }

    #[test]
    fn the_buckets_end_with_the_current_half_hour() {
        let from = Figures::first_bucket(at("08:10:00"));
        assert_eq!(from.to_string(), "2025-06-11T08:30:00.000Z");
        assert_eq!(bucket_of(at("08:10:00").millis(), from), Some(BUCKETS - 1));
        assert_eq!(bucket_of(from.millis(), from), Some(0));
        assert_eq!(bucket_of(from.millis() - 1, from), None);
        assert_eq!(bucket_of(at("08:30:00").millis(), from), None);
    }

    #[test]
    fn metrics_are_read_from_lines_as_cloudwatch_does() {
        let now = at("08:10:00");
        let mut sums = LineSums::new(Figures::first_bucket(now));
        for line in [
            r#"{"_aws":{},"Stage":"local","Provider":"zid","Accepted":1,"JournalLatency":4}"#,
            r#"{"_aws":{},"Accepted":1,"Duplicate":1}"#,
            r#"{"_aws":{},"RejectCode":"mismatch","Rejected":1}"#,
            r#"{"_aws":{},"Unavailable":1}"#,
            r#"{"_aws":{},"ProcessingDelay":[100,300],"Processed":2}"#,
            r#"{"_aws":{},"OldestUnprocessedAge":12,"Waiting":3}"#,
            r#"{"Accepted":9}"#,
            "no JSON with \"_aws\"",
        ] {
            sums.add_line(now.millis(), line);
        }
        let figures = sums.into_figures();
        assert_eq!((figures.accepted[BUCKETS - 1], figures.refused[BUCKETS - 1]), (2, 2));
        assert_eq!((figures.duplicates, figures.delay_p95[BUCKETS - 1]), (1, 300));
        assert_eq!(figures.by_reason, BTreeMap::from([("mismatch".into(), 1), (UNAVAILABLE.into(), 1)]));
        assert_eq!(figures.delays, Some([100, 300, 300].map(Duration::from_millis)));
        assert_eq!(figures.oldest_waiting, Some(Duration::from_secs(12)));
    }

    #[test]
    fn metrics_of_cloudwatch_fill_the_same_buckets() {
        let now = at("08:10:00");
        let from = Figures::first_bucket(now);
        let result = |id: &str, label: &str, points: &[(ReceivedAt, f64)]| {
            let times = points.iter().map(|(at, _)| DateTime::from_millis(at.millis())).collect();
            let values = points.iter().map(|(_, value)| *value).collect();
            let result = MetricDataResult::builder().id(id).label(label);
            result.set_timestamps(Some(times)).set_values(Some(values)).build()
        };
        let mut figures = Figures::empty();
        for result in [
            result("accepted", "", &[(at("08:00:00"), 5.0), (at("07:30:00"), 2.0)]),
            result("refused", "", &[(at("08:00:00"), 1.0)]),
            result("unavailable", "", &[(at("08:00:00"), 2.0)]),
            result("reasons", "mismatch", &[(at("08:00:00"), 1.0)]),
            result("p50", "", &[(at("08:00:00"), 80.4)]),
            result("p95", "", &[(at("08:00:00"), 200.0)]),
            result("p99", "", &[(at("07:00:00"), 1.0), (at("08:00:00"), 900.0)]),
            result("oldest", "", &[(at("08:05:00"), 7.0), (at("08:00:00"), 900.0)]),
        ] {
            figures.add_result(&result, from);
        }
        assert_eq!((figures.accepted[BUCKETS - 1], figures.accepted[BUCKETS - 2]), (5, 2));
        assert_eq!(figures.refused[BUCKETS - 1], 3);
        assert_eq!(figures.by_reason, BTreeMap::from([("mismatch".into(), 1), (UNAVAILABLE.into(), 2)]));
        assert_eq!(figures.delays, Some([80, 200, 900].map(Duration::from_millis)));
        assert_eq!(figures.oldest_waiting, Some(Duration::from_secs(7)));
    }

    #[test]
    fn every_query_names_the_stage() {
        for query in queries("prod") {
            let text = format!("{query:?}");
            assert!(text.contains("prod"), "{text}");
        }
    }
}
