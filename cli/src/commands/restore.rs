//! `inlet restore`: takes events from a copy of the table, which the table lacks or has damaged.

use aws_sdk_dynamodb::types::KeySchemaElement;
use inlet::received_at::ReceivedAt;
use inlet_aws::client::clock;
use inlet_aws::dynamodb::table::Table;
use inlet_aws::operate::replay::{NotAReplayId, ReplayId, Replayed, Selection};
use inlet_aws::operate::restore::{Mode, Restore, Restored};
use serde::Serialize;
use tokio::sync::watch;

use crate::commands::replay::id_from;
use crate::commands::verify::{FindingLine, damaged_events};
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::input::filters::{Filters, Span};
use crate::input::time_arg::forever;
use crate::options::DeploymentArgs;
use crate::output::progress::{self, RunOutcome};
use crate::output::prompt::confirm;
use crate::output::{Output, Page, Report, counted};
use crate::shell::quoted;
use crate::zone::Zone;

/// The arguments of `inlet restore`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The copy is a table that was restored from a backup, in the same account and region. It is only read. An event is taken
if it is whole in the copy and the table lacks it or has it damaged, and never if its entity was forgotten after it
arrived. Restored events are not published again, unless --resend is given. The exit code is 5 if an event
that the table needs is damaged in the copy too.")]
pub(crate) struct Arguments {
    /// The copy: a table's name
    #[arg(long, value_name = "NAME")]
    from_table: String,
    /// Count the events without restoring any
    #[arg(long)]
    dry_run: bool,
    /// Send the restored events to consumers, as a replay
    #[arg(long)]
    resend: bool,
    /// Maximum number of events per second that --resend sends
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// Do not ask for confirmation
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    span: Span,
}

/// Counts, asks and restores.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let now = clock::now();
    let continues = continues(&arguments, options, now, output.zone());
    let Arguments { from_table, dry_run, resend, rate, yes, filters, span } = arguments;
    span.check(now, output.zone())?;
    let since = span.since.map_or(ReceivedAt::EPOCH, |since| since.before(now, output.zone()));
    let until = span.until.map_or_else(forever, |until| until.before(now, output.zone()));
    let deployment = Deployment::find_to_change(options, output).await?;
    let selection = filters.selection(&deployment, since, until).await?;
    let restore = Restore { copy: copy(&deployment, &from_table).await?, table: deployment.table() };

    let (ended, counted_events) = pass(&restore, &selection, Mode::Count, output).await;
    let plan = RestoreReport::of(&from_table, &counted_events, None, true);
    if let Some(failure) = interrupted(ended, "the copy could not be compared", &continues) {
        return Err(failure);
    }
    if counted_events.examined == 0 {
        filters.check_names(&deployment).await?;
    }
    if dry_run || counted_events.restored.is_empty() {
        output.report(&plan)?;
        return plan.verdict();
    }
    let events = counted(counted_events.restored.len(), "event", "events");
    let then = if resend { ", and send them to consumers" } else { "" };
    confirm(&format!("Restore {events} from {from_table}{then}?"), yes)?;

    let (ended, restored) = pass(&restore, &selection, Mode::Write, output).await;
    let mut resent = None;
    let mut sending = RunOutcome::Done;
    if resend && matches!(ended, RunOutcome::Done) {
        let replay = id_from("restore", now).map_err(|NotAReplayId| Failure::Unconfirmed)?;
        let replayed = watch::Sender::new(Replayed::default());
        let bar = output.progress("sent", Some(count(restored.restored.len())));
        let work = restore.resend(deployment.queue(), restored.restored.clone(), (&replay, rate), &replayed);
        sending = Box::pin(progress::run(work, &replayed, &bar, |replayed| replayed.sent)).await;
        resent = Some(Resent::of(&replay, &replayed.borrow()));
    }
    let report = RestoreReport::of(&from_table, &restored, resent, false);
    output.report(&report)?;
    if let Some(failure) = interrupted(ended, "not every event was restored", &continues) {
        return Err(failure);
    }
    let is_refused = report.resent.as_ref().is_some_and(|resent| resent.refused > 0);
    if is_refused || !matches!(sending, RunOutcome::Done) {
        let replay = report.resent.as_ref().map_or("", |resent| &resent.replay);
        let next = format!(
            "send them with `{}`",
            sends(&filters, (since, span.until.map(|_| until)), replay, rate, &deployment.inlet)
        );
        return Err(Failure::Partial { what: "not every restored event was sent".to_owned(), next });
    }
    report.verdict()
}

