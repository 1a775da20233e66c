//! Selects events: by the attributes that the time index has, then by state and content, which cost reads.

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use inlet::event::EventId;
use inlet::fault::{Fault, FaultKind};
use inlet::received_at::ReceivedAt;
use inlet::store::StoreName;
use serde_json::Value;

use crate::dynamodb::events::StoredEvent;
use crate::dynamodb::hours_to_read::HoursToRead;
use crate::dynamodb::table::Table;
use crate::dynamodb::time_index::Arrival;
use crate::history::event_status::{EventStatus, event_statuses};

/// Events that are read at once for a filter of their content.
const READS_AT_ONCE: usize = 16;

/// The prefix of most messages' types, which a pattern may leave out.
const COMMON_PREFIX: &str = "commerce.";

/// A selection of events: those that match every given field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The provider's name.
    pub provider: Option<String>,
    /// The store.
    pub store: Option<StoreName>,
    /// The provider's names of the event, or the message's types; `*` matches any text. One of them must match. Empty
    /// for every type.
    pub event_types: Vec<String>,
    /// The entity as in a message's `subject`: `{kind}/{entity}`.
    pub entity: Option<String>,
    /// The earliest arrival.
    pub from: ReceivedAt,
    /// The end of the arrivals, exclusive.
    pub until: ReceivedAt,
    /// The states. `None` for every state.
    pub state: Option<StateFilter>,
    /// The content.
    pub content: ContentFilter,
}

/// Selects events by their state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateFilter {
    /// Events that wait for a redrive or a replay.
    Parked,
    /// Events without a receipt, parked ones included.
    Unprocessed,
}

/// Selects events by attributes that only the stored event has. Empty fields select every event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContentFilter {
    /// The trust in the delivery; one of them must match.
    pub trust: Vec<String>,
    /// The origin; one of them must match.
    pub origin: Vec<String>,
    /// Conditions on fields of the message. All must hold.
    pub conditions: Vec<Condition>,
    /// Text that the body or the message contains, in any case.
    pub text: Option<String>,
}

/// A condition on a field of the message: `data.status=cancelled`, `data.total.amount!=0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    path: String,
    is_equal: bool,
    value: String,
}

/// The text is not a condition.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a condition is FIELD=VALUE or FIELD!=VALUE, such as data.status=cancelled")]
pub struct NotACondition;

impl Selection {
    /// Returns the selection of every event that arrived at `from` or later and before `until`.
    pub fn between(from: ReceivedAt, until: ReceivedAt) -> Self {
        Self {
            provider: None,
            store: None,
            event_types: Vec::new(),
            entity: None,
            from,
            until,
            state: None,
            content: ContentFilter::default(),
        }
    }

    /// Returns the entity's partition if the selection names one entity: reading it is faster than the time index.
    pub fn entity_path(&self) -> Option<String> {
        let (provider, store, entity) =
            (self.provider.as_ref()?, self.store.as_ref()?, self.entity.as_ref()?);
        Some(format!("{provider}/{store}/{entity}"))
    }

    /// Returns the hours of the time index that may have an event of the selection: those of its store, if it names one.
    pub async fn hours_to_read(&self, table: &Table) -> HoursToRead {
        match (&self.provider, &self.store) {
            (Some(provider), Some(store)) => {
                table.store_hours.to_read(&format!("{provider}/{store}"), self.from, self.until).await
            }
            _ => HoursToRead::default(),
        }
    }

    /// Returns true if an event matches provider, store, type and entity. Arrival, state and content are not checked.
    pub fn fits(&self, arrival: &Arrival) -> bool {
        let mut path = arrival.id.entity_path().splitn(3, '/');
        let (provider, store, entity) = (path.next(), path.next(), path.next());
        let matches = |wanted: Option<&str>, actual: Option<&str>| wanted.is_none() || wanted == actual;
        matches(self.provider.as_deref(), provider)
            && matches(self.store.as_ref().map(StoreName::as_str), store)
            && matches(self.entity.as_deref(), entity)
            && self.fits_type(&arrival.event_type, &arrival.canonical_type)
    }

    /// Returns true if an event with these two names of its type matches.
    pub fn fits_type(&self, event_type: &str, canonical_type: &str) -> bool {
        let short = canonical_type.strip_prefix(COMMON_PREFIX).unwrap_or(canonical_type);
        let names = [event_type, canonical_type, short];
        let fits = |pattern: &String| names.iter().any(|name| matches_pattern(pattern, name));
        self.event_types.is_empty() || self.event_types.iter().any(fits)
    }

