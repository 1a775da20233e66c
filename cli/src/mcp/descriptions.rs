//! The descriptions of the tools and of their parameters.

use std::sync::Arc;

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Value, json};

/// A tool's name, description and parameters.
pub(super) struct Description {
    pub(super) name: &'static str,
    about: &'static str,
    parameters: Value,
    pub(super) effect: Effect,
}

/// The effect of a tool.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It reads.
    Reads,
    /// It sends or moves something.
    Changes,
    /// It deletes something.
    Destroys,
}

pub(super) fn descriptions() -> Vec<Description> {
    let text = |about: &str| json!({"type": "string", "description": about});
    let number = |about: &str| json!({"type": "integer", "minimum": 0, "description": about});
    let store = || text("A provider or a store: zid, riyadh, zid/riyadh");
    let limit = || number("Maximum number of rows, at most 100; default: 20");
    let entity = || text("The entity: zid/riyadh/order/81230457");
    let confirm = || number("The count that the same call without this parameter returned");
    let reads = |name, about, parameters| Description { name, about, parameters, effect: Effect::Reads };
    vec![
        reads(
            "status",
            "Shows what arrives, waits and failed: deliveries of the last 24 hours, queue, dead letters, alarms, and \
             how near each store is to being disabled by its provider.",
            parameters(&json!({}), &[]),
        ),
        reads(
            "list_events",
            "Lists stored events, newest first.",
            parameters(
                &json!({
                    "store": store(),
                    "type": text(
                        "The provider's name of the event, or the message's type; * matches any text; several with commas"
                    ),
                    "entity": text("An entity: 81230457, order/81230457, zid/riyadh/order/81230457"),
                    "state": {"type": "string", "enum": ["waiting", "parked", "processed"], "description": "The state"},
                    "since": text("Received at this time or later: 15m, 24h, 7d (ago), 2025-06-12; default: 24h"),
                    "until": text("Received before this time"),
                    "limit": limit(),
                }),
                &[],
            ),
        ),
        reads(
            "show_event",
            "Shows one event as consumers read it, with its state and drift. Personal data is masked.",
            parameters(
                &json!({"id": text("The event's id, as list_events returns it, or the first 6 or more digits of its last part")}),
                &["id"],
            ),
        ),
        reads(
            "entity_timeline",
            "Shows the history of one entity, oldest event first. Personal data is masked.",
            parameters(
                &json!({"entity": text("The entity: 81230457, order/81230457, zid/riyadh/order/81230457")}),
                &["entity"],
            ),
        ),
        reads(
            "list_quarantine",
            "Lists deliveries that failed verification, newest first, with the reason. Never shows a proof.",
            parameters(&json!({"store": store(), "limit": limit()}), &[]),
        ),
        reads(
            "list_dead_letters",
            "Lists messages that the processor gave up.",
            parameters(&json!({"limit": limit()}), &[]),
        ),
        reads(
            "list_stores",
            "Lists the stores with credentials, and their webhook URLs.",
            parameters(&json!({}), &[]),
        ),
        Description {
            name: "change_replay",
            about: "Sends stored events to the consumers again. Without confirm_count it only counts.",
            parameters: parameters(
                &json!({
                    "ids": {"type": "array", "items": {"type": "string"}, "description": "Ids of events"},
                    "confirm_count": confirm(),
                }),
                &["ids"],
            ),
            effect: Effect::Changes,
        },
        Description {
            name: "change_redrive",
            about: "Moves all dead letters back to the queue. Without confirm_count it only counts.",
            parameters: parameters(&json!({"confirm_count": confirm()}), &[]),
            effect: Effect::Changes,
        },
        Description {
            name: "change_reverify",
            about: "Verifies quarantined deliveries again with the present credentials. Without confirm_count it only \
                    counts.",
            parameters: parameters(&json!({"store": store(), "confirm_count": confirm()}), &[]),
            effect: Effect::Changes,
        },
        Description {
            name: "change_forget",
            about: "Deletes all events of an entity permanently. Without confirm_count it only counts.",
            parameters: parameters(&json!({"entity": entity(), "confirm_count": confirm()}), &["entity"]),
            effect: Effect::Destroys,
        },
    ]
}

impl Description {
    pub(super) fn into_tool(self) -> Tool {
        let schema = match self.parameters {
            Value::Object(schema) => schema,
            _ => JsonObject::new(),
        };
        let annotations = ToolAnnotations::new()
            .read_only(self.effect == Effect::Reads)
            .destructive(self.effect == Effect::Destroys)
            .open_world(false);
        Tool::new(self.name, self.about, Arc::new(schema)).with_annotations(annotations)
    }
}

/// Returns the schema of a tool's parameters.
fn parameters(properties: &Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_is_described() {
        for tool in descriptions() {
            let properties = tool.parameters["properties"].as_object().unwrap().clone();
            assert!(properties.values().all(|schema| schema["description"].is_string()), "{}", tool.name);
            assert!(tool.about.ends_with('.'), "{}", tool.name);
        }
    }
}
