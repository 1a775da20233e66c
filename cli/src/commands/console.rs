//! `inlet console`: serves the console's pages on this machine.

use std::io::{self, IsTerminal as _};

use serde::Serialize;

use crate::console::browser::{self, Redirect};
use crate::console::server::Listening;
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::options::DeploymentArgs;
use crate::output::{Output, Page, Report};
use crate::stop_signal::StopSignals;

/// The arguments of `inlet console`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Listen on this port of 127.0.0.1 [default: a free one]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Offer actions too: replay, redrive, reverify and forget. Each asks first
    #[arg(long)]
    allow_write: bool,
    /// Do not open the browser. It is opened from a terminal on a desktop only, never over SSH or in a pipe
    #[arg(long)]
    no_open: bool,
}

/// Serves the pages until Ctrl-C.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let Arguments { port, allow_write, no_open } = arguments;
    let deployment = Deployment::find(options).await?;
    let stack = deployment.stack.clone();
    let listening = Listening::bind(deployment, port, allow_write).await?;
    output.item(&Address { stack, url: listening.url.clone(), allow_write })?;
    output.note("the address works once, in one browser; Ctrl-C ends the console");
    let is_wanted = !no_open && !output.is_json() && io::stdout().is_terminal() && browser::has_desktop();
    // The file stays until Ctrl-C: a browser may start slowly.
    let redirect = if is_wanted { open(&listening.url, output) } else { None };
    let console = listening.serve(stopped()).await?;
    drop(redirect);
    let (running, held) = (console.work.running(), &console.deployment.held_letters);
    if !running.is_empty() {
        output.note("waiting for the actions that run; Ctrl-C again leaves the rest undone");
    }
    let ended = async {
        for job in running {
            job.ended().await;
        }
        // A page of dead letters may be read.
        held.given_back().await;
    };
    tokio::select! {
        () = ended => return Ok(()),
        () = stopped() => console.work.stop_redrives(),
    }
    tokio::select! {
        () = held.given_back() => {}
        () = stopped() => {}
    }
    // The process must end with its threads, which the runtime would wait for.
    std::process::exit(UNFINISHED)
}

/// Opens the address in the user's browser. A failure is no error: the address is on the terminal.
fn open(url: &str, output: &mut Output) -> Option<Redirect> {
    let redirect = Redirect::write(url).ok().filter(Redirect::open);
    output.note(match redirect {
        Some(_) => {
            "opening your browser; if it shows nothing, open the address there (--no-open: do not open it)"
        }
        None => "no browser could be started: open the address in one",
    });
    redirect
}

/// The exit code of work that was left undone: [`Failure::Partial`].
const UNFINISHED: i32 = 5;

/// Waits for a stop signal.
async fn stopped() {
    StopSignals::new().next().await;
}

/// The console's address.
#[derive(Debug, Serialize)]
struct Address {
    stack: String,
    url: String,
    allow_write: bool,
}

impl Report for Address {
    fn page(&self, page: &mut Page) {
        let mode = if self.allow_write { "with actions" } else { "read-only" };
        page.line(format_args!("The console of the stack {} ({mode}): {}", self.stack, self.url));
    }
}
