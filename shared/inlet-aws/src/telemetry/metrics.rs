//! All metrics, and their form in a log line: `CloudWatch`'s embedded metric format,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.
//!
//! Metrics are emitted at every log level. Zero counts are not emitted, except by the sweeper: `CloudWatch` bills a metric
//! for the hours in which it has data. The store is a field of the line and no dimension, because there may be thousands;
//! only the reconciler's share has it.

use std::collections::BTreeMap;

use inlet::received_at::ReceivedAt;
use serde_json::{Map, Value, json};

/// The metrics' namespace in `CloudWatch`.
pub const NAMESPACE: &str = "Inlet";

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// The name in `CloudWatch`.
    pub name: &'static str,
    /// The unit of its values.
    pub unit: Unit,
    /// The sets of dimensions: `CloudWatch` stores the metric once for each.
    pub by: By,
}

/// Sets of dimensions.
pub type By = &'static [&'static [Dimension]];

/// The unit of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A number of occurrences.
    Count,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Hundredths of a whole.
    Percent,
}

/// A dimension of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    /// The deployment's stage.
    Stage,
    /// The provider.
    Provider,
    /// The code of a refusal.
    RejectCode,
    /// The event's name in the catalogue; `unknown` for all others.
    Event,
    /// The store. Only metrics of the reconciler have it: an operator stores an access for each store that it reads.
    Store,
}

use Dimension::{Event, Provider, RejectCode, Stage, Store};

const OF_THE_STAGE: By = &[&[Stage]];
const OF_EACH_PROVIDER: By = &[&[Stage, Provider]];
const OF_BOTH: By = &[&[Stage], &[Stage, Provider]];
const WITH_REJECT_CODE: By = &[&[Stage, Provider], &[Stage, Provider, RejectCode]];
/// The dimensions of a share that counts for its store alone.
pub const OF_EACH_STORE: By = &[&[Stage, Provider, Store]];
const WITH_STORE: By = &[&[Stage], &[Stage, Provider, Store]];
const WITH_EVENT: By = &[&[Stage], &[Stage, Provider, Event]];

