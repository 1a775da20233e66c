//! Drift: where a delivery is not what is known of its event. It is told, and nothing else comes of it.
//!
//! Known is what the payload files of a provider show, as a text of paths and JSON types that is written from them.
//! What is told of a difference is a path and a type, never a value; and as the name of a field may be data in an
//! object that is a table (a phone number, an address), a name that could be anything else than a field's is `*`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};

use crate::event::Event;
use crate::provider::parsed_event::UnknownReason;

/// The largest body that is looked at, in bytes: the documented ones have less than a tenth of it.
const MAX_BODY_LEN: usize = 256 * 1024;

/// How many elements of a list are looked at; the others are taken to be like them.
const MAX_ELEMENTS: usize = 20;

/// How many names an object may have before it is taken for a table.
const MAX_NAMES: usize = 100;

/// How deep is looked.
const MAX_DEPTH: usize = 8;

/// How many differences of one delivery are told.
const MAX_TOLD: usize = 20;

/// The longest name that is told, in bytes.
const MAX_NAME_LEN: usize = 40;

/// How many digits in a row a name may have: more of them are somebody's number.
const MAX_DIGITS: usize = 2;

/// What stands for a name that may be data.
const ANY_NAME: &str = "*";

/// What is known of a provider's events. A text: lines at the margin name events and how far each is documented,
/// indented ones below them a path and its types, with a `?` before what not every payload has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shapes(&'static str);

/// Paths and what stands there.
pub type Shape = BTreeMap<String, Field>;

/// What stands at a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// The JSON types.
    pub types: BTreeSet<String>,
    /// Whether a payload may be without it.
    pub optional: bool,
}

/// Where a delivery is not what is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    /// What contradicts the documentation: the provider has changed something, or never told.
    pub contradictions: Vec<Difference>,
    /// What is new to us, or not there, where the documentation is known to be incomplete.
    pub undocumented: Vec<Difference>,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// The event is in no catalogue.
    Event,
    /// The body is not what it should be, not even its outline.
    Body,
    /// A field that nobody knew, of this type.
    New(String, &'static str),
    /// A field that was always there.
    Missing(String),
    /// A field with another type than ever, this one.
    Type(String, &'static str),
    /// A field with a value that the documentation neither lists nor shows. The value is not told.
    Value(&'static str),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event => f.write_str("unknown event"),
            Self::Body => f.write_str("unreadable body"),
            Self::New(path, of) => write!(f, "new {path}: {of}"),
            Self::Missing(path) => write!(f, "missing {path}"),
            Self::Type(path, of) => write!(f, "type of {path}: {of}"),
            Self::Value(path) => write!(f, "value of {path}"),
        }
    }
}

/// Looks for drift in a provider's events, and reads what is known of an event once.
#[derive(Debug)]
pub struct DriftDetector {
    shapes: Shapes,
    read: Mutex<HashMap<String, Arc<Known>>>,
}

impl DriftDetector {
    /// One that has seen nothing yet.
    pub fn new(shapes: Shapes) -> Self {
        Self { shapes, read: Mutex::default() }
    }

    /// What is to be told of an event; nothing where it is as it should be.
    pub fn drift_of(&self, event: &Event) -> Option<Drift> {
        let (reading, body) = (event.parsed(), event.delivery());
        let json = || (body.body().len() <= MAX_BODY_LEN).then(|| body.json()).flatten();
        let drift = match reading.unknown_reason() {
            Some(UnknownReason::Event) => Drift::of_unknown(json().as_deref()),
            Some(UnknownReason::Body | UnknownReason::Nothing) => {
                Drift { contradictions: vec![Difference::Body], ..Drift::default() }
            }
            // Anyone with a browser can send such fields: they say nothing about the provider.
            Some(UnknownReason::AmbiguousSignature) => Drift::default(),
            None => {
                let known = self.known(reading.event_type.as_str());
                let drift = known.zip(json()).map(|(known, body)| known.compare(&body));
                let mut drift = drift.unwrap_or_default();
                let value = |field: &&'static str| Difference::Value(field);
                drift.contradictions.extend(reading.undocumented_values.iter().map(value));
                drift.undocumented.extend(reading.new_values.iter().map(value));
                drift
            }
        };
        (drift != Drift::default()).then_some(drift)
    }

