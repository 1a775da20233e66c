//! One object out of the three shapes that Zip sends: JSON in either casing, a form, a query.

use inlet::delivery::Delivery;
use inlet::proof::Verified;
use inlet::request::{Fields, Method};
use inlet::value::json::lowercase_names;
use serde_json::{Map, Value};

use crate::SIGNATURE;

/// The delivery's object with its names in lower case; the merchant's own names in `metadata` stay as they are.
/// Nothing when the body is no object.
pub(crate) fn object(delivery: &Verified<Delivery>) -> Option<Value> {
    let value = match (delivery.method(), delivery.form()) {
        (Method::Get, _) => nested(&delivery.query_fields()),
        (_, Some(form)) => nested(&form),
        (_, None) => delivery.json()?.into_owned(),
    };
    let mut object = lowercase_names(value, 1);
    let customer = object.as_object_mut()?.get_mut("customer");
    if let Some(customer) = customer {
        // The customer and, in it, the address.
        *customer = lowercase_names(customer.take(), 2);
    }
    Some(object)
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

/// Deeper than any documented name, and shallow enough for any stack.
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
