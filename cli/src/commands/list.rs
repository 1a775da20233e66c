//! `inlet list`: lists events, newest first, with their states; or the quarantine.

use inlet::received_at::ReceivedAt;
use inlet_aws::client::clock;
use inlet_aws::dynamodb::table::Table;
use inlet_aws::dynamodb::time_index::Arrival;
use inlet_aws::history::event_status;
use inlet_aws::operate::selection::{Selection, StateFilter};
use serde::Serialize;

use crate::commands::quarantine;
use crate::deployment::Deployment;
use crate::events::list::{Listed, NewestFirst, age, short_type, store_and_entity};
use crate::failure::Failure;
use crate::input::event_ids::short_id;
use crate::input::filters::{A_DAY, ContentArgs, Filters, Span, parse_limit};
use crate::input::time_arg::{TimeArg, now_plus_skew};
use crate::options::DeploymentArgs;
use crate::output::table::{Cell, Column};
use crate::output::{FAINT, Output, Page, Report, printable};

/// The arguments of `inlet list`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
On a terminal, each event is one line: its age, its state, the short id that `inlet show` takes, its type, its store and
its entity. --wide and a pipe have the whole time, id and both types.

Examples:
  inlet list --since yesterday --tz Asia/Riyadh
  inlet list --type 'order.*,payment.*' --where data.status=cancelled
  inlet list --grep 0501234567 --since 7d
  inlet list --unprocessed --trust signed")]
pub(crate) struct Arguments {
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    content: ContentArgs,
    #[command(flatten)]
    span: Span,
    /// Maximum number of rows; the rows of the last row's millisecond are all printed
    #[arg(long, value_name = "COUNT", default_value = "20", value_parser = parse_limit)]
    limit: usize,
    /// Only events without a receipt
    #[arg(long, conflicts_with = "parked")]
    unprocessed: bool,
    /// Only parked events: they wait for a redrive or a replay
    #[arg(long)]
    parked: bool,
    /// List the quarantine instead: the same as `inlet quarantine list`
    #[arg(long, conflicts_with_all = ["event_types", "entity", "unprocessed", "parked", "conditions", "grep", "trust", "origin"])]
    quarantine: bool,
}

/// Lists events, or the quarantine.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    arguments.span.check(clock::now(), output.zone())?;
    let deployment = Deployment::find(options).await?;
    if arguments.quarantine {
        let Arguments { filters, span, limit, .. } = &arguments;
        return quarantine::list(filters, *span, *limit, &deployment, output).await;
    }
    let table = deployment.table();
    let (from, until) = arguments.bounds(&table, output);
    let selection = arguments.filters.selection(&deployment, from, until).await?;
    let selection = Selection { content: arguments.content.filter(), ..selection };
    let mut newest = NewestFirst::new(&table, selection).await;
    let progress = output.progress("events read", None);
    let mut events: Vec<Listed> = Vec::new();
    let mut older = None;
    while let Some(some) = newest.next().await? {
        progress.inc(u64::try_from(some.len()).unwrap_or_default());
        for listed in with_states(&table, some, arguments.state()).await? {
            // All events of one millisecond, so that --until continues without a gap.
            if events.len() >= arguments.limit && events.last().is_some_and(|e| e.received != listed.received)
            {
                older = events.last().map(|last| last.received.clone());
                break;
            }
            events.push(listed);
        }
        if older.is_some() {
            break;
        }
    }
    progress.finish_and_clear();
    let (none, more) = (events.is_empty(), older.clone());
    if none {
        arguments.filters.check_names(&deployment).await?;
    }
    output.report(&EventList { events, older_before: older, now: clock::now() })?;
    if none {
        let from = output.zone().show_named(from);
        output.note(format!("no events since {from}; use --since for earlier ones"));
    }
    if let Some(last) = more {
        let Arguments { filters, content, span, limit, unprocessed, parked, .. } = &arguments;
        let mut flags = filters.to_flags() + &content.to_flags();
        let since = span.since.map(|since| since.before(clock::now(), output.zone()));
        flags.extend(since.map(|since| format!(" --since {since}")));
        let switches = [(" --unprocessed", *unprocessed), (" --parked", *parked)];
        flags.extend(switches.into_iter().filter_map(|(flag, is)| is.then_some(flag)));
        output
            .note(format!("for more, run: {} list{flags} --until {last} --limit {limit}", deployment.inlet));
    }
    Ok(())
}

/// Adds the state of each event, and returns those with a selected one.
async fn with_states(
    table: &Table,
    arrivals: Vec<Arrival>,
    selected: Option<StateFilter>,
) -> Result<Vec<Listed>, Failure> {
    let events: Vec<_> = arrivals.iter().map(|arrival| (&arrival.id, arrival.received_at())).collect();
    let statuses = event_status::event_statuses(table, &events).await;
    let statuses =
        statuses.map_err(|fault| Failure::Inlet { context: "the receipts cannot be read", fault })?;
    let is_selected =
        |status: &event_status::EventStatus| selected.is_none_or(|state| state.includes(status));
    let listed = arrivals.into_iter().zip(statuses).filter(|(_, status)| is_selected(status));
    Ok(listed.map(|(arrival, status)| Listed::new(arrival, status)).collect())
}

