//! The results of the checks, on their way to the report.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::deployment::Deployment;
use crate::failure::aws_hint;
use crate::health_checks::check::Check;

/// A result with the place of its check in a report.
#[derive(Debug)]
pub(crate) struct Found {
    /// The place of the check among all checks.
    pub(crate) place: usize,
    /// The result.
    pub(crate) check: Check,
}

/// Sends the results of one task.
pub(super) struct Results {
    pub(super) place: usize,
    pub(super) deployment: Arc<Deployment>,
    pub(super) sender: mpsc::UnboundedSender<Found>,
}

impl Results {
    pub(super) fn send(&self, checks: Vec<Check>) {
        for mut check in checks {
            if let Some(kind) = check.obstacle {
                check.next = Some(aws_hint(kind, &self.deployment.options));
            }
            // The receiver is gone if the command ends early.
            let _ = self.sender.send(Found { place: self.place, check });
        }
    }
}
