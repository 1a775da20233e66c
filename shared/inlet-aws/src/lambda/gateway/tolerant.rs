//! An event read field by field: a field that is `null`, missing or of another type costs that field only.
//!
//! Reading cannot fail. An event without a path has no store and is refused later; a body of another type than text is
//! kept as its JSON text.

use std::collections::BTreeMap;
use std::fmt;

use inlet::received_at::ReceivedAt;
use inlet::request::Method;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{Event, PathParameters};

/// The members of an object in their order, not parsed yet.
#[derive(Default)]
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Returns the members of an object; none of a value of another type.
    fn of(value: &'a RawValue) -> Self {
        serde_json::from_str(value.get()).unwrap_or_default()
    }

    /// Returns the value of the last member with this name.
    fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().rfind(|(own, _)| own == name).map(|(_, value)| *value)
    }

    fn object(&self, name: &str) -> Self {
        self.get(name).map(Self::of).unwrap_or_default()
    }

    /// Returns the text of a member; `None` for a value of another type.
    fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(|value| serde_json::from_str(value.get()).ok())
    }
}

impl Members<'_> {
    /// Returns the whole number of a member; `None` for a value of another type.
    fn number(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(|value| serde_json::from_str(value.get()).ok())
    }
}

/// Returns the event.
pub(super) fn read(event: &RawValue) -> Event {
    let event = Members::of(event);
    let context = event.object("requestContext");
    let parameters = event.object("pathParameters");
    let parameter = |name| parameters.text(name).unwrap_or_default();
    Event {
        method: method(context.object("http").text("method").as_deref()),
        path: event.text("rawPath").or_else(|| event.text("path")).unwrap_or_default(),
        parameters: PathParameters {
            store: parameter("store"),
            topic: parameter("topic"),
            proxy: parameter("proxy"),
        },
        query: event.text("rawQueryString").unwrap_or_default(),
        headers: headers(&event.object("headers")),
        request_id: context.text("requestId").filter(|id| !id.is_empty()),
        arrived: context.number("timeEpoch").filter(|millis| *millis != 0).and_then(ReceivedAt::from_millis),
        body: event.get("body").and_then(bytes),
        is_base64: event.get("isBase64Encoded").is_some_and(|flag| flag.get() == "true"),
    }
}

/// Returns the method. An event without one is read as a delivery: verification decides, and a probe that is refused
/// loses nothing.
fn method(name: Option<&str>) -> Method {
    name.filter(|name| !name.is_empty()).map_or(Method::Post, Method::parse)
}

/// Returns the values of each header by its name in lower case. Where two names differ in their case only, the last one
/// counts, as in `lambda_http`; a list has one value for each of its texts.
fn headers(of: &Members<'_>) -> BTreeMap<String, Vec<String>> {
    let mut headers = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in &of.0 {
        let values = headers.entry(name.to_ascii_lowercase()).or_default();
        if let Ok(text) = serde_json::from_str(value.get()) {
            *values = vec![text];
        } else if let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(value.get()) {
            values.extend(list.iter().filter_map(|value| serde_json::from_str::<String>(value.get()).ok()));
        }
    }
    headers.retain(|_, values| !values.is_empty());
    headers
}

/// Returns the bytes of a text, or the JSON text of another value; `None` for `null`.
fn bytes(value: &RawValue) -> Option<Vec<u8>> {
    match serde_json::from_str::<Option<Bytes>>(value.get()) {
        Ok(bytes) => bytes.map(|Bytes(bytes)| bytes),
        Err(_) => Some(value.get().as_bytes().to_vec()),
    }
}

/// A JSON text as bytes. Unlike a `String`, it may contain half of a surrogate pair.
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfText;

        impl Visitor<'_> for OfText {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
        }

        deserializer.deserialize_bytes(OfText)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfObject;

        impl<'de> Visitor<'de> for OfObject {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((Bytes(name), value)) = object.next_entry::<Bytes, &'de RawValue>()? {
                    members.push((String::from_utf8_lossy(&name).into_owned(), value));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(OfObject)
    }
}
