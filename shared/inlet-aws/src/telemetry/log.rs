//! The log line of a delivery: one line of JSON with its result and reason, its times and its metrics, and nothing of
//! its content.

use std::time::{Duration, Instant};

use inlet::drift::detector::Drift;
use inlet::fault::Fault;
use inlet::proof::Rejection;
use inlet::provider::parsed_event::UnknownReason;
use inlet::provider::response::Refusal;
use inlet::provider::retry_policy::RetryPolicy;
use inlet::receive::quarantine::QuarantineOutcome;
use inlet::receive::{Accepted, NotAccepted, Report};
use inlet::received_at::ReceivedAt;
use inlet::request::Method;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::client::clock;
use crate::client::config::LogLevel;
use crate::telemetry::metrics::{self, Dimension, Measured};
use crate::telemetry::timing::StepTimings;

/// The reject code of a delivery to a store without a parameter. Alarms use it.
pub const UNKNOWN_STORE: &str = "unknown_store";

/// The reject code of a request whose path contains no provider or no store.
pub const UNKNOWN_PATH: &str = "unknown_path";

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
                measured = measured.of(Dimension::RejectCode, "malformed");
                measured.count(metrics::REJECTED);
                ("malformed", reason)
            }
            InvalidInvocation::UnknownPath(method) => {
                measured = measured.of(Dimension::RejectCode, UNKNOWN_PATH);
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
            measured = measured.of(Dimension::Event, event);
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
        let mut measured = Measured::of_stage(self.stage).of(Dimension::Provider, self.provider);
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

/// The fields of a line. Their names are public.
#[derive(Debug, Default, Serialize)]
struct Line<'r> {
    level: &'static str,
    message: &'static str,
    provider: &'static str,
    outcome: &'static str,
    duration_ms: u128,
    #[serde(skip_serializing_if = "Option::is_none")]
    secrets_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    journal_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quarantine_ms: Option<u64>,
    request: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_request: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<&'r str>,
    status: u16,
    /// True if the response brings the provider nearer to disabling the webhook; absent if the provider documents no
    /// such rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    counts_towards_breaker: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trust: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicate: Option<bool>,
    /// The differences from the known shape of the event: paths and types, never values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    drift: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    undocumented: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reject_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reject_detail: Option<String>,
    /// True if the provider documents that it sends the delivery again.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_will_retry: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quarantine: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quarantine_fault: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    journal_fault: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_fault: Option<String>,
}

impl Line<'_> {
    fn has_drift(&self) -> bool {
        !(self.drift.is_empty() && self.undocumented.is_empty())
    }
}

/// Returns false for the methods with which people and scanners look at a URL: they would fire the alarm.
pub(crate) const fn may_deliver(method: Method) -> bool {
    !matches!(method, Method::Get | Method::Head)
}

fn level_of(report: &Report) -> LogLevel {
    match report {
        Report::Probed => LogLevel::Debug,
        Report::Accepted(accepted) if accepted.journal_fault.is_none() && accepted.queue_fault.is_none() => {
            LogLevel::Info
        }
        Report::Accepted(_) | Report::Deferred(_) => LogLevel::Warn,
        Report::Refused(why) if why.refusal() == Refusal::Unavailable => LogLevel::Error,
        Report::Refused(_) => LogLevel::Warn,
    }
}

fn accepted_line<'r>(base: Line<'r>, accepted: &'r Accepted) -> Line<'r> {
    let Accepted { event, duplicate, journal_fault, queue_fault } = accepted;
    let outcome = match (journal_fault, queue_fault) {
        (None, None) => "accepted",
        (Some(_), _) => "accepted_by_queue_alone",
        (None, Some(_)) => "accepted_by_journal_alone",
    };
    Line {
        outcome,
        id: Some(event.id().as_str()),
        r#type: Some(loggable_event_type(event.parsed().event_type.as_str())),
        trust: Some(event.delivery().trust().as_str()),
        duplicate: Some(*duplicate),
        journal_fault: journal_fault.as_ref().map(Fault::chain),
        queue_fault: queue_fault.as_ref().map(Fault::chain),
        ..base
    }
}

fn deferred_line<'r>(base: Line<'r>, fault: &Fault) -> Line<'r> {
    Line {
        outcome: "deferred",
        reject_code: Some(SECRETS_UNAVAILABLE),
        reject_detail: Some(fault.chain()),
        quarantine: Some(QuarantineOutcome::Stored.as_str()),
        ..base
    }
}

