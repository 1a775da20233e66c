//! The counts of dry calls: a call that changes something is confirmed by the count of one.

use std::collections::VecDeque;

use serde_json::Value;

/// Dry calls whose counts are kept. A person agrees to one of the last few.
const COUNTS: usize = 64;

/// The counts that the last dry calls returned, by the tool's name and its arguments, oldest first.
#[derive(Default)]
pub(super) struct Counts(VecDeque<(String, u64)>);

impl Counts {
    /// Inserts a count, in place of an older one of the same call. Drops the oldest beyond [`COUNTS`].
    pub(super) fn insert(&mut self, call: String, count: u64) {
        self.remove(&call);
        self.0.push_back((call, count));
        if self.0.len() > COUNTS {
            self.0.pop_front();
        }
    }

    /// Removes and returns the count of a call.
    pub(super) fn remove(&mut self, call: &str) -> Option<u64> {
        let at = self.0.iter().position(|(known, _)| known == call)?;
        self.0.remove(at).map(|(_, count)| count)
    }
}

/// Returns the arguments without the count: a dry call and its confirmation have the same.
pub(super) fn key_of(name: &str, arguments: &Value) -> String {
    let mut arguments = arguments.clone();
    if let Some(object) = arguments.as_object_mut() {
        object.remove("confirm_count");
        object.retain(|_, value| !value.is_null());
    }
    format!("{name} {arguments}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_counts_of_the_last_dry_calls_are_kept() {
        let mut counts = Counts::default();
        for call in 0..1_000_u64 {
            counts.insert(call.to_string(), call);
        }
        counts.insert("999".to_owned(), 7);
        assert_eq!(counts.0.len(), COUNTS);
        assert_eq!((counts.remove("0"), counts.remove("999")), (None, Some(7)));
        assert_eq!(counts.remove("999"), None, "a count confirms once");
    }

    #[test]
    fn a_count_confirms_the_same_call_only() {
        let key = |arguments: Value| key_of("change_forget", &arguments);
        assert_eq!(key(json!({"entity": "a"})), key(json!({"entity": "a", "confirm_count": 3})));
        assert_ne!(key(json!({"entity": "a"})), key(json!({"entity": "b", "confirm_count": 3})));
    }
}
