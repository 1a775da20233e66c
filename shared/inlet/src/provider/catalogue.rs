//! A provider's events as a table: one row per event, with the rules to parse it.

use serde_json::Value;

use crate::canonical::{Canonical, Kind};
use crate::value::json::FromJson as _;

/// One event of a provider.
#[derive(Clone, Copy, Debug)]
pub struct EventSpec {
    /// The provider's name of the event.
    pub event: &'static str,
    /// Other names of the same event.
    pub aliases: &'static [&'static str],
    /// The kind of its object.
    pub kind: Kind,
    /// Its verb.
    pub verb: Verb,
    /// The fields of the entity's id.
    pub entity: Entity,
    /// The field with its time, if this event changes that field.
    pub time: Option<&'static str>,
    /// The rule by which two deliveries of it are the same.
    pub dedup: DedupRule,
    /// The completeness of the payload's documentation.
    pub documented: Documented,
    /// Fields whose values are completely listed.
    pub closed_values: Values,
    /// Fields of which some values are documented, and others are expected.
    pub open_values: Values,
    /// The mapping to the canonical object; `None` if no field is documented.
    pub canonical: Option<Mapping>,
    /// The conditions under which the provider sends it, as sentences. Empty if no source states them.
    pub sent_when: &'static str,
}

/// Fields and their documented values; case is ignored.
pub type Values = &'static [(&'static str, &'static [&'static str])];

/// Maps the provider's object to the canonical one. `None` if the payload is not an object.
pub type Mapping = fn(&Value) -> Option<Canonical>;

/// The verb: the last part of the message's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Always the same.
    Always(&'static str),
    /// A field of the body decides.
    FromField {
        /// The field.
        field: &'static str,
        /// The field's text (case is ignored) and its verb.
        cases: &'static [(&'static str, &'static str)],
        /// The verb of every other text, and if the field is absent.
        default: &'static str,
    },
}

/// The fields of an entity's id. Several alternatives are tried in order; each may join several fields.
pub type Entity = &'static [&'static [&'static str]];

/// The rule by which two deliveries of an event are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DedupRule {
    /// The body has a time or a sequence number that changes with this event: equal bodies are one event.
    Timestamp,
    /// The body has none: equal bodies are one event within the provider's retry window only.
    RetryWindow,
}

/// The completeness of an event's documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Documented {
    /// All fields were readable.
    Full,
    /// Some fields were readable.
    Partial,
    /// Nothing but the event's name.
    NameOnly,
    /// Not even the name: kind and verb are inferred from the names of the provider's other events.
    Inferred,
}

impl Documented {
    /// Returns the word that the message has for it; `None` for an event that no page names.
    pub const fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Full => Some("full"),
            Self::Partial => Some("partial"),
            Self::NameOnly => Some("name"),
            Self::Inferred => None,
        }
    }
}

impl EventSpec {
    /// Returns a row of which only the name is documented, with a constant verb.
    pub const fn new(event: &'static str, kind: Kind, verb: &'static str) -> Self {
        Self {
            event,
            aliases: &[],
            kind,
            verb: Verb::Always(verb),
            entity: &[&["id"]],
            time: None,
            dedup: DedupRule::RetryWindow,
            documented: Documented::NameOnly,
            closed_values: &[],
            open_values: &[],
            canonical: None,
            sent_when: "",
        }
    }

    /// Adds other names.
    #[must_use]
    pub const fn aliases(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// Takes the verb from a field of the body.
    #[must_use]
    pub const fn verb_from(
        self,
        field: &'static str,
        cases: &'static [(&'static str, &'static str)],
        default: &'static str,
    ) -> Self {
        Self { verb: Verb::FromField { field, cases, default }, ..self }
    }

    /// Sets the fields of the entity's id.
    #[must_use]
    pub const fn entity(self, entity: Entity) -> Self {
        Self { entity, ..self }
    }

    /// Sets the field with the event's own time. It makes equal bodies one event for as long as the event is kept.
    #[must_use]
    pub const fn timestamp(self, time: &'static str) -> Self {
        Self { time: Some(time), dedup: DedupRule::Timestamp, ..self }
    }

    /// Sets the documented payload's mapping.
    #[must_use]
    pub const fn payload(self, documented: Documented, canonical: Mapping) -> Self {
        Self { documented, canonical: Some(canonical), ..self }
    }

    /// Sets fields whose values are completely documented.
    #[must_use]
    pub const fn closed_values(self, closed_values: Values) -> Self {
        Self { closed_values, ..self }
    }

    /// Sets fields of which some values are documented, because the list is open or incomplete.
    #[must_use]
    pub const fn open_values(self, open_values: Values) -> Self {
        Self { open_values, ..self }
    }

    /// Sets the sentences about when the provider sends it.
    #[must_use]
    pub const fn sent_when(self, sent_when: &'static str) -> Self {
        Self { sent_when, ..self }
    }

    /// Marks the row as inferred.
    #[must_use]
    pub const fn inferred(self) -> Self {
        Self { documented: Documented::Inferred, ..self }
    }

    /// Returns true if the row has this name; case is ignored.
    pub fn is_named(&self, name: &str) -> bool {
        self.event.eq_ignore_ascii_case(name)
            || self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    }

    /// Returns the fields of this payload with a value outside their complete list.
    pub fn undocumented_values(&self, payload: &Value) -> Vec<&'static str> {
        unexpected_values(self.closed_values, payload)
    }

