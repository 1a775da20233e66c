//! The metrics of a delivery's outcome.

use inlet::provider::parsed_event::UnknownReason;
use inlet::provider::response::Refusal;
use inlet::receive::quarantine::QuarantineOutcome;
use inlet::receive::{Accepted, NotAccepted, Report};
use inlet::request::Method;

use crate::telemetry::log::reject_code::reject_code;
use crate::telemetry::metrics::{self, Dimension, Measured};

/// Returns true if the provider may count the response as a failure. The sender may be an attacker, whose failures the
/// provider does not count. So only our own failures count, and failed verifications of a configured store.
pub(super) fn may_be_counted(report: &Report) -> bool {
    match report {
        Report::Probed | Report::Accepted(_) | Report::Deferred(_) => false,
        Report::Refused(why) => {
            why.refusal() == Refusal::Unavailable || matches!(why, NotAccepted::VerificationFailed { .. })
        }
    }
}

/// Adds the metrics of an accepted delivery.
pub(super) fn accepted_metrics(mut measured: Measured, accepted: &Accepted) -> Measured {
    let unknown_reason = accepted.event.parsed().unknown_reason();
    measured.count(metrics::ACCEPTED);
    measured.count_if(accepted.duplicate, metrics::DUPLICATE);
    measured.count_if(unknown_reason == Some(UnknownReason::Event), metrics::UNKNOWN);
    measured.count_if(unknown_reason == Some(UnknownReason::Body), metrics::UNREADABLE);
    measured.count_if(accepted.journal_fault.is_some(), metrics::FALLBACK);
    measured.count_if(accepted.queue_fault.is_some(), metrics::ENQUEUE_DEFERRED);
    measured
}

/// Adds the metrics of a refused delivery.
pub(super) fn refused_metrics(measured: Measured, why: &NotAccepted) -> Measured {
    let mut measured = measured.with_dimension(Dimension::RejectCode, reject_code(why));
    let is_ours = why.refusal() == Refusal::Unavailable;
    measured.count(if is_ours { metrics::UNAVAILABLE } else { metrics::REJECTED });
    let is_quarantined =
        matches!(why, NotAccepted::VerificationFailed { quarantined: Ok(QuarantineOutcome::Stored), .. });
    measured.count_if(is_quarantined, metrics::QUARANTINED);
    measured.count_if(matches!(why, NotAccepted::VerificationFailed { .. }), metrics::VERIFICATION_FAILED);
    measured
}

/// Returns false for the methods with which people and scanners look at a URL: they would fire the alarm.
pub(crate) const fn may_deliver(method: Method) -> bool {
    !matches!(method, Method::Get | Method::Head)
}
