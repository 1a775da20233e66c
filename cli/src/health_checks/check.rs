//! The result of one check, and the hints that several checks give.

use std::time::Duration;

use inlet_aws::client::aws_error::AwsErrorKind;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Status;

/// Maximum time of a call of AWS or of a receiver.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(5);

/// The result of one check.
#[derive(Debug, Serialize)]
pub(crate) struct Check {
    /// The part of the deployment, in a word.
    pub(crate) subject: &'static str,
    /// The result.
    pub(crate) status: Status,
    /// The finding.
    pub(crate) finding: String,
    /// The hint.
    pub(crate) next: Option<String>,
    /// The kind of the error because of which the check could not be made: it decides the hint.
    #[serde(skip)]
    pub(super) obstacle: Option<AwsErrorKind>,
}

impl Check {
    pub(super) fn pass(subject: &'static str, finding: impl Into<String>) -> Self {
        Self { subject, status: Status::Pass, finding: finding.into(), next: None, obstacle: None }
    }

    pub(super) fn fail(subject: &'static str, finding: impl Into<String>, next: impl Into<String>) -> Self {
        Self { status: Status::Fail, next: Some(next.into()), ..Self::pass(subject, finding) }
    }

    pub(super) fn unknown(
        subject: &'static str,
        finding: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self { status: Status::Unknown, next: Some(next.into()), ..Self::pass(subject, finding) }
    }

    pub(super) fn warning(
        subject: &'static str,
        finding: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self { status: Status::Warning, next: Some(next.into()), ..Self::pass(subject, finding) }
    }

    /// Returns a pass if the condition is true, else a failure.
    pub(super) fn assert(is: bool, subject: &'static str, good: &str, bad: &str, next: &str) -> Self {
        if is { Self::pass(subject, good) } else { Self::fail(subject, bad, next) }
    }

    /// Returns a failure if the part does not exist, else the result of a check that could not be made.
    pub(super) fn missing_or_not_checked(
        subject: &'static str,
        name: &str,
        failure: &Failure,
        next: &str,
    ) -> Self {
        match failure.aws_kind() {
            Some(AwsErrorKind::Missing) => Self::fail(subject, format!("{name} does not exist"), next),
            _ => Self::not_checked(subject, failure),
        }
    }

    /// Returns the result of a check that could not be made. AWS's message names a missing permission.
    pub(super) fn not_checked(subject: &'static str, failure: &Failure) -> Self {
        // Not `inlet doctor`, which is running.
        let next = "look at it in the AWS console";
        let obstacle =
            failure.aws_kind().filter(|kind| !matches!(kind, AwsErrorKind::Missing | AwsErrorKind::Other));
        Self { obstacle, ..Self::unknown(subject, format!("not checked: {failure}"), next) }
    }
}

/// The hint for a part that the current template creates.
pub(super) const DEPLOY_AGAIN: &str = "deploy again: sam build && sam deploy";

/// The heading of the runbook for a queue or a bus that was deleted. A deployment does not create it again:
/// CloudFormation compares templates, and sees no change.
pub(super) const QUEUE_OR_BUS_GONE: &str =
    "docs/runbook.md#a-queue-or-the-bus-is-gone; a deployment does not create it again";