    /// The event's name, where it is in the text; `unknown` for all others, which may be as many as a sender likes.
    pub fn name_of<'e>(&self, event: &'e Event) -> &'e str {
        let reading = event.parsed();
        let name = Some(reading.event_type.as_str());
        let name = name.filter(|_| reading.unknown_reason() != Some(UnknownReason::Event));
        name.filter(|name| self.known(name).is_some()).unwrap_or("unknown")
    }

    /// What is known of an event. Only what is in the text is remembered: there are no more than its events.
    fn known(&self, event: &str) -> Option<Arc<Known>> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = read.get(event) {
            return Some(Arc::clone(known));
        }
        let known = Arc::new(self.shapes.find(event)?);
        read.insert(event.to_owned(), Arc::clone(&known));
        Some(known)
    }
}

impl Drift {
    /// Of an event that nobody knows, the outermost names.
    fn of_unknown(body: Option<&Value>) -> Self {
        let undocumented = match body {
            Some(Value::Object(object)) => {
                let names = object
                    .iter()
                    .map(|(name, value)| Difference::New(told(name).into_owned(), type_of(value)));
                capped(names.collect())
            }
            _ => Vec::new(),
        };
        Self { contradictions: vec![Difference::Event], undocumented }
    }
}

/// What is known of one event.
#[derive(Debug)]
struct Known {
    body: Place,
    /// Whether the documentation is complete.
    complete: bool,
}

/// What is known of a place in a body, and of the places in it.
#[derive(Debug, Default)]
struct Place {
    types: Vec<&'static str>,
    optional: bool,
    names: BTreeMap<&'static str, Place>,
    elements: Option<Box<Place>>,
}

impl Shapes {
    /// Nothing is known of any event.
    pub const NONE: Self = Self("");

    /// What the text tells.
    pub const fn new(text: &'static str) -> Self {
        Self(text)
    }

    fn find(self, event: &str) -> Option<Known> {
        let mut lines = self.0.lines();
        let of_the_event = |line: &'static str| line.split_once(' ').filter(|(name, _)| *name == event);
        let (name, documented) = lines.find_map(of_the_event)?;
        // What has no name at the margin is a field.
        if name.is_empty() {
            return None;
        }
        let mut body = Place::default();
        let fields = lines.skip_while(|line| !line.starts_with(' ')).take_while(|line| line.starts_with(' '));
        for field in fields {
            if let Some((path, types)) = field.get(4..).and_then(|field| field.split_once(' ')) {
                let place = body.at(path);
                place.types = types.split('|').collect();
                place.optional = field.starts_with("  ? ");
            }
        }
        Some(Known { body, complete: documented == COMPLETE })
    }
}

impl Place {
    /// The place at a path from here, made where there is none.
    fn at(&mut self, path: &'static str) -> &mut Self {
        path.split('.').fold(self, |place, part| {
            let name = part.trim_end_matches(ELEMENT);
            let lists = part.len().saturating_sub(name.len()).checked_div(ELEMENT.len()).unwrap_or_default();
            // A body that is a list itself has no name.
            let named = if name.is_empty() { place } else { place.names.entry(name).or_default() };
            (0..lists).fold(named, |place, _| place.elements.get_or_insert_default())
        })
    }
}

/// What stands in a path for the elements of a list.
const ELEMENT: &str = "[]";

/// The word for a documentation that is complete.
const COMPLETE: &str = "complete";

/// The text of a group of events that share a shape: each with whether its documentation is complete.
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

/// The shape that several payloads have together; nothing of one that is no JSON object.
pub fn shape_of(payloads: &[&[u8]]) -> Shape {
    let mut shape = Shape::new();
    let objects: Vec<Value> = payloads.iter().filter_map(|body| serde_json::from_slice(body).ok()).collect();
    for payload in &objects {
        let mut seen = BTreeMap::new();
        note(payload, "", 0, &mut seen);
        for (path, types) in seen {
            shape.entry(path).or_default().types.extend(types.into_iter().map(str::to_owned));
        }
    }
    for (path, field) in &mut shape {
        // What stands in a list, in a table or in something that is not always there is not always there.
        let seen = |payload: &Value| path.split('.').try_fold(payload, |at, name| member(at, name)).is_some();
        field.optional = !objects.iter().all(seen);
    }
    shape
}

fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    value.as_object()?.iter().find(|(sent, _)| told(sent) == name && name != ANY_NAME).map(|(_, value)| value)
}

fn note(value: &Value, path: &str, depth: usize, seen: &mut BTreeMap<String, BTreeSet<&'static str>>) {
    if !path.is_empty() {
        seen.entry(path.to_owned()).or_default().insert(type_of(value));
    }
    for (path, inner) in inside(value, path, depth) {
        note(inner, &path, depth.saturating_add(1), seen);
    }
}

impl Known {
    fn compare(&self, body: &Value) -> Drift {
        let mut found = Found::default();
        self.body.compare(body, Path::Body, 0, &mut found);
        let Found { mut contradictions, mut new, missing } = found;
        // What we have seen of a body that is known in part may be what not every body has.
        new.extend(missing);
        if !self.complete {
            return Drift { contradictions: capped(contradictions), undocumented: capped(new) };
        }
        contradictions.extend(new);
        Drift { contradictions: capped(contradictions), undocumented: Vec::new() }
    }
}

/// What a walk has found.
#[derive(Debug, Default)]
struct Found {
    contradictions: Vec<Difference>,
    new: Vec<Difference>,
    missing: Vec<Difference>,
}

/// Where in a body something stands: text only once there is something to tell of it.
#[derive(Clone, Copy, Debug)]
enum Path<'p> {
    Body,
    Name(&'p Path<'p>, &'p str),
    Element(&'p Path<'p>),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body => Ok(()),
            Self::Name(Self::Body, name) => f.write_str(name),
            Self::Name(path, name) => write!(f, "{path}.{name}"),
            Self::Element(path) => write!(f, "{path}{ELEMENT}"),
        }
    }
}

impl Place {
    /// Looks at what is inside a value that stands here. Below what is new nothing is looked at.
    fn compare(&self, value: &Value, path: Path<'_>, depth: usize, found: &mut Found) {
        match value {
            _ if depth >= MAX_DEPTH => {}
            Value::Array(list) => {
                for inner in list.iter().take(MAX_ELEMENTS) {
                    meet(self.elements.as_deref(), inner, Path::Element(&path), depth, found);
                }
                self.miss(path, &BTreeSet::new(), found);
            }
            Value::Object(object) => {
                let is_table = object.len() > MAX_NAMES || self.names.contains_key(ANY_NAME);
                let mut there = BTreeSet::new();
                for (name, inner) in members(object) {
                    if let Some((name, place)) = self.named(name, is_table) {
                        if !place.optional {
                            there.insert(name);
                        }
                        meet(Some(place), inner, Path::Name(&path, name), depth, found);
                    } else {
                        let name = if is_table { Cow::Borrowed(ANY_NAME) } else { told(name) };
                        meet(None, inner, Path::Name(&path, &name), depth, found);
                    }
                }
                self.miss(path, &there, found);
            }
            _ => self.miss(path, &BTreeSet::new(), found),
        }
    }

    /// What is known of the place with this name, and the name that it is known by.
    fn named(&self, name: &str, is_table: bool) -> Option<(&'static str, &Self)> {
        let known = |name: &str| self.names.get_key_value(name);
        // Most names are spelt as they are told.
        let place = known(name).or_else(|| known(&told(name)));
        let place = place.or_else(|| is_table.then(|| known(ANY_NAME)).flatten());
        place.map(|(name, place)| (*name, place))
    }

    /// Tells which of the names that were always here are not there now, and what was always inside them.
    fn miss(&self, path: Path<'_>, there: &BTreeSet<&str>, found: &mut Found) {
        for (name, place) in
            self.names.iter().filter(|(name, place)| !place.optional && !there.contains(*name))
        {
            let path = Path::Name(&path, name);
            found.missing.push(Difference::Missing(path.to_string()));
            place.miss(path, &BTreeSet::new(), found);
        }
    }

    /// Whether nothing is known of the type: no payload shows a value.
    fn is_open(&self) -> bool {
        self.types.iter().all(|of| *of == "null")
    }
}

