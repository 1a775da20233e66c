//! `inlet redrive`: moves the messages of the dead-letter queue back to the event queue.

use inlet_aws::operate::redrive::{Redrive, Redriven};
use inlet_aws::sqs::SqsQueue;
use serde::Serialize;
use tokio::sync::watch;

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::options::DeploymentArgs;
use crate::output::progress::{self, RunOutcome};
use crate::output::prompt::confirm;
use crate::output::{Output, Page, Report, counted};

/// The arguments of `inlet redrive`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Maximum number of messages per second
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// Count the messages without moving any
    #[arg(long)]
    dry_run: bool,
    /// Do not ask for confirmation
    #[arg(long, short)]
    yes: bool,
}

/// Counts, asks and moves.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let Arguments { rate, dry_run, yes } = arguments;
    let deployment = Deployment::find_to_change(options, output).await?;
    let dead_letters = SqsQueue::new(deployment.clients().sqs, deployment.dead_letter_queue_url.clone());
    let redrive = Redrive { dead_letters, queue: deployment.queue(), table: deployment.table() };
    let waiting = redrive.count().await;
    let waiting =
        waiting.map_err(|fault| Failure::Inlet { context: "the dead-letter queue cannot be read", fault })?;
    if dry_run || waiting == 0 {
        return output.report(&RedriveReport { waiting, moved: 0, forgotten: 0, dry_run });
    }
    let letters = counted(waiting, "dead letter", "dead letters");
    confirm(&format!("Move about {letters} back to the queue, {rate} per second?"), yes)?;

    let sum = watch::Sender::new(Redriven::default());
    let bar = output.progress("moved", Some(waiting.into()));
    let done = |sum: &Redriven| u64::from(sum.moved.saturating_add(sum.forgotten));
    let ended = progress::run(redrive.run(rate, &sum), &sum, &bar, done).await;
    let Redriven { moved, forgotten } = *sum.borrow();
    output.report(&RedriveReport { waiting, moved, forgotten, dry_run })?;
    let next = format!("run `{} redrive` to move the rest", deployment.inlet);
    match ended {
        RunOutcome::Done => Ok(()),
        RunOutcome::Stopped => Err(Failure::Partial { what: "the redrive was stopped".to_owned(), next }),
        RunOutcome::Failed(fault) => {
            Err(Failure::Partial { what: format!("the redrive stopped: {}", fault.chain()), next })
        }
    }
}

/// The result of a redrive.
#[derive(Debug, Serialize)]
struct RedriveReport {
    /// Approximate number of messages before the redrive, as SQS counts them.
    waiting: u32,
    moved: u32,
    /// Number of messages that were deleted, because their entity was forgotten.
    forgotten: u32,
    #[serde(skip)]
    dry_run: bool,
}

impl Report for RedriveReport {
    fn page(&self, page: &mut Page) {
        let Self { waiting, moved, .. } = self;
        let letters = counted(*waiting, "dead letter", "dead letters");
        page.line(match (waiting, self.dry_run) {
            (0, _) => "no dead letters; nothing was moved".to_owned(),
            (_, true) => format!("about {letters} would be moved; nothing was moved"),
            _ => format!("{} moved back to the queue", counted(*moved, "dead letter", "dead letters")),
        });
        if self.forgotten > 0 {
            let letters = counted(self.forgotten, "dead letter", "dead letters");
            page.line(format_args!("{letters} of forgotten entities deleted"));
        }
    }
}
