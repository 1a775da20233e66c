//! The reference of all commands as Markdown, generated from the command line: docs/cli.md.

use std::fmt::Write as _;

use clap::{Arg, Command};

use crate::arguments::{GROUPS, QUICK_START, command_line};
use crate::failure::EXIT_CODES;

/// Returns the reference.
pub(crate) fn markdown() -> String {
    let mut command = command_line();
    // Adds the help and version options, and the names of the subcommands to their usage.
    command.build();
    let mut text = String::from(
        "<!-- Generated: `cargo run -p inlet-cli -- reference > docs/cli.md`. Edit the help texts in cli/src. -->\n\n\
         # The `inlet` command\n\n",
    );
    let _ = writeln!(text, "{}.\n", first_line(&command));
    let _ = writeln!(text, "```sh\ncargo install --locked --path cli\n\n{}\n```\n", commented(QUICK_START));
    text.push_str(
        "`inlet COMMAND --help` prints the same text as this page. A command that changes secrets or events prints the name \
         of the stack first.\n\n",
    );
    for (heading, names) in GROUPS {
        let _ = writeln!(text, "| {heading} | |\n|---|---|");
        for found in names.iter().filter_map(|name| command.find_subcommand(name)) {
            let name = found.get_name();
            let _ = writeln!(text, "| [`inlet {name}`](#inlet-{name}) | {} |", first_line(found));
        }
        text.push('\n');
    }
    text.push_str("## Options of every command\n\n");
    for option in command.get_arguments().filter(|option| option.is_global_set()) {
        argument(&mut text, option);
    }
    let _ =
        writeln!(text, "\n## Exit codes\n\n```text\n{}\n```", EXIT_CODES.trim_start_matches("Exit codes:\n"));
    for name in GROUPS.iter().flat_map(|(_, names)| names.iter()) {
        if let Some(found) = command.find_subcommand(name) {
            section(&mut text, found, &format!("inlet {name}"), "##");
        }
    }
    text
}

/// Returns the quick start with its first line as a comment of the shell.
fn commented(text: &str) -> String {
    text.lines()
        .map(|line| line.strip_prefix("  ").map_or_else(|| format!("# {line}"), str::to_owned))
        .collect::<Vec<_>>()
        .join("\n")
}

fn first_line(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// Writes the section of a command, and of its subcommands below it.
fn section(text: &mut String, command: &Command, name: &str, level: &str) {
    let _ = writeln!(text, "\n{level} `{name}`\n\n{}.", first_line(command).trim_end_matches('.'));
    let is_shown =
        |option: &&Arg| !option.is_global_set() && !option.is_hide_set() && option.get_id() != "help";
    let arguments: Vec<&Arg> = command.get_arguments().filter(is_shown).collect();
    let subcommands: Vec<&Command> =
        command.get_subcommands().filter(|command| command.get_name() != "help").collect();
    if !arguments.is_empty() {
        text.push('\n');
    }
    for option in arguments {
        argument(text, option);
    }
    if let Some(help) = command.get_after_help() {
        let _ = writeln!(text, "\n```text\n{help}\n```");
    }
    for subcommand in subcommands {
        section(text, subcommand, &format!("{name} {}", subcommand.get_name()), &format!("{level}#"));
    }
}

/// Writes an argument or option with its help and default.
fn argument(text: &mut String, option: &Arg) {
    let takes_value = option.get_action().takes_values();
    let names = option.get_value_names().into_iter().flatten().map(clap::builder::Str::as_str);
    let value = names.collect::<Vec<_>>().join(" ");
    let name = match (option.get_long(), option.get_short()) {
        (Some(long), Some(short)) => format!("-{short}, --{long}"),
        (Some(long), None) => format!("--{long}"),
        (None, Some(short)) => format!("-{short}"),
        (None, None) => String::new(),
    };
    let name = match (name.is_empty(), takes_value) {
        (true, _) => format!("<{value}>"),
        (false, true) => format!("{name} <{value}>"),
        (false, false) => name,
    };
    let help = option.get_help().map(ToString::to_string).unwrap_or_default();
    let values = option.get_possible_values();
    let values: Vec<&str> =
        values.iter().filter(|_| takes_value).map(clap::builder::PossibleValue::get_name).collect();
    let values = if values.is_empty() { String::new() } else { format!(" ({})", values.join(", ")) };
    let defaults = option.get_default_values().iter().filter_map(|value| value.to_str());
    let default = defaults.filter(|_| takes_value).collect::<Vec<_>>().join(", ");
    let default = if default.is_empty() { String::new() } else { format!(" [default: {default}]") };
    let variable = option.get_env().and_then(|name| name.to_str());
    let variable = variable.map(|name| format!(" [environment: {name}]")).unwrap_or_default();
    let _ = writeln!(text, "- `{name}`: {help}{values}{default}{variable}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cli.md");
        let document = std::fs::read_to_string(path).unwrap();
        assert!(
            document == markdown(),
            "docs/cli.md is out of date: run `cargo run -p inlet-cli -- reference > docs/cli.md`"
        );
    }
}
