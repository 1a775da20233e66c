//! Counts the receivers' log lines, one per delivery.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::operation::filter_log_events::FilterLogEventsError;
use indicatif::ProgressBar;
use inlet::event::EventId;
use inlet::provider::retry_policy::CircuitBreaker;
use inlet::received_at::ReceivedAt;
use inlet_aws::telemetry::log::UNKNOWN_STORE;
use serde::Deserialize;

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::providers::ProviderHandle;

/// The filter of CloudWatch Logs: returns only the lines of deliveries.
const DELIVERIES: &str = r#"{ $.message = "delivery" }"#;

/// The same for the responses that the provider counts towards its circuit breaker.
const COUNTED_FAILURES: &str = r#"{ $.message = "delivery" && $.counts_towards_breaker IS TRUE }"#;

/// Pages of failures that are read of each provider: more failures than that are far past every limit.
const FAILURE_PAGES: usize = 10;

/// The fields of a delivery's line that are counted: `inlet_aws::telemetry::log`.
#[derive(Debug, Deserialize)]
struct Line {
    message: String,
    outcome: String,
    store: Option<String>,
    id: Option<String>,
    duplicate: Option<bool>,
    reject_code: Option<String>,
    #[serde(default)]
    counts_towards_breaker: Option<bool>,
}

/// The counts of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Number of accepted deliveries.
    pub(crate) accepted: u64,
    /// The duplicates among them.
    pub(crate) duplicates: u64,
    /// The undocumented events among them.
    pub(crate) unknown: u64,
    /// Number of rejected deliveries, by reason.
    pub(crate) rejected: BTreeMap<String, u64>,
    /// The times of the failures within the circuit breaker's window. Empty if the provider documents no circuit breaker.
    pub(crate) towards_breaker: Vec<ReceivedAt>,
    /// The time of the last accepted delivery.
    pub(crate) last_accepted: Option<ReceivedAt>,
}

/// The largest number of unknown stores' names that are counted each.
const MAX_UNKNOWN_NAMES: usize = 1_000;

/// The counts of a provider.
#[derive(Debug, Default)]
pub(crate) struct ProviderCounts {
    /// The counts of each store with credentials. Lines without a store have the key None.
    pub(crate) stores: BTreeMap<Option<String>, Counts>,
    /// Deliveries to names without credentials. A sender chooses these names, so they have no counts of their own.
    pub(crate) unknown_stores: UnknownStores,
}

/// Deliveries to names without credentials.
#[derive(Debug, Default)]
pub(crate) struct UnknownStores {
    /// Number of deliveries.
    pub(crate) deliveries: u64,
    /// The deliveries of each name, for the first [`MAX_UNKNOWN_NAMES`] names.
    names: BTreeMap<String, u64>,
    /// True if there are more names.
    pub(crate) has_more_names: bool,
}

impl UnknownStores {
    fn count(&mut self, store: Option<&str>) {
        self.deliveries = self.deliveries.saturating_add(1);
        let Some(store) = store else { return };
        if self.names.len() >= MAX_UNKNOWN_NAMES && !self.names.contains_key(store) {
            self.has_more_names = true;
            return;
        }
        let count = self.names.entry(store.to_owned()).or_default();
        *count = count.saturating_add(1);
    }

    /// Returns the number of different names, of which at most [`MAX_UNKNOWN_NAMES`] are counted.
    pub(crate) fn names(&self) -> usize {
        self.names.len()
    }

    /// Returns the names with the most deliveries, the first of them first: one of these may be a store whose parameter
    /// was deleted or renamed.
    pub(crate) fn most_frequent(&self, number: usize) -> Vec<(String, u64)> {
        let mut names: Vec<(String, u64)> =
            self.names.iter().map(|(name, count)| (name.clone(), *count)).collect();
        names.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        names.truncate(number);
        names
    }
}