    /// Returns true if it selects by more than the time of arrival, so that a reader may keep few of the events.
    pub fn is_narrow(&self) -> bool {
        *self != Self::between(self.from, self.until)
    }

    /// Returns true if the stored events must be read to know if they match.
    pub fn needs_reads(&self) -> bool {
        self.state.is_some() || !self.content.is_empty()
    }

    /// Returns those of the events that match, in their order. Reads states and contents if the selection needs them.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn retain(&self, table: &Table, mut arrivals: Vec<Arrival>) -> Result<Vec<Arrival>, Fault> {
        arrivals.retain(|arrival| self.fits(arrival));
        if let Some(state) = self.state {
            let events: Vec<_> =
                arrivals.iter().map(|arrival| (&arrival.id, arrival.received_at())).collect();
            let mut statuses = event_statuses(table, &events).await?.into_iter();
            arrivals.retain(|_| statuses.next().is_some_and(|status| state.includes(&status)));
        }
        self.content.retain(table, arrivals).await
    }
}

impl StateFilter {
    /// Returns true if an event with this status is selected.
    pub fn includes(self, status: &EventStatus) -> bool {
        match self {
            Self::Parked => status.parked.is_some(),
            Self::Unprocessed => status.parked.is_some() || status.processed.is_none(),
        }
    }
}

impl ContentFilter {
    /// Returns true if it selects every event.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns those of the events that match, in their order.
    ///
    /// # Errors
    /// If the table cannot be read.
    async fn retain(&self, table: &Table, arrivals: Vec<Arrival>) -> Result<Vec<Arrival>, Fault> {
        if self.is_empty() {
            return Ok(arrivals);
        }
        let checks = arrivals.into_iter().map(|arrival| async move {
            let is_match = self.matches_stored(table, &arrival.id).await?;
            Ok::<_, Fault>(is_match.then_some(arrival))
        });
        let checked: Vec<Option<Arrival>> =
            stream::iter(checks).buffered(READS_AT_ONCE).try_collect().await?;
        Ok(checked.into_iter().flatten().collect())
    }

    async fn matches_stored(&self, table: &Table, id: &EventId) -> Result<bool, Fault> {
        match table.events.get(id).await {
            Ok(stored) => Ok(stored.is_some_and(|stored| self.matches(&stored))),
            // A damaged event has no content to compare: `inlet verify` reports it.
            Err(fault) if fault.kind == FaultKind::Damaged => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// Returns true if a stored event matches.
    pub fn matches(&self, event: &StoredEvent) -> bool {
        let is_any =
            |wanted: &[String], actual: &str| wanted.is_empty() || wanted.iter().any(|one| one == actual);
        let StoredEvent { record, message, body } = event;
        is_any(&self.trust, &record.trust)
            && is_any(&self.origin, record.origin.as_str())
            && self.matches_message(message)
            && self.text.as_ref().is_none_or(|text| {
                let text = text.to_lowercase();
                let contains = |hay: &str| hay.to_lowercase().contains(&text);
                contains(message) || contains(&String::from_utf8_lossy(body))
            })
    }

    fn matches_message(&self, message: &str) -> bool {
        if self.conditions.is_empty() {
            return true;
        }
        let message: Value = serde_json::from_str(message).unwrap_or_default();
        self.conditions.iter().all(|condition| condition.holds(&message))
    }
}

impl Condition {
    /// Parses a condition.
    ///
    /// # Errors
    /// [`NotACondition`] without a field and an equals sign.
    pub fn parse(text: &str) -> Result<Self, NotACondition> {
        let (path, value) = text.split_once('=').ok_or(NotACondition)?;
        let (path, is_equal) = path.strip_suffix('!').map_or((path, true), |path| (path, false));
        let is_path = !path.is_empty() && path.split('.').all(|name| !name.is_empty());
        if !is_path {
            return Err(NotACondition);
        }
        Ok(Self { path: path.to_owned(), is_equal, value: value.to_owned() })
    }

    /// Returns true if the condition holds for a message. A list matches if one of its elements does. An absent field
    /// equals nothing.
    fn holds(&self, message: &Value) -> bool {
        let names: Vec<&str> = self.path.split('.').collect();
        has_value(message, &names, &self.value) == self.is_equal
    }
}

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, is_equal, value } = self;
        write!(f, "{path}{}={value}", if *is_equal { "" } else { "!" })
    }
}

