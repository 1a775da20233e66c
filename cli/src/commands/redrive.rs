//! `inlet redrive`: what waits among the dead letters is tried again, once whatever stopped it is mended.

use inlet_aws::operate::redrive::Redrive;
use inlet_aws::sqs::SqsQueue;
use serde::Serialize;
use tokio::sync::watch;

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::options::DeploymentArgs;
use crate::output::progress::{self, RunOutcome};
use crate::output::prompt::confirm;
use crate::output::{Output, Page, Report, counted};

/// What can be said to `inlet redrive`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// At most so many a second
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// Count them and move nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
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
        waiting.map_err(|fault| Failure::Inlet { doing: "the dead letters cannot be counted", fault })?;
    if dry_run || waiting == 0 {
        return output.report(&RedriveReport { waiting, moved: 0, dry_run });
    }
    let letters = counted(waiting, "dead letter", "dead letters");
    confirm(&format!("Put about {letters} back on the queue, {rate} a second?"), yes)?;

    let moved = watch::Sender::new(0);
    let bar = output.progress("moved", Some(waiting.into()));
    let ended = progress::run(redrive.run(rate, &moved), &moved, &bar, |moved| u64::from(*moved)).await;
    let moved = *moved.borrow();
    output.report(&RedriveReport { waiting, moved, dry_run })?;
    let next = format!("go on with `{} redrive`: what was moved is not moved again", deployment.inlet);
    match ended {
        RunOutcome::Done => Ok(()),
        RunOutcome::Stopped => Err(Failure::Partly { what: "the redrive was stopped".to_owned(), next }),
        RunOutcome::Failed(fault) => {
            Err(Failure::Partly { what: format!("the redrive stopped: {}", fault.chain()), next })
        }
    }
}

/// What a redrive came to.
#[derive(Debug, Serialize)]
struct RedriveReport {
    /// How many dead letters there were, roughly, as SQS counts them.
    waiting: u32,
    moved: u32,
    #[serde(skip)]
    dry_run: bool,
}

impl Report for RedriveReport {
    fn page(&self, page: &mut Page) {
        let Self { waiting, moved, .. } = self;
        let letters = counted(*waiting, "dead letter", "dead letters");
        page.line(match (waiting, self.dry_run) {
            (0, _) => "no dead letters: nothing is moved".to_owned(),
            (_, true) => format!("about {letters} would be moved; nothing is moved"),
            _ => format!("{} put back on the queue", counted(*moved, "dead letter", "dead letters")),
        });
    }
}
