//! Compares deliveries with the known shapes of their events.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::drift::shapes::{
    ANY_NAME, ELEMENT, EventShape, MAX_DEPTH, MAX_ELEMENTS, MAX_NAMES, ShapeNode, Shapes, loggable_name,
    members, type_of,
};
use crate::event::Event;
use crate::provider::parsed_event::UnknownReason;

/// Maximum length of a body that is compared, in bytes: the documented ones have less than a tenth of it.
const MAX_BODY_LEN: usize = 256 * 1024;

/// Maximum number of reported differences of one delivery.
const MAX_DIFFERENCES: usize = 20;

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
    parsed: Mutex<HashMap<String, Arc<EventShape>>>,
}

impl DriftDetector {
    /// Returns a detector that has parsed no shape yet.
    pub fn new(shapes: Shapes) -> Self {
        Self { shapes, parsed: Mutex::default() }
    }

    /// Returns the differences of an event; `None` if there is none.
    pub fn drift_of(&self, event: &Event) -> Option<Drift> {
        let (parsed, delivery) = (event.parsed(), event.delivery());
        let json = || (delivery.body().len() <= MAX_BODY_LEN).then(|| delivery.json()).flatten();
        let drift = match parsed.unknown_reason() {
            Some(UnknownReason::Event) => Drift::of_unknown(json().as_deref()),
            Some(UnknownReason::Body | UnknownReason::Nothing) => {
                Drift { contradictions: vec![Difference::Body], ..Drift::default() }
            }
            // Any browser can send such fields: they are not evidence of a change at the provider.
            Some(UnknownReason::AmbiguousSignature) => Drift::default(),
            None => {
                let shape = self.shape(parsed.event_type.as_str());
                let drift = shape.zip(json()).map(|(shape, body)| shape.compare(&body));
                let mut drift = drift.unwrap_or_default();
                let value = |field: &&'static str| Difference::Value(field);
                drift.contradictions.extend(parsed.undocumented_values.iter().map(value));
                drift.undocumented.extend(parsed.new_values.iter().map(value));
                drift
            }
        };
        (drift != Drift::default()).then_some(drift)
    }

    /// Returns the differences between a stored body and the known shape of its event; `None` if the event has no known
    /// shape, or the body is not JSON or too long to compare. Undocumented values are not among the differences: only
    /// parsing finds them.
    pub fn drift_of_body(&self, event: &str, body: &[u8]) -> Option<Drift> {
        let shape = self.shape(event)?;
        let body: Value =
            (body.len() <= MAX_BODY_LEN).then(|| serde_json::from_slice(body).ok()).flatten()?;
        Some(shape.compare(&body))
    }

    /// Returns the event's name if it has a known shape, else `unknown`: a sender can send any number of other names.
    pub fn name_of<'e>(&self, event: &'e Event) -> &'e str {
        let parsed = event.parsed();
        let name = Some(parsed.event_type.as_str());
        let name = name.filter(|_| parsed.unknown_reason() != Some(UnknownReason::Event));
        name.filter(|name| self.shape(name).is_some()).unwrap_or("unknown")
    }

    /// Returns the known shape of an event. Only known events are cached, so the cache is bounded.
    fn shape(&self, event: &str) -> Option<Arc<EventShape>> {
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shape) = parsed.get(event) {
            return Some(Arc::clone(shape));
        }
        let shape = Arc::new(self.shapes.find(event)?);
        parsed.insert(event.to_owned(), Arc::clone(&shape));
        Some(shape)
    }
}

impl Drift {
    /// Returns the drift of an undocumented event: its outermost names.
    fn of_unknown(body: Option<&Value>) -> Self {
        let undocumented = match body {
            Some(Value::Object(object)) => {
                let names = object
                    .iter()
                    .map(|(name, value)| Difference::New(loggable_name(name).into_owned(), type_of(value)));
                sorted_and_capped(names.collect())
            }
            _ => Vec::new(),
        };
        Self { contradictions: vec![Difference::Event], undocumented }
    }
}

