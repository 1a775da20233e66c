//! `inlet list`: lists events, newest first, with their states; or the quarantine.

use inlet::received_at::ReceivedAt;
use inlet::store::StoreName;
use inlet_aws::client::clock;
use inlet_aws::dynamodb::table::Table;
use inlet_aws::dynamodb::time_index::Arrival;
use inlet_aws::operate::event_status;
use inlet_aws::operate::quarantine_list::{QuarantinedDelivery, quarantined_deliveries};
use serde::Serialize;

use crate::deployment::Deployment;
use crate::deployment::address::StoreAddress;
use crate::deployment::stores;
use crate::events::list::{Listed, NewestFirst, State};
use crate::failure::Failure;
use crate::input::filters::{A_DAY, Filters, Span};
use crate::input::time_arg::{TimeArg, now_plus_skew};
use crate::options::DeploymentArgs;
use crate::output::{Output, Page, Report, printable};
use crate::providers::ALL;

/// The arguments of `inlet list`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    span: Span,
    /// Maximum number of rows; the rows of the last row's millisecond are all printed
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    limit: usize,
    /// Only events without a receipt
    #[arg(long, conflicts_with = "parked")]
    unprocessed: bool,
    /// Only parked events: they wait for a redrive or a replay
    #[arg(long)]
    parked: bool,
    /// List the quarantine instead: deliveries that no live credential verified
    #[arg(long, conflicts_with_all = ["event_type", "entity", "unprocessed", "parked"])]
    quarantine: bool,
}

