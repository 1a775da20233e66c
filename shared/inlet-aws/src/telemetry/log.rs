//! One line of JSON a delivery: what became of it and why, how long it took, what is counted, and nothing of what
//! it said.

use std::time::Duration;

use inlet::drift::Drift;
use inlet::fault::Fault;
use inlet::proof::Rejection;
use inlet::provider::parsed_event::UnknownReason;
use inlet::provider::response::Refusal;
use inlet::provider::retry_policy::RetryPolicy;
use inlet::receive::quarantine::QuarantineOutcome;
use inlet::receive::{Accepted, NotAccepted, Report};
use inlet::received_at::ReceivedAt;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::client::config::LogLevel;
use crate::telemetry::metrics::{self, Dimension, Measured};
use crate::telemetry::timing::StepTimings;

/// A line of the log.
#[derive(Debug, Default, Serialize)]
struct Line<'r> {
    level: &'static str,
    message: &'static str,
    provider: &'static str,
    outcome: &'static str,
    duration_ms: u128,
    /// What of it was waiting for the store's secrets, the table, the queue or the quarantine.
    #[serde(skip_serializing_if = "Option::is_none")]
    secrets_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    journal_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quarantine_ms: Option<u64>,
    /// The invocation, as Lambda's own lines name it.
    request: &'r str,
    /// The request, as the API's access log names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    api_request: Option<&'r str>,
    /// The X-Ray trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<&'r str>,
    /// The store that the URL names, where it can be one; whether anybody configured it is another matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<&'r str>,
    /// What the sender was answered.
    status: u16,
    /// Whether that answer brings the provider nearer to sending nothing any more, where it tells that it would.
    #[serde(skip_serializing_if = "Option::is_none")]
    counts_towards_breaker: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trust: Option<&'static str>,
    /// The body's length in bytes, as sent; of a request that is none it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicate: Option<bool>,
    /// Where the delivery is not what is known of its event: paths and types, never values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    drift: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    undocumented: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reject_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reject_detail: Option<String>,
    /// Whether the provider is known to send it again.
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
    fn tells_of_drift(&self) -> bool {
        !(self.drift.is_empty() && self.undocumented.is_empty())
    }
}

/// What a delivery's line is written with, beside the report.
#[derive(Clone, Copy, Debug)]
pub struct Context<'r> {
    /// The lowest level that is written.
    pub level: LogLevel,
    /// The deployment's stage.
    pub stage: &'r str,
    /// The provider.
    pub provider: &'static str,
    /// The invocation.
    pub request: &'r str,
    /// The request, as API Gateway names it.
    pub api_request: Option<&'r str>,
    /// The X-Ray trace.
    pub trace: Option<&'r str>,
    /// The store that the URL names.
    pub store: Option<&'r str>,
    /// How long the body is, in bytes.
    pub size: Option<usize>,
    /// What the sender is answered.
    pub status: u16,
    /// When it arrived.
    pub received_at: ReceivedAt,
    /// How long it took.
    pub duration: Duration,
    /// What of that was waiting.
    pub timings: StepTimings,
    /// What the provider does after a delivery that is not answered well.
    pub retry_policy: &'r RetryPolicy,
}

/// Why a delivery was not even tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidInvocation {
    /// The event is no request: what the sender encoded or the URL is broken.
    Malformed(&'static str),
    /// A bug of ours.
    Panicked,
}

/// Where a delivery is not what is known of its event, and how much is said of it.
#[derive(Clone, Copy, Debug)]
pub struct DriftReport<'d> {
    /// The event's name; one of few.
    pub event: &'d str,
    /// The differences.
    pub drift: &'d Drift,
    /// Whether they are told, and the line is written at every level; they are counted in any case.
    pub log_it: bool,
}

/// Writes a delivery's line. Where its level is not to be written, what it counts is written all the same.
pub fn delivery(context: Context<'_>, report: &Report, drift_report: Option<DriftReport<'_>>) {
    let (line, measured) = of_delivery(context, report, drift_report);
    write(context, level_of(report), line, &measured);
}

