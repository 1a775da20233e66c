//! Coverage of bodies: every leaf of every payload file is mapped, left out for a reason, or a credential.
//!
//! A leaf is mapped if some change of it changes the event: its type, verb, entity, time or canonical object. So the
//! test needs no list of mapped fields, only the list of the others.

use std::collections::{BTreeMap, BTreeSet};

use inlet::tools::sender::Sender;
use serde_json::{Value, json};

use crate::contract::{Contract, read};

/// The leaves of a provider's bodies that no canonical field holds.
pub type Table = &'static [(&'static str, &'static str, LeftOut)];

/// The reason why a leaf is not mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// It is left out on purpose, for this reason.
    Because(&'static str),
    /// It is a secret, which no canonical field may hold.
    Credential,
}

/// Checks all payload files of a provider against its table.
///
/// A row of the table has a kind of object (`*` for all), a path and a reason. A path joins names by points, `[]`
/// are the elements of a list, a path that ends in `.*` covers everything below, and one that begins with `*` covers
/// every path with this end.
///
/// # Panics
/// If a leaf is neither mapped nor in the table, if a row of the table matches no unmapped leaf, if a credential is
/// mapped, or if a reason is empty.
pub fn every_leaf_is_mapped_or_left_out<C: Contract>(table: Table) {
    let (mut unexplained, mut used, mut leaked) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
    for payload in <C::Provider as Sender>::PAYLOADS.iter().filter(|payload| !payload.is_form()) {
        let body: Value = serde_json::from_slice(payload.body).expect("a payload file is JSON");
        let kind = read::<C>(payload.event(), payload.body).kind();
        let mut leaves = Vec::new();
        collect(&body, &mut Vec::new(), &mut leaves);
        for leaf in leaves {
            let path = path_of(&leaf);
            let rows = || {
                table.iter().enumerate().filter(|(_, (of, pattern, _))| {
                    (*of == "*" || *of == kind.as_str()) && matches(pattern, &path)
                })
            };
            let is_explained = |(at, (.., why)): (usize, &(_, _, LeftOut))| {
                *why != LeftOut::Credential && used.contains(&at)
            };
            // A row needs one leaf that it explains: reading a body a dozen times for each further one takes long.
            if rows().next().is_some() && rows().all(is_explained) {
                continue;
            }
            let is_mapped = is_mapped::<C>(payload.event(), &body, &leaf);
            if is_mapped && rows().any(|(_, (.., why))| *why == LeftOut::Credential) {
                leaked.insert((kind.as_str(), path.clone()));
            }
            if !is_mapped {
                let rows: Vec<usize> = rows().map(|(at, _)| at).collect();
                if rows.is_empty() {
                    unexplained.entry((kind.as_str(), path)).or_insert(payload.file);
                }
                used.extend(rows);
            }
        }
    }
    let unused: Vec<_> = (0..table.len()).filter(|at| !used.contains(at)).map(|at| table[at]).collect();
    let list =
        |((kind, path), file): (&(&str, String), &&str)| format!("\n    ({kind:?}, {path:?}, …), // {file}");
    assert!(
        unexplained.is_empty(),
        "neither mapped nor left out for a reason:{}",
        unexplained.iter().map(list).collect::<String>()
    );
    assert!(leaked.is_empty(), "credentials that are mapped: {leaked:?}");
    assert!(unused.is_empty(), "rows of the table that match no unmapped leaf: {unused:#?}");
    let is_empty = |(.., why): &&(&str, &str, LeftOut)| matches!(why, LeftOut::Because(""));
    assert_eq!(table.iter().find(is_empty), None, "a reason must not be empty");
}

/// A step into a value.
#[derive(Clone, Debug)]
enum Step {
    Name(String),
    Element(usize),
}

/// Collects the places of every value that is neither an object nor a list.
fn collect(value: &Value, at: &mut Vec<Step>, leaves: &mut Vec<Vec<Step>>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                at.push(Step::Name(name.clone()));
                collect(inner, at, leaves);
                at.pop();
            }
        }
        Value::Array(elements) => {
            for (index, inner) in elements.iter().enumerate() {
                at.push(Step::Element(index));
                collect(inner, at, leaves);
                at.pop();
            }
        }
        _ => leaves.push(at.clone()),
    }
}

fn path_of(leaf: &[Step]) -> String {
    let mut path = String::new();
    for step in leaf {
        match step {
            Step::Name(name) if path.is_empty() => path.push_str(name),
            Step::Name(name) => {
                path.push('.');
                path.push_str(name);
            }
            Step::Element(_) => path.push_str("[]"),
        }
    }
    path
}

fn matches(pattern: &str, path: &str) -> bool {
    if let Some(end) = pattern.strip_prefix('*') {
        return path.ends_with(end);
    }
    match pattern.strip_suffix(".*") {
        Some(above) => path.strip_prefix(above).is_some_and(|below| below.starts_with(['.', '['])),
        None => pattern == path,
    }
}

/// Returns true if some other value in the leaf's place makes another event.
fn is_mapped<C: Contract>(event: &str, body: &Value, leaf: &[Step]) -> bool {
    let before = outcome::<C>(event, body);
    let others = [
        json!(null),
        json!("canary"),
        json!("917.25"),
        json!(917),
        json!(0),
        json!(true),
        json!(false),
        json!("Yes"),
        json!("2031-07-08T09:10:11.5Z"),
        json!("USD"),
        json!({"en": "canary"}),
    ];
    others.into_iter().any(|other| {
        let mut changed = body.clone();
        *place(&mut changed, leaf) = other;
        outcome::<C>(event, &changed) != before
    })
}

fn place<'v>(value: &'v mut Value, leaf: &[Step]) -> &'v mut Value {
    leaf.iter().fold(value, |value, step| match step {
        Step::Name(name) => &mut value[name.as_str()],
        Step::Element(index) => &mut value[*index],
    })
}

/// Returns the parts of the event that a consumer sees, as text.
fn outcome<C: Contract>(event: &str, body: &Value) -> String {
    let reading = read::<C>(event, body.to_string().as_bytes());
    let data = serde_json::to_string(&reading.data).expect("canonical objects are JSON");
    let time = serde_json::to_string(&reading.time).expect("a time is JSON");
    format!("{} {} {:?} {time} {data}", reading.event_type, reading.verb, reading.entity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_have_the_paths_that_the_table_uses() {
        let body =
            json!({"id": 1, "list": [{"sku": "a"}, {"sku": "b"}], "tags": ["x"], "empty": {}, "none": null});
        let mut leaves = Vec::new();
        collect(&body, &mut Vec::new(), &mut leaves);
        let mut paths: Vec<String> = leaves.iter().map(|leaf| path_of(leaf)).collect();
        paths.sort();
        assert_eq!(paths, ["id", "list[].sku", "list[].sku", "none", "tags[]"]);
    }

    #[test]
    fn a_star_holds_for_everything_below() {
        for (pattern, path, holds) in [
            ("a.b", "a.b", true),
            ("a.b", "a.b.c", false),
            ("a.*", "a.b.c", true),
            ("a.*", "a[].b", true),
            ("a.*", "ab", false),
            ("a.*", "a", false),
        ] {
            assert_eq!(matches(pattern, path), holds, "{pattern} {path}");
        }
    }
}
