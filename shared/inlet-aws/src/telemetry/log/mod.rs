//! The log line of a delivery: one line of JSON with its result and reason, its times and its metrics, and nothing of
//! its content.

mod delivery_metrics;
mod line;
mod reject_code;

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use inlet::drift::detector::Drift;
use inlet::provider::retry_policy::RetryPolicy;
use inlet::receive::Report;
use inlet::received_at::ReceivedAt;
use inlet::request::Method;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::client::clock;
use crate::client::config::LogLevel;
use crate::telemetry::log::delivery_metrics::{accepted_metrics, may_be_counted, refused_metrics};
use crate::telemetry::log::line::{Line, accepted_line, deferred_line, level_of, refused_line};
use crate::telemetry::metrics::{self, Dimension, Measured};
use crate::telemetry::timing::StepTimings;

pub(crate) use delivery_metrics::may_deliver;
pub use reject_code::{UNKNOWN_PATH, UNKNOWN_STORE};

/// The log of one delivery: started when it arrives, completed while it is received, and finished with its response.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryLog<'r> {
    /// The lowest level that is written.
    pub level: LogLevel,
    /// The deployment's stage.
    pub stage: &'r str,
    /// The provider.
    pub provider: &'static str,
    /// The provider's retry policy.
    pub retry_policy: &'r RetryPolicy,
    /// The invocation's id, as Lambda's own lines contain it.
    pub request: &'r str,
    /// The request's id, as API Gateway's access log contains it.
    pub api_request: Option<&'r str>,
    /// The id of the X-Ray trace.
    pub trace: Option<&'r str>,
    /// The store in the URL, once it is known to be a store's name.
    pub store: Option<&'r str>,
    /// The body's length in bytes, once it is known.
    pub size: Option<usize>,
    /// The status of the response; 0 before [`DeliveryLog::finish`].
    pub status: u16,
    /// The time of arrival.
    pub received_at: ReceivedAt,
    started: Instant,
    /// The time from arrival to response.
    pub duration: Duration,
    /// The part of it that was spent waiting, by step.
    pub timings: StepTimings,
}

/// A delivery that did not reach the receiver's path, or that panicked on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidInvocation {
    /// The event's encoding is broken.
    Malformed(&'static str),
    /// The path of a request with this method contains no store.
    UnknownPath(Method),
    /// The function panicked.
    Panicked,
}

/// The drift of a delivery.
#[derive(Clone, Copy, Debug)]
pub struct DriftReport<'d> {
    /// The event's name in the catalogue.
    pub event: &'d str,
    /// The differences.
    pub drift: &'d Drift,
    /// True if the line contains the differences. Then it is written at every level. The metrics always count them.
    pub log_it: bool,
}

impl<'r> DeliveryLog<'r> {
    /// Starts the log of a delivery that arrives now.
    pub fn start(
        level: LogLevel,
        stage: &'r str,
        provider: &'static str,
        retry_policy: &'r RetryPolicy,
        request: &'r str,
    ) -> Self {
        Self {
            level,
            stage,
            provider,
            retry_policy,
            request,
            api_request: None,
            trace: None,
            store: None,
            size: None,
            status: 0,
            received_at: clock::now(),
            started: Instant::now(),
            duration: Duration::ZERO,
            timings: StepTimings::default(),
        }
    }

    /// Finishes the log with the status of the response.
    pub fn finish(&mut self, status: u16) {
        (self.status, self.duration) = (status, self.started.elapsed());
    }

    /// Writes the line of a delivery. If the level hides the line, its metrics are written alone.
    pub fn write_report(&self, report: &Report, drift: Option<DriftReport<'_>>) {
        let (line, measured) = self.line_and_metrics(report, drift);
        self.write(level_of(report), line, &measured);
    }

    /// Writes the line of an invocation that is not a request, or that panicked.
    pub fn write_invalid(&self, invalid: InvalidInvocation) {
        let mut measured = self.base_metrics(invalid == InvalidInvocation::Panicked);
        let (code, detail) = match invalid {
            InvalidInvocation::Malformed(reason) => {
                measured = measured.with_dimension(Dimension::RejectCode, "malformed");
                measured.count(metrics::REJECTED);
                ("malformed", reason)
            }
            InvalidInvocation::UnknownPath(method) => {
                measured = measured.with_dimension(Dimension::RejectCode, UNKNOWN_PATH);
                measured.count(metrics::REJECTED);
                measured.count_if(may_deliver(method), metrics::UNKNOWN_PATH);
                (UNKNOWN_PATH, "the path contains no store")
            }
            InvalidInvocation::Panicked => {
                measured.count(metrics::UNAVAILABLE);
                ("panicked", "a bug: the line before contains its place")
            }
        };
        let (reject_code, reject_detail) = (Some(code), Some(detail.to_owned()));
        let line = Line { outcome: code, reject_code, reject_detail, ..self.base_line() };
        self.write(LogLevel::Error, line, &measured);
    }

