//! The usual states that an entity passes, for tools that play the provider.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::provider::catalogue::EventSpec;
use crate::tools::sample_variant::{payload, time_like, value_mut};

/// The states of an entity in their usual order, each sent with an event. The last one is final.
#[derive(Clone, Copy, Debug)]
pub struct Lifecycle {
    /// The event.
    pub event: &'static str,
    /// The field with the time when the entity was created. It is the same in every state.
    pub created: &'static str,
    /// The states: the fields that change together, and their values.
    pub states: &'static [State],
}

/// The fields of a state, as paths of names joined by points, and their values.
pub type State = &'static [(&'static str, &'static str)];

impl Lifecycle {
    /// Returns a body in the state of this number, about an entity that was created at this time. The body stays as it is
    /// if there is no such state, or it is not about an entity of the event.
    pub fn apply(&self, row: &EventSpec, body: Vec<u8>, state: usize, created: Timestamp) -> Vec<u8> {
        let (Some(fields), Ok(mut json)) = (self.states.get(state), serde_json::from_slice::<Value>(&body))
        else {
            return body;
        };
        let Some(entity) = payload(&mut json, row) else { return body };
        set_state(entity, fields);
        if let Some(value) = value_mut(entity, self.created) {
            *value = time_like(value, created);
        }
        serde_json::to_vec(&json).unwrap_or(body)
    }
}

fn set_state(entity: &mut Map<String, Value>, fields: State) {
    for (field, text) in fields {
        if let Some(value) = value_mut(entity, field) {
            *value = Value::String((*text).to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::Kind;

    #[test]
    fn a_state_sets_its_fields_and_the_time_of_creation() {
        const LIFECYCLE: Lifecycle = Lifecycle {
            event: "x",
            created: "created",
            states: &[
                &[("status.code", "new"), ("label", "New")],
                &[("status.code", "sent"), ("label", "Sent")],
            ],
        };
        let row = EventSpec::new("x", Kind::Order, "x").entity(&[&["id"]]);
        let body =
            br#"{"created":"2025-06-12 08:01:10","id":1,"label":"?","status":{"code":"?","id":4}}"#.to_vec();
        let created = "2026-01-31T10:20:30Z".parse().unwrap();
        let state = |state| String::from_utf8(LIFECYCLE.apply(&row, body.clone(), state, created)).unwrap();
        let sorted = |text: &str| serde_json::from_str::<Value>(text).unwrap().to_string();
        let want =
            r#"{"created":"2026-01-31 10:20:30","id":1,"label":"Sent","status":{"code":"sent","id":4}}"#;
        assert_eq!(state(1), sorted(want));
        assert_eq!(state(2).as_bytes(), body, "there is no further state");
    }
}
