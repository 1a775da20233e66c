//! The known shapes of a provider's events: as text, generated from payloads, and parsed.
//!
//! Lines at the margin name events and how well each is documented. The indented lines below them have a path and its
//! JSON types, with a `?` in front of a path that not every payload has:
//!
//! ```text
//! thing.made complete
//!     id number
//!     owner object
//!     owner.name string
//!   ? parts[].price string
//! ```

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// Number of elements of a list that are compared; the others are assumed to be alike.
pub(super) const MAX_ELEMENTS: usize = 20;

/// Number of names above which an object counts as a table.
pub(super) const MAX_NAMES: usize = 100;

/// Maximum depth of the comparison.
pub(super) const MAX_DEPTH: usize = 8;

/// Maximum length of a reported name, in bytes.
const MAX_NAME_LEN: usize = 40;

/// Maximum number of digits in a row in a name: more of them are a person's number.
const MAX_DIGITS: usize = 2;

/// Replaces a name that may be data.
pub(super) const ANY_NAME: &str = "*";

/// The part of a path for the elements of a list.
pub(super) const ELEMENT: &str = "[]";

/// The word for complete documentation.
const COMPLETE: &str = "complete";

/// The known shapes of a provider's events, as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shapes(&'static str);

/// Paths and their entries.
pub type Shape = BTreeMap<String, Field>;

/// The entry of a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// The JSON types.
    pub types: BTreeSet<String>,
    /// True if a payload may lack it.
    pub optional: bool,
}

/// The known shape of one event.
#[derive(Debug)]
pub(super) struct EventShape {
    pub(super) body: ShapeNode,
    /// True if the documentation is complete.
    pub(super) complete: bool,
}

/// The known shape of a value in a body, and of the values in it.
#[derive(Debug, Default)]
pub(super) struct ShapeNode {
    pub(super) types: Vec<&'static str>,
    pub(super) optional: bool,
    pub(super) names: BTreeMap<&'static str, ShapeNode>,
    pub(super) elements: Option<Box<ShapeNode>>,
}

impl Shapes {
    /// Returns shapes without any event.
    pub const NONE: Self = Self("");

    /// Wraps the text of the shapes. It is parsed event by event, on demand.
    pub const fn new(text: &'static str) -> Self {
        Self(text)
    }

    /// Returns the shape of an event; `None` if the text does not name it.
    pub(super) fn find(self, event: &str) -> Option<EventShape> {
        let mut lines = self.0.lines();
        let of_event = |line: &'static str| line.split_once(' ').filter(|(name, _)| *name == event);
        let (name, documented) = lines.find_map(of_event)?;
        // A line that does not start at the margin is a field.
        if name.is_empty() {
            return None;
        }
        let mut body = ShapeNode::default();
        let fields = lines.skip_while(|line| !line.starts_with(' ')).take_while(|line| line.starts_with(' '));
        for field in fields {
            if let Some((path, types)) = field.get(4..).and_then(|field| field.split_once(' ')) {
                let node = body.node_mut(path);
                node.types = types.split('|').collect();
                node.optional = field.starts_with("  ? ");
            }
        }
        Some(EventShape { body, complete: documented == COMPLETE })
    }
}

impl ShapeNode {
    /// Returns the node at a path from here, created if it does not exist.
    fn node_mut(&mut self, path: &'static str) -> &mut Self {
        path.split('.').fold(self, |node, part| {
            let name = part.trim_end_matches(ELEMENT);
            let lists = part.len().saturating_sub(name.len()).checked_div(ELEMENT.len()).unwrap_or_default();
            // A body that is itself a list has no name.
            let named = if name.is_empty() { node } else { node.names.entry(name).or_default() };
            (0..lists).fold(named, |node, _| node.elements.get_or_insert_default())
        })
    }

    /// Returns the node of a field, and its name in the text.
    pub(super) fn field(&self, name: &str, is_table: bool) -> Option<(&'static str, &Self)> {
        let known = |name: &str| self.names.get_key_value(name);
        // Most names are reported as they are spelt.
        let node = known(name).or_else(|| known(&loggable_name(name)));
        let node = node.or_else(|| is_table.then(|| known(ANY_NAME)).flatten());
        node.map(|(name, node)| (*name, node))
    }

    /// Returns true if no payload shows a value, so that the type is unknown.
    pub(super) fn is_open(&self) -> bool {
        self.types.iter().all(|of| *of == "null")
    }
}