impl EventShape {
    /// Compares a body with this shape.
    fn compare(&self, body: &Value) -> Drift {
        let mut found = Found::default();
        self.body.compare(body, Path::Body, 0, &mut found);
        let Found { mut contradictions, mut new, missing } = found;
        // A partly documented body may have parts that not every body has.
        new.extend(missing);
        if !self.complete {
            return Drift {
                contradictions: sorted_and_capped(contradictions),
                undocumented: sorted_and_capped(new),
            };
        }
        contradictions.extend(new);
        Drift { contradictions: sorted_and_capped(contradictions), undocumented: Vec::new() }
    }
}

/// The result of a comparison.
#[derive(Debug, Default)]
struct Found {
    contradictions: Vec<Difference>,
    new: Vec<Difference>,
    missing: Vec<Difference>,
}

/// The path of a value in a body; its text is built only for a report.
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

impl ShapeNode {
    /// Compares the content of a value at this node. The content of a new field is not compared.
    fn compare(&self, value: &Value, path: Path<'_>, depth: usize, found: &mut Found) {
        match value {
            _ if depth >= MAX_DEPTH => {}
            Value::Array(list) => {
                for inner in list.iter().take(MAX_ELEMENTS) {
                    compare_value(self.elements.as_deref(), inner, Path::Element(&path), depth, found);
                }
                self.report_missing(path, &BTreeSet::new(), found);
            }
            Value::Object(object) => {
                let is_table = object.len() > MAX_NAMES || self.names.contains_key(ANY_NAME);
                let mut there = BTreeSet::new();
                for (name, inner) in members(object) {
                    if let Some((name, node)) = self.field(name, is_table) {
                        if !node.optional {
                            there.insert(name);
                        }
                        compare_value(Some(node), inner, Path::Name(&path, name), depth, found);
                    } else {
                        let name = if is_table { Cow::Borrowed(ANY_NAME) } else { loggable_name(name) };
                        compare_value(None, inner, Path::Name(&path, &name), depth, found);
                    }
                }
                self.report_missing(path, &there, found);
            }
            _ => self.report_missing(path, &BTreeSet::new(), found),
        }
    }

    /// Reports the fields that every payload has and that this body lacks, with the fields that they always contain.
    fn report_missing(&self, path: Path<'_>, there: &BTreeSet<&str>, found: &mut Found) {
        for (name, node) in self.names.iter().filter(|(name, node)| !node.optional && !there.contains(*name))
        {
            let path = Path::Name(&path, name);
            found.missing.push(Difference::Missing(path.to_string()));
            node.report_missing(path, &BTreeSet::new(), found);
        }
    }
}

/// Compares a value, and its content if it has a node.
fn compare_value(node: Option<&ShapeNode>, value: &Value, path: Path<'_>, depth: usize, found: &mut Found) {
    let Some(node) = node else {
        found.new.push(Difference::New(path.to_string(), type_of(value)));
        return;
    };
    if !(value.is_null() || node.types.contains(&type_of(value)) || node.is_open()) {
        found.contradictions.push(Difference::Type(path.to_string(), type_of(value)));
    }
    node.compare(value, path, depth.saturating_add(1), found);
}

