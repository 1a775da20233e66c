//! The generated parts of `docs/events.md`: the catalogue of events, and the field that each canonical field is read
//! from.
//!
//! The second part is derived: each leaf of each payload file is changed, and the canonical fields that change with it
//! are read from it.

use std::collections::{BTreeMap, BTreeSet};

use inlet::canonical::State;
use inlet::proof::verify;
use inlet::received_at::ReceivedAt;
use inlet::request::Unverified;
use inlet::store::StoreName;
use inlet::tools::event_catalogue::{EventEntry, entries};
use inlet::tools::registration::Registering;
use inlet::tools::sender::{Payload, Sender, delivery};
use inlet_providers::{ToolsVisitor, for_each_with_tools};
use serde_json::{Value, json};

use crate::{marks, repository};

/// The document.
pub const DOCUMENT: &str = "docs/events.md";

/// Returns the document with its generated parts written from the catalogues and the payload files.
pub fn document() -> String {
    let mut parts = Parts::default();
    for_each_with_tools(&mut parts);
    let (catalogue, fields): (String, String) = parts.0.into_values().unzip();
    [("states", states()), ("catalogue", catalogue), ("fields", fields)]
        .into_iter()
        .fold(repository::text(DOCUMENT), |document, (name, part)| marks::replace(&document, name, &part))
}

/// Each provider's catalogue and fields, in the order of the names.
#[derive(Default)]
struct Parts(BTreeMap<&'static str, (String, String)>);

impl ToolsVisitor for Parts {
    fn visit<P: Registering>(&mut self) {
        self.0.insert(P::NAME, (catalogue::<P>(), fields::<P>()));
    }
}

/// Returns the common states, each with the sentences of its schema.
fn states() -> String {
    let schema = inlet::canonical::event_schema().to_value();
    let described = schema["$defs"]["State"]["oneOf"].as_array().expect("states with descriptions").clone();
    let mut table = "| `state` | meaning |\n|---|---|\n".to_owned();
    for state in State::ALL {
        let is_it = |described: &&Value| described["const"] == state.as_str();
        let meaning = described.iter().find(is_it).and_then(|state| state["description"].as_str());
        table += &format!("| `{}` | {} |\n", state.as_str(), meaning.expect("a described state"));
    }
    table
}

fn catalogue<S: Sender>() -> String {
    let mut text = format!("\n### {}\n\n", S::NAME);
    text += "| provider's event | sent when | type | entity | documented | samples |\n|---|---|---|---|---|---|\n";
    entries(S::NAME, S::EVENTS, S::PAYLOADS).iter().map(row).for_each(|row| text += &row);
    text
}

fn row(entry: &EventEntry) -> String {
    let aliases = entry.aliases.iter().map(|alias| format!(", `{alias}`")).collect::<String>();
    let types = entry.types.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" ");
    let samples = entry.samples.iter().enumerate();
    let samples = samples.map(|(at, file)| format!("[{}](../events/{file})", at + 1)).collect::<Vec<_>>();
    format!(
        "| `{}`{aliases} | {} | {types} | [{}](../{}): {} | {} | {} |\n",
        entry.event,
        if entry.sent_when.is_empty() { "not documented" } else { entry.sent_when },
        entry.kind,
        entry.schema,
        entry.entity,
        entry.documented,
        samples.join(" "),
    )
}

/// Canonical fields and the provider's fields that they are read from, by kind.
type Mapping = BTreeMap<&'static str, BTreeMap<String, BTreeSet<String>>>;

fn fields<S: Sender>() -> String {
    let mut mapping = Mapping::new();
    for payload in S::PAYLOADS.iter().filter(|payload| !payload.is_form()) {
        map::<S>(payload, &mut mapping);
    }
    let mut text = format!("\n### {}\n", S::NAME);
    for (kind, fields) in mapping {
        text += &format!("\n**{kind}**\n\n| canonical field | {}'s field |\n|---|---|\n", S::NAME);
        for (canonical, theirs) in fields {
            let theirs = theirs.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", ");
            text += &format!("| `{canonical}` | {theirs} |\n");
        }
    }
    text
}

