//! `inlet redrive`: moves the messages of the dead-letter queue back to the event queue.

use crate::commands::dead_letters::{self, RedriveArguments};
use crate::failure::Failure;
use crate::options::DeploymentArgs;
use crate::output::Output;

/// The arguments of `inlet redrive`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
After Ctrl-C, SIGTERM or SIGHUP, the command returns the remaining letters to the dead-letter queue at once, and prints
the command that continues.

Examples:
  inlet redrive --dry-run
  inlet redrive 9f2c41d8
  inlet redrive --store zid/riyadh --type 'order.*' --since yesterday")]
pub(crate) struct Arguments {
    #[command(flatten)]
    redrive: RedriveArguments,
}

/// Counts, asks and moves.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    dead_letters::redrive(arguments.redrive, options, output).await
}
