//! The command line with its help: the commands, their groups, and a quick start.

use std::fmt::Write as _;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::commands::{
    access, completions, console, dead_letters, doctor, events, forget, forward, list, man, mcp, quarantine,
    reconcile, redrive, replay, restore, reverify, sample_event, secret, send, show, stats, store, tail,
    timeline, truth, twin, urls, verify, webhook,
};
use crate::examples;
use crate::failure;
use crate::options::{DeploymentArgs, OutputArgs};

/// Receives the webhooks of five commerce providers in your own AWS account. This command sets Inlet up, tests it,
/// inspects its events and recovers from failures.
#[derive(Debug, Parser)]
#[command(name = "inlet", version, max_term_width = 110)]
pub(crate) struct Arguments {
    /// Selects the deployment.
    #[command(flatten)]
    pub(crate) deployment: DeploymentArgs,
    /// Selects the format of the output.
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    /// The command.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands. Their first lines are the help.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check that every part of the deployment exists and works
    Doctor(doctor::Arguments),
    /// Print the webhook URLs to paste into the providers' portals
    Urls(urls::Arguments),
    /// List the events of the providers: when each is sent, its type, how well it is documented
    Events(events::Arguments),
    /// Set, rotate, list and retire the credentials of stores
    Secret(secret::Arguments),
    /// Set a store up and wait for its first delivery
    Store(store::Arguments),
    /// Set, list and remove the access to the providers' own APIs, for reconcile and truth
    Access(access::Arguments),
    /// List, register and unregister webhooks through the provider's own API
    Webhook(webhook::Arguments),
    /// Send deliveries exactly as a provider does
    Send(send::Arguments),
    /// Run a provider on this machine: its API with its quirks, and its webhooks with chosen faults
    Twin(twin::Arguments),
    /// Write a delivery as an event file for `sam local invoke`
    SampleEvent(sample_event::Arguments),
    /// List events, newest first, or the quarantine
    List(list::Arguments),
    /// Print events as they arrive
    Tail(tail::Arguments),
    /// Print one event: the body as received, and the message that consumers read
    Show(show::Arguments),
    /// Print the history of one entity
    Timeline(timeline::Arguments),
    /// Count deliveries and their outcomes, by store
    Stats(stats::Arguments),
    /// Show the share of the changes at the provider that webhooks brought, by store and kind
    Truth(truth::Arguments),
    /// Show the deployment in a browser: pages on this machine
    Console(console::Arguments),
    /// Serve the deployment to an agent: the Model Context Protocol over standard input and output
    Mcp(mcp::Arguments),
    /// Post events to a program on this machine as they arrive
    Forward(forward::Arguments),
    /// Send stored events to consumers again
    Replay(replay::Arguments),
    /// List, show, redrive and discard the messages of the dead-letter queue
    DeadLetters(dead_letters::Arguments),
    /// Process the messages of the dead-letter queue again
    Redrive(redrive::Arguments),
    /// List and show the deliveries that no live credential verified
    Quarantine(quarantine::Arguments),
    /// Verify quarantined deliveries again after the secret is corrected
    Reverify(reverify::Arguments),
    /// Find states that no webhook brought in the provider's own API, and publish them
    Reconcile(reconcile::Arguments),
    /// Delete all events of an entity permanently
    Forget(forget::Arguments),
    /// Compare every stored event with its own hashes and keys
    Verify(verify::Arguments),
    /// Restore missing or damaged events from a copy of the table
    Restore(restore::Arguments),
    /// Write completions for a shell
    Completions(completions::Arguments),
    /// Write the manual pages
    Man(man::Arguments),
    /// Write the reference of all commands as Markdown: docs/cli.md
    #[command(hide = true)]
    Reference,
}

/// The commands in the groups of the help.
pub(crate) const GROUPS: &[(&str, &[&str])] = &[
    ("Set up", &["doctor", "store", "urls", "events", "secret", "access", "webhook"]),
    ("Test", &["send", "twin", "sample-event"]),
    (
        "Inspect",
        &[
            "list",
            "tail",
            "show",
            "timeline",
            "quarantine",
            "stats",
            "truth",
            "console",
            "mcp",
            "forward",
            "verify",
        ],
    ),
    ("Recover", &["replay", "dead-letters", "redrive", "reverify", "reconcile", "restore", "forget"]),
    ("Shell", &["completions", "man"]),
];