/// Adds what one payload file shows.
fn map<S: Sender>(payload: &Payload, mapping: &mut Mapping) {
    let body: Value = serde_json::from_slice(payload.body).expect("a payload file is JSON");
    let (kind, before) = canonical::<S>(payload, &body);
    let mut leaves = Vec::new();
    leaves_of(&body, "", &mut leaves);
    for (pointer, path) in leaves {
        // The change that touches the fewest fields shows best which are read from the leaf. Two are few enough.
        let mut best: Option<BTreeSet<String>> = None;
        for other in others() {
            let mut changed = body.clone();
            *changed.pointer_mut(&pointer).expect("a leaf's place") = other;
            let (kind_then, after) = canonical::<S>(payload, &changed);
            let fields = differences(&before, &after);
            let is_better = best.as_ref().is_none_or(|best| fields.len() < best.len());
            if kind_then == kind && !fields.is_empty() && is_better {
                best = Some(fields);
            }
            if best.as_ref().is_some_and(|best| best.len() <= 2) {
                break;
            }
        }
        for field in best.unwrap_or_default() {
            mapping.entry(kind).or_default().entry(field).or_default().insert(path.clone());
        }
    }
}

/// Values that a leaf is changed to.
fn others() -> Vec<Value> {
    vec![
        json!("917.25"),
        json!("canary"),
        json!(true),
        json!(false),
        json!("2031-07-08T09:10:11.5Z"),
        json!("USD"),
        Value::Null,
    ]
}

/// Collects the leaves of a body: the JSON pointer and the path with `[]` for elements.
fn leaves_of(value: &Value, pointer: &str, leaves: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                leaves_of(inner, &format!("{pointer}/{name}"), leaves);
            }
        }
        Value::Array(elements) => {
            for (at, inner) in elements.iter().enumerate() {
                leaves_of(inner, &format!("{pointer}/{at}"), leaves);
            }
        }
        _ => leaves.push((pointer.to_owned(), path_of(pointer))),
    }
}

/// Returns a pointer such as `/products/0/name` as a path, `products[].name`.
fn path_of(pointer: &str) -> String {
    let mut path = String::new();
    for part in pointer.split('/').skip(1) {
        if part.bytes().all(|b| b.is_ascii_digit()) && !part.is_empty() {
            path.push_str("[]");
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(part);
        }
    }
    path
}

/// Returns the kind of the event, and its canonical object as paths and values.
fn canonical<S: Sender>(payload: &Payload, body: &Value) -> (&'static str, BTreeMap<String, Vec<Value>>) {
    let credential = S::PROFILE.demo_credential();
    let store = StoreName::parse("demo").expect("a store's name");
    let spec = inlet::provider::catalogue::find(S::EVENTS, payload.event()).expect("a payload of an event");
    let request = delivery::<S>(store, spec, body.to_string().into_bytes(), &credential);
    let credentials = [serde_json::from_value(credential).expect("the demo credential")];
    let at = ReceivedAt::from_millis(1_749_715_272_345).expect("a time");
    let Ok(delivery) = verify::<S>(Unverified::new(request), &credentials, at) else {
        panic!("{} does not verify", payload.file)
    };
    let parsed = S::parse(&delivery);
    let mut leaves = Vec::new();
    let data = serde_json::to_value(&parsed.data).expect("canonical objects are JSON");
    leaves_of(&data, "", &mut leaves);
    let mut fields: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (pointer, path) in leaves {
        let value = data.pointer(&pointer).cloned().unwrap_or_default();
        fields.entry(without_parts(&path)).or_default().push(value);
    }
    (parsed.kind().as_str(), fields)
}

/// Returns the path of a whole amount or time: money is one field, and so is a time.
fn without_parts(path: &str) -> String {
    let part = ["amount", "currency", "local", "zone"]
        .into_iter()
        .find_map(|part| path.strip_suffix(part)?.strip_suffix('.'));
    part.unwrap_or(path).to_owned()
}

fn differences(
    before: &BTreeMap<String, Vec<Value>>,
    after: &BTreeMap<String, Vec<Value>>,
) -> BTreeSet<String> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names.into_iter().filter(|name| before.get(*name) != after.get(*name)).cloned().collect()
}
