//! The line and the metrics of each outcome.

use inlet::drift::detector::Difference;
use inlet::fault::Fault;
use inlet::proof::Rejection;
use inlet::provider::retry_policy::{CircuitBreaker, Retries};
use inlet::receive::NotAccepted;
use inlet::receive::quarantine::QuarantineOutcome;
use serde_json::json;

use super::*;

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
    let failed =
        |rejection, quarantined| NotAccepted::VerificationFailed { rejection, quarantined: Ok(quarantined) };
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
        (failed(Rejection::NoCredentialForTopic, QuarantineOutcome::RateLimited), refused(), "no_credential"),
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
    assert_eq!(line_in(DeliveryLog { status: 200, ..idle }, &Report::Probed), None, "a probe has no metrics");
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
    let failed =
        |quarantined| NotAccepted::VerificationFailed { rejection: Rejection::Mismatch, quarantined };
    let unreadable =
        |quarantined| NotAccepted::SecretsUnavailable { fault: Fault::transient("no", "late"), quarantined };
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
