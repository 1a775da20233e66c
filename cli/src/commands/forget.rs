//! `inlet forget`: deletes all events of an entity, for a person who asks to be forgotten.

use inlet_aws::operate::forget::{DeletionCounts, Entity, Forget};
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

/// Counts, asks and deletes.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let Arguments { entity, dry_run, yes } = arguments;
    let deployment = Deployment::find_to_change(options, output).await?;
    let forget = Forget { table: deployment.table() };
    let found = forget.count(&entity).await;
    let counts = found.map_err(|fault| Failure::Inlet { doing: "its events cannot be counted", fault })?;
    if dry_run || counts == DeletionCounts::default() {
        return output.report(&ForgetReport::of(&entity, &counts, false));
    }
    let events = counted(counts.events, "event", "events");
    confirm(&format!("Delete {events}? This cannot be undone."), yes)?;
    let forgotten = forget.run(&entity).await;
    let counts =
        forgotten.map_err(|fault| Failure::Inlet { doing: "not all of it could be deleted", fault })?;
    output.report(&ForgetReport::of(&entity, &counts, true))?;
    output.note(NOT_COVERED);
    Ok(())
}

/// The data that the command does not delete.
const NOT_COVERED: &str = "Not reached: messages on the queue and among the dead letters, quarantine, backups, and what consumers keep.";

/// The result of a run.
#[derive(Debug, Serialize)]
struct ForgetReport {
    entity: String,
    forgotten: bool,
    events: u64,
    notes: u64,
    chunks: u64,
    old_chunks: u64,
}

impl ForgetReport {
    fn of(entity: &Entity, counts: &DeletionCounts, forgotten: bool) -> Self {
        Self {
            entity: entity.as_str().to_owned(),
            forgotten,
            events: counts.events,
            notes: counts.notes,
            chunks: counts.chunks,
            old_chunks: counts.old_chunks,
        }
    }
}

impl Report for ForgetReport {
    fn page(&self, page: &mut Page) {
        let events = counted(self.events, "event", "events");
        page.line(match (self.events, self.forgotten) {
            (0, _) if self.chunks == 0 => format!("nothing is stored of {}", self.entity),
            (_, true) => format!("{events} of {} deleted", self.entity),
            (_, false) => format!("{events} of {} would be deleted; nothing is changed", self.entity),
        });
        if self.old_chunks > 0 {
            let chunks = counted(self.old_chunks, "chunk", "chunks");
            page.line(format!("{chunks} of version 0.2 stay until they expire: other events may share them"));
        }
    }
}
