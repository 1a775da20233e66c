//! The result of a run, and its log line with the metrics.

use std::time::Duration;

use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;
use serde_json::{Value, json};

use crate::sqs::QueueDepth;
use crate::telemetry::metrics::{self, Measured};

/// The result of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// The number of events that were sent again.
    pub resent: u32,
    /// The number of events that were parked.
    pub parked: u32,
    /// The queue's depth; `None` if SQS did not return it.
    pub waiting: Option<QueueDepth>,
    /// The oldest event that is neither processed nor parked.
    pub oldest_unprocessed: Oldest,
}

/// The oldest event that is neither processed nor parked, of those that are old enough to be sent again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Oldest {
    /// The table could not be read.
    #[default]
    Unknown,
    /// There is none.
    Nothing,
    /// Its arrival. If the search ran out of time, the oldest event arrived then or later.
    Arrived(ReceivedAt),
}

impl Oldest {
    /// Returns the greatest age that it can have; `None` if that is unknown.
    fn age(self, now: ReceivedAt) -> Option<Duration> {
        match self {
            Self::Unknown => None,
            Self::Nothing => Some(Duration::ZERO),
            Self::Arrived(oldest) => Some(now.since(oldest)),
        }
    }
}

/// Returns a run's log line with its metrics. A failed run has them too: the age of the oldest event matters most when
/// something fails.
pub(super) fn line(report: &SweepReport, fault: Option<&Fault>, stage: &str, now: ReceivedAt) -> Value {
    let mut measured = Measured::of_stage(stage);
    measured.measure(metrics::SWEEP_FAILED, fault.is_some().into());
    if let Some(age) = report.oldest_unprocessed.age(now) {
        measured.measure(metrics::OLDEST_UNPROCESSED_AGE, age.as_secs());
    }
    if let Some(waiting) = report.waiting {
        measured.measure(metrics::WAITING, waiting.total().into());
    }
    measured.measure(metrics::RESENT, report.resent.into());
    measured.measure(metrics::PARKED, report.parked.into());
    let line = match fault {
        None => json!({"level": "info", "message": "sweep", "outcome": "swept"}),
        Some(fault) => {
            json!({"level": "error", "message": "sweep", "outcome": "failed", "reason": fault.chain()})
        }
    };
    let members = line.as_object().cloned().into_iter().flatten();
    Value::Object(members.chain(measured.members(now)).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_run_writes_a_line_that_cloudwatch_reads_as_metrics() {
        let now = ReceivedAt::from_millis(600_000).unwrap();
        let oldest_unprocessed = Oldest::Arrived(ReceivedAt::EPOCH);
        let report = SweepReport { resent: 2, oldest_unprocessed, ..SweepReport::default() };
        let line = line(&report, None, "prod", now);
        assert_eq!((&line["OldestUnprocessedAge"], &line["Resent"]), (&json!(600), &json!(2)));
        for directive in line["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
            assert_eq!(directive["Dimensions"], json!([["Stage"]]), "{directive}");
            for metric in directive["Metrics"].as_array().unwrap() {
                assert!(line[metric["Name"].as_str().unwrap()].is_u64(), "{metric}");
            }
        }
        assert_eq!((&line["SweepFailed"], &line["Stage"]), (&json!(0), &json!("prod")));
    }

    #[test]
    fn a_quiet_run_emits_every_metric_of_the_sweeper() {
        let waiting = Some(QueueDepth::default());
        let report = SweepReport { oldest_unprocessed: Oldest::Nothing, waiting, ..SweepReport::default() };
        let line = line(&report, None, "prod", ReceivedAt::EPOCH);
        let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap().iter();
        let emitted = directives.flat_map(|directive| directive["Metrics"].as_array().unwrap());
        let emitted: BTreeSet<&str> = emitted.map(|metric| metric["Name"].as_str().unwrap()).collect();
        assert_eq!(emitted, metrics::OF_EVERY_SWEEP.map(|metric| metric.name).into());
    }

    #[test]
    fn a_failed_run_has_its_fault_and_its_metrics() {
        let fault = Fault::transient("the event cannot be enqueued", "no response in time");
        let oldest_unprocessed = Oldest::Arrived(ReceivedAt::EPOCH);
        let report = SweepReport { parked: 1, oldest_unprocessed, ..SweepReport::default() };
        let line = line(&report, Some(&fault), "prod", ReceivedAt::from_millis(600_000).unwrap());
        assert_eq!((&line["SweepFailed"], &line["OldestUnprocessedAge"]), (&json!(1), &json!(600)), "{line}");
        assert_eq!((&line["Parked"], &line["Waiting"]), (&json!(1), &Value::Null), "{line}");
        assert_eq!(line["reason"], json!("the event cannot be enqueued: no response in time"));
    }

    #[test]
    fn an_unknown_age_is_not_written_as_zero() {
        let age = |oldest_unprocessed| {
            let report = SweepReport { oldest_unprocessed, ..SweepReport::default() };
            line(&report, None, "prod", ReceivedAt::EPOCH)["OldestUnprocessedAge"].clone()
        };
        assert_eq!((age(Oldest::Unknown), age(Oldest::Nothing)), (Value::Null, json!(0)));
    }
}
