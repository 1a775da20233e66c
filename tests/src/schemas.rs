//! `schemas/`: the JSON Schema of each kind, generated from the types.

use inlet::canonical::Kind;

use crate::repository::Files;

/// Every schema's file.
pub fn files() -> Files {
    let text = |kind: Kind| serde_json::to_string_pretty(&kind.schema()).expect("a schema is JSON") + "\n";
    Kind::ALL.iter().map(|kind| (format!("schemas/{kind}.schema.json"), text(*kind))).collect()
}
