//! A parsed delivery. Parsing cannot fail: a field that cannot be read is absent.

use std::fmt;

use serde_json::Value;

use crate::canonical::{Canonical, Completed, Kind, StoreDefaults, Unknown};
use crate::provider::catalogue::{DedupRule, Documented, EventSpec, entity_id};
use crate::value::time::Time;

/// The content of a delivery.
#[derive(Clone, Debug, PartialEq)]
pub struct ParsedEvent {
    /// The provider's name of the event.
    pub event_type: EventType,
    /// The verb: the change of an object of the kind of `data`.
    pub verb: &'static str,
    /// The provider's own id of the entity, in its parts.
    pub entity: Option<Vec<String>>,
    /// The time of the event.
    pub time: Option<Time>,
    /// The rule by which two deliveries of it are the same.
    pub dedup: DedupRule,
    /// The canonical object.
    pub data: Canonical,
    /// The extent to which the provider documents the event; `None` for an event that is unknown.
    pub documented: Option<Documented>,
    /// The store's settings that were used to complete `data`.
    pub completed: Completed,
    /// True if kind and verb are inferred from the names of the provider's other events, because no page names this
    /// one.
    pub inferred: bool,
    /// Fields with a value that is not in the documentation's complete list.
    pub undocumented_values: Vec<&'static str>,
    /// Fields with a value that the documentation does not show, where its list is incomplete.
    pub new_values: Vec<&'static str>,
}

/// A provider's name of an event; of an undocumented event, the name as sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventType(String);

impl EventType {
    /// Maximum length of a name, in characters. The longest documented one has 47.
    pub const MAX_LEN: usize = 100;

    /// Converts a sent name: control characters are removed, a long name is cut, and an empty one becomes `unknown`.
    pub fn new(name: &str) -> Self {
        let name: String = name.trim().chars().filter(|c| !c.is_control()).take(Self::MAX_LEN).collect();
        Self(if name.is_empty() { "unknown".to_owned() } else { name })
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The reason that a delivery's kind is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownReason {
    /// No row of the catalogue has the event's name.
    Event,
    /// The body contradicts even the outline of the event's documentation.
    Body,
    /// The event is known by name, and neither an entity nor any field could be read from the body.
    Nothing,
    /// The signature holds for other fields too, so the fields prove nothing.
    AmbiguousSignature,
}

impl UnknownReason {
    const ALL: [Self; 4] = [Self::Event, Self::Body, Self::Nothing, Self::AmbiguousSignature];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "unknown_event",
            Self::Body => "unreadable_body",
            Self::Nothing => "nothing_read",
            Self::AmbiguousSignature => "ambiguous_signature",
        }
    }
}

impl ParsedEvent {
    /// Reads a payload by its row. `time` reads the provider's spelling of times.
    pub fn of(row: &EventSpec, payload: &Value, time: fn(&str) -> Option<Time>) -> Self {
        let entity = entity_id(payload, row.entity);
        let data = match row.canonical {
            None => Some(Canonical::bare(row.kind, entity.as_ref().map(|parts| parts.join(":")))),
            Some(canonical) if payload.is_object() => canonical(payload),
            Some(_) => None,
        };
        let Some(data) = data else {
            return Self::unknown(row.event, UnknownReason::Body, None);
        };
        // A documented type with an empty object would hide that the body has another structure.
        if entity.is_none() && is_empty(&data, row) {
            return Self::unknown(row.event, UnknownReason::Nothing, None);
        }
        let time_text = row.time.and_then(|field| crate::provider::catalogue::text_at(payload, field));
        let time_text = time_text.filter(|text| !text.trim().is_empty());
        Self {
            event_type: EventType::new(row.event),
            verb: row.verb_for(payload),
            entity,
            dedup: if time_text.is_some() { row.dedup } else { DedupRule::RetryWindow },
            time: time_text.as_deref().and_then(time),
            data,
            documented: Some(row.documented),
            completed: Completed::default(),
            inferred: row.documented == Documented::Inferred,
            undocumented_values: row.undocumented_values(payload),
            new_values: row.new_values(payload),
        }
    }

    /// Returns an unknown event. Only the entity's id may be known.
    pub fn unknown(event_type: &str, why: UnknownReason, entity: Option<Vec<String>>) -> Self {
        let id = entity.as_ref().map(|parts| parts.join(":"));
        let data = Unknown { id, reason: Some(why.as_str().to_owned()) };
        Self {
            event_type: EventType::new(event_type),
            verb: "received",
            entity,
            time: None,
            dedup: DedupRule::RetryWindow,
            data: data.into(),
            documented: None,
            completed: Completed::default(),
            inferred: false,
            undocumented_values: Vec::new(),
            new_values: Vec::new(),
        }
    }