/// Looks at a value, and at what is inside it where its place is known.
fn meet(place: Option<&Place>, value: &Value, path: Path<'_>, depth: usize, found: &mut Found) {
    let Some(place) = place else {
        found.new.push(Difference::New(path.to_string(), type_of(value)));
        return;
    };
    if !(value.is_null() || place.types.contains(&type_of(value)) || place.is_open()) {
        found.contradictions.push(Difference::Type(path.to_string(), type_of(value)));
    }
    place.compare(value, path, depth.saturating_add(1), found);
}

/// What stands inside a value, each with its path. The names of a table are all `*`.
fn inside<'v>(value: &'v Value, path: &str, depth: usize) -> Vec<(String, &'v Value)> {
    match value {
        _ if depth >= MAX_DEPTH => Vec::new(),
        Value::Array(list) => {
            list.iter().take(MAX_ELEMENTS).map(|inner| (format!("{path}{ELEMENT}"), inner)).collect()
        }
        Value::Object(object) => {
            let is_table = object.len() > MAX_NAMES;
            let named = |name: &str| if is_table { ANY_NAME.into() } else { told(name).into_owned() };
            let below = |name: String| if path.is_empty() { name } else { format!("{path}.{name}") };
            members(object).map(|(name, inner)| (below(named(name)), inner)).collect()
        }
        _ => Vec::new(),
    }
}

fn members(object: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    object.iter().take(MAX_NAMES.saturating_mul(2))
}

/// A field's name as it may be told: in lower case, and `*` where it does not look like a field's name.
fn told(name: &str) -> Cow<'_, str> {
    if !is_a_fields(name) {
        Cow::Borrowed(ANY_NAME)
    } else if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

