//! Examples for the help of the commands whose own text has none.

use clap::Command;

/// The examples by command.
const EXAMPLES: [(&str, &[&str]); 28] = [
    ("doctor", &["inlet doctor", "inlet --stack inlet-prod --profile shop doctor --only-failures"]),
    ("urls", &["inlet urls", "inlet urls zid/riyadh"]),
    ("secret list", &["inlet secret list zid"]),
    ("secret retire", &["inlet secret retire zid/riyadh", "inlet secret retire zid/riyadh 2"]),
    ("access list", &["inlet access list"]),
    ("access remove", &["inlet access remove zid/riyadh"]),
    ("webhook list", &["inlet webhook list zid/riyadh --access zid-access.json"]),
    (
        "webhook register",
        &[
            "inlet webhook register zid/riyadh --dry-run",
            "inlet webhook register zid/riyadh order.create order.status.update",
        ],
    ),
    ("webhook unregister", &["inlet webhook unregister zid/riyadh --dry-run"]),
    ("tail", &["inlet tail --store zid/riyadh", "inlet tail --type 'order.*' --since 1h --json"]),
    ("show", &["inlet show 9f2c41d8", "inlet show 9f2c41d8 --raw > body.json"]),
    ("timeline", &["inlet timeline 81230457", "inlet timeline zid/riyadh/order/81230457 --limit 5 --all"]),
    ("quarantine list", &["inlet quarantine list --store zid/riyadh --since 2h"]),
    ("quarantine show", &["inlet quarantine show 9f2c41d8"]),
    ("stats", &["inlet stats", "inlet stats --store zid/riyadh --since 7d"]),
    ("truth", &["inlet truth", "inlet truth zid/riyadh --since 7d"]),
    ("console", &["inlet console", "inlet --stack inlet-prod console --allow-write"]),
    ("mcp", &["inlet mcp", "inlet --stack inlet-prod mcp --allow-write"]),
    ("verify", &["inlet verify", "inlet verify --store zid/riyadh --since 7d"]),
    ("dead-letters list", &["inlet dead-letters list --store zid/riyadh"]),
    ("dead-letters show", &["inlet dead-letters show 9f2c41d8"]),
    ("dead-letters redrive", &["inlet dead-letters redrive 9f2c41d8"]),
    (
        "dead-letters discard",
        &["inlet dead-letters discard 9f2c41d8", "inlet dead-letters discard --store zid/riyadh --dry-run"],
    ),
    ("reverify", &["inlet reverify --dry-run", "inlet reverify zid/riyadh"]),
    (
        "restore",
        &[
            "inlet restore --from-table inlet-copy --dry-run",
            "inlet restore --from-table inlet-copy --since 2025-06-12 --resend",
        ],
    ),
    ("forget", &["inlet forget zid/riyadh/customer/4711 --dry-run", "inlet forget zid/riyadh/customer/4711"]),
    ("completions", &["inlet completions bash > ~/.local/share/bash-completion/completions/inlet"]),
    ("man", &["inlet man ~/.local/share/man/man1", "inlet man | man -l -"]),
];

/// Adds the examples to the help of the commands.
pub(crate) fn add_to(command: Command) -> Command {
    EXAMPLES.iter().fold(command, |command, (path, lines)| {
        let parts: Vec<&str> = path.split(' ').collect();
        add(command, &parts, lines)
    })
}

fn add(command: Command, path: &[&str], lines: &[&str]) -> Command {
    let Some((name, rest)) = path.split_first() else {
        let own = command.get_after_help().map(|text| format!("{text}\n\n")).unwrap_or_default();
        return command.after_help(format!("{own}Examples:\n  {}", lines.join("\n  ")));
    };
    command.mut_subcommand(name, |command| add(command, rest, lines))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::command_line;

    /// Returns the help of every command that a user can call, by its path.
    fn helps(command: &Command, path: &str, all: &mut Vec<(String, String)>) {
        let mut subcommands = command.get_subcommands().filter(|command| !command.is_hide_set()).peekable();
        if subcommands.peek().is_none() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            all.push((path.to_owned(), help));
        }
        for subcommand in subcommands {
            helps(subcommand, &format!("{path} {}", subcommand.get_name()), all);
        }
    }

    #[test]
    fn every_command_has_an_example_that_is_valid() {
        let mut all = Vec::new();
        helps(&command_line(), "inlet", &mut all);
        assert!(all.len() > 30, "{}", all.len());
        for (path, help) in all {
            let examples: Vec<&str> = help.lines().filter(|line| line.starts_with("  inlet ")).collect();
            assert!(!examples.is_empty(), "{path} has no example");
            assert_eq!(help.matches("Examples:").count(), 1, "{path}: {help}");
            for example in examples {
                let line = example.split([';', '|', '>', '<']).next().unwrap_or_default();
                let words = line.split_whitespace().map(|word| word.trim_matches('\''));
                let matches = command_line().try_get_matches_from(words);
                assert!(matches.is_ok(), "{path}: {example}: {}", matches.unwrap_err());
            }
        }
    }
}