/// Lists events, or the quarantine.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let deployment = Deployment::find(options).await?;
    if arguments.quarantine {
        return list_quarantine(&arguments, &deployment, output).await;
    }
    let table = deployment.table();
    let Bounds { from, until } = Bounds::of(&arguments, &table);
    let mut newest = NewestFirst::new(&table, arguments.filters.selection(from, until)?);
    let progress = output.progress("events read", None);
    let mut events: Vec<Listed> = Vec::new();
    let mut older = None;
    while let Some(some) = newest.next().await? {
        progress.inc(u64::try_from(some.len()).unwrap_or_default());
        for listed in with_states(&table, some).await?.into_iter().filter(|listed| arguments.wants(listed)) {
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
    output.report(&Events { events, older_before: older })?;
    if none {
        output.note(format!("no events since {from}; use --since for earlier ones"));
    }
    if let Some(last) = more {
        let Arguments { filters, span, limit, unprocessed, parked, .. } = &arguments;
        let mut flags = filters.to_flags();
        flags.extend(span.since.map(|since| format!(" --since {}", since.before(clock::now()))));
        let switches = [(" --unprocessed", *unprocessed), (" --parked", *parked)];
        flags.extend(switches.into_iter().filter_map(|(flag, is)| is.then_some(flag)));
        output
            .note(format!("for more, run: {} list{flags} --until {last} --limit {limit}", deployment.inlet));
    }
    Ok(())
}

/// Adds the state of each event.
async fn with_states(table: &Table, arrivals: Vec<Arrival>) -> Result<Vec<Listed>, Failure> {
    let events: Vec<_> = arrivals.iter().map(|arrival| (&arrival.id, arrival.received_at())).collect();
    let statuses = event_status::event_statuses(table, &events).await;
    let statuses =
        statuses.map_err(|fault| Failure::Inlet { context: "the receipts cannot be read", fault })?;
    Ok(arrivals.into_iter().zip(statuses).map(|(arrival, status)| Listed::new(arrival, status)).collect())
}

async fn list_quarantine(
    arguments: &Arguments,
    deployment: &Deployment,
    output: &mut Output,
) -> Result<(), Failure> {
    let Bounds { from, until } = Bounds::of_quarantine(arguments);
    let wanted = arguments.filters.selection(from, until)?;
    let table = deployment.table();
    let mut quarantined: Vec<QuarantinedRow> = Vec::new();
    let providers: Vec<_> =
        ALL.iter().copied().filter(|provider| matches(wanted.provider.as_deref(), provider.name)).collect();
    for store in stores::of(deployment, &providers).await? {
        if matches(wanted.store.as_ref().map(StoreName::as_str), store.store.as_str()) {
            let provider = store.provider.name;
            let of_store =
                quarantined_deliveries(&table, (provider, &store.store), (from, until), arguments.limit)
                    .await;
            let of_store = of_store
                .map_err(|fault| Failure::Inlet { context: "the quarantine cannot be read", fault })?;
            quarantined.extend(of_store.into_iter().map(|one| QuarantinedRow::new(&store, one)));
        }
    }
    quarantined.sort_by(|a, b| b.received.cmp(&a.received));
    quarantined.truncate(arguments.limit);
    let any = !quarantined.is_empty();
    output.report(&Quarantine { quarantined })?;
    if any {
        let inlet = &deployment.inlet;
        output.note(format!(
            "correct the store's secret ({inlet} secret rotate STORE), then accept the deliveries with: {inlet} reverify"
        ));
    } else {
        output.note("the quarantine is empty");
    }
    Ok(())
}

fn matches(wanted: Option<&str>, value: &str) -> bool {
    wanted.is_none_or(|wanted| wanted == value)
}

/// A time span.
struct Bounds {
    from: ReceivedAt,
    until: ReceivedAt,
}

impl Bounds {
    fn of(arguments: &Arguments, table: &Table) -> Self {
        // An entity's history is one query. Everything is limited to a day by default.
        let otherwise = (!arguments.filters.names_an_entity()).then_some(TimeArg::Ago(A_DAY));
        let Self { from, until } = Self::from(arguments, otherwise);
        Self { from: from.max(table.time_index.oldest(clock::now())), until }
    }

    /// The quarantine keeps deliveries only for days, so the default is all of it.
    fn of_quarantine(arguments: &Arguments) -> Self {
        Self::from(arguments, None)
    }

    fn from(arguments: &Arguments, otherwise: Option<TimeArg>) -> Self {
        let now = clock::now();
        let from = arguments.span.since.or(otherwise).map_or(ReceivedAt::EPOCH, |since| since.before(now));
        Self {
            from,
            until: arguments.span.until.map_or_else(|| now_plus_skew(now), |until| until.before(now)),
        }
    }
}

impl Arguments {
    fn wants(&self, listed: &Listed) -> bool {
        match listed.state {
            State::Processed => !self.unprocessed && !self.parked,
            State::Waiting => !self.parked,
            State::Parked => true,
        }
    }
}

#[derive(Debug, Serialize)]
struct Events {
    events: Vec<Listed>,
    /// The time of the last row if the list was cut: continue before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    older_before: Option<String>,
}

impl Report for Events {
    fn page(&self, page: &mut Page) {
        if self.events.is_empty() {
            return;
        }
        let row = |event: &Listed| {
            [
                event.received.clone(),
                event.state.as_str().to_owned(),
                printable(&event.canonical_type),
                printable(&event.provider_type),
                event.id.clone(),
            ]
        };
        page.table(["received", "state", "type", "provider's type", "id"], self.events.iter().map(row));
        for event in &self.events {
            if let Some(reason) = &event.parked_because {
                page.line(format!("{} is parked: {}", event.id, printable(reason)));
            }
        }
    }
}

#[derive(Debug, Serialize)]
struct Quarantine {
    quarantined: Vec<QuarantinedRow>,
}

/// A quarantined delivery.
#[derive(Debug, Serialize)]
struct QuarantinedRow {
    received: String,
    store: String,
    method: String,
    topic: Option<String>,
    /// The body's length in bytes.
    size: u64,
    reason: String,
    /// The time when it is deleted.
    expires: Option<String>,
}

impl QuarantinedRow {
    fn new(store: &StoreAddress, quarantined: QuarantinedDelivery) -> Self {
        Self {
            received: quarantined.received.to_string(),
            store: store.to_string(),
            method: quarantined.method,
            topic: quarantined.topic,
            size: quarantined.size,
            reason: quarantined.reason,
            expires: quarantined.expires.map(|at| at.to_string()),
        }
    }
}

impl Report for Quarantine {
    fn page(&self, page: &mut Page) {
        if self.quarantined.is_empty() {
            return;
        }
        let row = |quarantined: &QuarantinedRow| {
            [
                quarantined.received.clone(),
                quarantined.store.clone(),
                printable(quarantined.topic.as_deref().unwrap_or("-")),
                quarantined.size.to_string(),
                quarantined.expires.clone().unwrap_or_default(),
                printable(&quarantined.reason),
            ]
        };
        page.table(
            ["received", "store", "topic", "bytes", "expires", "reason"],
            self.quarantined.iter().map(row),
        );
    }
}
