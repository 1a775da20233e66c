//! `inlet tail`: prints events as they arrive, each once.

use serde::Serialize;

use inlet_aws::client::clock;
use inlet_aws::dynamodb::time_index::Arrival;
use inlet_aws::operate::selection::Selection;

use crate::deployment::Deployment;
use crate::events::follow::{Follow, unless_stopped};
use crate::events::list::{short_type, store_and_entity};
use crate::failure::Failure;
use crate::input::event_ids::short_id;
use crate::input::filters::{ContentArgs, Filters, parse_limit};
use crate::input::time_arg::{TimeArg, forever};
use crate::options::DeploymentArgs;
use crate::output::{Output, Page, Report, printable};

/// The arguments of `inlet tail`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    content: ContentArgs,
    /// Start with events received at this time: 15m, 2h30m (ago), yesterday, 2025-06-12T08:01:12Z; default: new events only
    #[arg(long, value_name = "WHEN")]
    since: Option<TimeArg>,
    /// End after this number of events
    #[arg(long, value_name = "COUNT", value_parser = parse_limit)]
    limit: Option<usize>,
}

/// Prints events until Ctrl-C.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let deployment = Deployment::find(options).await?;
    let now = clock::now();
    let table = deployment.table();
    let from = arguments
        .since
        .map_or(now, |since| since.before(now, output.zone()))
        .max(table.time_index.oldest(now));
    let selection = arguments.filters.selection(&deployment, from, forever()).await?;
    let selection = Selection { content: arguments.content.filter(), ..selection };
    // A name that no event can have would wait for ever.
    arguments.filters.check_names(&deployment).await?;
    let mut follow = match arguments.since {
        Some(_) => Follow::from_start(&table, selection),
        None => Follow::from_now(&table, selection).await?,
    };
    output.note("waiting for events; Ctrl-C ends");
    let mut left = arguments.limit.unwrap_or(usize::MAX);
    while left > 0 {
        let Some(new) = Box::pin(unless_stopped(follow.next(output))).await else { break };
        for arrival in new?.into_iter().take(left) {
            output.item(&Line::of(arrival))?;
            left = left.saturating_sub(1);
        }
    }
    Ok(())
}

/// An event.
#[derive(Debug, Serialize)]
struct Line {
    received: String,
    id: String,
    #[serde(rename = "type")]
    canonical_type: String,
    provider_type: String,
}

impl Line {
    fn of(arrival: Arrival) -> Self {
        Self {
            received: arrival.received,
            id: arrival.id.to_string(),
            canonical_type: arrival.canonical_type,
            provider_type: arrival.event_type,
        }
    }
}

impl Report for Line {
    fn page(&self, page: &mut Page) {
        let Self { received, id, canonical_type, provider_type } = self;
        if page.width().is_some() {
            let (store, entity) = store_and_entity(id);
            let (time, id, ours) = (page.clock(received), short_id(id), short_type(canonical_type));
            return page.fitted_line(format_args!("{time}  {id}  {ours:<20}  {store:<12}  {entity}"));
        }
        // Fixed column widths that fit the usual names: later rows are not known yet.
        let (received, ours, theirs) =
            (page.time(received), printable(canonical_type), printable(provider_type));
        page.line(format_args!("{received}  {ours:<32}  {theirs:<24}  {id}"));
    }
}
