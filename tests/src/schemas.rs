//! `schemas/`: the JSON Schema of each kind, of the whole message and of the notice that an entity was forgotten,
//! generated from the types.

use inlet::canonical::{Kind, event_schema, forgotten_schema};

use crate::repository::Files;

/// Returns every schema's file.
pub fn files() -> Files {
    let text = |schema| serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n";
    let kinds = Kind::ALL.iter().map(|kind| (kind.as_str(), kind.schema()));
    let all = kinds.chain([("event", event_schema()), ("forgotten", forgotten_schema())]);
    all.map(|(name, schema)| (format!("schemas/{name}.schema.json"), text(schema))).collect()
}
