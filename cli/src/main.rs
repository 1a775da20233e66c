//! The `inlet` command, for the people who operate Inlet. This file only wires.

mod arguments;
mod examples;
mod reference;
mod options;
mod shell;
mod stop_signal;
mod zone;
mod commands;
mod deployment;
mod providers;
mod provider_api;
mod reconciliation;
mod health_checks;
mod input;
mod load;
mod events;
mod webhook;
mod http;
mod masked_field;
mod personal;
mod credentials;
mod console;
mod mcp;
mod percentile;
mod private_file;
mod output;
mod failure;

use std::process::ExitCode;

use crate::arguments::{Arguments, Command, command_line};
use crate::output::Output;

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { deployment, output, command } = Arguments::read();
    let mut output = Output::new(&output);
    output.report_silence();
    let result = match command {
        Command::Doctor(arguments) => commands::doctor::run(&arguments, &deployment, &mut output).await,
        Command::Urls(arguments) => commands::urls::run(arguments, &deployment, &mut output).await,
        Command::Events(arguments) => commands::events::run(&arguments, &mut output),
        Command::Secret(arguments) => commands::secret::run(arguments, &deployment, &mut output).await,
        Command::Store(arguments) => {
            Box::pin(commands::store::run(arguments, &deployment, &mut output)).await
        }
        Command::Webhook(arguments) => commands::webhook::run(arguments, &deployment, &mut output).await,
        Command::Send(arguments) => commands::send::run(arguments, &deployment, &mut output).await,
        Command::Twin(arguments) => Box::pin(commands::twin::run(arguments, &mut output)).await,
        Command::SampleEvent(arguments) => {
            commands::sample_event::run(arguments, &deployment, &mut output).await
        }
        Command::List(arguments) => commands::list::run(arguments, &deployment, &mut output).await,
        Command::Tail(arguments) => Box::pin(commands::tail::run(arguments, &deployment, &mut output)).await,
        Command::Show(arguments) => commands::show::run(arguments, &deployment, &mut output).await,
        Command::Timeline(arguments) => commands::timeline::run(arguments, &deployment, &mut output).await,
        Command::Stats(arguments) => commands::stats::run(arguments, &deployment, &mut output).await,
        Command::Console(arguments) => {
            Box::pin(commands::console::run(arguments, &deployment, &mut output)).await
        }
        Command::Mcp(arguments) => Box::pin(commands::mcp::run(arguments, &deployment)).await,
        Command::Forward(arguments) => {
            Box::pin(commands::forward::run(arguments, &deployment, &mut output)).await
        }
        Command::Replay(arguments) => {
            Box::pin(commands::replay::run(arguments, &deployment, &mut output)).await
        }
        Command::Redrive(arguments) => {
            Box::pin(commands::redrive::run(arguments, &deployment, &mut output)).await
        }
        Command::DeadLetters(arguments) => {
            Box::pin(commands::dead_letters::run(arguments, &deployment, &mut output)).await
        }
        Command::Quarantine(arguments) => {
            Box::pin(commands::quarantine::run(arguments, &deployment, &mut output)).await
        }
        Command::Reverify(arguments) => commands::reverify::run(arguments, &deployment, &mut output).await,
        Command::Access(arguments) => commands::access::run(arguments, &deployment, &mut output).await,
        Command::Truth(arguments) => {
            Box::pin(commands::truth::run(arguments, &deployment, &mut output)).await
        }
        Command::Reconcile(arguments) => {
            Box::pin(commands::reconcile::run(arguments, &deployment, &mut output)).await
        }
        Command::Forget(arguments) => {
            Box::pin(commands::forget::run(arguments, &deployment, &mut output)).await
        }
        Command::Verify(arguments) => {
            Box::pin(commands::verify::run(arguments, &deployment, &mut output)).await
        }
        Command::Restore(arguments) => {
            Box::pin(commands::restore::run(arguments, &deployment, &mut output)).await
        }
        Command::Completions(arguments) => {
            commands::completions::run(&arguments, &mut command_line(), &mut output)
        }
        Command::Man(arguments) => commands::man::run(&arguments, command_line(), &mut output),
        Command::Reference => output.bytes(reference::markdown().as_bytes()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => output.failure(&failure, &deployment),
    }
}
