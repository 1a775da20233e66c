//! `inlet replay`: sends stored events to consumers again.

use std::collections::HashSet;

use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;
use inlet_aws::client::clock;
use inlet_aws::dynamodb::events::StoredEvent;
use inlet_aws::dynamodb::time_index::Arrival;
use inlet_aws::operate::replay::{NotAReplayId, Refused, Replay, ReplayId, Replayed};
use inlet_aws::operate::selection::{Selection, StateFilter};
use jiff::tz::TimeZone;
use serde::Serialize;
use tokio::sync::watch;

use crate::deployment::Deployment;
use crate::failure::{DAMAGE_HINT, Failure};
use crate::input::event_ids::EventRef;
use crate::input::filters::{A_DAY, ContentArgs, Filters, Span};
use crate::options::DeploymentArgs;
use crate::output::progress::{self, RunOutcome};
use crate::output::prompt::confirm;
use crate::output::{Output, Page, Report, counted, printable};
use crate::shell::quoted;
use crate::zone::Zone;

/// The arguments of `inlet replay`.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  inlet replay 9f2c41d8
  inlet replay --parked --store zid/riyadh
  inlet replay --since 2h30m --type 'order.*' --dry-run")]
pub(crate) struct Arguments {
    /// Send only these events, in this order: ids, or short ids as in `inlet list`
    #[arg(value_name = "ID", conflicts_with_all = ["provider", "store", "event_types", "entity", "conditions", "grep", "trust", "origin", "since", "until", "parked", "unprocessed"])]
    events: Vec<EventRef>,
    /// Only parked events; without --since, those of the last 24 hours, as `inlet list` shows them
    #[arg(long)]
    parked: bool,
    /// Only events without a receipt, parked ones included; without --since, those of the last 24 hours
    #[arg(long, conflicts_with = "parked")]
    unprocessed: bool,
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
    content: ContentArgs,
    #[command(flatten)]
    span: Span,
}

/// Counts, asks and sends.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let now = clock::now();
    arguments.span.check(now, output.zone())?;
    let since = arguments.since(now, output.zone())?;
    let id = arguments.id.clone().map_or_else(|| generate_id(now), Ok);
    let id = id.map_err(|NotAReplayId| Failure::Unconfirmed)?;
    let deployment = Deployment::find_to_change(options, output).await?;
    let replay = Replay { table: deployment.table(), queue: deployment.queue() };
    let chosen = arguments.choose(since, now, &deployment, output).await?;
    let counting = output.progress("counting", None);
    let selected = chosen.count(&replay).await;
    counting.finish_and_clear();
    let selected =
        selected.map_err(|fault| Failure::Inlet { context: "the events cannot be counted", fault })?;
    if selected == 0 {
        arguments.filters.check_names(&deployment).await?;
    }
    if arguments.dry_run || selected == 0 {
        return output.report(&ReplayReport::nothing_sent(&id, selected, arguments.dry_run));
    }
    let events = counted(selected, "event", "events");
    let rate = arguments.rate;
    confirm(&format!("Send {events} again as {}, {rate} per second?", id.as_str()), arguments.yes)?;

    let replayed = watch::Sender::new(Replayed::default());
    let bar = output.progress("sent", Some(selected));
    let work = chosen.send(&replay, &id, rate, &replayed);
    let ended = Box::pin(progress::run(work, &replayed, &bar, |replayed| replayed.sent)).await;
    let replayed = replayed.send_replace(Replayed::default());
    let resume = || chosen.resume(&arguments, &id, replayed.reached, &deployment.inlet);
    output.report(&ReplayReport::of(&id, selected, &replayed))?;
    match ended {
        RunOutcome::Done if replayed.refused.is_empty() => {
            note_check(&chosen, &deployment.inlet, output);
            Ok(())
        }
        RunOutcome::Done => Err(Failure::Partial {
            what: format!("{} not be sent", counted(replayed.refused.len(), "event could", "events could")),
            next: format!("inspect each with `{} show`; {DAMAGE_HINT}", deployment.inlet),
        }),
        RunOutcome::Stopped => {
            let next = format!("continue with `{}`", resume());
            Err(Failure::Partial { what: "the replay was stopped".to_owned(), next })
        }
        RunOutcome::Failed(fault) => Err(Failure::half_way("the replay stopped", &fault, options, &resume())),
    }
}

/// Prints the command that shows what became of a single event.
fn note_check(chosen: &Chosen, inlet: &str, output: &mut Output) {
    if let Chosen::Events(events) = chosen
        && let [event] = events.as_slice()
    {
        output.note(format_args!("check it with: {inlet} show {}", event.id));
    }
}

/// The events of a replay.
enum Chosen {
    /// Those of a selection. The events of an entity are sent in the order of their arrival.
    Selected(Box<Selection>),
    /// These.
    Events(Vec<Arrival>),
}

impl Chosen {
    async fn count(&self, replay: &Replay) -> Result<u64, Fault> {
        match self {
            Self::Selected(selection) => replay.count(selection).await,
            Self::Events(events) => Ok(u64::try_from(events.len()).unwrap_or(u64::MAX)),
        }
    }

    async fn send(
        &self,
        replay: &Replay,
        id: &ReplayId,
        rate: u32,
        replayed: &watch::Sender<Replayed>,
    ) -> Result<(), Fault> {
        match self {
            Self::Selected(selection) => replay.run(selection, id, rate, replayed).await,
            Self::Events(events) => replay.run_events(events, id, rate, replayed).await,
        }
    }

