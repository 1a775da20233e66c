//! The report of a run: a log line for each list and one for the run, with their metrics.

use std::time::Duration;

use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;
use inlet::reconcile::{Counts, Coverage, Outcome};
use serde_json::{Map, Value, json};

use crate::dynamodb::reconciliation::ListName;
use crate::telemetry::metrics::{self, Dimension, Measured, Metric};

/// The number of changes from which on one lost webhook leaves a share of 90 %, which is the threshold of the alarm
/// `completeness-low`.
const FEW_CHANGES: u64 = 10;

/// The report of a list.
#[derive(Debug)]
pub struct ListReport {
    /// The list.
    pub list: ListName,
    /// The reading, or the fault of the table.
    pub reading: Result<Reading, Fault>,
}

/// The reading of a list.
#[derive(Debug)]
pub struct Reading {
    /// The first change that counts.
    pub since: ReceivedAt,
    /// The end of the window.
    pub until: ReceivedAt,
    /// The time since the list was read to its end, or since its first run.
    pub age: Duration,
    /// The result.
    pub result: ListResult,
}

/// The result of reading a list.
#[derive(Debug)]
pub enum ListResult {
    /// The list was read to its end.
    Read(Outcome),
    /// The time of the run ended. The next run goes on.
    Unfinished(Outcome),
    /// The provider's API failed or refused, or returned a page again.
    Unread(Outcome),
    /// The stored access cannot be used, for this reason.
    NoAccess(String),
    /// The access lacks this field, which this list alone needs. The list is not read.
    NotConfigured(&'static str),
}

impl ListResult {
    fn outcome(&self) -> Option<&Outcome> {
        match self {
            Self::Read(outcome) | Self::Unfinished(outcome) | Self::Unread(outcome) => Some(outcome),
            Self::NoAccess(_) | Self::NotConfigured(_) => None,
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Read(_) => "read",
            Self::Unfinished(_) => "unfinished",
            Self::Unread(_) | Self::NoAccess(_) => "unread",
            Self::NotConfigured(_) => "not configured",
        }
    }
}

impl Reading {
    /// Returns the share of the changed objects whose state webhooks brought, in percent, rounded down. `None` unless
    /// the whole window was read.
    pub fn completeness(&self) -> Option<u64> {
        match &self.result {
            ListResult::Read(outcome) => outcome.arrived_per_mille()?.checked_div(10),
            _ => None,
        }
    }

    /// Returns the metric of the share. The alarm watches the one of the stage. A store with few changes has a low share
    /// after one lost webhook, in each of the overlapping windows that have the change, so its share is one of the store
    /// alone. Two lost webhooks always count, so an outage of a small store rings.
    fn share_metric(&self) -> Metric {
        let counts = self.result.outcome().map(|outcome| outcome.counts).unwrap_or_default();
        let Counts { arrived, reconciled, missed, unknown, .. } = counts;
        let lost = reconciled.saturating_add(missed).saturating_add(unknown);
        if lost == 1 && arrived.saturating_add(lost) < FEW_CHANGES {
            return Metric { by: metrics::OF_EACH_STORE, ..metrics::COMPLETENESS };
        }
        metrics::COMPLETENESS
    }

    /// Returns the number of objects of which a state was published.
    pub fn published(&self) -> u64 {
        let Some(outcome) = self.result.outcome() else { return 0 };
        let missed = outcome.missed.iter().filter(|missed| missed.published > 0).count();
        u64::try_from(missed).unwrap_or(u64::MAX).saturating_add(outcome.corrected)
    }

    /// Returns false if the list is not read because the access lacks a field. Such a list has no age.
    fn is_configured(&self) -> bool {
        !matches!(self.result, ListResult::NotConfigured(_))
    }

    fn is_unread(&self) -> bool {
        matches!(self.result, ListResult::Unread(_) | ListResult::NoAccess(_))
    }

    /// Returns the reason why the list has no share, if it should have one.
    fn reason(&self) -> Option<String> {
        match &self.result {
            ListResult::Read(outcome) => match outcome.coverage {
                Ok(Coverage::Unknown) => Some("the API does not say how long its list is".to_owned()),
                Ok(Coverage::Complete | Coverage::Incomplete) | Err(_) => None,
            },
            ListResult::Unfinished(_) => None,
            ListResult::Unread(outcome) => match &outcome.coverage {
                Ok(_) => Some("the API returned a page again, so later pages cannot be read".to_owned()),
                Err(unread) => Some(unread.to_string()),
            },
            ListResult::NoAccess(reason) => Some(reason.clone()),
            ListResult::NotConfigured(field) => Some(format!("the access has no {field}")),
        }
    }
}

impl ListReport {
    /// Returns the log line.
    pub fn line(&self, stage: &str, now: ReceivedAt) -> Value {
        let ListName { provider, store, kind } = &self.list;
        let mut line = object(json!({
            "message": "list", "provider": provider, "store": store.as_str(), "kind": kind.as_str(),
        }));
        let mut measured = Measured::of_stage(stage)
            .with_dimension(Dimension::Provider, provider)
            .with_dimension(Dimension::Store, store.as_str());
        match &self.reading {
            Err(fault) => {
                line.extend(object(json!({"level": "error", "outcome": "failed", "reason": fault.chain()})));
            }
            Ok(reading) => {
                let level = if reading.is_unread() { "warn" } else { "info" };
                line.extend(object(json!({"level": level, "outcome": reading.result.word()})));
                if reading.is_configured() {
                    line.extend(object(json!({
                        "since": reading.since.to_string(), "until": reading.until.to_string(),
                        "age_s": reading.age.as_secs(), "published": reading.published(),
                    })));
                }
                if let Some(outcome) = reading.result.outcome() {
                    line.extend(object(json!(outcome.counts)));
                    line.insert("requests".to_owned(), outcome.requests.into());
                }
                if let Some(reason) = reading.reason() {
                    line.insert("reason".to_owned(), reason.into());
                }
                if let Some(completeness) = reading.completeness() {
                    measured.measure(reading.share_metric(), completeness);
                }
            }
        }
        line.extend(measured.members(now));
        Value::Object(line)
    }
}

/// Returns the log line of a run. A run that could not read or write the table has no age, so that an alarm rings.
pub(super) fn run_line(reports: &[ListReport], stage: &str, now: ReceivedAt) -> Value {
    let readings: Vec<&Reading> = reports.iter().filter_map(|report| report.reading.as_ref().ok()).collect();
    let has_failed = readings.len() < reports.len();
    let published = readings.iter().map(|reading| reading.published()).fold(0, u64::saturating_add);
    let unread = readings.iter().filter(|reading| reading.is_unread()).count();
    let mut measured = Measured::of_stage(stage);
    if !has_failed {
        let configured = readings.iter().filter(|reading| reading.is_configured());
        let age = configured.map(|reading| reading.age).max().unwrap_or_default();
        measured.measure(metrics::RECONCILIATION_AGE, age.as_secs());
    }
    if published > 0 {
        measured.measure(metrics::RECONCILED, published);
    }
    if unread > 0 {
        measured.measure(metrics::UNREAD, u64::try_from(unread).unwrap_or(u64::MAX));
    }
    let (level, outcome) = if has_failed { ("error", "failed") } else { ("info", "reconciled") };
    let mut line = object(json!({
        "level": level, "message": "reconciliation", "outcome": outcome, "lists": reports.len(),
        "published": published, "unread": unread,
    }));
    line.extend(measured.members(now));
    Value::Object(line)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