macro_rules! metrics {
    ($( $(#[$about:meta])* $constant:ident = $name:literal, $unit:ident, $by:ident; )+) => {
        $( $(#[$about])* pub const $constant: Metric = Metric { name: $name, unit: Unit::$unit, by: $by }; )+

        /// All metrics.
        pub const ALL: &[Metric] = &[$($constant),+];
    };
}

metrics! {
    /// Deliveries with a 2xx response, duplicates included.
    ACCEPTED = "Accepted", Count, OF_EACH_PROVIDER;
    /// Accepted deliveries that were stored before.
    DUPLICATE = "Duplicate", Count, OF_EACH_PROVIDER;
    /// Accepted deliveries whose event is not in the catalogue.
    UNKNOWN = "Unknown", Count, OF_EACH_PROVIDER;
    /// Accepted deliveries whose body does not have the documented structure at all.
    UNREADABLE = "Unreadable", Count, OF_EACH_PROVIDER;
    /// Deliveries with a 4xx response.
    REJECTED = "Rejected", Count, WITH_REJECT_CODE;
    /// Deliveries to a configured store that failed verification.
    VERIFICATION_FAILED = "VerificationFailed", Count, OF_EACH_PROVIDER;
    /// Deliveries with a 503 response.
    UNAVAILABLE = "Unavailable", Count, OF_BOTH;
    /// Deliveries that were not stored and were sent to the queue with their body.
    FALLBACK = "Fallback", Count, OF_BOTH;
    /// Deliveries that were stored but not sent to the queue: the sweeper sends them.
    ENQUEUE_DEFERRED = "EnqueueDeferred", Count, OF_BOTH;
    /// Deliveries that failed verification and were quarantined.
    QUARANTINED = "Quarantined", Count, OF_EACH_PROVIDER;
    /// Responses that the provider counts towards its circuit breaker.
    COUNTED_FAILURE = "CountedFailure", Count, OF_EACH_PROVIDER;
    /// Deliveries that contradict the known shape of their event.
    DRIFT = "Drift", Count, WITH_EVENT;
    /// Deliveries with new fields or values, or without some fields, where the provider's documentation is known to be
    /// incomplete.
    UNDOCUMENTED = "Undocumented", Count, WITH_EVENT;
    /// The time that a delivery waited for the table.
    JOURNAL_LATENCY = "JournalLatency", Milliseconds, OF_EACH_PROVIDER;
    /// The time that a delivery waited for the queue.
    QUEUE_LATENCY = "QueueLatency", Milliseconds, OF_EACH_PROVIDER;
    /// Events that were processed, replays included.
    PROCESSED = "Processed", Count, OF_THE_STAGE;
    /// The time from an event's arrival to its receipt, replays excluded.
    PROCESSING_DELAY = "ProcessingDelay", Milliseconds, OF_THE_STAGE;
    /// Events that the consumer was given and did not process, once for each attempt.
    CONSUMER_FAILED = "ConsumerFailed", Count, OF_THE_STAGE;
    /// The age of the oldest event that is neither processed nor parked; zero if there is none.
    OLDEST_UNPROCESSED_AGE = "OldestUnprocessedAge", Seconds, OF_THE_STAGE;
    /// Events that the sweeper sent again.
    RESENT = "Resent", Count, OF_THE_STAGE;
    /// Events that the sweeper parked.
    PARKED = "Parked", Count, OF_THE_STAGE;
    /// Messages on the queue at the start of a sweep.
    WAITING = "Waiting", Count, OF_THE_STAGE;
    /// Runs of the sweeper that failed.
    SWEEP_FAILED = "SweepFailed", Count, OF_THE_STAGE;
    /// Requests other than `GET` and `HEAD` whose path contains no provider of the deployment, or no store.
    UNKNOWN_PATH = "UnknownPath", Count, OF_THE_STAGE;
    /// Requests that API Gateway rejected with a 429. No function receives them: a metric filter of the template counts
    /// them in the API's access log.
    API_THROTTLED = "ApiThrottled", Count, OF_THE_STAGE;
    /// Requests that were rejected with a 413, by API Gateway or by a receiver: counted in the access log.
    API_TOO_LARGE = "ApiTooLarge", Count, OF_THE_STAGE;
    /// Requests that API Gateway refused itself with another 4xx: counted in the access log.
    API_REFUSED = "ApiRefused", Count, OF_THE_STAGE;
    /// The share of the objects that changed at the provider whose state webhooks brought. Only for a list that the
    /// reconciler read to its end.
    COMPLETENESS = "Completeness", Percent, WITH_STORE;
    /// The greatest time since one of the reconciler's lists was read to its end; zero if there is none.
    RECONCILIATION_AGE = "ReconciliationAge", Seconds, OF_THE_STAGE;
    /// Objects of which the reconciler published a state.
    RECONCILED = "Reconciled", Count, OF_THE_STAGE;
    /// Lists that the provider's API did not return to the reconciler.
    UNREAD = "Unread", Count, OF_THE_STAGE;
}

/// The metrics of every run of the sweeper whose reads succeed, zero or not: they have data in every hour.
pub const OF_EVERY_SWEEP: [Metric; 5] = [OLDEST_UNPROCESSED_AGE, WAITING, RESENT, PARKED, SWEEP_FAILED];

/// The metric of every run of the reconciler whose reads and writes succeed.
pub const OF_EVERY_RECONCILIATION: [Metric; 1] = [RECONCILIATION_AGE];

/// The metrics of every delivery that is stored and enqueued.
pub const OF_EVERY_DELIVERY: [Metric; 3] = [ACCEPTED, JOURNAL_LATENCY, QUEUE_LATENCY];

/// The metrics of every event that is processed for the first time.
pub const OF_EVERY_EVENT: [Metric; 2] = [PROCESSED, PROCESSING_DELAY];

impl Unit {
    /// Returns the unit's name in `CloudWatch`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
            Self::Seconds => "Seconds",
            Self::Percent => "Percent",
        }
    }
}

impl Dimension {
    /// Returns the dimension's name in `CloudWatch`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Stage => "Stage",
            Provider => "Provider",
            RejectCode => "RejectCode",
            Event => "Event",
            Store => "Store",
        }
    }
}

/// The metrics of one line.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    of: BTreeMap<Dimension, String>,
    values: Vec<(Metric, u64)>,
}

impl Measured {
    /// No metrics, with the stage as dimension.
    pub fn of_stage(stage: &str) -> Self {
        Self::default().with_dimension(Stage, stage)
    }

    /// The same with another dimension. A metric uses those of its sets whose dimensions all have a value.
    #[must_use]
    pub fn with_dimension(mut self, dimension: Dimension, value: &str) -> Self {
        self.of.insert(dimension, value.to_owned());
        self
    }

    /// Adds a count of one.
    pub fn count(&mut self, metric: Metric) {
        self.measure(metric, 1);
    }

    /// Adds a count of one if it happened.
    pub fn count_if(&mut self, happened: bool, metric: Metric) {
        if happened {
            self.count(metric);
        }
    }

    /// Adds a value. A metric may have up to 100 values in a line.
    pub fn measure(&mut self, metric: Metric, value: u64) {
        self.values.push((metric, value));
    }