/// Reads a provider's log and returns the counts by store.
///
/// # Errors
/// If the log cannot be read.
pub(crate) async fn counts_by_store(
    deployment: &Deployment,
    provider: ProviderHandle,
    (from, until): (ReceivedAt, ReceivedAt),
    progress: &ProgressBar,
) -> Result<ProviderCounts, Failure> {
    let breaker = &provider.retry_policy.circuit_breaker;
    let window = breaker.as_ref().map_or(Duration::ZERO, |breaker: &CircuitBreaker| breaker.window);
    let breaking_since = until.earlier(window);
    let mut pages = Client::new(&deployment.config)
        .filter_log_events()
        .log_group_name(format!("/inlet/{}/{provider}", deployment.stage))
        .filter_pattern(DELIVERIES)
        .start_time(from.min(breaking_since).millis())
        .end_time(until.millis())
        .into_paginator()
        .send();
    let mut counted = ProviderCounts::default();
    while let Some(page) = pages.next().await {
        let page = match page {
            Ok(page) => page,
            // The provider is not deployed, so it has no log.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(FilterLogEventsError::is_resource_not_found_exception) =>
            {
                break;
            }
            Err(error) => return Err(Failure::aws("the receivers' logs cannot be read", &error)),
        };
        for event in page.events() {
            progress.inc(1);
            let at = event.timestamp().and_then(ReceivedAt::from_millis).unwrap_or(from);
            if let Some(line) = event.message().and_then(line) {
                counted.count(&line, at, at >= from, at >= breaking_since);
            }
        }
    }
    Ok(counted)
}

/// Returns the number of failures of each store within the window of the provider's circuit breaker. Reads the lines of
/// failures only; none if the provider documents no circuit breaker.
///
/// # Errors
/// If the log cannot be read.
pub(crate) async fn failures_by_store(
    deployment: &Deployment,
    provider: ProviderHandle,
    until: ReceivedAt,
) -> Result<BTreeMap<String, u64>, Failure> {
    let mut failures = BTreeMap::new();
    let Some(breaker) = &provider.retry_policy.circuit_breaker else { return Ok(failures) };
    let mut pages = Client::new(&deployment.config)
        .filter_log_events()
        .log_group_name(format!("/inlet/{}/{provider}", deployment.stage))
        .filter_pattern(COUNTED_FAILURES)
        .start_time(until.earlier(breaker.window).millis())
        .end_time(until.millis())
        .into_paginator()
        .send();
    for _ in 0..FAILURE_PAGES {
        let page = match pages.next().await {
            None => break,
            Some(Ok(page)) => page,
            Some(Err(error))
                if error
                    .as_service_error()
                    .is_some_and(FilterLogEventsError::is_resource_not_found_exception) =>
            {
                break;
            }
            Some(Err(error)) => return Err(Failure::aws("the receivers' logs cannot be read", &error)),
        };
        for line in page.events().iter().filter_map(|event| event.message().and_then(line)) {
            if let (Some(true), Some(store)) = (line.counts_towards_breaker, line.store) {
                let of_store: &mut u64 = failures.entry(store).or_default();
                *of_store = of_store.saturating_add(1);
            }
        }
    }
    Ok(failures)
}

impl ProviderCounts {
    fn count(&mut self, line: &Line, at: ReceivedAt, is_requested: bool, is_in_window: bool) {
        if line.reject_code.as_deref() == Some(UNKNOWN_STORE) {
            if is_requested {
                self.unknown_stores.count(line.store.as_deref());
            }
        } else {
            let counts = self.stores.entry(line.store.clone()).or_default();
            counts.count(line, at, is_requested, is_in_window);
        }
    }
}

/// Returns a delivery's line. None for any other line.
fn line(text: &str) -> Option<Line> {
    serde_json::from_str(text).ok().filter(|line: &Line| line.message == "delivery")
}

impl Counts {
    fn count(&mut self, line: &Line, at: ReceivedAt, is_requested: bool, is_in_window: bool) {
        let kind = |id: &str| id.split('/').nth(2).map(str::to_owned);
        let accepted = line.outcome.starts_with("accepted");
        if accepted {
            self.last_accepted = self.last_accepted.max(Some(at));
        }
        if is_in_window && line.counts_towards_breaker == Some(true) {
            self.towards_breaker.push(at);
        }
        if !is_requested || line.outcome == "probed" {
            return;
        }
        if accepted {
            let unknown = line.id.as_deref().filter(|id| EventId::parse(id).is_ok()).and_then(kind);
            self.accepted = self.accepted.saturating_add(1);
            self.duplicates = self.duplicates.saturating_add(u64::from(line.duplicate == Some(true)));
            self.unknown = self.unknown.saturating_add(u64::from(unknown.as_deref() == Some("unknown")));
        } else {
            let reason = self.rejected.entry(line.outcome.clone()).or_default();
            *reason = reason.saturating_add(1);
        }
    }