    /// Returns the fields of this payload with a value that is not documented for them.
    pub fn new_values(&self, payload: &Value) -> Vec<&'static str> {
        unexpected_values(self.open_values, payload)
    }

    /// Returns the verb for this payload.
    pub fn verb_for(&self, payload: &Value) -> &'static str {
        match self.verb {
            Verb::Always(verb) => verb,
            Verb::FromField { field, cases, default } => {
                let text = text_at(payload, field).unwrap_or_default();
                cases
                    .iter()
                    .find(|(word, _)| word.eq_ignore_ascii_case(&text))
                    .map_or(default, |(_, verb)| verb)
            }
        }
    }
}

/// Returns the fields of a payload with a value that is not among these.
fn unexpected_values(fields: Values, payload: &Value) -> Vec<&'static str> {
    let is_among =
        |values: &[&str], text: &String| values.iter().any(|value| value.eq_ignore_ascii_case(text));
    let is_unexpected = |(field, values): &&(&'static str, &'static [&str])| {
        text_at(payload, field).is_some_and(|text| !is_among(values, &text))
    };
    fields.iter().filter(is_unexpected).map(|(field, _)| *field).collect()
}

/// Returns the row of this name.
pub fn find<'a>(rows: &'a [EventSpec], name: &str) -> Option<&'a EventSpec> {
    rows.iter().find(|row| row.is_named(name))
}

/// Returns the entity's id: the parts of the first alternative whose parts all exist.
pub fn entity_id(payload: &Value, entity: Entity) -> Option<Vec<String>> {
    let part = |field: &&str| text_at(payload, field).filter(|text| !text.trim().is_empty());
    entity.iter().find_map(|fields| fields.iter().map(part).collect())
}

/// Returns the text or the digits at a path of names joined by points.
pub fn text_at(payload: &Value, path: &str) -> Option<String> {
    let value = path.split('.').try_fold(payload, |value, name| value.get(name))?;
    match value {
        Value::Bool(truth) => Some(truth.to_string()),
        other => String::from_json(other),
    }
}

/// The maximum depth of wrappers that are removed.
const MAX_WRAPPERS: usize = 4;

/// Returns the object that wrappers of these names hold, however deep they are nested, or the value itself where there
/// is not a wrapper. A list with one object is a wrapper of it.
///
/// No entity may have a field of these names: an envelope's other fields, for example its id, are ignored.
pub fn unwrapped<'a>(payload: &'a Value, wrappers: &[&str]) -> &'a Value {
    let mut inner = payload;
    for _ in 0..MAX_WRAPPERS {
        match wrapped(inner, wrappers).next() {
            Some(object) => inner = object,
            None => break,
        }
    }
    inner
}

/// Returns the object that an event is about: the outermost one that `is_entity` recognises, in the body and in
/// wrappers of these names, however deep they are nested. If it recognises none, the one object that the body
/// wraps; else the body.
///
/// So an envelope's own id is never taken for the id of the entity that it wraps.
pub fn entity_object<'a>(
    body: &'a Value,
    wrappers: &[&str],
    is_entity: impl Fn(&Value) -> bool,
) -> &'a Value {
    let body = only_element(body).unwrap_or(body);
    let mut level = vec![body];
    for _ in 0..=MAX_WRAPPERS {
        if let Some(entity) = level.iter().find(|object| is_entity(object)) {
            return entity;
        }
        level = level.into_iter().flat_map(|object| wrapped(object, wrappers)).collect();
    }
    let inside: Vec<&Value> = wrapped(body, wrappers).take(2).collect();
    match inside.as_slice() {
        [only] => unwrapped(only, wrappers),
        _ => body,
    }
}

/// The objects in an object's fields of these names, in the names' order.
fn wrapped<'a>(object: &'a Value, wrappers: &[&str]) -> impl Iterator<Item = &'a Value> {
    let list = only_element(object);
    let fields = wrappers.iter().filter_map(|name| object.get(*name));
    let objects =
        fields.filter_map(|field| only_element(field).or(Some(field).filter(|field| field.is_object())));
    list.into_iter().chain(objects.collect::<Vec<_>>())
}

