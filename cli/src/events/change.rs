//! What changed of a thing between two of its events.
//!
//! An event tells what it tells: a field that is absent was not sent, which says nothing of it. So each field is
//! compared with what was last told of it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// What is known of a thing, field by field.
#[derive(Debug, Default)]
pub(crate) struct Known(BTreeMap<String, Value>);

/// A field that was told anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    /// The field: names joined by points, places in lists by numbers.
    pub(crate) field: String,
    /// What was last told of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<Value>,
    /// What is told now.
    pub(crate) after: Value,
}

impl Known {
    /// Learns what an event's data tells, and says what of it is new.
    pub(crate) fn learn(&mut self, data: &Value) -> Vec<Change> {
        let mut told = Vec::new();
        flatten(String::new(), data, &mut told);
        let mut changes = Vec::new();
        for (field, after) in told {
            let before = self.0.insert(field.clone(), after.clone());
            if before.as_ref() != Some(&after) {
                changes.push(Change { field, before, after });
            }
        }
        // What the thing says of itself comes before what its parts say.
        changes.sort_by_cached_key(|change| (change.field.matches('.').count(), change.field.clone()));
        changes
    }
}

/// The fields of a value, each by its path. A list tells its length too: that one became shorter is a change.
fn flatten(path: String, value: &Value, told: &mut Vec<(String, Value)>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(object) if !object.is_empty() => {
            for (name, value) in object {
                flatten(below(name), value, told);
            }
        }
        Value::Array(list) => {
            told.push((below("length"), list.len().into()));
            for (n, value) in list.iter().enumerate() {
                flatten(below(&n.to_string()), value, told);
            }
        }
        _ => told.push((path, value.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(changes: &[Change]) -> Vec<String> {
        let before = |change: &Change| change.before.as_ref().map(ToString::to_string).unwrap_or_default();
        changes.iter().map(|change| format!("{} {}>{}", change.field, before(change), change.after)).collect()
    }

    #[test]
    fn each_field_is_compared_with_what_was_last_told_of_it() {
        let mut known = Known::default();
        known.learn(&json!({"id": "8", "status": "new", "total": {"amount": "10.50", "currency": "SAR"}}));
        let paid = known.learn(&json!({"id": "8", "payment": "paid"}));
        assert_eq!(told(&paid), [r#"payment >"paid""#], "what is not sent has not gone");
        let moved = known.learn(&json!({"status": "sent", "total": {"amount": "10.50", "currency": "SAR"}}));
        assert_eq!(told(&moved), [r#"status "new">"sent""#]);
    }

    #[test]
    fn a_list_that_becomes_shorter_has_changed() {
        let mut known = Known::default();
        known.learn(&json!({"items": [{"sku": "a"}, {"sku": "b"}]}));
        let changes = known.learn(&json!({"items": [{"sku": "b"}]}));
        assert_eq!(told(&changes), ["items.length 2>1", r#"items.0.sku "a">"b""#]);
    }

    #[test]
    fn nothing_told_is_nothing_changed() {
        let mut known = Known::default();
        assert!(known.learn(&json!({"status": "new"})).len() == 1);
        assert!(known.learn(&json!({"status": "new"})).is_empty());
        assert!(known.learn(&json!({})).len() <= 1);
    }
}