impl Arguments {
    /// Returns the time span.
    fn bounds(&self, table: &Table, output: &Output) -> (ReceivedAt, ReceivedAt) {
        // An entity's history is one query. Everything is limited to a day by default.
        let otherwise = (!self.filters.names_an_entity()).then_some(TimeArg::Ago(A_DAY));
        let (now, zone) = (clock::now(), output.zone());
        let since = self.span.since.or(otherwise);
        let from = since.map_or(ReceivedAt::EPOCH, |since| since.before(now, zone));
        let until = self.span.until.map_or_else(|| now_plus_skew(now), |until| until.before(now, zone));
        (from.max(table.time_index.oldest(now)), until)
    }

    fn state(&self) -> Option<StateFilter> {
        match (self.parked, self.unprocessed) {
            (true, _) => Some(StateFilter::Parked),
            (_, true) => Some(StateFilter::Unprocessed),
            _ => None,
        }
    }
}

#[derive(Debug, Serialize)]
struct EventList {
    events: Vec<Listed>,
    /// The time of the last row if the list was cut: continue before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    older_before: Option<String>,
    #[serde(skip)]
    now: ReceivedAt,
}

/// The columns on a terminal.
const COLUMNS: [Column; 6] = [
    Column::fixed("age"),
    Column::fixed("state"),
    Column::fixed("id"),
    Column::shrinking("type", 12),
    Column::shrinking("store", 8),
    Column::shrinking("entity", 10),
];

impl EventList {
    fn narrow_page(&self, page: &mut Page, width: usize) {
        let row = |event: &Listed| {
            let (store, entity) = store_and_entity(&event.id);
            [
                Cell::styled(age(&event.received, self.now), FAINT),
                Cell::styled(event.state.as_str(), event.state.style()),
                Cell::new(short_id(&event.id)),
                Cell::new(short_type(&event.canonical_type)),
                Cell::new(store),
                Cell::new(entity),
            ]
        };
        let rows: Vec<_> = self.events.iter().map(row).collect();
        page.fitted(COLUMNS, &rows, width);
        for event in &self.events {
            if let Some(reason) = &event.parked_because {
                page.fitted_line(format_args!("{} is parked: {reason}", short_id(&event.id)));
            }
        }
    }

    fn wide_page(&self, page: &mut Page) {
        let row = |event: &Listed| {
            [
                page.time(&event.received),
                event.state.as_str().to_owned(),
                printable(&event.canonical_type),
                printable(&event.provider_type),
                event.id.clone(),
            ]
        };
        let rows: Vec<_> = self.events.iter().map(row).collect();
        let received = page.time_heading("received");
        page.table([&received, "state", "type", "provider's type", "id"], rows);
        for event in &self.events {
            if let Some(reason) = &event.parked_because {
                page.line(format!("{} is parked: {}", event.id, printable(reason)));
            }
        }
    }
}

impl Report for EventList {
    fn page(&self, page: &mut Page) {
        match page.width() {
            _ if self.events.is_empty() => {}
            Some(width) => self.narrow_page(page, width),
            None => self.wide_page(page),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::list::State;

    fn listed(entity: &str, state: State) -> Listed {
        Listed {
            received: "2025-06-12T08:01:12.345Z".into(),
            id: format!("zid/riyadh/order/{entity}/9f2c41d8a3b7e6f0"),
            canonical_type: "commerce.order.status_changed".into(),
            provider_type: "order.status.update".into(),
            state,
            processed: None,
            parked_because: (state == State::Parked).then(|| "no such product ".repeat(20)),
        }
    }

    #[test]
    fn an_event_is_one_line_of_80_or_120_columns() {
        let now = ReceivedAt::parse("2025-06-12T08:04:30Z").unwrap();
        let events = vec![listed("81230457", State::Processed), listed(&"%D8%B7".repeat(30), State::Parked)];
        let events = EventList { events, older_before: None, now };
        for (width, first) in [
            (80, "3m   processed  9f2c41d8  order.status_changed  zid/riyadh  order/81230457"),
            (120, "3m   processed  9f2c41d8  order.status_changed  zid/riyadh  order/81230457"),
        ] {
            let mut page = Page::of_width(width);
            events.narrow_page(&mut page, width);
            let text = page.plain();
            let lines: Vec<&str> = text.lines().collect();
            assert_eq!(lines[1], first);
            assert!(lines.iter().all(|line| line.chars().count() <= width), "{text}");
            assert!(lines.len() >= 4 && lines[2].starts_with("3m   PARKED     9f2c41d8"), "{text}");
        }
    }
}