    /// Returns the members that a line gets at its top level; empty if there are no metrics.
    pub fn members(&self, at: ReceivedAt) -> Map<String, Value> {
        if self.values.is_empty() {
            return Map::new();
        }
        let mut together: BTreeMap<By, Vec<Metric>> = BTreeMap::new();
        let mut values: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for (metric, value) in &self.values {
            let of_metric = values.entry(metric.name).or_default();
            if of_metric.is_empty() {
                together.entry(metric.by).or_default().push(*metric);
            }
            of_metric.push(*value);
        }
        let directives: Vec<Value> =
            together.iter().map(|(by, metrics)| self.directive(by, metrics)).collect();
        let header = json!({"Timestamp": at.millis(), "CloudWatchMetrics": directives});
        let of = self.of.iter().map(|(dimension, value)| (dimension.as_str(), Value::from(value.as_str())));
        let values = values.into_iter().map(|(name, values)| match values.as_slice() {
            [value] => (name, Value::from(*value)),
            values => (name, Value::from(values)),
        });
        let members = [("_aws", header)].into_iter().chain(of).chain(values);
        members.map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Returns the directive of all metrics with the same dimensions. One for each metric would make the line longer,
    /// and `CloudWatch` bills lines by their length.
    fn directive(&self, by: By, metrics: &[Metric]) -> Value {
        let complete = by.iter().filter(|set| set.iter().all(|dimension| self.of.contains_key(dimension)));
        let names = |set: &&[Dimension]| set.iter().map(|dimension| dimension.as_str()).collect::<Vec<_>>();
        json!({
            "Namespace": NAMESPACE,
            "Dimensions": complete.map(names).collect::<Vec<_>>(),
            "Metrics": metrics.iter().map(named).collect::<Vec<_>>(),
        })
    }
}

fn named(metric: &Metric) -> Value {
    json!({"Name": metric.name, "Unit": metric.unit.as_str()})
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const AT: i64 = 1_749_715_272_345;

    fn members(measured: &Measured) -> Value {
        measured.members(ReceivedAt::from_millis(AT).unwrap()).into()
    }

    #[test]
    fn a_line_contains_metrics_with_their_dimensions() {
        let mut measured = Measured::of_stage("prod").with_dimension(Provider, "acme");
        measured.count(FALLBACK);
        measured.measure(QUEUE_LATENCY, 12);
        measured.count(ACCEPTED);
        let directive = |dimensions: Value, metrics: Value| json!({"Namespace": "Inlet", "Dimensions": dimensions, "Metrics": metrics});
        let named = |name: &str, unit: &str| json!({"Name": name, "Unit": unit});
        let expected = json!({
            "_aws": {"Timestamp": AT, "CloudWatchMetrics": [
                directive(json!([["Stage"], ["Stage", "Provider"]]), json!([named("Fallback", "Count")])),
                directive(
                    json!([["Stage", "Provider"]]),
                    json!([named("QueueLatency", "Milliseconds"), named("Accepted", "Count")]),
                ),
            ]},
            "Stage": "prod", "Provider": "acme", "Fallback": 1, "QueueLatency": 12, "Accepted": 1,
        });
        assert_eq!(members(&measured), expected);
    }

    #[test]
    fn a_set_of_dimensions_needs_a_value_for_each() {
        let rejected = |measured: Measured| {
            let mut measured = measured;
            measured.count(REJECTED);
            members(&measured)["_aws"]["CloudWatchMetrics"][0]["Dimensions"].clone()
        };
        let plain = Measured::of_stage("prod").with_dimension(Provider, "acme");
        assert_eq!(rejected(plain.clone()), json!([["Stage", "Provider"]]));
        let sets = json!([["Stage", "Provider"], ["Stage", "Provider", "RejectCode"]]);
        assert_eq!(rejected(plain.with_dimension(RejectCode, "wrong_proof")), sets);
    }

    #[test]
    fn several_values_of_a_metric_are_a_list() {
        let mut measured = Measured::of_stage("prod");
        measured.measure(PROCESSING_DELAY, 12);
        measured.measure(PROCESSED, 2);
        measured.measure(PROCESSING_DELAY, 70);
        let members = members(&measured);
        assert_eq!((&members["ProcessingDelay"], &members["Processed"]), (&json!([12, 70]), &json!(2)));
        let metrics = members["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap();
        assert_eq!(metrics.len(), 2, "each metric is declared once: {metrics:?}");
    }

    #[test]
    fn a_line_without_metrics_gets_no_members() {
        assert!(Measured::of_stage("prod").members(ReceivedAt::EPOCH).is_empty());
    }

    #[test]
    fn every_metric_has_its_own_name() {
        let names: BTreeSet<&str> = ALL.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), ALL.len(), "{names:?}");
    }
}
