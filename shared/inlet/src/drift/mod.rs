//! Drift: differences between a delivery and the known shape of its event. They are reported, and nothing else happens.
//!
//! The known shapes come from a provider's payload files, as a text of paths and JSON types that is generated from
//! them. A difference is reported as a path and a type, never a value. The name of a field may be data in an object
//! that is a table (a phone number, an address), so a name that does not look like a field's is reported as `*`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};

use crate::event::Event;
use crate::provider::parsed_event::UnknownReason;

/// The largest body that is compared, in bytes: the documented ones have less than a tenth of it.
const MAX_BODY_LEN: usize = 256 * 1024;

/// Number of elements of a list that are compared; the others are assumed to be alike.
const MAX_ELEMENTS: usize = 20;

/// Number of names above which an object counts as a table.
const MAX_NAMES: usize = 100;

/// Maximum depth of the comparison.
const MAX_DEPTH: usize = 8;

/// Maximum number of reported differences of one delivery.
const MAX_TOLD: usize = 20;

/// The longest name that is reported, in bytes.
const MAX_NAME_LEN: usize = 40;

/// Maximum number of digits in a row in a name: more of them are a person's number.
const MAX_DIGITS: usize = 2;

/// Replaces a name that may be data.
const ANY_NAME: &str = "*";

/// The known shapes of a provider's events, as text: lines at the margin name events and how well each is documented,
/// indented ones below them a path and its types, with a `?` before what not every payload has.
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

/// The differences of a delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    /// Contradictions of the documentation: the provider changed something, or never documented it.
    pub contradictions: Vec<Difference>,
    /// New or missing parts, where the documentation is known to be incomplete.
    pub undocumented: Vec<Difference>,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// The event is in no catalogue.
    Event,
    /// The body contradicts even the outline of its documentation.
    Body,
    /// An unknown field, of this type.
    New(String, &'static str),
    /// A missing field that every known payload has.
    Missing(String),
    /// A field with a type that no payload has: this one.
    Type(String, &'static str),
    /// A field with a value that the documentation neither lists nor shows. The value is not reported.
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

/// Detects drift in a provider's events. Parses each known shape once.
#[derive(Debug)]
pub struct DriftDetector {
    shapes: Shapes,
    read: Mutex<HashMap<String, Arc<Known>>>,
}

impl DriftDetector {
    /// Returns a detector that has parsed no shape yet.
    pub fn new(shapes: Shapes) -> Self {
        Self { shapes, read: Mutex::default() }
    }

    /// Returns the differences of an event; `None` if there is none.
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

    /// Returns the event's name if it is in the text, else `unknown`: a sender can send any number of other names.
    pub fn name_of<'e>(&self, event: &'e Event) -> &'e str {
        let reading = event.parsed();
        let name = Some(reading.event_type.as_str());
        let name = name.filter(|_| reading.unknown_reason() != Some(UnknownReason::Event));
        name.filter(|name| self.known(name).is_some()).unwrap_or("unknown")
    }

    /// Returns the known shape of an event. Only events of the text are cached: their number is bounded.
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
    /// Returns the outermost names of an undocumented event.
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

/// The known shape of one event.
#[derive(Debug)]
struct Known {
    body: Place,
    /// True if the documentation is complete.
    complete: bool,
}

/// The known shape of a place in a body, and of the places in it.
#[derive(Debug, Default)]
struct Place {
    types: Vec<&'static str>,
    optional: bool,
    names: BTreeMap<&'static str, Place>,
    elements: Option<Box<Place>>,
}

impl Shapes {
    /// Returns shapes without any event.
    pub const NONE: Self = Self("");

    /// Parses the text of the shapes.
    pub const fn new(text: &'static str) -> Self {
        Self(text)
    }

    fn find(self, event: &str) -> Option<Known> {
        let mut lines = self.0.lines();
        let of_the_event = |line: &'static str| line.split_once(' ').filter(|(name, _)| *name == event);
        let (name, documented) = lines.find_map(of_the_event)?;
        // A line that does not start at the margin is a field.
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
    /// Returns the place at a path from here, created if it does not exist.
    fn at(&mut self, path: &'static str) -> &mut Self {
        path.split('.').fold(self, |place, part| {
            let name = part.trim_end_matches(ELEMENT);
            let lists = part.len().saturating_sub(name.len()).checked_div(ELEMENT.len()).unwrap_or_default();
            // A body that is itself a list has no name.
            let named = if name.is_empty() { place } else { place.names.entry(name).or_default() };
            (0..lists).fold(named, |place, _| place.elements.get_or_insert_default())
        })
    }
}

/// The part of a path for the elements of a list.
const ELEMENT: &str = "[]";

/// The word for complete documentation.
const COMPLETE: &str = "complete";

/// Returns the text of a group of events that share a shape: each with the completeness of its documentation.
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

/// Returns the common shape of several payloads; one that is not a JSON object adds nothing.
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
        // A part of a list, of a table or of an optional part is itself optional.
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
        // A partly documented body may have parts that not every body has.
        new.extend(missing);
        if !self.complete {
            return Drift { contradictions: capped(contradictions), undocumented: capped(new) };
        }
        contradictions.extend(new);
        Drift { contradictions: capped(contradictions), undocumented: Vec::new() }
    }
}

/// The result of a comparison.
#[derive(Debug, Default)]
struct Found {
    contradictions: Vec<Difference>,
    new: Vec<Difference>,
    missing: Vec<Difference>,
}

/// A place in a body; its text is built only for a report.
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
    /// Compares the content of a value at this place. Below a new field nothing is compared.
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

    /// Returns the known place with this name, and its known name.
    fn named(&self, name: &str, is_table: bool) -> Option<(&'static str, &Self)> {
        let known = |name: &str| self.names.get_key_value(name);
        // Most names are reported as they are spelt.
        let place = known(name).or_else(|| known(&told(name)));
        let place = place.or_else(|| is_table.then(|| known(ANY_NAME)).flatten());
        place.map(|(name, place)| (*name, place))
    }

    /// Reports the names that every payload has here and that are missing now, with the parts that are always inside
    /// them.
    fn miss(&self, path: Path<'_>, there: &BTreeSet<&str>, found: &mut Found) {
        for (name, place) in
            self.names.iter().filter(|(name, place)| !place.optional && !there.contains(*name))
        {
            let path = Path::Name(&path, name);
            found.missing.push(Difference::Missing(path.to_string()));
            place.miss(path, &BTreeSet::new(), found);
        }
    }

    /// Returns true if no payload shows a value, so that the type is unknown.
    fn is_open(&self) -> bool {
        self.types.iter().all(|of| *of == "null")
    }
}

/// Compares a value, and its content if its place is known.
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

/// Returns the children of a value, each with its path. The names of a table are all `*`.
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

/// Returns a field's name for a report: in lower case, or `*` if it does not look like a field's name.
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

    /// Shapes with one completely documented event and one other.
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
