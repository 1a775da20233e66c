//! One object from the three shapes that Zip sends: JSON with names in two casings, a form, a query.

use inlet::delivery::Delivery;
use inlet::proof::Verified;
use inlet::request::Fields;
use inlet::value::json::lowercase_names;
use serde_json::{Map, Value};

use crate::SIGNATURE;

/// Returns a callback's JSON object with its names in lower case. `None` if the body is not a JSON object or is sent as
/// a form.
pub(crate) fn json_object(delivery: &Verified<Delivery>) -> Option<Value> {
    if delivery.form().is_some() {
        return None;
    }
    let object = delivery.json()?.into_owned();
    object.is_object().then(|| lower(object))
}

/// Returns a redirect's fields as the object that they are flattened from, with its names in lower case.
pub(crate) fn fields_object(fields: &Fields) -> Value {
    lower(nested(fields))
}

/// Lowers the names of an object, of its customer and of the customer's address. The merchant's own names in `metadata`
/// stay as they are.
fn lower(object: Value) -> Value {
    let mut object = lowercase_names(object, 1);
    if let Some(customer) = object.get_mut("customer") {
        *customer = lowercase_names(customer.take(), 2);
    }
    object
}

/// Fields with dotted names (`customer.address.line1`) as the objects that they are flattened from.
fn nested(fields: &Fields) -> Value {
    let mut root = Map::new();
    for (name, value) in fields.iter() {
        let name = String::from_utf8_lossy(name);
        if !name.eq_ignore_ascii_case(SIGNATURE) {
            let value = Value::String(String::from_utf8_lossy(value).into_owned());
            let path: Vec<&str> = name.split('.').take(MAX_DEPTH).collect();
            put(&mut root, &path, value);
        }
    }
    Value::Object(root)
}

/// Maximum depth: more than any documented name has, and small enough for any stack.
const MAX_DEPTH: usize = 8;

fn put(object: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [] => {}
        [name] => {
            object.insert((*name).to_owned(), value);
        }
        [name, rest @ ..] => {
            let inner = object.entry((*name).to_owned()).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}
