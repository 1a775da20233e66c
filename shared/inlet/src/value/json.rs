//! Fields read from JSON one at a time: a field of the wrong type is absent and does not affect the others.

use std::fmt;

use serde_json::error::Category;
use serde_json::{Map, Value};

use crate::personal::Personal;
use crate::value::decimal::Decimal;
use crate::value::money::Currency;

/// A text is not the expected JSON. The parser's own message may quote the text, which may be a person's; its kind and
/// its place say enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub struct JsonError {
    category: Category,
    /// Line and column; a value that was read before has no place.
    place: Option<(usize, usize)>,
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        let place = (error.line() > 0).then(|| (error.line(), error.column()));
        Self { category: error.classify(), place }
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.category {
            Category::Io => "JSON that cannot be read",
            Category::Syntax => "no JSON",
            Category::Data => "JSON of another shape",
            Category::Eof => "JSON that ends too soon",
        })?;
        match self.place {
            Some((line, column)) => write!(f, ", line {line}, column {column}"),
            None => Ok(()),
        }
    }
}

/// Reads JSON. One byte order mark in front is skipped: some senders write it, and RFC 8259 lets readers ignore it.
///
/// # Errors
/// [`JsonError`] if the text is not JSON.
pub fn parse(text: &[u8]) -> Result<Value, JsonError> {
    serde_json::from_slice(without_bom(text)).map_err(JsonError::from)
}

/// Returns the text without one UTF-8 byte order mark in front.
pub fn without_bom(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// A value that can be read from JSON as senders really write it.
pub trait FromJson: Sized {
    /// Reads the value; `None` if it is null, of another type or not of the right form.
    fn from_json(value: &Value) -> Option<Self>;
}

/// Text, or a number's digits: ids and codes come either way. Empty text is absent.
impl FromJson for String {
    fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

/// A number, or text that is one.
impl FromJson for Decimal {
    fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Self::parse(text),
            Value::Number(number) => Self::parse(number.as_str()),
            _ => None,
        }
    }
}

/// `true`, `1` and `"yes"` are true, `false`, `0` and `"no"` are false; words in any case, quoted or not.
impl FromJson for bool {
    fn from_json(value: &Value) -> Option<Self> {
        let word = match value {
            Value::Bool(truth) => return Some(*truth),
            other => String::from_json(other)?,
        };
        match word.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => Some(true),
            "false" | "no" | "0" => Some(false),
            _ => None,
        }
    }
}

impl FromJson for Currency {
    fn from_json(value: &Value) -> Option<Self> {
        Self::parse(value.as_str()?)
    }
}

/// Text of a person; empty text is absent.
impl FromJson for Personal {
    fn from_json(value: &Value) -> Option<Self> {
        String::from_json(value).map(Self::new)
    }
}

/// The elements that can be read; an object or text in the list's place is not a list.
impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(value: &Value) -> Option<Self> {
        value.as_array().map(|elements| elements.iter().filter_map(T::from_json).collect())
    }
}

/// Any value, for fields whose form is not documented.
impl FromJson for Value {
    fn from_json(value: &Value) -> Option<Self> {
        (!value.is_null()).then(|| value.clone())
    }
}

impl FromJson for Map<String, Value> {
    fn from_json(value: &Value) -> Option<Self> {
        value.as_object().cloned()
    }
}

/// Reads the first of several names that is there and of the right type.
pub fn field<T: FromJson>(object: &Map<String, Value>, names: &[&str]) -> Option<T> {
    names.iter().find_map(|name| object.get(*name).and_then(T::from_json))
}