/// The one object of a list with one element.
fn only_element(value: &Value) -> Option<&Value> {
    match value.as_array().map(Vec::as_slice) {
        Some([only]) => Some(only).filter(|only| only.is_object()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_id_is_the_first_complete_alternative() {
        let ways: Entity = &[&["ID"], &["Outlet", "Number"]];
        let id = |payload: Value| entity_id(&payload, ways);
        assert_eq!(id(json!({"ID": 7, "Number": "1"})), Some(vec!["7".to_owned()]));
        assert_eq!(
            id(json!({"ID": "", "Outlet": "A", "Number": 1})),
            Some(vec!["A".to_owned(), "1".to_owned()])
        );
        assert_eq!(id(json!({"Outlet": "A"})), None);
        assert_eq!(id(json!([1])), None);
    }

    #[test]
    fn a_spec_is_found_by_name_and_aliases_in_any_case() {
        let rows = [
            EventSpec::new("order.create", Kind::Order, "created"),
            EventSpec::new("order.cancel", Kind::Order, "cancelled").aliases(&["order.void", "order.drop"]),
        ];
        for (name, event) in [
            ("order.create", Some("order.create")),
            ("ORDER.Cancel", Some("order.cancel")),
            ("Order.Drop", Some("order.cancel")),
            ("order", None),
            ("", None),
        ] {
            assert_eq!(find(&rows, name).map(|row| row.event), event, "{name:?}");
        }
    }

    #[test]
    fn a_payload_has_the_extent_of_its_documentation() {
        let row = EventSpec::new("x", Kind::Order, "created");
        assert_eq!(row.documented, Documented::NameOnly);
        let row = row.payload(Documented::Partial, |_| None);
        assert_eq!((row.documented, row.canonical.is_some()), (Documented::Partial, true));
    }

    #[test]
    fn a_field_determines_the_verb_in_any_case_and_type() {
        let row = EventSpec::new("x", Kind::Payment, "").verb_from(
            "success",
            &[("true", "captured"), ("false", "capture_failed")],
            "capture_unknown",
        );
        assert_eq!(row.verb_for(&json!({"success": true})), "captured");
        assert_eq!(row.verb_for(&json!({"success": "False"})), "capture_failed");
        assert_eq!(row.verb_for(&json!({})), "capture_unknown");
        assert_eq!(row.verb_for(&json!(null)), "capture_unknown");
    }

    #[test]
    fn only_present_values_that_are_not_listed_are_reported() {
        let row = EventSpec::new("x", Kind::ReturnOrder, "")
            .closed_values(&[("status", &["approved", "rejected", "5"])])
            .open_values(&[("parcel.state", &["on its way"])]);
        for (payload, unlisted, unseen) in [
            (json!({"status": "Approved", "parcel": {"state": "On its way"}}), vec![], vec![]),
            (json!({"status": 5}), vec![], vec![]),
            (json!({}), vec![], vec![]),
            (json!({"status": null, "parcel": {}}), vec![], vec![]),
            (json!({"status": "lost"}), vec!["status"], vec![]),
            (json!({"status": 6}), vec!["status"], vec![]),
            (json!({"parcel": {"state": "lost"}}), vec![], vec!["parcel.state"]),
        ] {
            assert_eq!(
                (row.undocumented_values(&payload), row.new_values(&payload)),
                (unlisted, unseen),
                "{payload}"
            );
        }
    }

    #[test]
    fn a_wrapper_is_removed_only_if_it_contains_an_object() {
        let wrapped = json!({"order": "x", "data": {"id": 1}});
        assert_eq!(unwrapped(&wrapped, &["order", "data"]), &json!({"id": 1}));
        assert_eq!(unwrapped(&wrapped, &["cart"]), &wrapped);
    }

    #[test]
    fn wrappers_are_removed_at_any_depth() {
        let inner = json!({"id": 7});
        for body in [
            json!({"data": {"order": {"id": 7}}}),
            json!({"id": "evt_1", "data": {"id": "evt_1", "order": {"id": 7}}}),
            json!([{"data": [{"id": 7}]}]),
        ] {
            assert_eq!(unwrapped(&body, &["order", "data"]), &inner, "{body}");
        }
        let two = json!({"data": [{"id": 7}, {"id": 8}]});
        assert_eq!(unwrapped(&two, &["data"]), &two, "two objects are not one");
    }

    #[test]
    fn an_envelopes_own_id_is_not_the_entity() {
        let wrappers = &["order", "data"];
        let has_status = |object: &Value| object.get("status").is_some();
        for (body, id) in [
            (json!({"id": "evt_1", "data": {"id": 7}}), json!(7)),
            (json!({"id": "evt_1", "data": {"order": {"id": 7, "status": "x"}}}), json!(7)),
            (json!({"id": 7, "status": "x", "order": {"id": 8}}), json!(7)),
            (json!({"id": 7, "customer": {"id": 8}}), json!(7)),
            (json!({"id": 7, "data": {"id": 8}, "order": {"id": 9}}), json!(7)),
            (json!([{"id": 7}]), json!(7)),
        ] {
            assert_eq!(entity_object(&body, wrappers, has_status)["id"], id, "{body}");
        }
    }
}
