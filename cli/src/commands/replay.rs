//! `inlet replay`: sends stored events to consumers again.

use inlet::received_at::ReceivedAt;
use inlet_aws::client::clock;
use inlet_aws::operate::replay::{NotAReplayId, Refused, Replay, ReplayId, Replayed, Selection};
use jiff::tz::TimeZone;
use serde::Serialize;
use tokio::sync::watch;

use crate::deployment::Deployment;
use crate::failure::{DAMAGE_HINT, Failure};
use crate::input::filters::{Filters, Span};
use crate::options::DeploymentArgs;
use crate::output::progress::{self, RunOutcome};
use crate::output::prompt::confirm;
use crate::output::{Output, Page, Report, counted, printable};

/// The arguments of `inlet replay`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Id of the replay, which consumers read as `replayid`; give the id of an earlier replay to continue it [default: generated]
    #[arg(long, value_name = "NAME", value_parser = ReplayId::parse)]
    id: Option<ReplayId>,
    /// Maximum number of events per second
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// Count the events without sending any
    #[arg(long)]
    dry_run: bool,
    /// Do not ask for confirmation
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    span: Span,
}

/// Counts, asks and sends.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let Arguments { filters, span, id, rate, dry_run, yes } = arguments;
    let now = clock::now();
    let Some(since) =
        span.since.map(|since| since.before(now)).or(filters.names_an_entity().then_some(ReceivedAt::EPOCH))
    else {
        return Err(Failure::Unusable {
            what: "the start of the replay is missing".to_owned(),
            next: "give --since 2h, or select one entity with --entity".to_owned(),
        });
    };
    let deployment = Deployment::find_to_change(options, output).await?;
    // Events that arrive during the replay are not part of it: they are processed anyway.
    let until = span.until.map_or(now, |until| until.before(now));
    let selection = filters.selection(since, until)?;
    let id = id.map_or_else(|| generate_id(now), Ok).map_err(|NotAReplayId| Failure::Unconfirmed)?;
    let replay = Replay { table: deployment.table(), queue: deployment.queue() };

    let counting = output.progress("counting", None);
    let selected = replay.count(&selection).await;
    counting.finish_and_clear();
    let selected =
        selected.map_err(|fault| Failure::Inlet { context: "the events cannot be counted", fault })?;
    if dry_run || selected == 0 {
        return output.report(&ReplayReport::nothing_sent(&id, selected, dry_run));
    }
    let events = counted(selected, "event", "events");
    confirm(&format!("Send {events} again as {}, {rate} per second?", id.as_str()), yes)?;

    let replayed = watch::Sender::new(Replayed::default());
    let bar = output.progress("sent", Some(selected));
    let work = replay.run(&selection, &id, rate, &replayed);
    let ended = Box::pin(progress::run(work, &replayed, &bar, |replayed| replayed.sent)).await;
    let replayed = replayed.send_replace(Replayed::default());
    let reached = replayed.reached;
    output.report(&ReplayReport::of(&id, selected, &replayed))?;
    let resume = || {
        Resume { inlet: &deployment.inlet, filters: &filters, selection: &selection, id: &id, rate }
            .from(reached)
    };
    match ended {
        RunOutcome::Done if replayed.refused.is_empty() => Ok(()),
        RunOutcome::Done => Err(Failure::Partial {
            what: format!("{} not be sent", counted(replayed.refused.len(), "event could", "events could")),
            next: format!("inspect each with `{} show`; {DAMAGE_HINT}", deployment.inlet),
        }),
        RunOutcome::Stopped => {
            Err(Failure::Partial { what: "the replay was stopped".to_owned(), next: resume() })
        }
        RunOutcome::Failed(fault) => {
            Err(Failure::Partial { what: format!("the replay stopped: {}", fault.chain()), next: resume() })
        }
    }
}

/// Returns an id with the start time and a random suffix.
fn generate_id(now: ReceivedAt) -> Result<ReplayId, NotAReplayId> {
    id_from("replay", now)
}

/// Returns an id with this first word, a time and a random suffix.
pub(crate) fn id_from(word: &str, now: ReceivedAt) -> Result<ReplayId, NotAReplayId> {
    let at = jiff::Timestamp::from_millisecond(now.millis()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let at = at.to_zoned(TimeZone::UTC).strftime("%Y%m%d-%H%M%S").to_string();
    ReplayId::parse(&format!("{word}-{at}-{:04x}", rand::random::<u16>()))
}

/// The command that continues a stopped replay.
struct Resume<'a> {
    inlet: &'a str,
    filters: &'a Filters,
    selection: &'a Selection,
    id: &'a ReplayId,
    rate: u32,
}

impl Resume<'_> {
    fn from(&self, reached: Option<ReceivedAt>) -> String {
        let Self { inlet, filters, selection, id, rate } = self;
        // The last event's own millisecond is repeated: the queue drops events that it has under the same replay id.
        let since = reached.unwrap_or(selection.from);
        format!(
            "continue with `{inlet} replay{} --since {since} --until {} --id {} --rate {rate}`",
            filters.to_flags(),
            selection.until,
            id.as_str()
        )
    }
}

/// The result of a replay.
#[derive(Debug, Serialize)]
struct ReplayReport {
    replay: String,
    selected: u64,
    sent: u64,
    refused: Vec<RefusedEvent>,
    /// Number of events that were not sent, because their entity was forgotten.
    forgotten: u64,
    /// The arrival time of the last event that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    reached: Option<String>,
    #[serde(skip)]
    dry_run: bool,
}

#[derive(Debug, Serialize)]
struct RefusedEvent {
    id: String,
    reason: String,
}

impl ReplayReport {
    fn nothing_sent(id: &ReplayId, selected: u64, dry_run: bool) -> Self {
        let replay = id.as_str().to_owned();
        Self { replay, selected, sent: 0, refused: Vec::new(), forgotten: 0, reached: None, dry_run }
    }

    fn of(id: &ReplayId, selected: u64, replayed: &Replayed) -> Self {
        let refused = |Refused { id, reason }: Refused| RefusedEvent { id, reason };
        Self {
            replay: id.as_str().to_owned(),
            selected,
            sent: replayed.sent,
            refused: replayed.refused.iter().cloned().map(refused).collect(),
            forgotten: replayed.forgotten,
            reached: replayed.reached.map(|at| at.to_string()),
            dry_run: false,
        }
    }
}

impl Report for ReplayReport {
    fn page(&self, page: &mut Page) {
        let Self { replay, selected, sent, .. } = self;
        let events = counted(*selected, "event", "events");
        match (self.selected, self.dry_run) {
            (0, _) => page.line("no event matches; nothing was sent"),
            (_, true) => page.line(format_args!("{events} would be sent again; nothing was sent")),
            _ => page.line(format_args!("{sent} of {events} sent again as {replay}")),
        }
        if self.forgotten > 0 {
            let events = counted(self.forgotten, "event", "events");
            page.line(format_args!("{events} of forgotten entities not sent"));
        }
        if !self.refused.is_empty() {
            let row = |refused: &RefusedEvent| [refused.id.clone(), printable(&refused.reason)];
            page.table(["rejected", "reason"], self.refused.iter().map(row));
        }
    }
}