/// Runs once over the copy.
async fn pass(
    restore: &Restore,
    selection: &Selection,
    mode: Mode,
    output: &Output,
) -> (RunOutcome, Restored) {
    let sum = watch::Sender::new(Restored::default());
    let label = match mode {
        Mode::Count => "compared",
        Mode::Write => "restored",
    };
    let bar = output.progress(label, None);
    let work = Box::pin(restore.run(selection, mode, &sum));
    let ended = progress::run(work, &sum, &bar, |sum| sum.examined).await;
    (ended, sum.send_replace(Restored::default()))
}

/// Returns the command that continues: the same with absolute times.
fn continues(arguments: &Arguments, options: &DeploymentArgs, now: ReceivedAt, zone: &Zone) -> String {
    let Arguments { from_table, dry_run, resend, rate, yes: _, filters, span } = arguments;
    let (inlet, copy) = (options.inlet(), quoted(from_table));
    let flags = filters.to_flags() + &span.to_flags(now, zone);
    let dry_run = if *dry_run { " --dry-run" } else { "" };
    let resend = if *resend { format!(" --resend --rate {rate}") } else { String::new() };
    format!("{inlet} restore --from-table {copy}{flags}{dry_run}{resend}")
}

/// Returns the command that sends the restored events under the same replay id: the queue drops those that it has.
fn sends(
    filters: &Filters,
    (since, until): (ReceivedAt, Option<ReceivedAt>),
    replay: &str,
    rate: u32,
    inlet: &str,
) -> String {
    let until = until.map(|until| format!(" --until {until}")).unwrap_or_default();
    format!("{inlet} replay{} --since {since}{until} --id {replay} --rate {rate}", filters.to_flags())
}

/// Returns the failure of a run that ended early. `continues` is the command that does the rest.
fn interrupted(ended: RunOutcome, context: &'static str, continues: &str) -> Option<Failure> {
    let next = || format!("run `{continues}` again: it leaves the events that the table has");
    match ended {
        RunOutcome::Done => None,
        RunOutcome::Stopped => {
            Some(Failure::Partial { what: "the restore was stopped".to_owned(), next: next() })
        }
        RunOutcome::Failed(fault) => {
            Some(Failure::Partial { what: format!("{context}: {}", fault.chain()), next: next() })
        }
    }
}

/// Returns the copy.
///
/// # Errors
/// If there is no such table, or it is the deployment's own.
async fn copy(deployment: &Deployment, name: &str) -> Result<Table, Failure> {
    if name == deployment.table_name {
        return Err(Failure::Unusable {
            what: format!("{name} is the table of this deployment, not a copy"),
            next: "give the name of the table that was restored from a backup".to_owned(),
        });
    }
    let client = deployment.clients().dynamodb;
    let described = client.describe_table().table_name(name).send().await;
    let described = described.map_err(|error| match error.as_service_error() {
        Some(error) if error.is_resource_not_found_exception() => Failure::NotFound {
            what: format!("table {name} in this account and region"),
            next: "restore a backup to a table of its own: docs/runbook.md#items-are-damaged".to_owned(),
        },
        _ => Failure::aws("the copy cannot be described", &error),
    })?;
    let keys: Vec<&str> = described
        .table
        .as_ref()
        .map(|table| table.key_schema().iter().map(KeySchemaElement::attribute_name).collect())
        .unwrap_or_default();
    if keys != ["pk", "sk"] {
        return Err(Failure::Unusable {
            what: format!("{name} is not a copy of an event table: its keys are not pk and sk"),
            next: format!("give a table that was restored from a backup of {}", deployment.table_name),
        });
    }
    Ok(Table::new(client, name, deployment.retention_days))
}

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// The result of a restore.
#[derive(Debug, Serialize)]
struct RestoreReport {
    from_table: String,
    /// Number of selected events in the copy.
    examined: u64,
    /// Number of events that were restored, or would be.
    restored: u64,
    /// Number of restored events that the table had damaged.
    replaced: u64,
    /// Number of restored events that the copy has no receipt of. They are parked.
    unprocessed: u64,
    /// Number of events that the table has whole.
    present: u64,
    /// Number of events that are not restored, because their entity was forgotten.
    forgotten: u64,
    /// Number of events that are not restored, because they have expired.
    expired: u64,
    /// The events that the table needs and the copy does not have whole.
    unusable: Vec<FindingLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resent: Option<Resent>,
    dry_run: bool,
}

