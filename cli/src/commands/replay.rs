//! `inlet replay`: sends stored events again on purpose, to be consumed once more.

use inlet::received_at::ReceivedAt;
use inlet_aws::client::clock;
use inlet_aws::operate::replay::{NotAReplayId, Refused, Replay, ReplayId, Replayed, Selection};
use jiff::tz::TimeZone;
use serde::Serialize;
use tokio::sync::watch;

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::input::filters::{Filters, Span};
use crate::options::DeploymentArgs;
use crate::output::progress::{self, RunOutcome};
use crate::output::prompt::confirm;
use crate::output::{Output, Page, Report, counted, printable};

/// What can be said to `inlet replay`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The replay's name, which consumers see as `replayid`; say it again to go on with a replay [default: made up]
    #[arg(long, value_name = "NAME", value_parser = ReplayId::parse)]
    id: Option<ReplayId>,
    /// At most so many a second
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// Count them and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
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
            what: "nobody says how far back the replay goes".to_owned(),
            next: "say --since 2h, or name one thing with --entity".to_owned(),
        });
    };
    let deployment = Deployment::find_to_change(options, output).await?;
    // What comes while it runs is not meant, and is on its way anyway.
    let until = span.until.map_or(now, |until| until.before(now));
    let selection = filters.selection(since, until)?;
    let id = id.map_or_else(|| made_up(now), Ok).map_err(|NotAReplayId| Failure::Unconfirmed)?;
    let replay = Replay { table: deployment.table(), queue: deployment.queue() };

    let counting = output.progress("counting", None);
    let selected = replay.count(&selection).await;
    counting.finish_and_clear();
    let selected =
        selected.map_err(|fault| Failure::Inlet { doing: "the events cannot be counted", fault })?;
    if dry_run || selected == 0 {
        return output.report(&ReplayReport::nothing_sent(&id, selected, dry_run));
    }
    let events = counted(selected, "event", "events");
    confirm(&format!("Send {events} again as {}, {rate} a second?", id.as_str()), yes)?;

    let replayed = watch::Sender::new(Replayed::default());
    let bar = output.progress("sent", Some(selected));
    let work = replay.run(&selection, &id, rate, &replayed);
    let ended = progress::run(work, &replayed, &bar, |replayed| replayed.sent).await;
    let replayed = replayed.send_replace(Replayed::default());
    let reached = replayed.reached;
    output.report(&ReplayReport::of(&id, selected, &replayed))?;
    let go_on = || {
        Resume { inlet: &deployment.inlet, filters: &filters, selection: &selection, id: &id, rate }
            .from(reached)
    };
    match ended {
        RunOutcome::Done if replayed.refused.is_empty() => Ok(()),
        RunOutcome::Done => Err(Failure::Partly {
            what: format!("{} not be sent", counted(replayed.refused.len(), "event could", "events could")),
            next: format!(
                "look at each with `{} show`; the queue will never take them as they are",
                deployment.inlet
            ),
        }),
        RunOutcome::Stopped => {
            Err(Failure::Partly { what: "the replay was stopped".to_owned(), next: go_on() })
        }
        RunOutcome::Failed(fault) => {
            Err(Failure::Partly { what: format!("the replay stopped: {}", fault.chain()), next: go_on() })
        }
    }
}

/// A name for a replay that nobody named: when it began, and something that tells it from one of the same second.
fn made_up(now: ReceivedAt) -> Result<ReplayId, NotAReplayId> {
    let at = jiff::Timestamp::from_millisecond(now.millis()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let at = at.to_zoned(TimeZone::UTC).strftime("%Y%m%d-%H%M%S").to_string();
    ReplayId::parse(&format!("replay-{at}-{:04x}", rand::random::<u16>()))
}

/// The command that goes on where a replay stopped.
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
        // From the last one's own millisecond: the queue knows it under the replay's name and takes it once.
        let since = reached.unwrap_or(selection.from);
        format!(
            "go on with `{inlet} replay{} --since {since} --until {} --id {} --rate {rate}`",
            filters.to_flags(),
            selection.until,
            id.as_str()
        )
    }
}

/// What a replay came to.
#[derive(Debug, Serialize)]
struct ReplayReport {
    replay: String,
    selected: u64,
    sent: u64,
    refused: Vec<RefusedEvent>,
    /// When the last one was received that was looked at.
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
        Self { replay, selected, sent: 0, refused: Vec::new(), reached: None, dry_run }
    }

    fn of(id: &ReplayId, selected: u64, replayed: &Replayed) -> Self {
        let refused = |Refused { id, reason }: Refused| RefusedEvent { id, reason };
        Self {
            replay: id.as_str().to_owned(),
            selected,
            sent: replayed.sent,
            refused: replayed.refused.iter().cloned().map(refused).collect(),
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
            (0, _) => page.line("nothing fits: nothing is sent"),
            (_, true) => page.line(format_args!("{events} would be sent again; nothing is sent")),
            _ => page.line(format_args!("{sent} of {events} sent again as {replay}")),
        }
        if !self.refused.is_empty() {
            let row = |refused: &RefusedEvent| [refused.id.clone(), printable(&refused.reason)];
            page.table(["refused", "why"], self.refused.iter().map(row));
        }
    }
}