/// Returns true if the field under this path has this value.
fn has_value(value: &Value, path: &[&str], wanted: &str) -> bool {
    match (value, path) {
        (Value::Array(list), [first, rest @ ..]) => {
            let at = first.parse::<usize>().ok().and_then(|index| list.get(index));
            at.is_some_and(|value| has_value(value, rest, wanted))
                || list.iter().any(|value| has_value(value, path, wanted))
        }
        (Value::Array(list), []) => list.iter().any(|value| has_value(value, path, wanted)),
        (Value::Object(fields), [first, rest @ ..]) => {
            fields.get(*first).is_some_and(|value| has_value(value, rest, wanted))
        }
        (Value::String(text), []) => text == wanted,
        (Value::Object(_), []) => false,
        (other, []) => format!("{other}") == wanted,
        _ => false,
    }
}

/// Returns true if a text matches a pattern, in which `*` matches any text.
pub fn matches_pattern(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let middle: Vec<&str> = parts.collect();
    let Some((last, middle)) = middle.split_last() else { return rest.is_empty() };
    let mut rest = rest;
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at.saturating_add(part.len())..).unwrap_or_default();
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn everything() -> Selection {
        Selection::between(ReceivedAt::EPOCH, ReceivedAt::from_millis(1).unwrap())
    }

    #[test]
    fn an_event_matches_by_every_given_field() {
        let arrival = Arrival {
            id: EventId::parse("zid/riyadh/order/8/0123456789abcdef").unwrap(),
            received: "1970-01-01T00:00:00.000Z".into(),
            event_type: "order.create".into(),
            canonical_type: "commerce.order.created".into(),
        };
        let provider = |name: &str| Selection { provider: Some(name.into()), ..everything() };
        let store = |name: &str| Selection { store: StoreName::parse(name).ok(), ..everything() };
        let types = |names: &[&str]| {
            let event_types = names.iter().map(|name| (*name).to_owned()).collect();
            Selection { event_types, ..everything() }
        };
        let entity = |name: &str| Selection { entity: Some(name.into()), ..everything() };
        for (selection, fits) in [
            (everything(), true),
            (provider("zid"), true),
            (provider("zort"), false),
            (store("riyadh"), true),
            (store("jeddah"), false),
            (types(&["order.create"]), true),
            (types(&["commerce.order.created"]), true),
            (types(&["order.created"]), true),
            (types(&["order.update"]), false),
            (types(&["order.*"]), true),
            (types(&["*.created"]), true),
            (types(&["product.*", "order.*"]), true),
            (types(&["product.*"]), false),
            (entity("order/8"), true),
            (entity("order/80"), false),
            (entity("product/8"), false),
            (Selection { store: StoreName::parse("jeddah").ok(), ..provider("zid") }, false),
        ] {
            assert_eq!(selection.fits(&arrival), fits, "{selection:?}");
            assert_eq!(selection.is_narrow(), selection != everything(), "{selection:?}");
        }
    }

    #[test]
    fn an_asterisk_matches_any_text() {
        for (pattern, text, is) in [
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "acd", false),
            ("*", "", true),
            ("**", "x", true),
            ("a*b*c", "a.b.b.c", true),
            ("ab*ba", "aba", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(matches_pattern(pattern, text), is, "{pattern:?} {text:?}");
        }
    }

    #[test]
    fn a_condition_compares_a_field_of_the_message() {
        let message = serde_json::json!({
            "trust": "signed",
            "data": {"status": "cancelled", "paid": true, "note": null, "items": [{"sku": "A", "count": 2}, {"sku": "B"}],
                     "total": {"amount": "10.50"}}
        });
        for (text, holds) in [
            ("data.status=cancelled", true),
            ("data.status!=cancelled", false),
            ("data.status=Cancelled", false),
            ("data.paid=true", true),
            ("data.note=null", true),
            ("data.total.amount=10.50", true),
            ("data.total=10.50", false),
            ("data.items.sku=B", true),
            ("data.items.1.sku=A", false),
            ("data.items.count=2", true),
            ("data.absent=", false),
            ("data.absent!=x", true),
            ("trust=signed", true),
        ] {
            assert_eq!(Condition::parse(text).unwrap().holds(&message), holds, "{text}");
            assert_eq!(Condition::parse(text).unwrap().to_string(), text);
        }
        for text in ["data.status", "=x", "data..status=x", "!=x", ""] {
            assert_eq!(Condition::parse(text), Err(NotACondition), "{text:?}");
        }
    }
}
