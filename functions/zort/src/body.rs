//! One object and a trigger's name, from any shape that ZORT may send: no page documents the shape.
//!
//! Public receivers accept all of these:
//!
//! | body | the object |
//! |---|---|
//! | a JSON object | itself |
//! | a JSON object with `payload`: an object, JSON text, or a list of one object | in `payload` |
//! | a form with the field `payload` | the JSON text in `payload` |
//! | a form without it | its fields |
//! | none, or an empty object | the query's fields, or the JSON text in its field `payload` |
//!
//! If there is a body, the query only adds fields that the body lacks: the id and the statuses.

use std::borrow::Cow;

use inlet::delivery::Delivery;
use inlet::proof::Verified;
use inlet::provider::catalogue::{Entity, entity_id, text_at};
use inlet::value::json::{self, lowercase_names};
use serde_json::{Map, Value};

use crate::METHOD;

/// A delivery's content, from any part of the request.
pub(crate) struct Content {
    /// The trigger's name: the query's, else the body's.
    pub(crate) method: Option<String>,
    /// The object with its names in lower case, because ZORT mixes upper and lower case. Another type if the body has
    /// no object.
    pub(crate) payload: Value,
    /// The query's fields as an object, which may have the id if the body has none; null without a query.
    query: Value,
}

impl Content {
    /// Returns the entity's id, from the object or else from the query.
    pub(crate) fn entity_id(&self, ways: Entity) -> Option<Vec<String>> {
        entity_id(&self.payload, ways).or_else(|| entity_id(&self.query, ways))
    }
}

/// The field around an object that public receivers unwrap; it may be JSON text.
const PAYLOAD: &str = "payload";

/// Other fields around an object: `detail` and the names of the kinds, as clients of ZORT's REST API try them.
const WRAPPERS: [&str; 6] = ["detail", "data", "order", "product", "purchaseorder", "returnorder"];

/// The fields of an id. A query's id completes a body that has none of them.
const IDS: [&str; 3] = ["id", "orderid", "productid"];

/// The other fields that a public receiver reads from the query.
const QUERY_FIELDS: [&str; 4] = ["number", "sku", "status", "paymentstatus"];

/// The byte order mark that some senders write at the start of a text. At the start of a form it may be
/// percent-encoded.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The depth to which names are converted to lower case: two wrappers, the object and the elements of its lists.
const LEVELS: usize = 4;

/// The number of nested wrappers that are removed.
const MAX_WRAPPERS: usize = 3;

/// Reads a delivery of any shape.
pub(crate) fn read_content(delivery: &Verified<Delivery>) -> Content {
    let query = flat_object(delivery.query_fields().iter()).unwrap_or_default();
    let query = lowercase_names(query, 1);
    let body = lowercase_names(read_body(delivery).unwrap_or_default(), LEVELS);
    // An empty object has no more content than no body.
    let is_empty = body.as_object().map_or(delivery.body().is_empty(), Map::is_empty);
    let sent = if is_empty && has_content(&query) { query.clone() } else { body };
    let outer_method = text_at(&sent, METHOD);
    let mut payload = unwrap_object(sent, MAX_WRAPPERS);
    complete_from_query(&mut payload, &query);
    let names = [text_at(&query, METHOD), outer_method, text_at(&payload, METHOD)];
    let method = names.into_iter().flatten().find(|name| !name.trim().is_empty());
    Content { method, payload, query }
}

/// Returns true if the query has a field other than the trigger's name.
fn has_content(query: &Value) -> bool {
    query.as_object().is_some_and(|fields| fields.keys().any(|name| name != METHOD))
}

/// Returns the body as JSON, else as a form's fields. JSON with the content type of a form is JSON.
fn read_body(delivery: &Verified<Delivery>) -> Option<Value> {
    let json = delivery.json().filter(|json| json.is_object() || json.is_array());
    json.map(Cow::into_owned).or_else(|| flat_object(delivery.form()?.iter()))
}

/// Removes wrappers, up to a maximum number: a list of one, `payload`, and the others that contain an object.
fn unwrap_object(sent: Value, most: usize) -> Value {
    let Some(below) = most.checked_sub(1) else { return sent };
    match sent {
        Value::Array(mut list) if list.len() == 1 => {
            list.pop().map_or(Value::Null, |only| unwrap_object(only, below))
        }
        Value::Object(mut object) => match take_inner(&mut object) {
            Some(inner) => unwrap_object(inner, below),
            None => Value::Object(object),
        },
        other => other,
    }
}

/// Returns the object or the list in a wrapper; `None` if the object is not a wrapper.
fn take_inner(object: &mut Map<String, Value>) -> Option<Value> {
    let parsed = object.get(PAYLOAD).and_then(Value::as_str).and_then(parse_json);
    if let Some(inner) = parsed {
        return Some(lowercase_names(inner, LEVELS));
    }
    let holds_content = |name: &&str| match object.get(*name) {
        Some(Value::Object(_)) => true,
        // In other wrappers a list may be a field of the object, such as an order's lines.
        Some(Value::Array(list)) => *name == PAYLOAD && !list.is_empty(),
        _ => false,
    };
    let name = std::iter::once(PAYLOAD).chain(WRAPPERS).find(|name| holds_content(name))?;
    object.remove(name)
}

/// Parses JSON text that holds an object or a list.
fn parse_json(text: &str) -> Option<Value> {
    json::parse(text.as_bytes()).ok().filter(|value: &Value| value.is_object() || value.is_array())
}

/// Adds the query's fields that the object lacks.
fn complete_from_query(payload: &mut Value, query: &Value) {
    let (Some(object), Some(query)) = (payload.as_object_mut(), query.as_object()) else { return };
    let has_no_id = IDS.iter().all(|name| is_absent(object.get(*name)));
    let ids = IDS.into_iter().filter(|_| has_no_id);
    for name in ids.chain(QUERY_FIELDS) {
        if is_absent(object.get(name))
            && let Some(value) = query.get(name).filter(|value| !is_absent(Some(value)))
        {
            object.insert(name.to_owned(), value.clone());
        }
    }
}

/// Returns true if a field is missing, null or blank.
fn is_absent(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(value) => value.as_str().is_some_and(|text| text.trim().is_empty()),
    }
}

/// Returns fields as an object. Of several fields with one name the first counts. A field without a value is absent.
fn flat_object<'f>(fields: impl Iterator<Item = (&'f [u8], &'f [u8])>) -> Option<Value> {
    let mut object = Map::new();
    for (name, value) in fields.filter(|(_, value)| !value.is_empty()) {
        let [name, value] = [name, value].map(|part| String::from_utf8_lossy(part).into_owned());
        let name = name.trim_start_matches(BYTE_ORDER_MARK).to_owned();
        object.entry(name).or_insert(Value::String(value));
    }
    (!object.is_empty()).then_some(Value::Object(object))
}