fn refused_line<'r>(base: Line<'r>, why: &NotAccepted, retry_policy: &RetryPolicy) -> Line<'r> {
    let quarantined = match why {
        NotAccepted::VerificationFailed { held, .. } | NotAccepted::SecretsUnavailable { held, .. } => {
            Some(held)
        }
        _ => None,
    };
    Line {
        outcome: why.refusal().code(),
        reject_code: Some(reject_code(why)),
        reject_detail: Some(why.to_string()),
        provider_will_retry: Some(retry_policy.retries_after(base.status)),
        quarantine: quarantined.and_then(|result| result.as_ref().ok()).map(|outcome| outcome.as_str()),
        quarantine_fault: quarantined.and_then(|result| result.as_ref().err()).map(Fault::chain),
        ..base
    }
}

/// Returns true if the provider may count the response as a failure. The sender may be an attacker, whose failures the
/// provider does not count. So only our own failures count, and failed verifications of a configured store.
fn may_be_counted(report: &Report) -> bool {
    match report {
        Report::Probed | Report::Accepted(_) | Report::Deferred(_) => false,
        Report::Refused(why) => {
            why.refusal() == Refusal::Unavailable || matches!(why, NotAccepted::VerificationFailed { .. })
        }
    }
}

fn accepted_metrics(mut measured: Measured, accepted: &Accepted) -> Measured {
    let unknown_reason = accepted.event.parsed().unknown_reason();
    measured.count(metrics::ACCEPTED);
    measured.count_if(accepted.duplicate, metrics::DUPLICATE);
    measured.count_if(unknown_reason == Some(UnknownReason::Event), metrics::UNKNOWN);
    measured.count_if(unknown_reason == Some(UnknownReason::Body), metrics::UNREADABLE);
    measured.count_if(accepted.journal_fault.is_some(), metrics::FALLBACK);
    measured.count_if(accepted.queue_fault.is_some(), metrics::ENQUEUE_DEFERRED);
    measured
}

fn refused_metrics(measured: Measured, why: &NotAccepted) -> Measured {
    let mut measured = measured.of(Dimension::RejectCode, reject_code(why));
    let is_ours = why.refusal() == Refusal::Unavailable;
    measured.count(if is_ours { metrics::UNAVAILABLE } else { metrics::REJECTED });
    let is_quarantined =
        matches!(why, NotAccepted::VerificationFailed { held: Ok(QuarantineOutcome::Stored), .. });
    measured.count_if(is_quarantined, metrics::QUARANTINED);
    measured.count_if(matches!(why, NotAccepted::VerificationFailed { .. }), metrics::VERIFICATION_FAILED);
    measured
}

/// The code of a delivery whose store's credentials cannot be read.
const SECRETS_UNAVAILABLE: &str = "secrets_unavailable";

/// Returns the code of a refusal: a field of the line and a dimension of its metrics.
fn reject_code(why: &NotAccepted) -> &'static str {
    match why {
        NotAccepted::Method => "method",
        NotAccepted::TooLarge(_) => "too_large",
        NotAccepted::UnknownStore => UNKNOWN_STORE,
        NotAccepted::VerificationFailed { rejection, .. } => match rejection {
            Rejection::Missing { .. } => "no_proof",
            Rejection::Malformed { .. } => "malformed_proof",
            Rejection::Mismatch => "wrong_proof",
            Rejection::NoCredentialForTopic => "no_credential",
            Rejection::NoUsableCredential => "unusable_credentials",
            Rejection::CredentialsUnreadable => SECRETS_UNAVAILABLE,
        },
        NotAccepted::SecretsUnavailable { .. } => SECRETS_UNAVAILABLE,
        NotAccepted::NotStored { .. } => "not_stored",
    }
}