    /// Returns the command that continues. The last event's own millisecond is repeated: the queue drops events that it
    /// has under the same replay id.
    fn resume(
        &self,
        arguments: &Arguments,
        id: &ReplayId,
        reached: Option<ReceivedAt>,
        inlet: &str,
    ) -> String {
        let Arguments { filters, content, rate, parked, unprocessed, .. } = arguments;
        let what = match self {
            Self::Events(events) => {
                events.iter().fold(String::new(), |all, event| all + " " + event.id.as_str())
            }
            Self::Selected(selection) => {
                let mut flags = filters.to_flags() + &content.to_flags();
                let switches = [(" --parked", *parked), (" --unprocessed", *unprocessed)];
                flags.extend(switches.into_iter().filter_map(|(flag, is)| is.then_some(flag)));
                let since = reached.unwrap_or(selection.from);
                format!("{flags} --since {since} --until {}", selection.until)
            }
        };
        format!("{inlet} replay{what} --id {} --rate {rate} --yes", id.as_str())
    }
}

impl Arguments {
    /// Returns the start of the replay.
    fn since(&self, now: ReceivedAt, zone: &Zone) -> Result<ReceivedAt, Failure> {
        if let Some(since) = self.span.since {
            return Ok(since.before(now, zone));
        }
        // The events of one entity are few.
        if !self.events.is_empty() || self.filters.names_an_entity() {
            return Ok(ReceivedAt::EPOCH);
        }
        if self.parked || self.unprocessed {
            return Ok(now.earlier(A_DAY));
        }
        Err(Failure::Unusable {
            what: "the start of the replay is missing".to_owned(),
            next: "give --since 2h, ids of events, --parked, or one entity with --entity".to_owned(),
        })
    }

    /// Returns the events of the replay. Those that arrive during the replay are not part of it: they are processed
    /// anyway.
    async fn choose(
        &self,
        since: ReceivedAt,
        now: ReceivedAt,
        deployment: &Deployment,
        output: &Output,
    ) -> Result<Chosen, Failure> {
        if !self.events.is_empty() {
            return find_events(&self.events, deployment).await.map(Chosen::Events);
        }
        let until = self.span.until.map_or(now, |until| until.before(now, output.zone()));
        let selection = self.filters.selection(deployment, since, until).await?;
        let state = match (self.parked, self.unprocessed) {
            (true, _) => Some(StateFilter::Parked),
            (_, true) => Some(StateFilter::Unprocessed),
            _ => None,
        };
        Ok(Chosen::Selected(Box::new(Selection { state, content: self.content.filter(), ..selection })))
    }
}

/// Returns the events that the user names.
async fn find_events(named: &[EventRef], deployment: &Deployment) -> Result<Vec<Arrival>, Failure> {
    let table = deployment.table();
    let mut ids = Vec::new();
    for event in named {
        ids.push(event.resolve(deployment).await?);
    }
    let mut events = Vec::new();
    for id in distinct(ids) {
        let stored = table.events.get(&id).await;
        let stored = stored.map_err(|fault| Failure::Inlet { context: "an event cannot be read", fault })?;
        let record = stored.ok_or_else(|| Failure::NotFound {
            what: format!("event {id}"),
            next: format!(
                "list the entity's events with `{} timeline {}`",
                deployment.inlet,
                quoted(id.entity_path())
            ),
        })?;
        let StoredEvent { record, .. } = record;
        events.push(Arrival {
            id,
            received: record.received,
            event_type: record.event_type,
            canonical_type: record.canonical_type,
        });
    }
    Ok(events)
}

/// Returns the ids in their order, each once: an event may be named twice, such as by its id and its short id.
fn distinct(ids: Vec<EventId>) -> Vec<EventId> {
    let mut seen = HashSet::new();
    ids.into_iter().filter(|id| seen.insert(id.clone())).collect()
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

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    /// The arguments, as clap reads them.
    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn an_event_that_is_named_twice_is_sent_once() {
        let id = |entity: &str| EventId::parse(&format!("zid/a/order/{entity}/0123456789abcdef")).unwrap();
        assert_eq!(
            distinct(vec![id("2"), id("1"), id("2")]),
            [id("2"), id("1")],
            "in the order of the first"
        );
    }

    #[test]
    fn the_command_that_continues_asks_no_question() {
        let at = |text: &str| ReceivedAt::parse(text).unwrap();
        let (from, until) = (at("2025-06-12T08:00:00Z"), at("2025-06-12T09:00:00Z"));
        let Line { arguments } =
            Line::try_parse_from(["replay", "--parked", "--store", "zid/acc16e", "--yes"]).unwrap();
        let chosen = Chosen::Selected(Box::new(Selection::between(from, until)));
        let id = ReplayId::parse("r-1").unwrap();
        let continues = |reached| chosen.resume(&arguments, &id, reached, "inlet --stack prod");
        assert_eq!(
            continues(None),
            "inlet --stack prod replay --store zid/acc16e --parked --since 2025-06-12T08:00:00.000Z --until \
             2025-06-12T09:00:00.000Z --id r-1 --rate 50 --yes"
        );
        let later = continues(Some(at("2025-06-12T08:30:00Z")));
        assert!(later.contains("--since 2025-06-12T08:30:00.000Z"), "{later}");
    }
}