/// Declares the fields of a provider's object: the type of each, and its name or names on the wire.
///
/// Every field is an `Option`: absent, null and of the wrong type are the same to a reader that must not refuse.
///
/// ```
/// inlet::payload! {
///     /// A parcel.
///     pub struct Parcel {
///         /// Its number.
///         number: String = "number" | "no",
///         /// What it weighs.
///         weight: inlet::value::decimal::Decimal = "weight",
///     }
/// }
/// use inlet::value::json::FromJson;
/// let parcel = Parcel::from_json(&serde_json::json!({"no": 7, "weight": ["?"]})).unwrap();
/// assert_eq!(parcel.number.as_deref(), Some("7"));
/// assert_eq!(parcel.weight, None);
/// ```
#[macro_export]
macro_rules! payload {
    ($(
        $(#[$about:meta])*
        $vis:vis struct $name:ident {
            $( $(#[$of_field:meta])* $field:ident: $type:ty = $($wire:literal)|+ ),* $(,)?
        }
    )+) => {$(
        $(#[$about])*
        #[derive(Clone, Default, PartialEq)]
        $vis struct $name {
            $( $(#[$of_field])* pub $field: Option<$type>, )*
        }

        $crate::outline!($name: $($field),*);

        impl $crate::value::json::FromJson for $name {
            fn from_json(value: &serde_json::Value) -> Option<Self> {
                let object = value.as_object()?;
                Some(Self { $( $field: $crate::value::json::field(object, &[$($wire),+]), )* })
            }
        }
    )+};
}

/// Gives an object of optional fields a `Debug` that shows the names of the present ones, and no value.
#[doc(hidden)]
#[macro_export]
macro_rules! outline {
    ($name:ident: $($field:ident),*) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let there = [$( self.$field.is_some().then_some(stringify!($field)) ),*];
                f.write_str(stringify!($name))?;
                f.debug_set().entries(there.into_iter().flatten()).finish()
            }
        }
    };
}

/// The value with the names of its objects in lower case, `levels` deep: for senders of mixed casing.
///
/// Of two names that differ in case only, the later one wins.
#[must_use]
pub fn lowercase_names(value: Value, levels: usize) -> Value {
    match (value, levels.checked_sub(1)) {
        (Value::Object(object), Some(below)) => Value::Object(
            object.into_iter().map(|(name, v)| (name.to_lowercase(), lowercase_names(v, below))).collect(),
        ),
        // A list is not a level of its own.
        (Value::Array(list), Some(_)) => {
            Value::Array(list.into_iter().map(|v| lowercase_names(v, levels)).collect())
        }
        (value, _) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    payload! {
        /// A stand-in.
        struct Thing {
            id: String = "id" | "thingid",
            price: Decimal = "price",
            void: bool = "Void",
            parts: Vec<Part> = "parts",
        }
        /// A part of it.
        struct Part {
            name: Personal = "name",
        }
    }

    #[test]
    fn one_bad_field_does_not_affect_others() {
        let thing = Thing::from_json(
            &json!({"id": {}, "thingid": 9, "price": true, "Void": "No", "parts": [1, {"name": 5}]}),
        );
        let thing = thing.unwrap();
        assert_eq!(thing.id.as_deref(), Some("9"));
        assert_eq!(thing.price, None);
        assert_eq!(thing.void, Some(false));
        assert_eq!(thing.parts, Some(vec![Part { name: Some(Personal::new("5")) }]));
    }

    #[test]
    fn debug_output_shows_nothing_of_the_content() {
        let thing = Thing::from_json(&json!({"id": "canary", "parts": [{"name": "canary"}]}));
        assert_eq!(format!("{thing:?}"), r#"Some(Thing{"id", "parts"})"#);
    }

    #[test]
    fn an_error_about_unexpected_json_does_not_quote_it() {
        let why = |text: &str| JsonError::from(serde_json::from_str::<u8>(text).unwrap_err()).to_string();
        for (text, expected) in [
            ("\"canary\"", "JSON of another shape, line 1, column 8"),
            ("canary", "no JSON, line 1, column 1"),
            ("\"canary", "JSON that ends too soon, line 1, column 7"),
        ] {
            assert_eq!(why(text), expected, "{text}");
        }
        let read_before = serde_json::from_value::<u8>(json!("canary")).unwrap_err();
        assert_eq!(JsonError::from(read_before).to_string(), "JSON of another shape");
    }

    #[test]
    fn one_byte_order_mark_is_skipped() {
        assert_eq!(parse(b"\xef\xbb\xbf{\"id\":1}").unwrap(), json!({"id": 1}));
        assert_eq!(parse(b"{}").unwrap(), json!({}));
        for text in [&b"\xef\xbb\xbf\xef\xbb\xbf{}"[..], b"\xef\xbb{}", b"", b"\xef\xbb\xbf"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_number_keeps_its_digits() {
        let value: Value = serde_json::from_str(r#"{"price":86.40}"#).unwrap();
        assert_eq!(Thing::from_json(&value).unwrap().price, Decimal::parse("86.40"));
    }

    #[test]
    fn names_become_lower_case_to_the_depth_asked_for() {
        let value = json!({"A": {"B": {"C": 1}}, "L": [{"D": 2}]});
        assert_eq!(lowercase_names(value, 2), json!({"a": {"b": {"C": 1}}, "l": [{"d": 2}]}));
    }
}
