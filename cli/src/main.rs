//! The `inlet` command: for people who run Inlet. This file only wires.

mod arguments;
mod commands;
mod providers;
mod address;
mod deployment;
mod stores;
mod secrets;
mod input;
mod http;
mod deliveries;
mod volley;
mod checkup;
mod moment;
mod filters;
mod events;
mod follow;
mod change;
mod json_text;
mod delivery_log;
mod percentile;
mod long_work;
mod registration;
mod prompt;
mod output;
mod failure;

use std::process::ExitCode;

use crate::arguments::{Arguments, Command};
use crate::output::Output;

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { place, style, command } = Arguments::read();
    let mut output = Output::new(&style);
    let done = match command {
        Command::Doctor(arguments) => commands::doctor::run(&arguments, &place, &mut output).await,
        Command::Urls(arguments) => commands::urls::run(arguments, &place, &mut output).await,
        Command::Secret(arguments) => commands::secret::run(arguments, &place, &mut output).await,
        Command::Send(arguments) => commands::send::run(arguments, &place, &mut output).await,
        Command::Event(arguments) => commands::event::run(arguments, &place, &mut output).await,
        Command::Register(arguments) => commands::register::run(arguments, &place, &mut output).await,
        Command::Registered(arguments) => commands::registered::run(arguments, &place, &mut output).await,
        Command::Unregister(arguments) => commands::unregister::run(arguments, &place, &mut output).await,
        Command::List(arguments) => commands::list::run(arguments, &place, &mut output).await,
        Command::Tail(arguments) => commands::tail::run(arguments, &place, &mut output).await,
        Command::Show(arguments) => commands::show::run(arguments, &place, &mut output).await,
        Command::Timeline(arguments) => commands::timeline::run(arguments, &place, &mut output).await,
        Command::Stats(arguments) => commands::stats::run(arguments, &place, &mut output).await,
        Command::Forward(arguments) => commands::forward::run(arguments, &place, &mut output).await,
        Command::Replay(arguments) => Box::pin(commands::replay::run(arguments, &place, &mut output)).await,
        Command::Redrive(arguments) => commands::redrive::run(arguments, &place, &mut output).await,
        Command::Reverify(arguments) => commands::reverify::run(arguments, &place, &mut output).await,
        Command::Forget(arguments) => commands::forget::run(arguments, &place, &mut output).await,
        Command::Completions(arguments) => commands::completions::run(&arguments, &mut output),
        Command::Man(arguments) => commands::man::run(&arguments, &mut output),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => output.failure(&failure),
    }
}