    /// Gives an event that was inferred the name that was sent.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { event_type: EventType::new(name), ..self }
    }

    /// Completes the canonical object from the store's settings.
    #[must_use]
    pub fn complete(mut self, defaults: &StoreDefaults) -> Self {
        self.completed = self.data.complete(defaults);
        self
    }

    /// Returns the kind of the event's object.
    pub fn kind(&self) -> Kind {
        self.data.kind()
    }

    /// Returns the reason that the kind is unknown; `None` if it is known.
    pub fn unknown_reason(&self) -> Option<UnknownReason> {
        let Canonical::Unknown(unknown) = &self.data else { return None };
        UnknownReason::ALL.into_iter().find(|why| unknown.reason.as_deref() == Some(why.as_str()))
    }
}

/// Returns true if an object has only the fields that an empty body would give.
fn is_empty(data: &Canonical, row: &EventSpec) -> bool {
    let nothing = row.canonical.and_then(|canonical| canonical(&Value::Object(serde_json::Map::new())));
    nothing.unwrap_or_else(|| Canonical::bare(row.kind, None)) == *data
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ROW: EventSpec = EventSpec::new("thing.moved", Kind::Stock, "changed")
        .timestamp("at")
        .payload(Documented::Full, |_| Some(Canonical::bare(Kind::Stock, None)));

    #[test]
    fn an_events_name_is_shown_as_it_was_sent() {
        assert_eq!(EventType::new(" order.create\n").to_string(), "order.create");
    }

    #[test]
    fn a_time_of_its_own_makes_equal_bodies_one_event() {
        let reading =
            ParsedEvent::of(&ROW, &json!({"id": 1, "at": "2024-01-01T00:00:00Z"}), Time::parse_rfc3339);
        assert_eq!(reading.dedup, DedupRule::Timestamp);
        assert!(reading.time.is_some(), "{reading:?}");
    }

    #[test]
    fn without_that_time_equal_bodies_repeat_within_the_window() {
        for body in [json!({"id": 1}), json!({"id": 1, "at": null}), json!({"id": 1, "at": " "})] {
            assert_eq!(
                ParsedEvent::of(&ROW, &body, Time::parse_rfc3339).dedup,
                DedupRule::RetryWindow,
                "{body}"
            );
        }
    }

    #[test]
    fn a_documented_event_with_another_outline_is_unknown() {
        let reading = ParsedEvent::of(&ROW, &json!([1, 2]), Time::parse_rfc3339);
        assert_eq!((reading.kind(), reading.event_type.as_str()), (Kind::Unknown, "thing.moved"));
        assert_eq!(reading.unknown_reason(), Some(UnknownReason::Body));
        assert_eq!(
            ParsedEvent::unknown("x", UnknownReason::Event, None).unknown_reason(),
            Some(UnknownReason::Event)
        );
        assert_eq!(ParsedEvent::of(&ROW, &json!({"id": 1}), Time::local).unknown_reason(), None);
    }

    #[test]
    fn an_undocumented_payload_keeps_its_kind_and_its_id() {
        let row = EventSpec::new("x", Kind::Transfer, "created");
        let reading = ParsedEvent::of(&row, &json!({"id": 5, "secret_sauce": true}), Time::local);
        assert_eq!(serde_json::to_value(&reading.data).unwrap(), json!({"id": "5"}));
        assert_eq!(reading.kind(), Kind::Transfer);
    }

    #[test]
    fn an_undocumented_event_is_marked_as_inferred() {
        for (row, inferred) in [(ROW, false), (EventSpec::new("x", Kind::Outlet, "created").inferred(), true)]
        {
            let reading = ParsedEvent::of(&row, &json!({"id": 1}), Time::local);
            assert_eq!(reading.inferred, inferred, "{}", row.event);
        }
        assert!(
            !ParsedEvent::unknown("x", UnknownReason::Event, None).inferred,
            "what is unknown is not inferred"
        );
    }

    #[test]
    fn a_name_as_sent_is_kept_short_and_clean() {
        assert_eq!(EventType::new(" a\nb\u{7f} ").as_str(), "ab");
        assert_eq!(EventType::new("\u{1}").as_str(), "unknown");
        assert_eq!(EventType::new(&"x".repeat(500)).as_str().len(), EventType::MAX_LEN);
    }
}
