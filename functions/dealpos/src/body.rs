//! The content of a body, without placeholders: DealPOS writes "none" in three ways.

use inlet::delivery::Delivery;
use inlet::proof::Verified;
use serde_json::Value;

/// Names of wrappers around the object. `example` and `example-1` come from the examples on some pages
/// (/webhook/webhook/loyalty-point), not from bodies; a mock server may send them nevertheless. The others are usual
/// names of an envelope's content. No object of DealPOS has a field of any of these names.
pub(crate) const WRAPPERS: [&str; 4] = ["example", "example-1", "data", "payload"];

/// The beginning of the year one, which means no date (an invoice's `DueDate`).
const NO_DATE: &str = "0001-01-01T";

/// Returns the body's value without placeholder fields; `None` if the body is not JSON.
pub(crate) fn value(delivery: &Verified<Delivery>) -> Option<Value> {
    let mut value = delivery.json()?.into_owned();
    drop_placeholders(&mut value);
    Some(value)
}

fn drop_placeholders(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !is_placeholder(field));
            fields.values_mut().for_each(drop_placeholders);
        }
        Value::Array(elements) => elements.iter_mut().for_each(drop_placeholders),
        _ => {}
    }
}

/// Returns true for empty text and for the first of January of the year one. The third placeholder is `null`, which
/// `inlet::value::json` reads as absent for all providers.
fn is_placeholder(field: &Value) -> bool {
    field.as_str().is_some_and(|text| text.trim().is_empty() || text.starts_with(NO_DATE))
}
