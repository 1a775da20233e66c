//! Every metric by its name, in one place, and how a line of the log carries them: `CloudWatch`'s embedded metric
//! format, <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.
//!
//! A count of nothing is not written: `CloudWatch` bills a metric for the hours in which it has data, so what never
//! happens costs nothing. A store is no dimension, as there may be thousands; it is a field of the same line.

use std::collections::BTreeMap;

use inlet::received_at::ReceivedAt;
use serde_json::{Map, Value, json};

/// Where `CloudWatch` lists the metrics.
pub const NAMESPACE: &str = "Inlet";

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// The unit of its values.
    pub unit: Unit,
    /// Its sets of dimensions: CloudWatch keeps it once for each.
    pub by: By,
}

/// Sets of dimensions.
pub type By = &'static [&'static [Dimension]];

/// The unit of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A count.
    Count,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
}

/// The dimensions of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    /// The deployment.
    Stage,
    /// The provider.
    Provider,
    /// Why a delivery is refused.
    RejectCode,
    /// The event's name in the catalogue; `unknown` for all others.
    Event,
}

use Dimension::{Event, Provider, RejectCode, Stage};

const OF_THE_STAGE: By = &[&[Stage]];
const OF_EACH_PROVIDER: By = &[&[Stage, Provider]];
const OF_BOTH: By = &[&[Stage], &[Stage, Provider]];
const WITH_REJECT_CODE: By = &[&[Stage, Provider], &[Stage, Provider, RejectCode]];
const WITH_EVENT: By = &[&[Stage], &[Stage, Provider, Event]];

