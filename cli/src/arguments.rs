//! What can be asked of `inlet`, as its help tells it.

use std::fmt::Write as _;

use clap::builder::FalseyValueParser;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::commands::{
    completions, doctor, event, forget, forward, list, man, redrive, register, registered, replay, reverify,
    secret, send, show, stats, tail, timeline, unregister, urls,
};
use crate::failure;
use crate::filters::quoted;

/// Webhooks of five commerce providers, received into your own AWS account: set it up, try it, watch it, mend it.
#[derive(Debug, Parser)]
#[command(name = "inlet", version, max_term_width = 110)]
pub(crate) struct Arguments {
    /// Which deployment is meant.
    #[command(flatten)]
    pub(crate) place: Place,
    /// How the answer is to look.
    #[command(flatten)]
    pub(crate) style: Style,
    /// What is to be done.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Which deployment is meant.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Which deployment")]
pub(crate) struct Place {
    /// The local stack that `make up` started. Set in the environment, it gives way to the options below
    #[arg(long, global = true, env = "INLET_LOCAL", value_parser = FalseyValueParser::new())]
    pub(crate) local: bool,
    /// The CloudFormation stack's name
    #[arg(long, global = true, value_name = "NAME", env = "INLET_STACK", default_value = STACK)]
    pub(crate) stack: String,
    /// The AWS profile; otherwise the usual places are searched
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// The AWS region; otherwise the profile's
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) region: Option<String>,
    /// Whether the command line names the stack
    #[arg(skip)]
    names_stack: bool,
}

/// What the stack is called where nobody says.
const STACK: &str = "inlet";

impl Place {
    /// What is said on the command line is meant, whatever the environment says: a forgotten `INLET_LOCAL` must not
    /// turn a change of an account's deployment into one of the local stack, nor the other way round.
    fn settled(self, matches: &ArgMatches) -> Result<Self, clap::Error> {
        let said = |name: &&str| matches.value_source(name) == Some(ValueSource::CommandLine);
        let Some(in_an_account) = ["stack", "profile", "region"].into_iter().find(said) else {
            return Ok(self);
        };
        if said(&"local") {
            let text = format!("--local is the stack on this machine, and --{in_an_account} is another's");
            return Err(command().error(ErrorKind::ArgumentConflict, text));
        }
        Ok(Self { local: false, names_stack: said(&"stack"), ..self })
    }

    /// The command's name with what says the same place: the beginning of every command that a hint names.
    pub(crate) fn inlet(&self) -> String {
        if self.local {
            return "inlet --local".to_owned();
        }
        let mut said = "inlet".to_owned();
        let stack = Some(&self.stack).filter(|stack| self.names_stack || *stack != STACK);
        for (flag, value) in
            [("stack", stack), ("profile", self.profile.as_ref()), ("region", self.region.as_ref())]
        {
            said.extend(value.map(|value| format!(" --{flag} {}", quoted(value))));
        }
        said
    }
}

/// How the answer is to look.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "How it looks")]
pub(crate) struct Style {
    /// JSON for programs: one document, or one line each where it goes on and on
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// No notes and no progress beside the answer
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Colour
    #[arg(long, global = true, value_name = "WHEN", default_value_t = ColorChoice::Auto)]
    pub(crate) color: ColorChoice,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look whether everything is there and works, and say how to mend it
    Doctor(doctor::Arguments),
    /// Print the URLs to paste into the providers' portals
    Urls(urls::Arguments),
    /// Set, rotate, list and retire the stores' credentials
    Secret(secret::Arguments),
    /// Tell a provider where to send, through its own API, or say how it is done by hand
    Register(register::Arguments),
    /// Show what a provider's own API says is registered, and how it is
    Registered(registered::Arguments),
    /// Take back what `register` did, and nothing of anybody else's
    Unregister(unregister::Arguments),
    /// Send deliveries exactly as a provider would
    Send(send::Arguments),
    /// Write a delivery as an event file for `sam local invoke`
    Event(event::Arguments),
    /// List events by time, or what is held in quarantine
    List(list::Arguments),
    /// Show events as they come
    Tail(tail::Arguments),
    /// Show one event, as it was sent and as consumers read it
    Show(show::Arguments),
    /// Show the whole history of one thing
    Timeline(timeline::Arguments),
    /// Count what came and what became of it, by store
    Stats(stats::Arguments),
    /// Post events to a program on this machine as they come
    Forward(forward::Arguments),
    /// Send stored events again, to be processed once more
    Replay(replay::Arguments),
    /// Try dead letters again
    Redrive(redrive::Arguments),
    /// Verify held deliveries again, once the secret is mended
    Reverify(reverify::Arguments),
    /// Let all events of an entity go, for good
    Forget(forget::Arguments),
    /// Write the completions for a shell
    Completions(completions::Arguments),
    /// Write the manual pages
    Man(man::Arguments),
}

