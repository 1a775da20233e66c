//! One object and a trigger's name out of the shapes that ZORT may send: which one it does is not documented.
//!
//! JSON, `{"payload": …}` around an object or around JSON text, a form with a field `payload`, a flat form, and
//! the query when there is no body: public receivers accept them all.

use std::borrow::Cow;

use inlet::delivery::Delivery;
use inlet::proof::Verified;
use inlet::provider::catalogue::text_at;
use inlet::value::json::lowercase_names;
use serde_json::{Map, Value};

use crate::METHOD;

/// What a delivery says, wherever it says it.
pub(crate) struct Said {
    /// The trigger's name: the query's, else the body's.
    pub(crate) method: Option<String>,
    /// The object with its names in lower case, as ZORT mixes its casing; null where there is none.
    pub(crate) payload: Value,
}

/// Reads a delivery of any shape.
pub(crate) fn said(delivery: &Verified<Delivery>) -> Said {
    let sent = lowercase_names(sent(delivery).unwrap_or_default(), LEVELS);
    let inside = inside(&sent);
    let query = delivery.query_fields().value(METHOD).map(std::borrow::Cow::into_owned);
    let names = [query, text_at(&sent, METHOD), inside.as_ref().and_then(|object| text_at(object, METHOD))];
    let method = names.into_iter().flatten().find(|name| !name.trim().is_empty());
    Said { method, payload: inside.unwrap_or(sent) }
}

/// The object and the elements of its lists, under an envelope.
const LEVELS: usize = 3;

/// The outermost object. A body that calls itself a form and is JSON is JSON.
fn sent(delivery: &Verified<Delivery>) -> Option<Value> {
    if delivery.body().is_empty() {
        // The trigger's name alone is no object.
        let is_more = |(name, _): &(&[u8], &[u8])| !name.eq_ignore_ascii_case(METHOD.as_bytes());
        return flat(delivery.query_fields().iter().filter(is_more));
    }
    let json = delivery.json().filter(|json| json.is_object());
    json.map(Cow::into_owned).or_else(|| flat(delivery.form()?.iter()))
}

/// The object in an envelope's `payload`, as itself or as JSON text.
fn inside(sent: &Value) -> Option<Value> {
    match sent.get("payload")? {
        Value::Object(inner) => Some(Value::Object(inner.clone())),
        Value::String(text) => object(text.as_bytes()).map(|inner| lowercase_names(inner, LEVELS)),
        _ => None,
    }
}

fn object(text: &[u8]) -> Option<Value> {
    serde_json::from_slice(text).ok().filter(Value::is_object)
}

/// Fields as an object, the first of a name; a field without a value says nothing.
fn flat<'f>(fields: impl Iterator<Item = (&'f [u8], &'f [u8])>) -> Option<Value> {
    let mut object = Map::new();
    for (name, value) in fields.filter(|(_, value)| !value.is_empty()) {
        let [name, value] = [name, value].map(|part| String::from_utf8_lossy(part).into_owned());
        object.entry(name).or_insert(Value::String(value));
    }
    (!object.is_empty()).then_some(Value::Object(object))
}
