//! `inlet verify`: compares every stored event with its own hashes and keys.

use inlet::received_at::ReceivedAt;
use inlet_aws::client::clock;
use inlet_aws::operate::verify::{Finding, Verification, verify};
use serde::Serialize;
use tokio::sync::watch;

use crate::deployment::Deployment;
use crate::failure::{DAMAGE_HINT, Failure};
use crate::input::filters::{Filters, Span};
use crate::input::time_arg::forever;
use crate::options::DeploymentArgs;
use crate::output::progress::{self, RunOutcome};
use crate::output::{Output, Page, Report, counted, printable};

/// The arguments of `inlet verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The command changes nothing and needs no copy of the table. It compares the body of each event with the SHA-256 that was
stored, the message with its id and SHA-256, the chunks with their number, and the attributes that list the event by
arrival with its time. It reads the whole table, unless --entity names one entity with its store. The exit code is 1 if
an event is damaged.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    span: Span,
}

/// Compares and prints what is damaged.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let Arguments { filters, span } = arguments;
    let now = clock::now();
    span.check(now, output.zone())?;
    let since = span.since.map_or(ReceivedAt::EPOCH, |since| since.before(now, output.zone()));
    let until = span.until.map_or_else(forever, |until| until.before(now, output.zone()));
    let deployment = Deployment::find(options).await?;
    let selection = filters.selection(&deployment, since, until).await?;
    let table = deployment.table();
    let sum = watch::Sender::new(Verification::default());
    let bar = output.progress("verified", None);
    let ended = progress::run(verify(&table, &selection, &sum), &sum, &bar, |sum| sum.events).await;
    let report = VerifyReport::of(sum.send_replace(Verification::default()));
    if report.verified == 0 && matches!(ended, RunOutcome::Done) {
        filters.check_names(&deployment).await?;
    }
    output.report(&report)?;
    match ended {
        RunOutcome::Done => report.verdict(),
        RunOutcome::Stopped => Err(Failure::Partial {
            what: "the verification was stopped".to_owned(),
            next: format!("run `{} verify` again; --since and --store select fewer events", deployment.inlet),
        }),
        RunOutcome::Failed(fault) => Err(Failure::Inlet { context: "not every event was verified", fault }),
    }
}

/// The result of the verification.
#[derive(Debug, Serialize)]
struct VerifyReport {
    /// Number of events that were compared.
    verified: u64,
    /// Number of damaged events.
    damaged: usize,
    findings: Vec<FindingLine>,
}

/// A damaged part of an event.
#[derive(Debug, Serialize)]
pub(crate) struct FindingLine {
    pub(crate) id: String,
    pub(crate) received: String,
    pub(crate) part: &'static str,
    pub(crate) reason: String,
}

impl FindingLine {
    pub(crate) fn of(finding: Finding) -> Self {
        let Finding { received, id, part, reason } = finding;
        Self { id, received, part: part.as_str(), reason }
    }

    /// Returns the finding as a line for people.
    pub(crate) fn to_line(&self) -> String {
        format!("{}  {}: {}", printable(&self.id), self.part, printable(&self.reason))
    }
}

/// Returns the number of events that findings are about.
pub(crate) fn damaged_events(findings: &[FindingLine]) -> usize {
    findings.iter().map(|finding| &finding.id).collect::<std::collections::HashSet<_>>().len()
}

impl VerifyReport {
    fn of(verification: Verification) -> Self {
        let findings: Vec<FindingLine> = verification.findings.into_iter().map(FindingLine::of).collect();
        Self { verified: verification.events, damaged: damaged_events(&findings), findings }
    }

    fn verdict(&self) -> Result<(), Failure> {
        if self.damaged == 0 {
            return Ok(());
        }
        Err(Failure::Problem {
            what: counted(self.damaged, "event is damaged", "events are damaged"),
            next: DAMAGE_HINT.to_owned(),
        })
    }
}

impl Report for VerifyReport {
    fn page(&self, page: &mut Page) {
        for finding in &self.findings {
            page.line(finding.to_line());
        }
        let events = counted(self.verified, "event", "events");
        page.line(format_args!("{events} verified, {} damaged", self.damaged));
    }
}
