//! One line of JSON a delivery: what became of it and why, and nothing of what it said.

use std::time::Duration;

use inlet::patience::AfterFailure;
use inlet::receive::{Accepted, Fault, NotAccepted, Report};
use serde::Serialize;

use crate::environment::LogLevel;

/// A line of the log.
#[derive(Debug, Default, Serialize)]
struct Line<'r> {
    level: &'static str,
    message: &'static str,
    provider: &'static str,
    outcome: &'static str,
    duration_ms: u128,
    request: &'r str,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicate: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Whether the provider is known to send it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retried: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quarantine: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quarantine_fault: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    journal_fault: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_fault: Option<String>,
}

/// What a delivery's line is written with, beside the report.
#[derive(Clone, Copy, Debug)]
pub struct Context<'r> {
    /// The lowest level that is written.
    pub level: LogLevel,
    /// The provider.
    pub provider: &'static str,
    /// The invocation.
    pub request: &'r str,
    /// The store that the URL names.
    pub store: Option<&'r str>,
    /// What the sender is answered.
    pub status: u16,
    /// How long it took.
    pub duration: Duration,
    /// What the provider does after a delivery that is not answered well.
    pub after_failure: &'r AfterFailure,
}

/// Writes a delivery's line, where its level is to be written.
pub fn delivery(context: Context<'_>, report: &Report) {
    if level_of(report) <= context.level {
        println!("{}", line(context, report));
    }
}

/// Writes a line about a request that is none, or that ran into a bug of ours.
pub fn trouble(context: Context<'_>, outcome: &'static str, reason: String) {
    let line = Line { level: "error", outcome, reason: Some(reason), ..plain(context) };
    println!("{}", json(&line));
}

fn level_of(report: &Report) -> LogLevel {
    match report {
        Report::Probed => LogLevel::Debug,
        Report::Accepted(accepted) if accepted.journal_fault.is_none() && accepted.queue_fault.is_none() => {
            LogLevel::Info
        }
        Report::Accepted(_) => LogLevel::Warn,
        Report::Refused(NotAccepted::Secrets(_) | NotAccepted::Kept { .. }) => LogLevel::Error,
        Report::Refused(_) => LogLevel::Warn,
    }
}

fn line(context: Context<'_>, report: &Report) -> String {
    let level = match level_of(report) {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
    };
    let plain = Line { level, ..plain(context) };
    json(&match report {
        Report::Probed => Line { outcome: "probed", ..plain },
        Report::Accepted(accepted) => of_accepted(plain, accepted),
        Report::Refused(why) => of_refused(plain, why, context.after_failure),
    })
}

fn of_refused<'r>(plain: Line<'r>, why: &NotAccepted, after: &AfterFailure) -> Line<'r> {
    let refusal = why.refusal();
    let held = match why {
        NotAccepted::Unproved { held, .. } => Some(held),
        _ => None,
    };
    Line {
        outcome: refusal.code(),
        reason: Some(why.to_string()),
        retried: Some(after.retries_after(plain.status)),
        quarantine: held.and_then(|held| held.as_ref().ok()).map(|held| held.as_str()),
        quarantine_fault: held.and_then(|held| held.as_ref().err()).map(Fault::story),
        ..plain
    }
}

fn of_accepted<'r>(plain: Line<'r>, accepted: &'r Accepted) -> Line<'r> {
    let Accepted { event, duplicate, journal_fault, queue_fault } = accepted;
    let outcome = match (journal_fault, queue_fault) {
        (None, None) => "accepted",
        (Some(_), _) => "accepted_by_queue_alone",
        (None, Some(_)) => "accepted_by_journal_alone",
    };
    Line {
        outcome,
        id: Some(event.id().as_str()),
        r#type: Some(loggable(event.reading().event_type.as_str())),
        trust: Some(event.delivery().trust().as_str()),
        size: Some(event.delivery().body().len()),
        duplicate: Some(*duplicate),
        journal_fault: journal_fault.as_ref().map(Fault::story),
        queue_fault: queue_fault.as_ref().map(Fault::story),
        ..plain
    }
}

/// An event's name, where it looks like one: what nobody documents is named by the sender's own text.
fn loggable(event_type: &str) -> &str {
    let is_name = event_type.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    if is_name { event_type } else { "unknown" }
}

fn plain(context: Context<'_>) -> Line<'_> {
    let Context { provider, request, store, status, duration, after_failure, .. } = context;
    Line {
        message: "delivery",
        provider,
        request,
        store,
        status,
        counts_towards_breaker: after_failure.counts_towards_breaker(status),
        duration_ms: duration.as_millis(),
        ..Line::default()
    }
}

fn json(line: &Line<'_>) -> String {
    #[expect(clippy::expect_used, reason = "every field is text, a number or a truth")]
    serde_json::to_string(line).expect("a line can be written as JSON")
}

/// A panic's message may quote what it stumbled over; its place in our code says as much to us.
pub(crate) fn say_where_but_not_what_of_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        println!("{}", serde_json::json!({"level": "error", "message": "panic", "place": place}));
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use inlet::patience::{Breaker, Retries};
    use inlet::proof::Rejection;
    use inlet::quarantine::Held;
    use serde_json::{Value, json};

    /// A provider that sends again after a 5xx and stops after some failures.
    fn after_failure() -> AfterFailure {
        let breaker = Breaker {
            window: Duration::from_hours(1),
            degraded_at: 10,
            broken_at: 30,
            discards_backlog: true,
            not_counted: &[429],
        };
        AfterFailure {
            retries: Some(Retries { waits: &[], statuses: &[500..=599] }),
            breaker: Some(breaker),
            ..AfterFailure::not_documented("a test")
        }
    }

    fn told_after(after_failure: &AfterFailure, why: NotAccepted) -> Value {
        let context = Context {
            level: LogLevel::Info,
            provider: "zid",
            request: "r",
            store: Some("riyadh"),
            status: why.refusal().status(),
            duration: Duration::ZERO,
            after_failure,
        };
        serde_json::from_str(&line(context, &Report::Refused(why))).unwrap()
    }

    fn told(why: NotAccepted) -> Value {
        told_after(&after_failure(), why)
    }

    #[test]
    fn a_line_names_the_store_the_answer_and_whether_it_counts_against_us() {
        let silent = AfterFailure::not_documented("a test");
        for (line, counts) in [
            (told(NotAccepted::UnknownStore), json!(true)),
            (told_after(&silent, NotAccepted::UnknownStore), Value::Null),
        ] {
            assert_eq!(
                (&line["store"], &line["status"], &line["counts_towards_breaker"]),
                (&json!("riyadh"), &json!(401), &counts),
                "{line}"
            );
        }
    }

    #[test]
    fn a_refusal_tells_what_became_of_the_delivery_and_whether_it_comes_again() {
        let unproved = |held| NotAccepted::Unproved { rejection: Rejection::Mismatch, held };
        for (why, quarantine, fault, retried) in [
            (unproved(Ok(Held::Kept)), json!("kept"), Value::Null, false),
            (unproved(Ok(Held::TooMany)), json!("too_many"), Value::Null, false),
            (unproved(Err(Fault::new("no", "late"))), Value::Null, json!("no: late"), false),
            (NotAccepted::UnknownStore, Value::Null, Value::Null, false),
            (NotAccepted::Secrets(Fault::new("no", "late")), Value::Null, Value::Null, true),
        ] {
            let line = told(why);
            assert_eq!(
                (&line["quarantine"], &line["quarantine_fault"], &line["retried"]),
                (&quarantine, &fault, &json!(retried)),
                "{line}"
            );
        }
    }
}