    /// Returns the number of failures since the last accepted delivery. The lines of different receivers are not ordered;
    /// of the same time, the failure counts as the later one.
    pub(crate) fn failures_since_accepted(&self) -> usize {
        self.towards_breaker.iter().filter(|at| self.last_accepted.is_none_or(|last| **at >= last)).count()
    }

    /// Returns the number of rejected deliveries.
    pub(crate) fn all_rejected(&self) -> u64 {
        self.rejected.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(lines: &[(&str, bool, bool)]) -> Counts {
        let mut counts = Counts::default();
        for (text, is_requested, is_in_window) in lines {
            let line = line(text).unwrap();
            counts.count(&line, ReceivedAt::EPOCH, *is_requested, *is_in_window);
        }
        counts
    }

    #[test]
    fn a_line_is_counted_by_its_fields() {
        let counts = counted(&[
            (
                r#"{"message":"delivery","outcome":"accepted","id":"zid/a/order/1/0123456789abcdef","duplicate":false,"counts_towards_breaker":false}"#,
                true,
                true,
            ),
            (
                r#"{"message":"delivery","outcome":"accepted_by_queue_alone","id":"zid/a/unknown/1/0123456789abcdef","duplicate":true}"#,
                true,
                true,
            ),
            (
                r#"{"message":"delivery","outcome":"unauthenticated","counts_towards_breaker":true}"#,
                true,
                true,
            ),
            (
                r#"{"message":"delivery","outcome":"unauthenticated","counts_towards_breaker":true}"#,
                true,
                false,
            ),
            (r#"{"message":"delivery","outcome":"unavailable","counts_towards_breaker":true}"#, false, true),
            (r#"{"message":"delivery","outcome":"probed"}"#, true, true),
        ]);
        assert_eq!((counts.accepted, counts.duplicates, counts.unknown), (2, 1, 1));
        assert_eq!(counts.rejected, BTreeMap::from([("unauthenticated".to_owned(), 2)]));
        assert_eq!(counts.towards_breaker.len(), 2, "all failures within the window, requested or not");
    }

    #[test]
    fn an_accepted_delivery_ends_the_count_in_any_line_order() {
        let failures = |lines: &[(&str, i64)]| {
            let mut counts = Counts::default();
            for (outcome, millis) in lines {
                let counted = *outcome != "accepted";
                let text = format!(
                    r#"{{"message":"delivery","outcome":"{outcome}","counts_towards_breaker":{counted}}}"#
                );
                counts.count(&line(&text).unwrap(), ReceivedAt::from_millis(*millis).unwrap(), true, true);
            }
            (counts.towards_breaker.len(), counts.failures_since_accepted())
        };
        for (lines, want) in [
            (vec![("unavailable", 1), ("unavailable", 2)], (2, 2)),
            (vec![("unavailable", 1), ("unavailable", 2), ("accepted", 3)], (2, 0)),
            (vec![("accepted", 3), ("unavailable", 1), ("unavailable", 4)], (2, 1)),
            (vec![("unavailable", 3), ("accepted", 3)], (1, 1)),
        ] {
            assert_eq!(failures(&lines), want, "{lines:?}");
        }
    }

    #[test]
    fn unknown_stores_are_counted_together() {
        let mut counted = ProviderCounts::default();
        let sent =
            (0..5_000).map(|n| format!("random-{n}")).chain(["gone", "gone", "gone"].map(str::to_owned));
        for store in std::iter::once("gone".to_owned()).chain(sent) {
            let text = format!(
                r#"{{"message":"delivery","outcome":"unauthenticated","store":"{store}","reject_code":"unknown_store","counts_towards_breaker":true}}"#
            );
            counted.count(&line(&text).unwrap(), ReceivedAt::EPOCH, true, true);
        }
        assert_eq!(counted.stores, BTreeMap::new(), "no row of its own");
        let unknown = &counted.unknown_stores;
        assert_eq!((unknown.deliveries, unknown.names()), (5_004, MAX_UNKNOWN_NAMES));
        assert!(unknown.has_more_names);
        assert_eq!(unknown.most_frequent(1), [("gone".to_owned(), 4)]);
    }

    #[test]
    fn other_lines_are_ignored() {
        for text in ["", "START RequestId", r#"{"message":"panic","outcome":"x"}"#, r#"{"level":"info"}"#] {
            assert!(line(text).is_none(), "{text:?}");
        }
    }
}