macro_rules! metrics {
    ($( $(#[$about:meta])* $constant:ident = $name:literal, $unit:ident, $by:ident; )+) => {
        $( $(#[$about])* pub const $constant: Metric = Metric { name: $name, unit: Unit::$unit, by: $by }; )+

        /// Every metric.
        pub const ALL: &[Metric] = &[$($constant),+];
    };
}

metrics! {
    /// Deliveries answered with a 2xx, repeats included.
    ACCEPTED = "Accepted", Count, OF_EACH_PROVIDER;
    /// Those of them that were stored before.
    DUPLICATE = "Duplicate", Count, OF_EACH_PROVIDER;
    /// Those of them whose event is in no catalogue.
    UNKNOWN = "Unknown", Count, OF_EACH_PROVIDER;
    /// Those of them whose body is not what the event's documentation says, not even its outline.
    UNREADABLE = "Unreadable", Count, OF_EACH_PROVIDER;
    /// Deliveries answered with a 4xx.
    REJECTED = "Rejected", Count, WITH_REJECT_CODE;
    /// Deliveries to a store that there is, which its secrets do not prove.
    VERIFICATION_FAILED = "VerificationFailed", Count, OF_EACH_PROVIDER;
    /// Deliveries answered with a 503.
    UNAVAILABLE = "Unavailable", Count, OF_BOTH;
    /// Deliveries that the table did not take and the queue did.
    FALLBACK = "Fallback", Count, OF_BOTH;
    /// Deliveries that the table took and the queue did not: the sweeper sends them.
    ENQUEUE_DEFERRED = "EnqueueDeferred", Count, OF_BOTH;
    /// Deliveries without a valid proof that wait to be verified again.
    QUARANTINED = "Quarantined", Count, OF_EACH_PROVIDER;
    /// Answers that bring a provider nearer to sending nothing any more.
    COUNTED_FAILURE = "CountedFailure", Count, OF_EACH_PROVIDER;
    /// Deliveries that contradict what is known of their event.
    DRIFT = "Drift", Count, WITH_EVENT;
    /// Deliveries with fields or values that are new to us, or without fields, where the documentation is known to be
    /// incomplete.
    UNDOCUMENTED = "Undocumented", Count, WITH_EVENT;
    /// Time for which a delivery waited for the table.
    JOURNAL_LATENCY = "JournalLatency", Milliseconds, OF_EACH_PROVIDER;
    /// Time for which a delivery waited for the queue.
    QUEUE_LATENCY = "QueueLatency", Milliseconds, OF_EACH_PROVIDER;
    /// The age of the oldest event that is neither processed nor parked; zero when there is none.
    OLDEST_UNPROCESSED_AGE = "OldestUnprocessedAge", Seconds, OF_THE_STAGE;
    /// Events that the sweeper sent again.
    RESENT = "Resent", Count, OF_THE_STAGE;
    /// Events that the sweeper gave up on.
    PARKED = "Parked", Count, OF_THE_STAGE;
    /// Messages that waited on the queue when the sweeper looked.
    WAITING = "Waiting", Count, OF_THE_STAGE;
    /// Runs of the sweeper that did not come to their end.
    SWEEP_FAILED = "SweepFailed", Count, OF_THE_STAGE;
    /// Requests that API Gateway answered with a 429. No function sees them: the template counts them in the API's
    /// access log.
    API_THROTTLED = "ApiThrottled", Count, OF_THE_STAGE;
}

impl Unit {
    /// `CloudWatch`'s word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
            Self::Seconds => "Seconds",
        }
    }
}

impl Dimension {
    /// Its name in `CloudWatch`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Stage => "Stage",
            Provider => "Provider",
            RejectCode => "RejectCode",
            Event => "Event",
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
    /// Nothing yet, of this deployment.
    pub fn of_stage(stage: &str) -> Self {
        Self::default().of(Stage, stage)
    }

    /// Sets a dimension. A set of dimensions is emitted once all of them have a value.
    #[must_use]
    pub fn of(mut self, dimension: Dimension, value: &str) -> Self {
        self.of.insert(dimension, value.to_owned());
        self
    }

    /// Counts one.
    pub fn count(&mut self, metric: Metric) {
        self.measure(metric, 1);
    }

    /// Counts one where it happened.
    pub fn count_if(&mut self, happened: bool, metric: Metric) {
        if happened {
            self.count(metric);
        }
    }

    /// Takes a value down.
    pub fn measure(&mut self, metric: Metric, value: u64) {
        self.values.push((metric, value));
    }

    /// Returns the members to add to a line, at its outermost level; none if nothing was measured.
    pub fn members(&self, at: ReceivedAt) -> Map<String, Value> {
        if self.values.is_empty() {
            return Map::new();
        }
        let mut together: BTreeMap<By, Vec<Metric>> = BTreeMap::new();
        for (metric, _) in &self.values {
            together.entry(metric.by).or_default().push(*metric);
        }
        let directives: Vec<Value> =
            together.iter().map(|(by, metrics)| self.directive(by, metrics)).collect();
        let header = json!({"Timestamp": at.millis(), "CloudWatchMetrics": directives});
        let of = self.of.iter().map(|(dimension, value)| (dimension.as_str(), Value::from(value.as_str())));
        let values = self.values.iter().map(|(metric, value)| (metric.name, Value::from(*value)));
        let members = [("_aws", header)].into_iter().chain(of).chain(values);
        members.map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// One directive for metrics with the same dimensions: it is most of the line, and CloudWatch bills lines by
    /// their length.
    fn directive(&self, by: By, metrics: &[Metric]) -> Value {
        let told = by.iter().filter(|set| set.iter().all(|dimension| self.of.contains_key(dimension)));
        let names = |set: &&[Dimension]| set.iter().map(|dimension| dimension.as_str()).collect::<Vec<_>>();
        json!({
            "Namespace": NAMESPACE,
            "Dimensions": told.map(names).collect::<Vec<_>>(),
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
    fn a_line_carries_what_was_measured_and_of_what() {
        let mut measured = Measured::of_stage("prod").of(Provider, "acme");
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
    fn a_set_of_dimensions_counts_once_all_of_it_is_told() {
        let rejected = |measured: Measured| {
            let mut measured = measured;
            measured.count(REJECTED);
            members(&measured)["_aws"]["CloudWatchMetrics"][0]["Dimensions"].clone()
        };
        let plain = Measured::of_stage("prod").of(Provider, "acme");
        assert_eq!(rejected(plain.clone()), json!([["Stage", "Provider"]]));
        let sets = json!([["Stage", "Provider"], ["Stage", "Provider", "RejectCode"]]);
        assert_eq!(rejected(plain.of(RejectCode, "wrong_proof")), sets);
    }

    #[test]
    fn a_line_that_measures_nothing_stays_as_it_is() {
        assert!(Measured::of_stage("prod").members(ReceivedAt::EPOCH).is_empty());
    }

    #[test]
    fn every_name_stands_for_one_metric() {
        let names: BTreeSet<&str> = ALL.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), ALL.len(), "{names:?}");
    }
}
