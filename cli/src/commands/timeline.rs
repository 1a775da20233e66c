//! `inlet timeline`: prints the history of one entity: its events, their changes and their states.

use inlet_aws::history::entity::{self, HistoryEntry};
use serde::Serialize;
use serde_json::Value;

use crate::deployment::address::StoreAddress;
use crate::deployment::{Deployment, stores};
use crate::events::change::{Change, KnownFields};
use crate::events::list::{State, after};
use crate::events::replayed::Replayed;
use crate::failure::{DAMAGE_HINT, Failure};
use crate::input::filters::EntityArg;
use crate::options::DeploymentArgs;
use crate::output::{BAD, GOOD, OPEN, Output, Page, Report, counted, printable};

/// The arguments of `inlet timeline`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The entity: 81230457, order/81230457 or zid/riyadh/order/81230457 (an event's id without its last part)
    #[arg(value_name = "[PROVIDER/STORE/][KIND/]ID")]
    entity: EntityArg,
    /// Print only the newest events
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Print all changes; default: the first of each event
    #[arg(long)]
    all: bool,
}

/// Number of changes per event without --all.
const SHOWN: usize = 12;

/// Prints the history.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let deployment = Deployment::find(options).await?;
    let entity = arguments.entity.path(&deployment).await?;
    let progress = output.progress("events read", None);
    let entries = entity::load(&deployment.table(), &entity).await;
    progress.finish_and_clear();
    let entries = entries.map_err(|fault| Failure::Inlet { context: "the history cannot be read", fault })?;
    if entries.is_empty() {
        if let Some(store) = StoreAddress::of_path(&entity) {
            stores::check_exists(&deployment, &store).await?;
        }
        let days = deployment.retention_days;
        return Err(Failure::NotFound {
            what: format!("event of {entity}"),
            next: format!(
                "list the stored events with `{} list`; events are deleted after {days} days",
                deployment.inlet
            ),
        });
    }
    let mut known = KnownFields::default();
    // Changes are those since the event before, so all events are read.
    let mut events: Vec<_> = entries.into_iter().map(|entry| TimelineEvent::new(entry, &mut known)).collect();
    let limit = arguments.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let earlier = events.len().saturating_sub(limit);
    events.drain(..earlier);
    let shown = if arguments.all { usize::MAX } else { SHOWN };
    let timeline = Timeline { entity, events, earlier, shown };
    output.long_report(&timeline)?;
    if timeline.events.iter().any(|event| event.damaged.is_some()) {
        output.note(DAMAGE_HINT);
    }
    Ok(())
}

#[derive(Debug, Serialize)]
struct Timeline {
    entity: String,
    events: Vec<TimelineEvent>,
    /// Number of earlier events that --limit leaves out.
    #[serde(skip_serializing_if = "is_zero")]
    earlier: usize,
    #[serde(skip)]
    shown: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// One event of the history.
#[derive(Debug, Serialize)]
struct TimelineEvent {
    received: String,
    id: String,
    #[serde(rename = "type")]
    canonical_type: String,
    provider_type: String,
    /// The time of the event at the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<Value>,
    origin: String,
    trust: String,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    processed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parked_because: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    replays: Vec<Replayed>,
    changes: Vec<Change>,
    /// The damage of the event. Its changes are unknown then.
    #[serde(skip_serializing_if = "Option::is_none")]
    damaged: Option<String>,
}

impl TimelineEvent {
    fn new(entry: HistoryEntry, known: &mut KnownFields) -> Self {
        let HistoryEntry { arrival, origin, trust, message, status, replays } = entry;
        let (message, damaged) = match message {
            Ok(message) => (serde_json::from_str(&message).unwrap_or_default(), None),
            Err(damage) => (Value::Null, Some(damage.to_string())),
        };
        // Between a damaged event and the next one, changes are those since the last whole one.
        let changes = match damaged {
            None => known.apply(message.get("data").unwrap_or(&Value::Null)),
            Some(_) => Vec::new(),
        };
        Self {
            received: arrival.received,
            id: arrival.id.to_string(),
            canonical_type: arrival.canonical_type,
            provider_type: arrival.event_type,
            time: message.get("time").cloned(),
            origin,
            trust,
            state: State::of(&status),
            processed: status.processed.map(|at| at.to_string()),
            parked_because: status.parked.map(|parked| parked.reason),
            replays: replays.into_iter().map(Replayed::of).collect(),
            changes,
            damaged,
        }
    }

    fn page(&self, page: &mut Page, shown: usize) {
        let (ours, theirs) = (printable(&self.canonical_type), printable(&self.provider_type));
        page.heading(format_args!("{}  {ours}  ({theirs})", page.time(&self.received)));
        page.aside(format_args!("  {}", self.id));
        let origin =
            if self.origin == "webhook" { String::new() } else { format!(", origin {}", self.origin) };
        match (&self.processed, &self.parked_because) {
            (_, Some(reason)) => page.styled(BAD, format_args!("  PARKED: {}{origin}", printable(reason))),
            (Some(at), None) => {
                page.styled(GOOD, format_args!("  processed {}{origin}", after(&self.received, at)));
            }
            (None, None) => page.styled(OPEN, format_args!("  not processed yet{origin}")),
        }
        for replayed in &self.replays {
            page.line(format_args!("  {}", replayed.to_line(page)));
        }
        for change in self.changes.iter().take(shown) {
            let after = printable(&change.after.to_string());
            match &change.before {
                None => page.fitted_line(format_args!("  + {}: {after}", printable(&change.field))),
                Some(before) => page.fitted_line(format_args!(
                    "  ~ {}: {} → {after}",
                    printable(&change.field),
                    printable(&before.to_string())
                )),
            }
        }
        if let Some(damage) = &self.damaged {
            return page.line(format_args!("  DAMAGED: {}", printable(damage)));
        }
        match self.changes.len() {
            0 => page.line("  no changes"),
            n if n > shown => {
                page.aside(format_args!("  and {} more; --all prints them", n.saturating_sub(shown)));
            }
            _ => {}
        }
    }
}

impl Report for Timeline {
    fn page(&self, page: &mut Page) {
        let count = counted(self.events.len(), "event", "events");
        let zone = page.time_heading("oldest first");
        page.line(format_args!("{}: {count}, {zone}", self.entity));
        if self.earlier > 0 {
            let earlier = counted(self.earlier, "earlier event", "earlier events");
            page.aside(format_args!("{earlier} left out; without --limit all are printed"));
        }
        for event in &self.events {
            event.page(page, self.shown);
        }
    }
}