/// Sorts differences, and drops repeated ones and those above the maximum.
fn sorted_and_capped(mut differences: Vec<Difference>) -> Vec<Difference> {
    differences.sort();
    differences.dedup();
    differences.truncate(MAX_DIFFERENCES);
    differences
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
    const USUAL: &str = r#"{"ID":7,"owner":{"name":"x"},"parts":[{"price":"1"}],"shelves":{"Sara Ali":1}}"#;

    fn differences(event: &str, body: &str) -> (Vec<String>, Vec<String>) {
        let body = serde_json::from_str(body).expect("a body that is JSON");
        let drift = Shapes::new(TEXT).find(event).expect("a known event").compare(&body);
        let text = |differences: Vec<Difference>| differences.iter().map(ToString::to_string).collect();
        (text(drift.contradictions), text(drift.undocumented))
    }

    #[test]
    fn a_usual_body_has_no_drift() {
        for body in [USUAL, &USUAL.replace("\"x\"", "null"), &USUAL.replace("\"ID\"", "\"id\"")] {
            assert_eq!(differences("thing.made", body), (vec![], vec![]), "{body}");
        }
    }

    #[test]
    fn a_difference_is_reported_by_path_and_type_alone() {
        let body = |from: &str, to: &str| USUAL.replace(from, to);
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
            let (contradictions, undocumented) = differences("thing.made", &body);
            assert_eq!((contradictions.join("; ").as_str(), undocumented), (expected, vec![]), "{body}");
        }
    }

    #[test]
    fn new_fields_contradict_only_complete_documentation() {
        let body = r#"{"id":"7","tier":1}"#;
        let (contradictions, undocumented) = differences("thing.seen", body);
        assert_eq!(contradictions, ["type of id: string"]);
        assert_eq!(undocumented, ["new tier: number", "missing owner", "missing owner.name"]);
    }

    #[test]
    fn a_missing_optional_field_is_not_drift() {
        let body = r#"{"id":7,"owner":{"name":"x"}}"#;
        for event in ["thing.made", "thing.seen"] {
            assert_eq!(differences(event, body), (vec![], vec![]), "{event}");
        }
    }

    #[test]
    fn the_elements_of_a_body_that_is_a_list_are_compared() {
        let known = Shapes::new("thing.listed complete\n  ? [] object\n  ? [].id number\n");
        let known = known.find("thing.listed").expect("a known event");
        for (body, expected) in [
            (serde_json::json!([{"id": 7}]), vec![]),
            (serde_json::json!([{"id": "7"}, 8]), vec!["type of []: number", "type of [].id: string"]),
        ] {
            let types: Vec<String> =
                known.compare(&body).contradictions.iter().map(ToString::to_string).collect();
            assert_eq!(types, expected, "{body}");
        }
    }

    #[test]
    fn only_names_with_a_known_shape_are_reported() {
        let delivery = || delivered(sent("", "no JSON"), ReceivedAt::EPOCH);
        for (name, why, expected) in [
            ("thing.made", UnknownReason::Body, "thing.made"),
            ("a-topic-of-the-url", UnknownReason::Body, "unknown"),
            ("thing.teleported", UnknownReason::Event, "unknown"),
        ] {
            let event = delivery().into_event::<TestProvider>(ParsedEvent::unknown(name, why, None));
            let detector = DriftDetector::new(Shapes::new(TEXT));
            assert!(detector.drift_of(&event).is_some(), "{name}");
            assert_eq!(detector.name_of(&event), expected, "{name}");
        }
    }

    #[test]
    fn a_hostile_body_gives_few_differences() {
        let names: Vec<String> = (0..5_000).map(|n| format!("\"f{n}x\":1,")).collect();
        let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        for body in [format!("{{{}\"id\":7}}", names.concat()), deep] {
            let (contradictions, undocumented) = differences("thing.seen", &body);
            assert!(contradictions.len() + undocumented.len() <= 2 * MAX_DIFFERENCES);
        }
    }

    proptest! {
        #[test]
        fn no_value_and_no_name_that_may_be_data_is_reported(name in "\\PC{0,60}", value in "[0-9]{5,9}") {
            let body = serde_json::json!({"id": 7, "owner": {&name: {&value: &value}}}).to_string();
            for difference in differences("thing.made", &body).0 {
                prop_assert!(!difference.contains(&value), "{}", difference);
                prop_assert!(difference.is_ascii(), "{}", difference);
            }
        }
    }
}
