//! `functions/*/shapes.txt`: the known shapes of each provider's events, from its payload files.

use std::collections::BTreeMap;

use inlet::drift::shapes;
use inlet::provider::catalogue::{Documented, EventSpec};
use inlet::tools::registration::Registering;
use inlet::tools::sender::Sender;
use inlet_providers::{ToolsVisitor, for_each_with_tools};

use crate::repository::Files;
use crate::samples::row;

/// Returns each provider's file.
pub fn files() -> Files {
    let mut shapes = Shapes(Files::new());
    for_each_with_tools(&mut shapes);
    shapes.0
}

struct Shapes(Files);

impl ToolsVisitor for Shapes {
    fn visit<P: Registering>(&mut self) {
        self.0.insert(format!("functions/{}/shapes.txt", P::NAME), text::<P>());
    }
}

/// Events of one kind share a shape: which of their payloads contains a field is chance. The bodies of events of which
/// only the name is documented are composed from other pages of the provider, so no shape is taken from them.
fn text<S: Sender>() -> String {
    let mut groups: BTreeMap<&str, Vec<&[u8]>> = BTreeMap::new();
    let is_shown = |row: &&EventSpec| row.canonical.is_some() && row.documented != Documented::NameOnly;
    for payload in S::PAYLOADS.iter().filter(|payload| !payload.is_form()) {
        if let Some(row) = Some(row::<S>(payload)).filter(is_shown) {
            groups.entry(row.kind.as_str()).or_default().push(payload.body);
        }
    }
    let text = |(kind, bodies): (&str, Vec<&[u8]>)| {
        let rows = S::EVENTS.iter().filter(|row| row.kind.as_str() == kind).filter(is_shown);
        let events: Vec<(&str, bool)> =
            rows.map(|row| (row.event, row.documented == Documented::Full)).collect();
        shapes::to_text(&events, &shapes::shape_of(&bodies))
    };
    groups.into_iter().map(text).collect()
}
