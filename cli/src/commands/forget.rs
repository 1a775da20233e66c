//! `inlet forget`: deletes all events of an entity, for privacy requests.

use std::time::Duration;

use inlet_aws::operate::forget::{DeletionCounts, Entity, Forget, NOT_REACHED, SETTLE};
use serde::Serialize;

use crate::deployment::address::StoreAddress;
use crate::deployment::{Deployment, stores};
use crate::events::follow::unless_stopped;
use crate::failure::Failure;
use crate::options::DeploymentArgs;
use crate::output::prompt::confirm;
use crate::output::{Output, Page, Report, counted};
use crate::shell::quoted;

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
    /// Seconds to wait for deliveries that are being stored; a receiver may take 26
    #[arg(long, value_name = "SECONDS", default_value_t = SETTLE.as_secs())]
    settle: u64,
}

/// Counts, asks and deletes.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let Arguments { entity, dry_run, yes, settle } = arguments;
    let deployment = Deployment::find_to_change(options, output).await?;
    let settle = Duration::from_secs(settle);
    let forget = Forget { table: deployment.table(), queue: deployment.queue(), settle };
    let found = forget.count(&entity).await;
    let counts =
        found.map_err(|fault| Failure::Inlet { context: "the entity's events cannot be counted", fault })?;
    if counts.events == 0
        && let Some(store) = StoreAddress::of_path(entity.as_str())
    {
        stores::note_unless_exists(&deployment, &store, output).await;
    }
    if dry_run {
        output.report(&ForgetReport::of(&entity, &counts, false))?;
        note_not_reached(output);
        return Ok(());
    }
    note_not_reached(output);
    let events = counted(counts.events, "event", "events");
    confirm(&format!("Delete {events} of {} permanently?", entity.as_str()), yes)?;
    // An entity without a stored event is forgotten too: its only event may still be on the queue.
    let waiting = output.progress("deleting", None);
    let forgotten = Box::pin(unless_stopped(forget.run(&entity))).await;
    waiting.finish_and_clear();
    // A run can be repeated wherever it ended.
    let continues = format!("{} forget {} --yes", deployment.inlet, quoted(entity.as_str()));
    let counts = match forgotten {
        Some(Ok(counts)) => counts,
        Some(Err(fault)) => {
            return Err(Failure::half_way("not everything was deleted", &fault, options, &continues));
        }
        None => {
            let what = "the deletion was stopped: not everything was deleted".to_owned();
            return Err(Failure::Partial { what, next: format!("continue with `{continues}`") });
        }
    };
    output.report(&ForgetReport::of(&entity, &counts, true))?;
    note_not_reached(output);
    Ok(())
}

/// Prints the data that this command does not delete.
fn note_not_reached(output: &mut Output) {
    output.note("Not deleted:");
    for place in NOT_REACHED {
        output.note(format_args!("  {place}"));
    }
}

/// The result of the deletion.
#[derive(Debug, Serialize)]
struct ForgetReport {
    entity: String,
    forgotten: bool,
    events: u64,
    notes: u64,
    chunks: u64,
    old_chunks: u64,
    /// The data that is not deleted.
    not_reached: [&'static str; NOT_REACHED.len()],
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
            not_reached: NOT_REACHED,
        }
    }
}

impl Report for ForgetReport {
    fn page(&self, page: &mut Page) {
        let events = counted(self.events, "event", "events");
        page.line(match (self.events, self.forgotten) {
            (0, false) if self.chunks == 0 => format!("no event of {} is stored", self.entity),
            (0, true) if self.chunks == 0 => {
                format!("no event of {} is stored; consumers are notified", self.entity)
            }
            (_, true) => format!("{events} of {} deleted; consumers are notified", self.entity),
            (_, false) => format!("{events} of {} would be deleted; nothing was changed", self.entity),
        });
        if self.old_chunks > 0 {
            let chunks = counted(self.old_chunks, "chunk", "chunks");
            page.line(format!("{chunks} of version 0.2 stay until they expire: other events may share them"));
        }
    }
}