fn of_delivery<'r>(
    context: Context<'r>,
    report: &'r Report,
    drift_report: Option<DriftReport<'_>>,
) -> (Line<'r>, Measured) {
    let (mut line, mut measured) = (of_report(context, report), measured(context, report));
    if let Some(DriftReport { event, drift, log_it }) = drift_report {
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

/// Writes a line about a request that is none, or that ran into a bug of ours.
pub fn invalid_invocation(context: Context<'_>, invalid: InvalidInvocation) {
    let mut measured = plainly_measured(context, invalid == InvalidInvocation::Panicked);
    let (outcome, detail) = match invalid {
        InvalidInvocation::Malformed(what) => {
            measured = measured.of(Dimension::RejectCode, "malformed");
            measured.count(metrics::REJECTED);
            ("malformed", what)
        }
        InvalidInvocation::Panicked => {
            measured.count(metrics::UNAVAILABLE);
            ("panicked", "a bug; the line before says where")
        }
    };
    let line = Line {
        outcome,
        reject_code: Some(outcome),
        reject_detail: Some(detail.to_owned()),
        ..base_line(context)
    };
    write(context, LogLevel::Error, line, &measured);
}

fn write(context: Context<'_>, level: LogLevel, line: Line<'_>, measured: &Measured) {
    if let Some(text) = text(context, level, line, measured) {
        println!("{text}");
    }
}

fn text(context: Context<'_>, level: LogLevel, line: Line<'_>, measured: &Measured) -> Option<String> {
    /// What is written: the line, what it counts, or both.
    #[derive(Serialize)]
    struct Whole<'r> {
        #[serde(flatten)]
        line: Option<Line<'r>>,
        #[serde(flatten)]
        members: Map<String, Value>,
    }
    // Told drift is a sample: at a level that hides it nobody would learn what it is that the metric counts.
    let is_written = level <= context.level || line.tells_of_drift();
    let line = is_written.then(|| Line { level: level.as_str(), ..line });
    let members = measured.members(context.received_at);
    if line.is_none() && members.is_empty() {
        return None;
    }
    #[expect(clippy::expect_used, reason = "every field is text, a number or a truth")]
    Some(serde_json::to_string(&Whole { line, members }).expect("a line can be written as JSON"))
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

fn of_report<'r>(context: Context<'r>, report: &'r Report) -> Line<'r> {
    let base = base_line(context);
    match report {
        Report::Probed => Line { outcome: "probed", ..base },
        Report::Accepted(accepted) => of_accepted(base, accepted),
        Report::Deferred(fault) => Line {
            outcome: "deferred",
            reject_code: Some(SECRETS_UNAVAILABLE),
            reject_detail: Some(fault.chain()),
            quarantine: Some(QuarantineOutcome::Stored.as_str()),
            ..base
        },
        Report::Refused(why) => of_refused(base, why, context.retry_policy),
    }
}

fn of_refused<'r>(base: Line<'r>, why: &NotAccepted, after: &RetryPolicy) -> Line<'r> {
    let held = match why {
        NotAccepted::VerificationFailed { held, .. } | NotAccepted::SecretsUnavailable { held, .. } => {
            Some(held)
        }
        _ => None,
    };
    Line {
        outcome: why.refusal().code(),
        reject_code: Some(reject_code(why)),
        reject_detail: Some(why.to_string()),
        provider_will_retry: Some(after.retries_after(base.status)),
        quarantine: held.and_then(|held| held.as_ref().ok()).map(|held| held.as_str()),
        quarantine_fault: held.and_then(|held| held.as_ref().err()).map(Fault::chain),
        ..base
    }
}

