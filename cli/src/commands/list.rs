//! `inlet list`: events by time, newest first, and what became of them; or what is held in quarantine.

use inlet::received_at::ReceivedAt;
use inlet::store::StoreName;
use inlet_aws::client::clock;
use inlet_aws::dynamodb::arrivals::Arrival;
use inlet_aws::dynamodb::table::Table;
use inlet_aws::operate::quarantine_list::HeldDelivery;
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

/// What can be said to `inlet list`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    span: Span,
    /// At most so many (and all that came in the last one's millisecond)
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    limit: usize,
    /// Only those without a receipt
    #[arg(long, conflicts_with = "parked")]
    unprocessed: bool,
    /// Only those that were given up on: they wait for a redrive or a replay
    #[arg(long)]
    parked: bool,
    /// The refused deliveries that are held instead: what no live credential proved
    #[arg(long, conflicts_with_all = ["event_type", "entity", "unprocessed", "parked"])]
    quarantine: bool,
}

/// Lists them.
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
    let progress = output.progress("events looked at", None);
    let mut events: Vec<Listed> = Vec::new();
    let mut older = None;
    while let Some(some) = newest.next().await? {
        progress.inc(u64::try_from(some.len()).unwrap_or_default());
        for listed in with_fates(&table, some).await?.into_iter().filter(|listed| arguments.wants(listed)) {
            // All of one millisecond, so that "before then" leaves nothing out.
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
        output.note(format!("nothing since {from}; --since looks further back"));
    }
    if let Some(last) = more {
        let Arguments { filters, span, limit, unprocessed, parked, .. } = &arguments;
        let mut said = filters.to_flags();
        said.extend(span.since.map(|since| format!(" --since {}", since.before(clock::now()))));
        let flags = [(" --unprocessed", *unprocessed), (" --parked", *parked)];
        said.extend(flags.into_iter().filter_map(|(flag, is)| is.then_some(flag)));
        output.note(format!("there is more: {} list{said} --until {last} --limit {limit}", deployment.inlet));
    }
    Ok(())
}

/// Some events with what became of each.
async fn with_fates(table: &Table, arrivals: Vec<Arrival>) -> Result<Vec<Listed>, Failure> {
    let events: Vec<_> = arrivals.iter().map(|arrival| (&arrival.id, arrival.received_at())).collect();
    let fates = table.event_statuses(&events).await;
    let fates = fates.map_err(|fault| Failure::Inlet { doing: "the receipts cannot be read", fault })?;
    Ok(arrivals.into_iter().zip(fates).map(|(arrival, fate)| Listed::new(arrival, fate)).collect())
}

async fn list_quarantine(
    arguments: &Arguments,
    deployment: &Deployment,
    output: &mut Output,
) -> Result<(), Failure> {
    let Bounds { from, until } = Bounds::of_quarantine(arguments);
    let wanted = arguments.filters.selection(from, until)?;
    let table = deployment.table();
    let mut held: Vec<QuarantinedRow> = Vec::new();
    let providers: Vec<_> =
        ALL.into_iter().filter(|known| is(wanted.provider.as_deref(), known.name)).collect();
    for store in stores::of(deployment, &providers).await? {
        if is(wanted.store.as_ref().map(StoreName::as_str), store.store.as_str()) {
            let provider = store.provider.name;
            let of_store =
                table.quarantined_deliveries(provider, &store.store, (from, until), arguments.limit).await;
            let of_store =
                of_store.map_err(|fault| Failure::Inlet { doing: "the quarantine cannot be read", fault })?;
            held.extend(of_store.into_iter().map(|one| QuarantinedRow::new(&store, one)));
        }
    }
    held.sort_by(|a, b| b.received.cmp(&a.received));
    held.truncate(arguments.limit);
    let any = !held.is_empty();
    output.report(&Quarantine { quarantined: held })?;
    if any {
        let inlet = &deployment.inlet;
        output.note(format!(
            "mend the store's secret ({inlet} secret rotate STORE), then take them in: {inlet} reverify"
        ));
    } else {
        output.note("nothing is quarantined");
    }
    Ok(())
}

fn is(wanted: Option<&str>, told: &str) -> bool {
    wanted.is_none_or(|wanted| wanted == told)
}

/// From when until when.
struct Bounds {
    from: ReceivedAt,
    until: ReceivedAt,
}

impl Bounds {
    fn of(arguments: &Arguments, table: &Table) -> Self {
        // A thing's whole history is one look; of everything a day is enough until more is asked for.
        let otherwise = (!arguments.filters.names_an_entity()).then_some(TimeArg::Ago(A_DAY));
        let Self { from, until } = Self::from(arguments, otherwise);
        Self { from: from.max(table.oldest(clock::now())), until }
    }

    /// Nothing is held for longer than some days.
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
    /// Where the list was cut: what is older came before this.
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

/// A held delivery.
#[derive(Debug, Serialize)]
struct QuarantinedRow {
    received: String,
    store: String,
    method: String,
    topic: Option<String>,
    /// The body's length in bytes.
    size: u64,
    reason: String,
    /// When it is forgotten.
    expires: Option<String>,
}

impl QuarantinedRow {
    fn new(store: &StoreAddress, held: HeldDelivery) -> Self {
        Self {
            received: held.received.to_string(),
            store: store.to_string(),
            method: held.method,
            topic: held.topic,
            size: held.size,
            reason: held.reason,
            expires: held.expires.map(|at| at.to_string()),
        }
    }
}

impl Report for Quarantine {
    fn page(&self, page: &mut Page) {
        if self.quarantined.is_empty() {
            return;
        }
        let row = |held: &QuarantinedRow| {
            [
                held.received.clone(),
                held.store.clone(),
                printable(held.topic.as_deref().unwrap_or("-")),
                held.size.to_string(),
                held.expires.clone().unwrap_or_default(),
                printable(&held.reason),
            ]
        };
        page.table(
            ["received", "store", "topic", "bytes", "expires", "why"],
            self.quarantined.iter().map(row),
        );
    }
}
