//! `inlet doctor`: looks whether everything is there and works.

use serde::Serialize;

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::health_checks::{self, Check};
use crate::options::DeploymentArgs;
use crate::output::{Output, Page, Report, Status};

/// What can be said to `inlet doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
It changes nothing. It reads the stack, the table's and the queues' settings, the alarms' states and every store's
secret, and asks each receiver by a GET, which has no effect. What the caller may not look at is marked with a
question mark. The exit code is 1 when something is wrong.")]
pub(crate) struct Arguments {
    /// Say only what is wrong or could not be checked
    #[arg(long)]
    only_failures: bool,
}

/// Looks, and tells.
pub(crate) async fn run(
    arguments: &Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let deployment = Deployment::find(options).await?;
    let progress = output.progress("looking", None);
    let mut checks = Box::pin(health_checks::all(&deployment)).await?;
    progress.finish_and_clear();
    if arguments.only_failures {
        checks.retain(|check| check.status != Status::Pass);
    }
    let report = HealthReport { stack: deployment.stack, stage: deployment.stage, checks };
    output.report(&report)?;
    match report.count(Status::Fail) {
        0 => Ok(()),
        1 => Err(wrong("one thing is wrong".to_owned())),
        many => Err(wrong(format!("{many} things are wrong"))),
    }
}

fn wrong(what: String) -> Failure {
    Failure::Wrong { what, next: "do what stands below each line marked FAIL, then look again".to_owned() }
}

/// What was found.
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
        let (wrong, open) = (self.count(Status::Fail), self.count(Status::Unknown));
        if wrong == 0 && open == 0 {
            page.line("All is well.");
        } else {
            page.line(format_args!("{wrong} wrong, {open} could not be checked or want a look."));
        }
    }
}
