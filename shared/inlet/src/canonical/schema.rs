//! The JSON Schema of an object as it is written: what is not there is absent, never null.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema};
use serde_json::Value;

/// The schema of a canonical object.
pub(super) fn of<T: JsonSchema>() -> Schema {
    let mut schema = SchemaSettings::default().for_serialize().into_generator().into_root_schema_for::<T>();
    RecursiveTransform(absent_is_not_null).transform(&mut schema);
    schema
}

/// Takes the null from every property that need not be there.
fn absent_is_not_null(schema: &mut Schema) {
    let required = schema.get("required").cloned().unwrap_or_default();
    let is_required = |name: &str| required.as_array().is_some_and(|names| names.iter().any(|n| n == name));
    let Some(Value::Object(properties)) = schema.get_mut("properties") else {
        return;
    };
    for (_, property) in properties.iter_mut().filter(|(name, _)| !is_required(name)) {
        without_null(property);
    }
}

/// `T` for `T or null`.
fn without_null(property: &mut Value) {
    let Some(property) = property.as_object_mut() else {
        return;
    };
    for choice in ["type", "anyOf"] {
        let Some(Value::Array(choices)) = property.get_mut(choice) else {
            continue;
        };
        choices.retain(|c| c != "null" && c.get("type").is_none_or(|kind| kind != "null"));
        if let [only] = choices.as_slice() {
            let only = only.clone();
            match only {
                Value::Object(schema) => {
                    property.remove(choice);
                    property.extend(schema);
                }
                word => {
                    property.insert(choice.to_owned(), word);
                }
            }
        }
    }
}
