//! `inlet webhook`: lists, registers and unregisters a store's webhooks through the provider's own API.

mod list;
pub(crate) mod register;
mod unregister;

use clap::Subcommand;

use crate::failure::Failure;
use crate::options::DeploymentArgs;
use crate::output::Output;

/// The arguments of `inlet webhook`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List what is registered at the provider, and its state
    List(list::Arguments),
    /// Register a store's URLs at the provider, or print the manual steps
    Register(register::Arguments),
    /// Remove the registrations that `register` added, and none of another receiver
    Unregister(unregister::Arguments),
}

/// Runs the subcommand.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    match arguments.action {
        Action::List(arguments) => list::run(arguments, options, output).await,
        Action::Register(arguments) => register::run(arguments, options, output).await,
        Action::Unregister(arguments) => unregister::run(arguments, options, output).await,
    }
}
