//! The attributes of an item: conversion from and to a record's fields, and access by type.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use inlet::value::json::JsonError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};

/// An item: its attributes by name.
pub type Item = HashMap<String, AttributeValue>;

/// Returns a record's fields as attributes. A field that is null has none.
pub fn to_item(record: &impl Serialize) -> Item {
    #[expect(clippy::expect_used, reason = "records are made of text and numbers")]
    let json = serde_json::to_value(record).expect("a record can be written as JSON");
    match attribute(json) {
        Some(AttributeValue::M(item)) => item,
        _ => Item::new(),
    }
}

/// Returns an item's texts, numbers and maps as JSON, without other attributes, such as the body.
pub fn to_json(item: &Item) -> Value {
    Value::Object(object(item))
}

/// Reads a record from the attributes that [`to_item`] returned.
///
/// # Errors
/// If the attributes are not such a record. The error contains no values.
pub fn read<T: DeserializeOwned>(item: &Item) -> Result<T, JsonError> {
    serde_json::from_value(to_json(item)).map_err(JsonError::from)
}

/// Returns text as an attribute's value.
pub(crate) fn text_value(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// Returns a number as an attribute's value.
pub(crate) fn number_value(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// Returns an attribute that is text.
pub fn text<'i>(item: &'i Item, name: &str) -> Option<&'i str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

/// Returns an attribute that is a number.
pub fn number(item: &Item, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// Returns an attribute that is bytes.
pub fn bytes<'i>(item: &'i Item, name: &str) -> Option<&'i [u8]> {
    item.get(name)?.as_b().ok().map(AsRef::as_ref)
}

fn attribute(json: Value) -> Option<AttributeValue> {
    match json {
        Value::Null => None,
        Value::Bool(truth) => Some(AttributeValue::Bool(truth)),
        Value::Number(number) => Some(AttributeValue::N(number.to_string())),
        Value::String(text) => Some(AttributeValue::S(text)),
        Value::Array(list) => Some(AttributeValue::L(list.into_iter().filter_map(attribute).collect())),
        Value::Object(object) => {
            let named = object.into_iter().filter_map(|(name, value)| Some((name, attribute(value)?)));
            Some(AttributeValue::M(named.collect()))
        }
    }
}

fn object(item: &Item) -> Map<String, Value> {
    item.iter().filter_map(|(name, value)| Some((name.clone(), json(value)?))).collect()
}

fn json(attribute: &AttributeValue) -> Option<Value> {
    match attribute {
        AttributeValue::S(text) => Some(Value::String(text.clone())),
        AttributeValue::N(digits) => digits.parse::<Number>().ok().map(Value::Number),
        AttributeValue::Bool(truth) => Some(Value::Bool(*truth)),
        AttributeValue::L(list) => Some(list.iter().filter_map(json).collect()),
        AttributeValue::M(inner) => Some(Value::Object(object(inner))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_wrong_item_does_not_quote_it() {
        let item = Item::from([("size".to_owned(), AttributeValue::S("canary".to_owned()))]);
        let why = read::<HashMap<String, u64>>(&item).unwrap_err().to_string();
        assert_eq!(why, "JSON of another shape");
    }
}
