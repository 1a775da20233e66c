//! The changes between the events of an entity.
//!
//! A field that is absent from an event was not sent, so it did not change. Each field is compared with its last known
//! value.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// The last known value of each field of an entity.
#[derive(Debug, Default)]
pub(crate) struct KnownFields(BTreeMap<String, Value>);

/// A changed field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    /// The path of the field: names and list indexes joined by dots.
    pub(crate) field: String,
    /// The last known value. None for a new field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<Value>,
    /// The new value.
    pub(crate) after: Value,
}

impl KnownFields {
    /// Returns the last known value of a field.
    pub(crate) fn get(&self, field: &str) -> Option<&Value> {
        self.0.get(field)
    }

    /// Applies the data of an event and returns the changes.
    pub(crate) fn apply(&mut self, data: &Value) -> Vec<Change> {
        let mut fields = Vec::new();
        flatten(String::new(), data, &mut fields);
        let mut changes = Vec::new();
        for (field, after) in fields {
            let before = self.0.insert(field.clone(), after.clone());
            if before.as_ref() != Some(&after) {
                changes.push(Change { field, before, after });
            }
        }
        // Fields of the entity itself come before fields of its parts.
        changes.sort_by_cached_key(|change| (change.field.matches('.').count(), change.field.clone()));
        changes
    }
}

/// Collects the fields of a value by their paths. The length of a list is a field: a shorter list is a change.
fn flatten(path: String, value: &Value, fields: &mut Vec<(String, Value)>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(object) if !object.is_empty() => {
            for (name, value) in object {
                flatten(below(name), value, fields);
            }
        }
        Value::Array(list) => {
            fields.push((below("length"), list.len().into()));
            for (n, value) in list.iter().enumerate() {
                flatten(below(&n.to_string()), value, fields);
            }
        }
        _ => fields.push((path, value.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(changes: &[Change]) -> Vec<String> {
        let before = |change: &Change| change.before.as_ref().map(ToString::to_string).unwrap_or_default();
        changes.iter().map(|change| format!("{} {}>{}", change.field, before(change), change.after)).collect()
    }

    #[test]
    fn each_field_is_compared_with_its_last_value() {
        let mut known = KnownFields::default();
        known.apply(&json!({"id": "8", "status": "new", "total": {"amount": "10.50", "currency": "SAR"}}));
        let paid = known.apply(&json!({"id": "8", "payment": "paid"}));
        assert_eq!(fields(&paid), [r#"payment >"paid""#], "an absent field is unchanged");
        let sent = known.apply(&json!({"status": "sent", "total": {"amount": "10.50", "currency": "SAR"}}));
        assert_eq!(fields(&sent), [r#"status "new">"sent""#]);
    }

    #[test]
    fn a_shorter_list_is_a_change() {
        let mut known = KnownFields::default();
        known.apply(&json!({"items": [{"sku": "a"}, {"sku": "b"}]}));
        let changes = known.apply(&json!({"items": [{"sku": "b"}]}));
        assert_eq!(fields(&changes), ["items.length 2>1", r#"items.0.sku "a">"b""#]);
    }

    #[test]
    fn absent_fields_are_not_changes() {
        let mut known = KnownFields::default();
        assert!(known.apply(&json!({"status": "new"})).len() == 1);
        assert!(known.apply(&json!({"status": "new"})).is_empty());
        assert!(known.apply(&json!({})).len() <= 1);
    }
}