fn is_a_fields(name: &str) -> bool {
    let mut digits: usize = 0;
    let may_be_in_it = |byte: u8| {
        digits = if byte.is_ascii_digit() { digits.saturating_add(1) } else { 0 };
        digits <= MAX_DIGITS && (byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    };
    name.len() <= MAX_NAME_LEN
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(may_be_in_it)
}

fn capped(mut differences: Vec<Difference>) -> Vec<Difference> {
    differences.sort();
    differences.dedup();
    differences.truncate(MAX_TOLD);
    differences
}

const fn type_of(value: &Value) -> &'static str {
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
    use crate::provider::parsed_event::ParsedEvent;
    use crate::received_at::ReceivedAt;
    use crate::test_provider::{TestProvider, delivered, sent};
    use proptest::prelude::*;

    /// One event with complete documentation and one without.
    const TEXT: &str = "thing.made complete
thing.seen partial
    id number
  ? note null|string
    owner object
    owner.name string
  ? parts array
  ? parts[] object
  ? parts[].price string
  ? shelves object
  ? shelves.* number
";
    const AS_EVER: &str = r#"{"ID":7,"owner":{"name":"x"},"parts":[{"price":"1"}],"shelves":{"Sara Ali":1}}"#;

    fn told_of(event: &str, body: &str) -> (Vec<String>, Vec<String>) {
        let body = serde_json::from_str(body).expect("a body that is JSON");
        let drift = Shapes::new(TEXT).find(event).expect("a known event").compare(&body);
        let text = |differences: Vec<Difference>| differences.iter().map(ToString::to_string).collect();
        (text(drift.contradictions), text(drift.undocumented))
    }

    #[test]
    fn what_is_as_ever_is_not_told() {
        for body in [AS_EVER, &AS_EVER.replace("\"x\"", "null"), &AS_EVER.replace("\"ID\"", "\"id\"")] {
            assert_eq!(told_of("thing.made", body), (vec![], vec![]), "{body}");
        }
    }

    #[test]
    fn what_is_different_is_told_by_name_and_type_alone() {
        let body = |from: &str, to: &str| AS_EVER.replace(from, to);
        for (body, expected) in [
            (body("\"ID\":7,", ""), "missing id"),
            (body("7", "\"7\""), "type of id: string"),
            (body("\"1\"", "1"), "type of parts[].price: number"),
            (body("7,", "7,\"tier\":{\"secret\":1},"), "new tier: object"),
            (body("{\"name\"", "{\"+966500000000\":1,\"name\""), "new owner.*: number"),
            (body("{\"name\"", "{\"sara@example.com\":1,\"name\""), "new owner.*: number"),
            (body(":1}", ":\"1\"}"), "type of shelves.*: string"),
            (body("{\"name\":\"x\"}", "null"), "missing owner.name"),
            (body("[{", "[[1],{"), "new parts[][]: number; type of parts[]: array"),
            (body("\"owner\":{\"name\":\"x\"},", ""), "missing owner; missing owner.name"),
        ] {
            let (contradictions, undocumented) = told_of("thing.made", &body);
            assert_eq!((contradictions.join("; ").as_str(), undocumented), (expected, vec![]), "{body}");
        }
    }

    #[test]
    fn where_the_documentation_is_incomplete_a_new_and_a_missing_field_contradict_nothing() {
        let body = r#"{"id":"7","tier":1}"#;
        let (contradictions, undocumented) = told_of("thing.seen", body);
        assert_eq!(contradictions, ["type of id: string"]);
        assert_eq!(undocumented, ["new tier: number", "missing owner", "missing owner.name"]);
    }

    #[test]
    fn a_field_that_not_every_payload_has_is_missed_nowhere() {
        let body = r#"{"id":7,"owner":{"name":"x"}}"#;
        for event in ["thing.made", "thing.seen"] {
            assert_eq!(told_of(event, body), (vec![], vec![]), "{event}");
        }
    }

    #[test]
    fn a_body_that_is_a_list_is_known_by_its_elements() {
        let known = Shapes::new("thing.listed complete\n  ? [] object\n  ? [].id number\n");
        let known = known.find("thing.listed").expect("a known event");
        for (body, expected) in [
            (serde_json::json!([{"id": 7}]), vec![]),
            (serde_json::json!([{"id": "7"}, 8]), vec!["type of []: number", "type of [].id: string"]),
        ] {
            let told: Vec<String> =
                known.compare(&body).contradictions.iter().map(ToString::to_string).collect();
            assert_eq!(told, expected, "{body}");
        }
    }

    #[test]
    fn an_event_that_is_not_in_the_text_has_no_shape() {
        for name in ["thing", "thing.mad", "thing.made complete", "id", ""] {
            assert!(Shapes::new(TEXT).find(name).is_none(), "{name}");
        }
        assert!(Shapes::NONE.find("thing.made").is_none());
    }

    #[test]
    fn what_drifts_goes_by_a_name_of_the_text_and_by_no_other() {
        let delivery = || delivered(sent("", "no JSON"), ReceivedAt::EPOCH);
        for (name, why, expected) in [
            ("thing.made", UnknownReason::Body, "thing.made"),
            ("anything-that-the-url-says", UnknownReason::Body, "unknown"),
            ("thing.teleported", UnknownReason::Event, "unknown"),
        ] {
            let event = delivery().into_event::<TestProvider>(ParsedEvent::unknown(name, why, None));
            let sentinel = DriftDetector::new(Shapes::new(TEXT));
            assert!(sentinel.drift_of(&event).is_some(), "{name}");
            assert_eq!(sentinel.name_of(&event), expected, "{name}");
        }
    }

    #[test]
    fn the_text_of_payloads_tells_what_all_of_them_have() {
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

    #[test]
    fn a_hostile_body_is_told_in_a_few_words() {
        let names: Vec<String> = (0..5_000).map(|n| format!("\"f{n}x\":1,")).collect();
        let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        for body in [format!("{{{}\"id\":7}}", names.concat()), deep] {
            let (contradictions, undocumented) = told_of("thing.seen", &body);
            assert!(contradictions.len() + undocumented.len() <= 2 * MAX_TOLD);
        }
    }

    proptest! {
        #[test]
        fn no_value_and_no_name_that_is_none_is_ever_told(name in "\\PC{0,60}", value in "[0-9]{5,9}") {
            let body = serde_json::json!({"id": 7, "owner": {&name: {&value: &value}}}).to_string();
            for told in told_of("thing.made", &body).0 {
                prop_assert!(!told.contains(&value), "{}", told);
                prop_assert!(told.is_ascii(), "{}", told);
            }
        }
    }
}
