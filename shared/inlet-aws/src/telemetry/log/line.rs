//! The fields of a delivery's log line.

use inlet::fault::Fault;
use inlet::provider::response::Refusal;
use inlet::provider::retry_policy::RetryPolicy;
use inlet::receive::quarantine::QuarantineOutcome;
use inlet::receive::{Accepted, NotAccepted, Report};
use serde::Serialize;

use crate::client::config::LogLevel;
use crate::telemetry::log::reject_code::{SECRETS_UNAVAILABLE, reject_code};

/// The fields of a line. Their names are public.
#[derive(Debug, Default, Serialize)]
pub(super) struct Line<'r> {
    pub(super) level: &'static str,
    pub(super) message: &'static str,
    pub(super) provider: &'static str,
    pub(super) outcome: &'static str,
    pub(super) duration_ms: u128,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) secrets_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) journal_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) queue_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) quarantine_ms: Option<u64>,
    pub(super) request: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) api_request: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) trace: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) store: Option<&'r str>,
    pub(super) status: u16,
    /// True if the response brings the provider nearer to disabling the webhook; absent if the provider documents no
    /// such rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) counts_towards_breaker: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) r#type: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) trust: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) duplicate: Option<bool>,
    /// The differences from the known shape of the event: paths and types, never values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) drift: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) undocumented: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reject_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reject_detail: Option<String>,
    /// True if the provider documents that it sends the delivery again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) provider_will_retry: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) quarantine: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) quarantine_fault: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) journal_fault: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) queue_fault: Option<String>,
}

impl Line<'_> {
    pub(super) fn has_drift(&self) -> bool {
        !(self.drift.is_empty() && self.undocumented.is_empty())
    }
}

/// Returns the level of a delivery's line.
pub(super) fn level_of(report: &Report) -> LogLevel {
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

/// Returns the line of an accepted delivery.
pub(super) fn accepted_line<'r>(base: Line<'r>, accepted: &'r Accepted) -> Line<'r> {
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

/// Returns the line of a deferred delivery.
pub(super) fn deferred_line<'r>(base: Line<'r>, fault: &Fault) -> Line<'r> {
    Line {
        outcome: "deferred",
        reject_code: Some(SECRETS_UNAVAILABLE),
        reject_detail: Some(fault.chain()),
        quarantine: Some(QuarantineOutcome::Stored.as_str()),
        ..base
    }
}

/// Returns the line of a refused delivery.
pub(super) fn refused_line<'r>(base: Line<'r>, why: &NotAccepted, retry_policy: &RetryPolicy) -> Line<'r> {
    let quarantined = match why {
        NotAccepted::VerificationFailed { quarantined, .. }
        | NotAccepted::SecretsUnavailable { quarantined, .. } => Some(quarantined),
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

/// Returns the provider's name of an event if it looks like a name, else `unknown`: the name of an undocumented event
/// is the sender's own text.
fn loggable_event_type(event_type: &str) -> &str {
    let is_name = event_type.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    if is_name { event_type } else { "unknown" }
}
