//! A provider's catalogue of events as people read it: for the document `docs/events.md` and for the command.

use serde::Serialize;

use crate::canonical::Kind;
use crate::provider::catalogue::{Documented, EventSpec, Verb};
use crate::tools::sender::Payload;

/// One event of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventEntry {
    /// The provider's name in URLs.
    pub provider: &'static str,
    /// The provider's name of the event.
    pub event: &'static str,
    /// Other names of the same event.
    pub aliases: Vec<&'static str>,
    /// When the provider sends it, with the conditions. Empty if no source documents it.
    pub sent_when: &'static str,
    /// The types that the message may have, which are the bus's detail types too.
    pub types: Vec<String>,
    /// The kind of object in `data`.
    pub kind: &'static str,
    /// The fields that the entity's id is read from, in the order in which they are tried.
    pub entity: String,
    /// `full`, `partial` or `name`; `inferred` for an event that no page names.
    pub documented: &'static str,
    /// The samples below the folder `events`.
    pub samples: Vec<String>,
    /// The JSON Schema of `data`, below the repository's root.
    pub schema: String,
}

/// Returns every event of a provider, in the catalogue's order.
pub fn entries(provider: &'static str, events: &[EventSpec], payloads: &[Payload]) -> Vec<EventEntry> {
    events.iter().map(|spec| entry(provider, spec, payloads)).collect()
}

fn entry(provider: &'static str, spec: &EventSpec, payloads: &[Payload]) -> EventEntry {
    let samples = payloads.iter().filter(|payload| spec.is_named(payload.event()));
    EventEntry {
        provider,
        event: spec.event,
        aliases: spec.aliases.to_vec(),
        sent_when: spec.sent_when,
        types: verbs(spec).map(|verb| format!("commerce.{}.{verb}", spec.kind)).collect(),
        kind: Kind::as_str(spec.kind),
        entity: entity(spec),
        documented: Documented::as_str(spec.documented).unwrap_or("inferred"),
        samples: samples.map(|payload| format!("{provider}/{}.json", payload.name())).collect(),
        schema: format!("schemas/{}.schema.json", spec.kind),
    }
}

/// The verbs that an event may have, the usual one first.
fn verbs(spec: &EventSpec) -> impl Iterator<Item = &'static str> {
    let (usual, others) = match spec.verb {
        Verb::Always(verb) => (verb, &[][..]),
        Verb::FromField { cases, default, .. } => (default, cases),
    };
    let mut seen = vec![usual];
    for (_, verb) in others {
        if !seen.contains(verb) {
            seen.push(verb);
        }
    }
    seen.into_iter()
}

/// The ways to the entity's id, such as `ID, else Outlet + Number`.
fn entity(spec: &EventSpec) -> String {
    let ways: Vec<String> = spec.entity.iter().map(|fields| fields.join(" + ")).collect();
    ways.join(", else ")
}