/// Returns the text of a group of events that share a shape. `true` marks complete documentation.
pub fn to_text(events: &[(&str, bool)], shape: &Shape) -> String {
    let event = |(name, complete): &(&str, bool)| {
        format!("{name} {}\n", if *complete { COMPLETE } else { "partial" })
    };
    let field = |(path, field): (&String, &Field)| {
        let types: Vec<&str> = field.types.iter().map(String::as_str).collect();
        format!("  {} {path} {}\n", if field.optional { '?' } else { ' ' }, types.join("|"))
    };
    events.iter().map(event).chain(shape.iter().map(field)).collect()
}

/// Returns the common shape of several payloads. Payloads that are not JSON objects are ignored.
pub fn shape_of(payloads: &[&[u8]]) -> Shape {
    let mut shape = Shape::new();
    let objects: Vec<Value> = payloads.iter().filter_map(|body| serde_json::from_slice(body).ok()).collect();
    for payload in &objects {
        let mut seen = BTreeMap::new();
        record_types(payload, "", 0, &mut seen);
        for (path, types) in seen {
            shape.entry(path).or_default().types.extend(types.into_iter().map(str::to_owned));
        }
    }
    for (path, field) in &mut shape {
        // A part of a list, of a table or of an optional part is itself optional.
        let seen = |payload: &Value| path.split('.').try_fold(payload, |at, name| member(at, name)).is_some();
        field.optional = !objects.iter().all(seen);
    }
    shape
}

/// Returns the member of an object by its loggable name.
fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    value
        .as_object()?
        .iter()
        .find(|(sent, _)| loggable_name(sent) == name && name != ANY_NAME)
        .map(|(_, value)| value)
}

/// Records the JSON type of a value and of all values in it, by path.
fn record_types(
    value: &Value,
    path: &str,
    depth: usize,
    seen: &mut BTreeMap<String, BTreeSet<&'static str>>,
) {
    if !path.is_empty() {
        seen.entry(path.to_owned()).or_default().insert(type_of(value));
    }
    for (path, inner) in children(value, path, depth) {
        record_types(inner, &path, depth.saturating_add(1), seen);
    }
}

/// Returns the children of a value, each with its path. The names of a table are all `*`.
fn children<'v>(value: &'v Value, path: &str, depth: usize) -> Vec<(String, &'v Value)> {
    match value {
        _ if depth >= MAX_DEPTH => Vec::new(),
        Value::Array(list) => {
            list.iter().take(MAX_ELEMENTS).map(|inner| (format!("{path}{ELEMENT}"), inner)).collect()
        }
        Value::Object(object) => {
            let is_table = object.len() > MAX_NAMES;
            let named =
                |name: &str| if is_table { ANY_NAME.into() } else { loggable_name(name).into_owned() };
            let below = |name: String| if path.is_empty() { name } else { format!("{path}.{name}") };
            members(object).map(|(name, inner)| (below(named(name)), inner)).collect()
        }
        _ => Vec::new(),
    }
}

/// Returns the members that are compared.
pub(super) fn members(object: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    object.iter().take(MAX_NAMES.saturating_mul(2))
}

/// Returns a field's name in lower case, or `*` if it does not look like a field's name, so that it may be data.
pub(super) fn loggable_name(name: &str) -> Cow<'_, str> {
    if !looks_like_field(name) {
        Cow::Borrowed(ANY_NAME)
    } else if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// Returns true for a short name of letters and few digits. Longer numbers, spaces and addresses are data.
fn looks_like_field(name: &str) -> bool {
    let mut digits: usize = 0;
    let may_be_in_name = |byte: u8| {
        digits = if byte.is_ascii_digit() { digits.saturating_add(1) } else { 0 };
        digits <= MAX_DIGITS && (byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    };
    name.len() <= MAX_NAME_LEN
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(may_be_in_name)
}

/// Returns the JSON type of a value.
pub(super) const fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_is_not_in_the_text_has_no_shape() {
        for name in ["thing", "thing.mad", "thing.made complete", "id", ""] {
            assert!(Shapes::new("thing.made complete\n    id number\n").find(name).is_none(), "{name}");
        }
        assert!(Shapes::NONE.find("thing.made").is_none());
    }

    #[test]
    fn a_field_is_optional_unless_every_payload_has_it() {
        let shape = shape_of(&[
            br#"{"id":7,"note":"x","tags":{"a b":1},"lines":[{"n":1}]}"#,
            br#"{"id":7,"note":null,"lines":[]}"#,
            b"no JSON",
        ]);
        let expected = "a complete
b partial
    id number
    lines array
  ? lines[] object
  ? lines[].n number
    note null|string
  ? tags object
  ? tags.* number
";
        assert_eq!(to_text(&[("a", true), ("b", false)], &shape), expected);
    }
}