/// The part of --resend.
#[derive(Debug, Serialize)]
struct Resent {
    replay: String,
    sent: u64,
    /// Number of events that SQS does not accept.
    refused: u64,
}

impl Resent {
    fn of(replay: &ReplayId, replayed: &Replayed) -> Self {
        Self {
            replay: replay.as_str().to_owned(),
            sent: replayed.sent,
            refused: count(replayed.refused.len()),
        }
    }
}

impl RestoreReport {
    fn of(from_table: &str, restored: &Restored, resent: Option<Resent>, dry_run: bool) -> Self {
        Self {
            from_table: from_table.to_owned(),
            examined: restored.examined,
            restored: count(restored.restored.len()),
            replaced: restored.replaced,
            unprocessed: restored.unprocessed,
            present: restored.present,
            forgotten: restored.forgotten,
            expired: restored.expired,
            unusable: restored.unusable.iter().cloned().map(FindingLine::of).collect(),
            resent,
            dry_run,
        }
    }

    fn verdict(&self) -> Result<(), Failure> {
        let damaged = damaged_events(&self.unusable);
        if damaged == 0 {
            return Ok(());
        }
        Err(Failure::Partial {
            what: counted(damaged, "event of the copy is damaged", "events of the copy are damaged"),
            next: "restore a backup of an earlier time to another table, and run the command with it"
                .to_owned(),
        })
    }
}

impl Report for RestoreReport {
    fn page(&self, page: &mut Page) {
        for finding in &self.unusable {
            page.line(finding.to_line());
        }
        let events = |number: u64| counted(number, "event", "events");
        page.line(format_args!("{} in {}", events(self.examined), self.from_table));
        page.line(format_args!("{} not needed: the table has them", self.present));
        let verb = if self.dry_run { "would be restored; nothing was changed" } else { "restored" };
        page.line(format_args!("{} {verb}, {} of them damaged in the table", self.restored, self.replaced));
        if self.unprocessed > 0 {
            let verb = if self.dry_run { "would be parked" } else { "parked" };
            page.line(format_args!("{} of them {verb}: the copy has no receipt of them", self.unprocessed));
        }
        if self.forgotten > 0 {
            page.line(format_args!("{} not restored: their entity was forgotten", self.forgotten));
        }
        if self.expired > 0 {
            page.line(format_args!("{} not restored: they have expired", self.expired));
        }
        if let Some(Resent { replay, sent, .. }) = &self.resent {
            page.line(format_args!("{} sent to consumers as {replay}", events(*sent)));
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn the_command_that_continues_repeats_every_filter() {
        let line = [
            "restore",
            "--from-table",
            "copy-1",
            "--store",
            "zid/riyadh",
            "--type",
            "order.*",
            "--since",
            "2026-03-01T00:00:00Z",
            "--resend",
            "--rate",
            "7",
            "--yes",
        ];
        let arguments = Line::try_parse_from(line).unwrap().arguments;
        let options = DeploymentArgs::of_stack("inlet-prod", Some("shop"));
        let failure = interrupted(
            RunOutcome::Stopped,
            "not every event was restored",
            &continues(&arguments, &options, ReceivedAt::EPOCH, &Zone::default()),
        );
        let next = failure.unwrap().hint(&options);
        let command = "`inlet --stack inlet-prod --profile shop restore --from-table copy-1 --store zid/riyadh --type \
                       'order.*' --since 2026-03-01T00:00:00.000Z --resend --rate 7`";
        assert!(next.contains(command), "{next}");
    }
}
