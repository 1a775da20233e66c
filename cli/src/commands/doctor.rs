//! `inlet doctor`: checks every part of the deployment.

use serde::Serialize;

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::health_checks::{self, Check, Found};
use crate::options::DeploymentArgs;
use crate::output::{Output, Page, Report, Status, counted};

/// The arguments of `inlet doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The command changes nothing. It reads the stack, the settings of the table and the queues, the timeout of your consumer's
function or the secrets of its endpoint, the states and subscribers of the alarms, the account's limits in the region,
the secret of every store and, with Reconcile=on, the access to its API and the age of each list, and sends a GET to each
receiver, once through the router too, which has no effect. All checks run at once, each line appears as soon as it is
known, and no call takes longer than five seconds. A warning is something that works today and can become a problem. A
question mark means that the check could not be made, for instance without a permission, or that a finding needs a look.
The exit code is 1 if a check fails, or if none but those of the receivers could be made.")]
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
    let deployment = Deployment::find_within(options, health_checks::TIME_LIMIT).await?;
    let (stack, stage) = (deployment.stack.clone(), deployment.stage.clone());
    let progress = output.progress("checks", None);
    let mut results = health_checks::start(deployment)?;
    let mut found: Vec<Found> = Vec::new();
    let mut is_any_made = false;
    while let Some(one) = results.recv().await {
        progress.inc(1);
        is_any_made |= one.is_known_from_aws();
        if arguments.only_failures && one.check.status == Status::Pass {
            continue;
        }
        if !output.is_json() {
            progress.suspend(|| output.item(&CheckLine(&one.check)))?;
        }
        found.push(one);
    }
    progress.finish_and_clear();
    // Results arrive in any order. For programs they have the order of the checks.
    found.sort_by_key(|found| found.place);
    let report = HealthReport { stack, stage, checks: found.into_iter().map(|found| found.check).collect() };
    output.report(&report)?;
    verdict(report.count(Status::Fail), is_any_made)
}

/// Returns a failure if a check failed, or if AWS returned no result: then the deployment may be healthy or not.
fn verdict(failed: usize, is_any_made: bool) -> Result<(), Failure> {
    match failed {
        0 if is_any_made => Ok(()),
        0 => Err(Failure::Problem {
            what: "no check of AWS could be made, so the state of the deployment is not known".to_owned(),
            next: "follow the hint below each line marked with a question mark, then run the command again"
                .to_owned(),
        }),
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

/// The results. Their lines were written as they arrived.
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

/// The line of a result.
#[derive(Serialize)]
#[serde(transparent)]
struct CheckLine<'c>(&'c Check);

impl Report for CheckLine<'_> {
    fn page(&self, page: &mut Page) {
        let Check { subject, status, finding, next, .. } = self.0;
        page.marked(*status, format_args!("{subject:<9} {finding}"));
        if let Some(next) = next {
            page.aside(format_args!("                {next}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_any_result_the_exit_code_is_not_zero() {
        let code = |failed, is_any_made| verdict(failed, is_any_made).map_err(|failure| failure.exit_code());
        assert_eq!(code(0, true), Ok(()));
        for (failed, is_any_made) in [(0, false), (1, true), (2, true)] {
            assert_eq!(code(failed, is_any_made), Err(1), "{failed} {is_any_made}");
        }
        let nothing = verdict(0, false).unwrap_err();
        assert!(nothing.to_string().contains("no check of AWS could be made"), "{nothing}");
    }
}
