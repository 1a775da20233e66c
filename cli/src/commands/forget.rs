//! `inlet forget`: deletes all events of an entity, for privacy requests.

use inlet_aws::operate::forget::{DeletionCounts, Entity, Forget};
use serde::Serialize;

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::options::DeploymentArgs;
use crate::output::prompt::confirm;
use crate::output::{Output, Page, Report, counted};

/// The arguments of `inlet forget`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The entity, as its events' ids begin: zid/riyadh/order/81230457
    #[arg(value_name = "PROVIDER/STORE/KIND/ID", value_parser = Entity::parse)]
    entity: Entity,
    /// Count the events without deleting anything
    #[arg(long)]
    dry_run: bool,
    /// Do not ask for confirmation
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
    let counts =
        found.map_err(|fault| Failure::Inlet { context: "the entity's events cannot be counted", fault })?;
    if dry_run || counts == DeletionCounts::default() {
        return output.report(&ForgetReport::of(&entity, &counts, false));
    }
    let events = counted(counts.events, "event", "events");
    confirm(&format!("Delete {events} permanently?"), yes)?;
    let forgotten = forget.run(&entity).await;
    let counts =
        forgotten.map_err(|fault| Failure::Inlet { context: "not everything could be deleted", fault })?;
    output.report(&ForgetReport::of(&entity, &counts, true))?;
    output.note(NOT_COVERED);
    Ok(())
}

/// The copies that this command cannot delete.
const NOT_COVERED: &str = "Not deleted: messages in the queue and the dead-letter queue, the quarantine, backups, and the data of consumers.";

/// The result of the deletion.
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
            (0, _) if self.chunks == 0 => format!("no event of {} is stored", self.entity),
            (_, true) => format!("{events} of {} deleted", self.entity),
            (_, false) => format!("{events} of {} would be deleted; nothing was changed", self.entity),
        });
        if self.old_chunks > 0 {
            let chunks = counted(self.old_chunks, "chunk", "chunks");
            page.line(format!("{chunks} of version 0.2 stay until they expire: other events may share them"));
        }
    }
}
