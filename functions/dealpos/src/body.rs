//! The content of a body, without placeholders: DealPOS writes "none" in three ways.

use inlet::delivery::Delivery;
use inlet::proof::Verified;
use serde_json::Value;

/// Names around the object: `example` and `example-1` are in the examples of some pages
/// (/webhook/webhook/loyalty-point) and the page's, not the body's; should a mock server have learnt from them, they
/// are taken off. The others are usual names of an envelope's content, and no object of DealPOS has a field of them.
pub(crate) const WRAPPERS: [&str; 4] = ["example", "example-1", "data", "payload"];

/// The beginning of the year one, which means no date (an invoice's `DueDate`).
const NO_DATE: &str = "0001-01-01T";

/// Returns the body's value without placeholder fields; `None` if the body is not JSON.
pub(crate) fn value(delivery: &Verified<Delivery>) -> Option<Value> {
    let mut value = delivery.json()?.into_owned();
    drop_nothings(&mut value);
    Some(value)
}

fn drop_nothings(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !is_nothing(field));
            fields.values_mut().for_each(drop_nothings);
        }
        Value::Array(elements) => elements.iter_mut().for_each(drop_nothings),
        _ => {}
    }
}

/// Empty text, and the first of January of the year one. The third way is `null`, which `inlet::value::json` reads as
/// absent for everybody.
fn is_nothing(field: &Value) -> bool {
    field.as_str().is_some_and(|text| text.trim().is_empty() || text.starts_with(NO_DATE))
}
