//! `inlet doctor`: checks every part of the deployment.

use serde::Serialize;

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::health_checks::{self, Check};
use crate::options::DeploymentArgs;
use crate::output::{Output, Page, Report, Status, counted};

/// The arguments of `inlet doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The command changes nothing. It reads the stack, the settings of the table and the queues, the timeout of your consumer's
function or the secrets of its endpoint, the states and subscribers of the alarms, the account's limits in the region
and the secret of every store, and sends a GET to each receiver, once through the router too, which has no effect. A
warning is something that works today and can become a problem. A question mark means that the caller has no permission
for a check, or that a finding needs a look. The exit code is 1 if a check fails.")]
pub(crate) struct Arguments {
    /// Print only failures, warnings and checks that could not be made
    #[arg(long)]
    only_failures: bool,
}

/// Runs the checks and prints them.
pub(crate) async fn run(
    arguments: &Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let deployment = Deployment::find(options).await?;
    let progress = output.progress("checks", None);
    let mut checks = Box::pin(health_checks::run_all(&deployment)).await?;
    progress.finish_and_clear();
    if arguments.only_failures {
        checks.retain(|check| check.status != Status::Pass);
    }
    let report = HealthReport { stack: deployment.stack, stage: deployment.stage, checks };
    output.report(&report)?;
    match report.count(Status::Fail) {
        0 => Ok(()),
        1 => Err(failure("one check failed".to_owned())),
        many => Err(failure(format!("{many} checks failed"))),
    }
}

fn failure(what: String) -> Failure {
    Failure::Problem {
        what,
        next: "follow the hint below each line marked FAIL, then run the command again".to_owned(),
    }
}

/// The results.
#[derive(Debug, Serialize)]
struct HealthReport {
    stack: String,
    stage: String,
    checks: Vec<Check>,
}

impl HealthReport {
    fn count(&self, status: Status) -> usize {
        self.checks.iter().filter(|check| check.status == status).count()
    }
}

impl Report for HealthReport {
    fn page(&self, page: &mut Page) {
        for check in &self.checks {
            page.marked(check.status, format_args!("{:<9} {}", check.subject, check.finding));
            if let Some(next) = &check.next {
                page.aside(format_args!("                {next}"));
            }
        }
        let [failed, warnings, unknown] =
            [Status::Fail, Status::Warning, Status::Unknown].map(|status| self.count(status));
        if failed == 0 && warnings == 0 && unknown == 0 {
            page.line("All checks passed.");
        } else {
            let warnings = counted(warnings, "warning", "warnings");
            page.line(format_args!("{failed} failed, {warnings}, {unknown} unknown."));
        }
    }
}