    fn line_and_metrics<'l>(
        &'l self,
        report: &'l Report,
        drift: Option<DriftReport<'_>>,
    ) -> (Line<'l>, Measured) {
        let (mut line, mut measured) = (self.line_of(report), self.metrics_of(report));
        if let Some(DriftReport { event, drift, log_it }) = drift {
            measured = measured.with_dimension(Dimension::Event, event);
            measured.count_if(!drift.contradictions.is_empty(), metrics::DRIFT);
            measured.count_if(!drift.undocumented.is_empty(), metrics::UNDOCUMENTED);
            if log_it {
                line.drift = drift.contradictions.iter().map(ToString::to_string).collect();
                line.undocumented = drift.undocumented.iter().map(ToString::to_string).collect();
            }
        }
        (line, measured)
    }

    fn write(&self, level: LogLevel, line: Line<'_>, measured: &Measured) {
        if let Some(text) = self.text(level, line, measured) {
            println!("{text}");
        }
    }

    /// Returns the text to write: the line, its metrics, or both in one object.
    fn text(&self, level: LogLevel, line: Line<'_>, measured: &Measured) -> Option<String> {
        #[derive(Serialize)]
        struct Whole<'r> {
            #[serde(flatten)]
            line: Option<Line<'r>>,
            #[serde(flatten)]
            members: Map<String, Value>,
        }
        // The metric counts all drift; the logged drift is a sample that explains it. So the level must not hide it.
        let is_written = level <= self.level || line.has_drift();
        let line = is_written.then(|| Line { level: level.as_str(), ..line });
        let members = measured.members(self.received_at);
        if line.is_none() && members.is_empty() {
            return None;
        }
        #[expect(clippy::expect_used, reason = "every field is text, a number or a boolean")]
        Some(serde_json::to_string(&Whole { line, members }).expect("a line can be written as JSON"))
    }

    fn line_of<'l>(&'l self, report: &'l Report) -> Line<'l> {
        let base = self.base_line();
        match report {
            Report::Probed => Line { outcome: "probed", ..base },
            Report::Accepted(accepted) => accepted_line(base, accepted),
            Report::Deferred(fault) => deferred_line(base, fault),
            Report::Refused(why) => refused_line(base, why, self.retry_policy),
        }
    }

    fn base_line(&self) -> Line<'_> {
        Line {
            message: "delivery",
            provider: self.provider,
            request: self.request,
            api_request: self.api_request,
            trace: self.trace,
            store: self.store,
            size: self.size,
            status: self.status,
            counts_towards_breaker: self.retry_policy.counts_towards_breaker(self.status),
            duration_ms: self.duration.as_millis(),
            secrets_ms: self.timings.secrets.map(millis),
            journal_ms: self.timings.journal.map(millis),
            queue_ms: self.timings.queue.map(millis),
            quarantine_ms: self.timings.quarantine.map(millis),
            ..Line::default()
        }
    }

    fn metrics_of(&self, report: &Report) -> Measured {
        let measured = self.base_metrics(may_be_counted(report));
        match report {
            Report::Probed => measured,
            Report::Accepted(accepted) => accepted_metrics(measured, accepted),
            Report::Deferred(_) => {
                let mut measured = measured;
                measured.count(metrics::QUARANTINED);
                measured
            }
            Report::Refused(why) => refused_metrics(measured, why),
        }
    }

    /// Returns the metrics of every response.
    fn base_metrics(&self, may_be_counted: bool) -> Measured {
        let mut measured = Measured::of_stage(self.stage).with_dimension(Dimension::Provider, self.provider);
        let is_counted =
            may_be_counted && self.retry_policy.counts_towards_breaker(self.status) == Some(true);
        measured.count_if(is_counted, metrics::COUNTED_FAILURE);
        let latencies =
            [(self.timings.journal, metrics::JOURNAL_LATENCY), (self.timings.queue, metrics::QUEUE_LATENCY)];
        for (time, metric) in latencies {
            if let Some(time) = time {
                measured.measure(metric, millis(time));
            }
        }
        measured
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Makes a panic write a line with its place and without its message, because the message may quote personal data.
pub(crate) fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        println!("{}", serde_json::json!({"level": "error", "message": "panic", "place": place}));
    }));
}