/// Returns the provider's name of an event if it looks like a name, else `unknown`: the name of an undocumented event
/// is the sender's own text.
fn loggable_event_type(event_type: &str) -> &str {
    let is_name = event_type.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    if is_name { event_type } else { "unknown" }
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

#[cfg(test)]
mod tests {
    use super::*;
    use inlet::drift::detector::Difference;
    use inlet::provider::retry_policy::{CircuitBreaker, Retries};
    use serde_json::json;

    /// A provider that retries after a 5xx and disables the webhook after some failures.
    fn retry_policy() -> RetryPolicy {
        let breaker = CircuitBreaker {
            window: Duration::from_hours(1),
            warn_at: 10,
            disable_at: 30,
            discards_backlog: true,
            not_counted: &[429],
        };
        RetryPolicy {
            retries: Some(Retries { backoff: &[], statuses: &[500..=599] }),
            circuit_breaker: Some(breaker),
            ..RetryPolicy::not_documented("a test")
        }
    }

    fn logged_for(retry_policy: &RetryPolicy, why: NotAccepted) -> Value {
        let log = DeliveryLog { status: why.refusal().status(), ..log(retry_policy) };
        line_in(log, &Report::Refused(why)).unwrap()
    }

    fn log(retry_policy: &RetryPolicy) -> DeliveryLog<'_> {
        DeliveryLog {
            level: LogLevel::Info,
            stage: "prod",
            provider: "zid",
            request: "r",
            api_request: Some("a"),
            trace: Some("1-2-3"),
            store: Some("riyadh"),
            size: Some(77),
            status: 200,
            received_at: ReceivedAt::EPOCH,
            started: Instant::now(),
            duration: Duration::from_millis(9),
            timings: StepTimings { queue: Some(Duration::from_millis(4)), ..StepTimings::default() },
            retry_policy,
        }
    }

    fn line_in(log: DeliveryLog<'_>, report: &Report) -> Option<Value> {
        let (line, measured) = log.line_and_metrics(report, None);
        log.text(level_of(report), line, &measured).map(|text| serde_json::from_str(&text).unwrap())
    }

    fn logged(why: NotAccepted) -> Value {
        logged_for(&retry_policy(), why)
    }

    #[test]
    fn a_line_shows_store_size_status_and_the_circuit_breaker() {
        let silent = RetryPolicy::not_documented("a test");
        for (line, counts) in [
            (logged(NotAccepted::UnknownStore), json!(true)),
            (logged_for(&silent, NotAccepted::UnknownStore), Value::Null),
        ] {
            assert_eq!(
                (&line["store"], &line["size"], &line["status"], &line["counts_towards_breaker"]),
                (&json!("riyadh"), &json!(77), &json!(401), &counts),
                "{line}"
            );
        }
    }

    #[test]
    fn a_line_joins_the_logs_of_lambda_the_api_and_the_trace() {
        let line = logged(NotAccepted::UnknownStore);
        assert_eq!(
            (&line["request"], &line["api_request"], &line["trace"], &line["duration_ms"], &line["queue_ms"]),
            (&json!("r"), &json!("a"), &json!("1-2-3"), &json!(9), &json!(4)),
            "{line}"
        );
    }

    #[test]
    fn a_refusal_is_counted_by_code_and_only_our_failures_count() {
        const COUNTED: &str = "CountedFailure";
        let failed = |rejection, held| NotAccepted::VerificationFailed { rejection, held: Ok(held) };
        let fault = || Fault::transient("no", "late");
        let refused = || vec![COUNTED, "QueueLatency", "Rejected", "VerificationFailed"];
        for (why, counted, reason) in [
            (
                failed(Rejection::Mismatch, QuarantineOutcome::Stored),
                vec![COUNTED, "Quarantined", "QueueLatency", "Rejected", "VerificationFailed"],
                "wrong_proof",
            ),
            (failed(Rejection::Mismatch, QuarantineOutcome::RateLimited), refused(), "wrong_proof"),
            (
                failed(Rejection::Missing { expected: "a header" }, QuarantineOutcome::RateLimited),
                refused(),
                "no_proof",
            ),
            (
                failed(Rejection::Malformed { what: "a header" }, QuarantineOutcome::RateLimited),
                refused(),
                "malformed_proof",
            ),
            (
                failed(Rejection::NoCredentialForTopic, QuarantineOutcome::RateLimited),
                refused(),
                "no_credential",
            ),
            (
                failed(Rejection::NoUsableCredential, QuarantineOutcome::RateLimited),
                vec![COUNTED, "QueueLatency", "Unavailable", "VerificationFailed"],
                "unusable_credentials",
            ),
            (NotAccepted::Method, vec!["QueueLatency", "Rejected"], "method"),
            (NotAccepted::UnknownStore, vec!["QueueLatency", "Rejected"], UNKNOWN_STORE),
            (
                NotAccepted::NotStored { journal: fault(), queue: fault() },
                vec![COUNTED, "QueueLatency", "Unavailable"],
                "not_stored",
            ),
        ] {
            let line = logged(why);
            let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
            let metrics = directives.iter().flat_map(|one| one["Metrics"].as_array().unwrap());
            let mut names: Vec<&str> = metrics.map(|metric| metric["Name"].as_str().unwrap()).collect();
            names.sort_unstable();
            assert_eq!((names, &line["RejectCode"]), (counted, &json!(reason)), "{line}");
        }
    }

    #[test]
    fn metrics_are_written_at_every_level_and_alone() {
        let (after, report) = (retry_policy(), Report::Refused(NotAccepted::UnknownStore));
        let quiet = DeliveryLog { level: LogLevel::Error, status: 401, ..log(&after) };
        let line = line_in(quiet, &report).unwrap();
        assert_eq!(
            (&line["Rejected"], &line["Stage"], &line["Provider"]),
            (&json!(1), &json!("prod"), &json!("zid"))
        );
        assert_eq!((&line["message"], &line["store"]), (&Value::Null, &Value::Null), "{line}");
        let idle = DeliveryLog { timings: StepTimings::default(), ..quiet };
        assert_eq!(
            line_in(DeliveryLog { status: 200, ..idle }, &Report::Probed),
            None,
            "a probe has no metrics"
        );
    }

    #[test]
    fn drift_is_always_counted_and_logged_within_its_limit() {
        let (after, report) = (retry_policy(), Report::Refused(NotAccepted::UnknownStore));
        let drift = Drift { contradictions: vec![Difference::Value("status")], ..Drift::default() };
        for (log_it, expected) in [(true, json!(["value of status"])), (false, Value::Null)] {
            let drift_report = DriftReport { event: "order.create", drift: &drift, log_it };
            let log = log(&after);
            let (line, measured) = log.line_and_metrics(&report, Some(drift_report));
            let text = log.text(LogLevel::Info, line, &measured).unwrap();
            let line: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(
                (&line["drift"], &line["Drift"], &line["Event"], &line["Undocumented"]),
                (&expected, &json!(1), &json!("order.create"), &Value::Null),
                "{line}"
            );
        }
    }

    #[test]
    fn logged_drift_is_written_at_every_level() {
        let (after, report) = (retry_policy(), Report::Refused(NotAccepted::UnknownStore));
        let new = vec![Difference::New("tier".to_owned(), "string")];
        let contradicting = Drift { contradictions: new.clone(), ..Drift::default() };
        let undocumented = Drift { undocumented: new, ..Drift::default() };
        for level in [LogLevel::Error, LogLevel::Warn, LogLevel::Info] {
            for (drift, log_it) in [(&contradicting, true), (&undocumented, true), (&contradicting, false)] {
                let quiet = DeliveryLog { level, ..log(&after) };
                let drift_report = DriftReport { event: "order.create", drift, log_it };
                let (line, measured) = quiet.line_and_metrics(&report, Some(drift_report));
                let text = quiet.text(LogLevel::Info, line, &measured).unwrap();
                let is_written = text.contains("\"message\":\"delivery\"");
                assert_eq!(is_written, log_it || level == LogLevel::Info, "{level:?}, {drift:?}: {text}");
            }
        }
    }

    #[test]
    fn a_refusal_shows_its_quarantine_and_the_providers_retry() {
        let failed = |held| NotAccepted::VerificationFailed { rejection: Rejection::Mismatch, held };
        let unreadable =
            |held| NotAccepted::SecretsUnavailable { fault: Fault::transient("no", "late"), held };
        for (why, quarantine, fault, retried) in [
            (failed(Ok(QuarantineOutcome::Stored)), json!("stored"), Value::Null, false),
            (failed(Ok(QuarantineOutcome::RateLimited)), json!("rate_limited"), Value::Null, false),
            (failed(Err(Fault::transient("no", "late"))), Value::Null, json!("no: late"), false),
            (NotAccepted::UnknownStore, Value::Null, Value::Null, false),
            (unreadable(Ok(QuarantineOutcome::TooLarge)), json!("too_large"), Value::Null, true),
            (unreadable(Err(Fault::transient("no", "full"))), Value::Null, json!("no: full"), true),
        ] {
            let line = logged(why);
            assert_eq!(
                (&line["quarantine"], &line["quarantine_fault"], &line["provider_will_retry"]),
                (&quarantine, &fault, &json!(retried)),
                "{line}"
            );
        }
    }
}