/// The first commands for a new user, printed by the help.
pub(crate) const QUICK_START: &str = "\
Quick start, on the local stack that `make up` starts:
  export INLET_LOCAL=true
  inlet doctor
  inlet secret set zid/riyadh --generate
  inlet urls zid/riyadh
  inlet send zid order.create --store riyadh";

impl Arguments {
    /// Reads the command line of the process. Ends the process if it is invalid or asks for help.
    pub(crate) fn read() -> Self {
        let read = command_line().try_get_matches().and_then(|matches| Self::parse_matches(&matches));
        read.unwrap_or_else(|error| {
            let wants_json = std::env::args_os().take_while(|word| word != "--").any(|word| word == "--json");
            if wants_json && error.use_stderr() {
                failure::exit_with_usage_error(&error);
            }
            error.exit()
        })
    }

    fn parse_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let Self { deployment, output, command } = Self::from_arg_matches(matches)?;
        let deployment = deployment.resolve(matches).map_err(|error| error.with_cmd(&command_line()))?;
        Ok(Self { deployment, output, command })
    }
}

/// Returns the command line with its help.
pub(crate) fn command_line() -> clap::Command {
    let command = examples::add_to(Arguments::command());
    let template = format!(
        "{{about}}\n\n{{usage-heading}} {{usage}}\n\n{}Options:\n{{options}}\n\n{QUICK_START}\n\n{}",
        grouped_commands(&command),
        failure::EXIT_CODES,
    );
    command.help_template(template)
}

/// Returns the groups as text: a line per command.
fn grouped_commands(command: &clap::Command) -> String {
    let about = |name: &str| {
        let found = command.find_subcommand(name).and_then(clap::Command::get_about);
        found.map(ToString::to_string).unwrap_or_default()
    };
    let mut text = String::new();
    for (heading, names) in GROUPS {
        let _ = writeln!(text, "{heading}:");
        for name in *names {
            let _ = writeln!(text, "  {name:<13} {}", about(name));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;

    use super::*;

    #[test]
    fn the_command_line_has_no_contradiction() {
        command_line().debug_assert();
    }

    fn deployment(line: &[&str]) -> Result<DeploymentArgs, clap::Error> {
        let matches = command_line().get_matches_from([&["inlet"], line].concat());
        Arguments::parse_matches(&matches).map(|read| read.deployment)
    }

    #[test]
    fn a_hint_names_the_same_deployment_as_the_command() {
        for (line, inlet) in [
            (&["doctor"][..], "inlet"),
            (&["--local", "doctor"], "inlet --local"),
            (&["doctor", "--stack", "inlet"], "inlet --stack inlet"),
            (
                &["--profile", "my shop", "doctor", "--stack", "inlet-prod", "--region", "me-south-1"],
                "inlet --stack inlet-prod --profile 'my shop' --region me-south-1",
            ),
        ] {
            assert_eq!(deployment(line).map(|options| options.inlet()).unwrap(), inlet, "{line:?}");
        }
    }

    #[test]
    fn a_local_and_an_account_deployment_are_a_conflict() {
        for other in [["--stack", "inlet"], ["--profile", "prod"], ["--region", "me-south-1"]] {
            let error = deployment(&["--local", "doctor", other[0], other[1]]).unwrap_err();
            assert_eq!((error.kind(), error.exit_code()), (ErrorKind::ArgumentConflict, 2), "{other:?}");
        }
    }

    #[test]
    fn the_help_lists_every_command_once() {
        let mut listed: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        listed.sort_unstable();
        let command = command_line();
        let visible = command.get_subcommands().filter(|command| !command.is_hide_set());
        let mut there: Vec<&str> = visible.map(clap::Command::get_name).collect();
        there.sort_unstable();
        assert_eq!(listed, there);
    }
}
