//! `inlet events`: prints the catalogue of the providers' events.

use inlet::tools::event_catalogue::{EventEntry, entries};
use serde::Serialize;

use crate::failure::Failure;
use crate::input::suggest::did_you_mean;
use crate::output::{Output, Page, Report};
use crate::providers::{ALL, ProviderHandle};

/// The arguments of `inlet events`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  inlet events zid
  inlet --json events | jq -r '.events[] | [.provider, .event, .types[0]] | @tsv'

docs/events.md has the same, and the provider's field behind each field of the data.")]
pub(crate) struct Arguments {
    /// A provider; default: all
    provider: Option<ProviderHandle>,
    /// Only events of this name, such as order.create
    #[arg(long, value_name = "EVENT")]
    event: Option<String>,
}

/// Prints the catalogue.
pub(crate) fn run(arguments: &Arguments, output: &mut Output) -> Result<(), Failure> {
    let is_asked_for = |provider: &&ProviderHandle| arguments.provider.is_none_or(|only| only == **provider);
    let all = ALL
        .iter()
        .filter(is_asked_for)
        .flat_map(|provider| entries(provider.name, provider.events, provider.payloads));
    let is_named = |entry: &EventEntry| {
        let names = std::iter::once(entry.event).chain(entry.aliases.iter().copied());
        arguments
            .event
            .as_ref()
            .is_none_or(|name| names.into_iter().any(|one| one.eq_ignore_ascii_case(name)))
    };
    let all: Vec<EventEntry> = all.collect();
    let names: Vec<&str> = all
        .iter()
        .flat_map(|entry| std::iter::once(entry.event).chain(entry.aliases.iter().copied()))
        .collect();
    if let Some(name) = &arguments.event
        && !names.iter().any(|one| one.eq_ignore_ascii_case(name))
    {
        return Err(no_such_event(name, &names));
    }
    output.report(&Events { events: all.into_iter().filter(is_named).collect() })
}

/// Returns the failure for a name that no event has.
fn no_such_event(name: &str, known: &[&str]) -> Failure {
    let all = "run the command without --event to list all of them";
    let meant = did_you_mean(name, known.iter().copied());
    Failure::NotFound {
        what: format!("event {name}"),
        next: meant.map_or_else(|| all.to_owned(), |meant| format!("{meant} Or {all}")),
    }
}

/// The events of the providers.
#[derive(Debug, Serialize)]
struct Events {
    events: Vec<EventEntry>,
}

impl Report for Events {
    fn page(&self, page: &mut Page) {
        let mut last = "";
        for entry in &self.events {
            if entry.provider != last {
                if !last.is_empty() {
                    page.line("");
                }
                page.heading(entry.provider);
                last = entry.provider;
            }
            entry_lines(entry, page);
        }
    }
}

/// Writes one event: what it is, when it is sent, and how well it is documented.
fn entry_lines(entry: &EventEntry, page: &mut Page) {
    page.line(format_args!("{} → {}", entry.event, entry.types.join(", ")));
    if !entry.sent_when.is_empty() {
        page.line(format_args!("    {}", entry.sent_when));
    }
    page.aside(format_args!(
        "    entity {}; documented {}; {}",
        entry.entity, entry.documented, entry.schema
    ));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{DeploymentArgs, OutputArgs};

    #[test]
    fn a_mistyped_event_has_a_suggestion() {
        let arguments = Arguments { provider: "zid".parse().ok(), event: Some("ordr.create".into()) };
        let failure = run(&arguments, &mut Output::new(&OutputArgs::quiet())).unwrap_err();
        let next = failure.hint(&DeploymentArgs::of_stack("inlet", None));
        assert!(failure.exit_code() == 3 && next.starts_with("did you mean order.create"), "{next}");
    }
}
