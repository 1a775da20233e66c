//! The JSON Schemas of the canonical objects and of the whole message, as they are written: an absent field is
//! absent, never null.
//!
//! Generators of types (`json-schema-to-typescript`, `datamodel-code-generator`) read them. So every definition has
//! one name everywhere, a reference has no other keyword next to it (a generator would make another type of it), and no
//! text is about Rust.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::kinds::{ENTITY_FORGOTTEN, Kind, object_schema, root_schema};

impl Kind {
    /// Returns the JSON Schema of this kind's object.
    pub fn schema(self) -> Schema {
        let mut schema = root_schema(self, generator());
        schema.insert("$id".to_owned(), json!(id(self.as_str())));
        for_readers(&mut schema);
        schema
    }
}

/// Returns the schema of the whole message: a CloudEvents 1.0 event in its JSON format, with every object that its
/// `data` may hold.
pub fn event_schema() -> Schema {
    let mut generator = generator();
    let data: Vec<Value> =
        Kind::ALL.iter().map(|kind| object_schema(*kind, &mut generator).to_value()).collect();
    let definitions = generator.take_definitions(true);
    let mut schema = Schema::default();
    for (name, value) in [
        ("$schema", json!("https://json-schema.org/draft/2020-12/schema")),
        ("$id", json!(id("event"))),
        ("title", json!("Event")),
        (
            "description",
            json!(
                "One event: a CloudEvents 1.0 event in its JSON format. Consumers ignore attributes that they do not know."
            ),
        ),
        ("type", json!("object")),
        ("required", json!(REQUIRED)),
        ("properties", properties(&data)),
        ("$defs", Value::Object(definitions)),
    ] {
        schema.insert(name.to_owned(), value);
    }
    for_readers(&mut schema);
    schema
}

/// Returns the schema of the notice that an entity was forgotten, which is not an event and has no data.
pub fn forgotten_schema() -> Schema {
    let text = |description: &str| json!({"type": "string", "description": description});
    let properties = json!({
        "specversion": {"enum": ["1.0"], "description": "The version of CloudEvents."},
        "id": text("The notice's id: the entity's path and a digest of the time. A repeated notice of the same time has \
            the same id."),
        "source": text("The provider and the store: `/{provider}/{store}`."),
        "type": {"const": ENTITY_FORGOTTEN, "description": "The type of every notice."},
        "subject": text("The kind and the entity: `{kind}/{entity}`."),
        "time": {"type": "string", "format": "date-time", "description": "Everything of the entity that arrived until \
            this time is forgotten: delete each event whose `receivedtime` is not later."},
        "datacontenttype": {"enum": ["application/json"], "description": "As in an event; there is no data."},
        "provider": text("The provider's name."),
        "store": text("The store's name, as the operator chose it."),
        "providertype": {"const": ENTITY_FORGOTTEN, "description": "The same as `type`: no provider sent it."},
        "trust": {"const": "operator", "description": "An operator sent it, no provider."},
        "receivedtime": {"type": "string", "format": "date-time", "description": "The same time as `time`."},
    });
    let names: Vec<&String> = properties.as_object().into_iter().flat_map(Map::keys).collect();
    let mut schema = Schema::default();
    for (name, value) in [
        ("$schema", json!("https://json-schema.org/draft/2020-12/schema")),
        ("$id", json!(id("forgotten"))),
        ("title", json!("EntityForgotten")),
        (
            "description",
            json!("The notice that an entity was forgotten: a CloudEvents 1.0 event without data."),
        ),
        ("type", json!("object")),
        ("required", json!(names)),
        ("properties", properties.clone()),
    ] {
        schema.insert(name.to_owned(), value);
    }
    schema
}

/// The attributes that every message has.
const REQUIRED: [&str; 11] = [
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "datacontenttype",
    "provider",
    "store",
    "providertype",
    "trust",
    "receivedtime",
];

