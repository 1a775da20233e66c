//! `schemas/`: the JSON Schema of each kind and of the whole message, generated from the types, and those of the
//! notice that an entity was forgotten and of a function consumer's request and response.

use inlet::canonical::{Kind, event_schema, forgotten_schema};
use serde::Serialize;
use serde_json::{Value, json};

use crate::repository::Files;

/// Returns every schema's file.
pub fn files() -> Files {
    let kinds = Kind::ALL.iter().map(|kind| (kind.as_str(), text(&kind.schema())));
    let others = [
        ("event", text(&event_schema())),
        ("forgotten", text(&forgotten_schema())),
        ("function-request", text(&function_request())),
        ("function-response", text(&function_response())),
    ];
    kinds.chain(others).map(|(name, text)| (format!("schemas/{name}.schema.json"), text)).collect()
}

fn text(schema: &impl Serialize) -> String {
    serde_json::to_string_pretty(schema).expect("a schema is JSON") + "\n"
}

/// Returns the schema of the payload with which the processor invokes a consumer's function.
fn function_request() -> Value {
    json!({
        "$id": "urn:inlet:schema:function-request",
        "$schema": DIALECT,
        "title": "FunctionRequest",
        "description": "The payload of a consumer's function.",
        "type": "object",
        "properties": {"events": {
            "description": "The events, each of another entity.",
            "type": "array",
            "minItems": 1,
            "items": {"$ref": "urn:inlet:schema:event"},
        }},
        "required": ["events"],
    })
}

/// Returns the schema of what a consumer's function returns.
fn function_response() -> Value {
    json!({
        "$id": "urn:inlet:schema:function-response",
        "$schema": DIALECT,
        "title": "FunctionResponse",
        "description": "The return value of a consumer's function. Nothing, null or an empty list of failures: every event is done.",
        "type": ["object", "null"],
        "properties": {"failures": {
            "description": "The events that are not done. Every other event of the request is done.",
            "type": "array",
            "items": {"$ref": "#/$defs/Failure"},
        }},
        // The processor refuses other members: a response in another service's form must not count as a success.
        "additionalProperties": false,
        "$defs": {"Failure": {
            "title": "Failure",
            "description": "An event that is not done.",
            "type": "object",
            "properties": {
                "id": {"description": "The event's id.", "type": "string"},
                "kind": {
                    "title": "FailureKind",
                    "description": "`permanent`: the event itself cannot be processed; it is parked after five tries. `transient`: a service that the function needs is down; the event is tried until it is done.",
                    "enum": ["permanent", "transient"],
                },
                "reason": {
                    "description": "The reason, for the processor's log. It must not contain personal data.",
                    "type": "string",
                },
            },
            "required": ["id", "kind"],
            "additionalProperties": false,
        }},
    })
}

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
