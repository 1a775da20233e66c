//! `inlet forget`: all events of an entity go, for those who ask to be forgotten.

use inlet_aws::operate::forget::{DeletionCounts, Entity, Forget, SETTLED};
use serde::Serialize;

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::options::DeploymentArgs;
use crate::output::prompt::confirm;
use crate::output::{Output, Page, Report, counted};

/// What can be said to `inlet forget`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The entity as its events' ids begin: zid/riyadh/order/81230457
    #[arg(value_name = "PROVIDER/STORE/KIND/ID", value_parser = Entity::parse)]
    entity: Entity,
    /// Count what would go, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

/// Counts, asks and lets go.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let Arguments { entity, dry_run, yes } = arguments;
    let deployment = Deployment::find_to_change(options, output).await?;
    let forget = Forget { table: deployment.table(), settled: SETTLED };
    let found = forget.count(&entity).await;
    let traces = found.map_err(|fault| Failure::Inlet { doing: "its events cannot be counted", fault })?;
    if dry_run || traces == DeletionCounts::default() {
        return output.report(&ForgetReport::of(&entity, &traces, false));
    }
    let events = counted(traces.events, "event", "events");
    confirm(&format!("Let go of {events} for good?"), yes)?;
    if traces.pieces.saturating_add(traces.shared) > 0 {
        output.note(
            "An event is in pieces. They go in a minute, when nobody can be about to store the same bytes.",
        );
    }
    let forgotten = forget.run(&entity).await;
    let traces =
        forgotten.map_err(|fault| Failure::Inlet { doing: "not all of it could be let go", fault })?;
    output.report(&ForgetReport::of(&entity, &traces, true))?;
    output.note(NOT_COVERED);
    Ok(())
}

/// What the table's owner has to think of beside the table.
const NOT_COVERED: &str = "Not reached: messages on the queue and among the dead letters, quarantine, backups, and what consumers keep.";

/// What forgetting came to.
#[derive(Debug, Serialize)]
struct ForgetReport {
    entity: String,
    forgotten: bool,
    events: u64,
    notes: u64,
    pieces: u64,
    shared_pieces: u64,
}

impl ForgetReport {
    fn of(entity: &Entity, traces: &DeletionCounts, forgotten: bool) -> Self {
        Self {
            entity: entity.as_str().to_owned(),
            forgotten,
            events: traces.events,
            notes: traces.notes,
            pieces: traces.pieces,
            shared_pieces: traces.shared,
        }
    }
}

impl Report for ForgetReport {
    fn page(&self, page: &mut Page) {
        let events = counted(self.events, "event", "events");
        page.line(match (self.events, self.forgotten) {
            (0, _) if self.pieces == 0 => format!("nothing is stored of {}", self.entity),
            (_, true) => format!("{events} of {} let go", self.entity),
            (_, false) => format!("{events} of {} would be let go; nothing is changed", self.entity),
        });
        if self.shared_pieces > 0 {
            let pieces = counted(self.shared_pieces, "piece stays", "pieces stay");
            page.line(format!("{pieces}: an event that is kept, or just arriving, is made of the same"));
        }
    }
}