/// The attributes of a message.
fn properties(data: &[Value]) -> Value {
    let text = |description: &str| json!({"type": "string", "description": description});
    let one_of = |words: &[&str], description: &str| json!({"enum": words, "description": description});
    let instant =
        |description: &str| json!({"type": "string", "format": "date-time", "description": description});
    let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    let named = |form: String, description: &str| json!({"type": "string", "pattern": form, "description": description});
    json!({
        "specversion": one_of(&["1.0"], "The version of CloudEvents."),
        "id": text("The event's id: provider, store, kind, entity and digest, joined by slashes."),
        "source": text("The provider and the store: `/{provider}/{store}`."),
        "type": named(
            format!("^commerce\\.({})\\.[a-z_]+$", kinds.join("|")),
            "The kind of object and what happened to it: `commerce.{kind}.{verb}`.",
        ),
        "subject": text("The kind and the entity: `{kind}/{entity}`."),
        "time": instant("The time at which it happened, where the provider sends one with a known time zone."),
        "datacontenttype": one_of(&["application/json"], "The media type of `data`."),
        "provider": text("The provider's name."),
        "store": text("The store's name, as the operator chose it."),
        "providertype": text("The provider's own name of the event."),
        "trust": one_of(
            &["signed", "signed_fields", "shared_secret", "url_token", "fetched"],
            "The strength of the proof that the provider sent it. `fetched`: Inlet read it from the provider's own API.",
        ),
        "origin": json!({"const": "reconciled", "description": "Present if no webhook brought the event: Inlet found \
             the state in the provider's own API."}),
        "missed": text("Present if the event is reconciled: the fields of `data` that no event had carried, joined by \
             commas."),
        "documented": one_of(
            &["full", "partial", "name"],
            "The extent to which the provider documents this event's body: every field, some fields, or nothing but \
             the event's name. Absent for events that are inferred or unknown.",
        ),
        "inferred": json!({"const": true, "description": "Present if the provider documents no event of this name: \
             the type follows from how the provider names its other events."}),
        "currencyfrom": json!({"const": "settings", "description": "Present if the store's setting `currency` was \
             filled in where the provider sends an amount without a currency."}),
        "zonefrom": json!({"const": "settings", "description": "Present if the store's setting `zone` was applied \
             to local times that the provider sends without a zone."}),
        "receivedtime": instant("The time at which the receiver got the delivery."),
        "replayid": text("Present if the event is sent again on purpose: the replay's id."),
        "dataref": text("Present instead of `data` where the data is too large for a message: the id of the stored event."),
        "data": json!({"anyOf": data, "description": "The object of the kind that `type` names."}),
    })
}

/// A name that stays the same wherever the file is.
fn id(name: &str) -> String {
    format!("urn:inlet:schema:{name}")
}

fn generator() -> SchemaGenerator {
    SchemaSettings::default().for_serialize().into_generator()
}

fn for_readers(schema: &mut Schema) {
    RecursiveTransform(absent_is_not_null).transform(schema);
    RecursiveTransform(reference_alone).transform(schema);
    RecursiveTransform(first_paragraph).transform(schema);
    name_definitions(schema);
}

/// Removes the null from every property that is not required.
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

/// Turns `T or null` into `T`.
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

/// Wraps a reference that has a description next to it, so that generators see the same type each time.
fn reference_alone(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut().filter(|object| object.len() > 1) else {
        return;
    };
    if let Some(reference) = object.remove("$ref") {
        object.insert("allOf".to_owned(), json!([{ "$ref": reference }]));
    }
}

/// Keeps a description's first paragraph: the others are about the code.
fn first_paragraph(schema: &mut Schema) {
    let Some(Value::String(text)) = schema.get_mut("description") else {
        return;
    };
    if let Some((first, _)) = text.split_once("\n\n") {
        *text = first.to_owned();
    }
    *text = text.replace('\n', " ");
}

/// Gives each definition its name as a title.
fn name_definitions(schema: &mut Schema) {
    let Some(Value::Object(definitions)) = schema.get_mut("$defs") else {
        return;
    };
    for (name, definition) in definitions {
        if let Some(definition) = definition.as_object_mut() {
            let fields = std::mem::take(definition);
            *definition = Map::from_iter([("title".to_owned(), json!(name))]);
            definition.extend(fields);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every schema, with its name.
    fn all() -> Vec<(String, Value)> {
        let kinds = Kind::ALL.iter().map(|kind| (kind.to_string(), kind.schema().to_value()));
        kinds.chain([("event".to_owned(), event_schema().to_value())]).collect()
    }

    fn walk(value: &Value, visit: &mut impl FnMut(&Map<String, Value>)) {
        match value {
            Value::Object(object) => {
                visit(object);
                object.values().for_each(|inner| walk(inner, visit));
            }
            Value::Array(elements) => elements.iter().for_each(|inner| walk(inner, visit)),
            _ => {}
        }
    }

    #[test]
    fn a_reference_has_no_other_keyword() {
        for (name, schema) in all() {
            walk(&schema, &mut |object| {
                assert!(!object.contains_key("$ref") || object.len() == 1, "{name}: {object:?}");
            });
        }
    }

    #[test]
    fn a_definition_is_the_same_in_every_schema() {
        let event = event_schema().to_value();
        for (name, schema) in all() {
            assert_eq!(schema["$id"], format!("urn:inlet:schema:{name}"));
            for (definition, of) in schema["$defs"].as_object().into_iter().flatten() {
                assert_eq!(of, &event["$defs"][definition], "{definition} in {name}");
            }
        }
    }

    #[test]
    fn the_event_holds_every_kind_and_one_money() {
        let event = event_schema().to_value();
        let data = event["properties"]["data"]["anyOf"].as_array().unwrap().len();
        assert_eq!(data, Kind::ALL.len());
        let definitions = event["$defs"].as_object().unwrap();
        assert!(definitions.contains_key("Order") && definitions.contains_key("Money"));
        assert_eq!(definitions.keys().filter(|name| name.contains("Money")).count(), 1);
    }

    #[test]
    fn no_description_is_about_rust() {
        for (name, schema) in all() {
            walk(&schema, &mut |object| {
                let text = object.get("description").and_then(Value::as_str).unwrap_or_default();
                for word in ["Debug", "Display", "```", "[`", "\n", "Option<"] {
                    assert!(!text.contains(word), "{name}: {text}");
                }
            });
        }
    }
}