fn of_accepted<'r>(base: Line<'r>, accepted: &'r Accepted) -> Line<'r> {
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

fn measured(context: Context<'_>, report: &Report) -> Measured {
    let measured = plainly_measured(context, may_be_counted(report));
    match report {
        Report::Probed => measured,
        Report::Accepted(accepted) => measured_of_accepted(measured, accepted),
        Report::Deferred(_) => {
            let mut measured = measured;
            measured.count_if(true, metrics::QUARANTINED);
            measured
        }
        Report::Refused(why) => measured_of_refused(measured, why),
    }
}

/// Whether an answer may be to the provider, and not for sure to a stranger, who counts nothing: ours, and what comes
/// to a store that there is without a proof that its secrets know. Whatever is missing or wrong, a provider counts it.
fn may_be_counted(report: &Report) -> bool {
    match report {
        Report::Probed | Report::Accepted(_) | Report::Deferred(_) => false,
        Report::Refused(why) => {
            why.refusal() == Refusal::Unavailable || matches!(why, NotAccepted::VerificationFailed { .. })
        }
    }
}

/// What is counted of every answer.
fn plainly_measured(context: Context<'_>, may_be_counted: bool) -> Measured {
    let Context { stage, provider, status, timings, retry_policy, .. } = context;
    let mut measured = Measured::of_stage(stage).of(Dimension::Provider, provider);
    let is_counted = may_be_counted && retry_policy.counts_towards_breaker(status) == Some(true);
    measured.count_if(is_counted, metrics::COUNTED_FAILURE);
    for (wait, metric) in
        [(timings.journal, metrics::JOURNAL_LATENCY), (timings.queue, metrics::QUEUE_LATENCY)]
    {
        if let Some(wait) = wait {
            measured.measure(metric, millis(wait));
        }
    }
    measured
}

fn measured_of_accepted(mut measured: Measured, accepted: &Accepted) -> Measured {
    let why_unknown = accepted.event.parsed().unknown_reason();
    measured.count(metrics::ACCEPTED);
    measured.count_if(accepted.duplicate, metrics::DUPLICATE);
    measured.count_if(why_unknown == Some(UnknownReason::Event), metrics::UNKNOWN);
    measured.count_if(why_unknown == Some(UnknownReason::Body), metrics::UNREADABLE);
    measured.count_if(accepted.journal_fault.is_some(), metrics::FALLBACK);
    measured.count_if(accepted.queue_fault.is_some(), metrics::ENQUEUE_DEFERRED);
    measured
}

fn measured_of_refused(measured: Measured, why: &NotAccepted) -> Measured {
    let mut measured = measured.of(Dimension::RejectCode, reject_code(why));
    let ours = why.refusal() == Refusal::Unavailable;
    measured.count(if ours { metrics::UNAVAILABLE } else { metrics::REJECTED });
    let held = matches!(why, NotAccepted::VerificationFailed { held: Ok(QuarantineOutcome::Stored), .. });
    measured.count_if(held, metrics::QUARANTINED);
    measured.count_if(matches!(why, NotAccepted::VerificationFailed { .. }), metrics::VERIFICATION_FAILED);
    measured
}

/// Why a delivery is refused, in a word.
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

/// The reject code of a delivery whose store's credentials cannot be read.
const SECRETS_UNAVAILABLE: &str = "secrets_unavailable";

/// The reason that a store's parameter which is gone makes; alarms look for it.
pub const UNKNOWN_STORE: &str = "unknown_store";

/// An event's name, where it looks like one: what nobody documents is named by the sender's own text.
fn loggable_event_type(event_type: &str) -> &str {
    let is_name = event_type.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    if is_name { event_type } else { "unknown" }
}

fn base_line(context: Context<'_>) -> Line<'_> {
    let Context {
        provider,
        request,
        api_request,
        trace,
        store,
        size,
        status,
        duration,
        timings,
        retry_policy,
        ..
    } = context;
    Line {
        message: "delivery",
        provider,
        request,
        api_request,
        trace,
        store,
        size,
        status,
        counts_towards_breaker: retry_policy.counts_towards_breaker(status),
        duration_ms: duration.as_millis(),
        secrets_ms: timings.secrets.map(millis),
        journal_ms: timings.journal.map(millis),
        queue_ms: timings.queue.map(millis),
        quarantine_ms: timings.quarantine.map(millis),
        ..Line::default()
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A panic's message may quote what it stumbled over; its place in our code says as much to us.
pub(crate) fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        println!("{}", serde_json::json!({"level": "error", "message": "panic", "place": place}));
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use inlet::drift::Difference;
    use inlet::provider::retry_policy::{CircuitBreaker, Retries};
    use serde_json::json;

    /// A provider that sends again after a 5xx and stops after some failures.
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

    fn refused_line_for(retry_policy: &RetryPolicy, why: NotAccepted) -> Value {
        let context = Context { status: why.refusal().status(), ..context(retry_policy) };
        line_in(context, &Report::Refused(why)).unwrap()
    }

    fn context(retry_policy: &RetryPolicy) -> Context<'_> {
        Context {
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
            duration: Duration::from_millis(9),
            timings: StepTimings { queue: Some(Duration::from_millis(4)), ..StepTimings::default() },
            retry_policy,
        }
    }

    fn line_in(context: Context<'_>, report: &Report) -> Option<Value> {
        let (line, measured) = of_delivery(context, report, None);
        text(context, level_of(report), line, &measured).map(|text| serde_json::from_str(&text).unwrap())
    }

    fn refused_line(why: NotAccepted) -> Value {
        refused_line_for(&retry_policy(), why)
    }

    #[test]
    fn a_line_names_the_store_the_size_the_answer_and_whether_it_counts_against_us() {
        let silent = RetryPolicy::not_documented("a test");
        for (line, counts) in [
            (refused_line(NotAccepted::UnknownStore), json!(true)),
            (refused_line_for(&silent, NotAccepted::UnknownStore), Value::Null),
        ] {
            assert_eq!(
                (&line["store"], &line["size"], &line["status"], &line["counts_towards_breaker"]),
                (&json!("riyadh"), &json!(77), &json!(401), &counts),
                "{line}"
            );
        }
    }

    #[test]
    fn a_line_joins_the_logs_of_lambda_of_the_api_and_of_the_trace() {
        let line = refused_line(NotAccepted::UnknownStore);
        assert_eq!(
            (&line["request"], &line["api_request"], &line["trace"], &line["duration_ms"], &line["queue_ms"]),
            (&json!("r"), &json!("a"), &json!("1-2-3"), &json!(9), &json!(4)),
            "{line}"
        );
    }

    #[test]
    fn a_refusal_is_counted_by_whose_fault_it_is_and_by_reason_and_a_strangers_is_nobodys_failure() {
        const COUNTED: &str = "CountedFailure";
        let unproved = |rejection, held| NotAccepted::VerificationFailed { rejection, held: Ok(held) };
        let fault = || Fault::transient("no", "late");
        let refused = || vec![COUNTED, "QueueLatency", "Rejected", "VerificationFailed"];
        for (why, counted, reason) in [
            (
                unproved(Rejection::Mismatch, QuarantineOutcome::Stored),
                vec![COUNTED, "Quarantined", "QueueLatency", "Rejected", "VerificationFailed"],
                "wrong_proof",
            ),
            (unproved(Rejection::Mismatch, QuarantineOutcome::RateLimited), refused(), "wrong_proof"),
            (
                unproved(Rejection::Missing { expected: "a header" }, QuarantineOutcome::RateLimited),
                refused(),
                "no_proof",
            ),
            (
                unproved(Rejection::Malformed { what: "a header" }, QuarantineOutcome::RateLimited),
                refused(),
                "malformed_proof",
            ),
            (
                unproved(Rejection::NoCredentialForTopic, QuarantineOutcome::RateLimited),
                refused(),
                "no_credential",
            ),
            (
                unproved(Rejection::NoUsableCredential, QuarantineOutcome::RateLimited),
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
            let line = refused_line(why);
            let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
            let metrics = directives.iter().flat_map(|one| one["Metrics"].as_array().unwrap());
            let mut names: Vec<&str> = metrics.map(|metric| metric["Name"].as_str().unwrap()).collect();
            names.sort_unstable();
            assert_eq!((names, &line["RejectCode"]), (counted, &json!(reason)), "{line}");
        }
    }

    #[test]
    fn what_is_counted_is_written_at_every_level_and_nothing_else_is() {
        let (after, report) = (retry_policy(), Report::Refused(NotAccepted::UnknownStore));
        let quiet = Context { level: LogLevel::Error, status: 401, ..context(&after) };
        let line = line_in(quiet, &report).unwrap();
        assert_eq!(
            (&line["Rejected"], &line["Stage"], &line["Provider"]),
            (&json!(1), &json!("prod"), &json!("zid"))
        );
        assert_eq!((&line["message"], &line["store"]), (&Value::Null, &Value::Null), "{line}");
        let idle = Context { timings: StepTimings::default(), ..quiet };
        assert_eq!(
            line_in(Context { status: 200, ..idle }, &Report::Probed),
            None,
            "a probe counts as nothing"
        );
    }

    #[test]
    fn drift_is_counted_always_and_told_where_it_may_be() {
        let (after, report) = (retry_policy(), Report::Refused(NotAccepted::UnknownStore));
        let drift = Drift { contradictions: vec![Difference::Value("status")], ..Drift::default() };
        for (log_it, expected) in [(true, json!(["value of status"])), (false, Value::Null)] {
            let drift_report = DriftReport { event: "order.create", drift: &drift, log_it };
            let (line, measured) = of_delivery(context(&after), &report, Some(drift_report));
            let text = text(context(&after), LogLevel::Info, line, &measured).unwrap();
            let line: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(
                (&line["drift"], &line["Drift"], &line["Event"], &line["Undocumented"]),
                (&expected, &json!(1), &json!("order.create"), &Value::Null),
                "{line}"
            );
        }
    }

    #[test]
    fn what_is_told_of_drift_is_written_at_every_level() {
        let (after, report) = (retry_policy(), Report::Refused(NotAccepted::UnknownStore));
        let new = vec![Difference::New("tier".to_owned(), "string")];
        let contradicting = Drift { contradictions: new.clone(), ..Drift::default() };
        let undocumented = Drift { undocumented: new, ..Drift::default() };
        for level in [LogLevel::Error, LogLevel::Warn, LogLevel::Info] {
            for (drift, log_it) in [(&contradicting, true), (&undocumented, true), (&contradicting, false)] {
                let quiet = Context { level, ..context(&after) };
                let drift_report = DriftReport { event: "order.create", drift, log_it };
                let (line, measured) = of_delivery(quiet, &report, Some(drift_report));
                let text = text(quiet, LogLevel::Info, line, &measured).unwrap();
                let is_written = text.contains("\"message\":\"delivery\"");
                assert_eq!(is_written, log_it || level == LogLevel::Info, "{level:?}, {drift:?}: {text}");
            }
        }
    }

    #[test]
    fn a_refusal_tells_what_became_of_the_delivery_and_whether_it_comes_again() {
        let unproved = |held| NotAccepted::VerificationFailed { rejection: Rejection::Mismatch, held };
        let unreadable =
            |held| NotAccepted::SecretsUnavailable { fault: Fault::transient("no", "late"), held };
        for (why, quarantine, fault, retried) in [
            (unproved(Ok(QuarantineOutcome::Stored)), json!("stored"), Value::Null, false),
            (unproved(Ok(QuarantineOutcome::RateLimited)), json!("rate_limited"), Value::Null, false),
            (unproved(Err(Fault::transient("no", "late"))), Value::Null, json!("no: late"), false),
            (NotAccepted::UnknownStore, Value::Null, Value::Null, false),
            (unreadable(Ok(QuarantineOutcome::TooLarge)), json!("too_large"), Value::Null, true),
            (unreadable(Err(Fault::transient("no", "full"))), Value::Null, json!("no: full"), true),
        ] {
            let line = refused_line(why);
            assert_eq!(
                (&line["quarantine"], &line["quarantine_fault"], &line["provider_will_retry"]),
                (&quarantine, &fault, &json!(retried)),
                "{line}"
            );
        }
    }
}