/// The commands in the groups in which the help lists them.
const GROUPS: &[(&str, &[&str])] = &[
    ("Set up", &["doctor", "urls", "secret", "register", "registered", "unregister"]),
    ("Try", &["send", "event"]),
    ("Watch", &["list", "tail", "show", "timeline", "stats", "forward"]),
    ("Mend", &["replay", "redrive", "reverify", "forget"]),
    ("Your shell", &["completions", "man"]),
];

/// A first walk through the commands, as the help shows it.
const FIRST_WALK: &str = "\
A first walk, on the local stack that `make up` starts:
  export INLET_LOCAL=true
  inlet doctor
  inlet secret set zid/riyadh --generate
  inlet urls zid/riyadh
  inlet send zid order.create --store riyadh";

impl Arguments {
    /// Reads the command line. Ends the process where it is of no use, or where only help was wanted.
    pub(crate) fn read() -> Self {
        Self::of(&command().get_matches()).unwrap_or_else(|error| error.exit())
    }

    fn of(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let Self { place, style, command } = Self::from_arg_matches(matches)?;
        Ok(Self { place: place.settled(matches)?, style, command })
    }
}

/// The command line with its help.
pub(crate) fn command() -> clap::Command {
    let command = Arguments::command();
    let template = format!(
        "{{about}}\n\n{{usage-heading}} {{usage}}\n\n{}Options:\n{{options}}\n\n{FIRST_WALK}\n\n{}",
        groups(&command),
        failure::EXIT_CODES,
    );
    command.help_template(template)
}

/// The groups with each command's one line.
fn groups(command: &clap::Command) -> String {
    let about = |name: &str| {
        let found = command.find_subcommand(name).and_then(clap::Command::get_about);
        found.map(ToString::to_string).unwrap_or_default()
    };
    let mut text = String::new();
    for (heading, names) in GROUPS {
        let _ = writeln!(text, "{heading}:");
        for name in *names {
            let _ = writeln!(text, "  {name:<12} {}", about(name));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        command().debug_assert();
    }

    fn place(line: &[&str]) -> Result<Place, clap::Error> {
        Arguments::of(&command().get_matches_from([&["inlet"], line].concat())).map(|read| read.place)
    }

    #[test]
    fn a_hint_names_the_place_that_its_command_worked_on() {
        for (line, inlet) in [
            (&["doctor"][..], "inlet"),
            (&["--local", "doctor"], "inlet --local"),
            (&["doctor", "--stack", "inlet"], "inlet --stack inlet"),
            (
                &["--profile", "my shop", "doctor", "--stack", "inlet-prod", "--region", "me-south-1"],
                "inlet --stack inlet-prod --profile 'my shop' --region me-south-1",
            ),
        ] {
            assert_eq!(place(line).map(|place| place.inlet()).unwrap(), inlet, "{line:?}");
        }
    }

    #[test]
    fn two_places_at_once_are_none() {
        for other in [["--stack", "inlet"], ["--profile", "prod"], ["--region", "me-south-1"]] {
            let error = place(&["--local", "doctor", other[0], other[1]]).unwrap_err();
            assert_eq!((error.kind(), error.exit_code()), (ErrorKind::ArgumentConflict, 2), "{other:?}");
        }
    }

    #[test]
    fn the_help_lists_every_command_once() {
        let mut listed: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        listed.sort_unstable();
        let command = command();
        let mut there: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        there.sort_unstable();
        assert_eq!(listed, there);
    }
}
