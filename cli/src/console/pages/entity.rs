//! The timeline of an entity: its events, oldest first, with what each changed.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use inlet::received_at::ReceivedAt;
use inlet_aws::history::entity::{self, HistoryEntry};
use inlet_aws::operate::forget::Entity;
use serde_json::Value;

use crate::console::pages::events::state_name;
use crate::console::pages::{Params, Shell, given, respond};
use crate::console::state::{Console, Shared, now};
use crate::console::text::{At, Text, ago, in_query};
use crate::credentials::{mask_credentials, without_credentials};
use crate::events::change::{Change, KnownFields};
use crate::events::list::{State as EventState, after};
use crate::failure::Failure;
use crate::masked_field::MASK;
use crate::personal::mask_data;

/// Changes of an event that are shown at once; the next ones are folded, and all others counted.
const CHANGES: usize = 10;
const FOLDED: usize = 200;

/// Events of a page, the newest of the entity. Only an entity without a key of its own has more.
const EVENTS: usize = 100;

/// Maximum length of a value, in characters.
const VALUE: usize = 200;

#[derive(Template)]
#[template(path = "console/entity.html")]
struct EntityPage {
    shell: Shell,
    path: Text,
    raw_path: String,
    steps: Vec<Step>,
    /// Number of older events that the page leaves out.
    left_out: usize,
    shows_personal: bool,
    other: String,
}

/// An event of the timeline.
struct Step {
    at: At,
    ago: String,
    state: &'static str,
    ours: Text,
    theirs: Text,
    processing: Text,
    origin: Text,
    trust: Text,
    href: String,
    replays: Vec<(Text, At)>,
    /// True if a field had a value before: else the table needs no column for it.
    has_before: bool,
    changes: Vec<ChangeRow>,
    folded: Vec<ChangeRow>,
    more_changes: usize,
    damaged: Option<Text>,
}

struct ChangeRow {
    field: Text,
    before: Option<Text>,
    after: Text,
}

/// Shows a timeline.
pub(crate) async fn show(State(console): State<Shared>, Query(params): Query<Params>) -> Response {
    let page = read(&console, &params).await;
    respond(&console, page)
}

async fn read(console: &Console, params: &Params) -> Result<EntityPage, Failure> {
    let text = given(params, "path").unwrap_or_default();
    let entity = Entity::parse(text).map_err(|error| Failure::Unusable {
        what: format!("{text}: {error}"),
        next: "choose an entity in the list of events".to_owned(),
    })?;
    let path = entity.as_str();
    let entries = entity::load(&console.deployment.table(), path).await;
    let entries = entries.map_err(|fault| Failure::Inlet { context: "the history cannot be read", fault })?;
    if entries.is_empty() {
        let none = Failure::NotFound {
            what: format!("event of {path}"),
            next: format!(
                "events are deleted after {} days, or when the entity is forgotten",
                console.deployment.retention_days
            ),
        };
        return Err(console.not_found_in(path, none).await);
    }
    let shows_personal = given(params, "personal") == Some("show");
    let switch = if shows_personal { "" } else { "&personal=show" };
    let left_out = entries.len().saturating_sub(EVENTS);
    let steps = steps(path, entries, now(), shows_personal).split_off(left_out);
    Ok(EntityPage {
        shell: Shell::new(console, "events", "Timeline"),
        path: Text::line(path),
        raw_path: path.to_owned(),
        steps,
        left_out,
        shows_personal,
        other: format!("/entity?path={}{switch}", in_query(path)),
    })
}

fn steps(path: &str, entries: Vec<HistoryEntry>, now: ReceivedAt, shows_personal: bool) -> Vec<Step> {
    let kind = path.split('/').nth(2).unwrap_or_default();
    let mut known = Known::default();
    entries.into_iter().map(|entry| Step::of(kind, entry, &mut known, now, shows_personal)).collect()
}

impl Step {
    fn of(kind: &str, entry: HistoryEntry, known: &mut Known, now: ReceivedAt, shows_personal: bool) -> Self {
        let HistoryEntry { arrival, origin, trust, message, status, replays } = entry;
        let (data, damaged) = match &message {
            Ok(message) => {
                let message: Value = serde_json::from_str(message).unwrap_or_default();
                (message.get("data").cloned().unwrap_or_default(), None)
            }
            Err(damage) => (Value::Null, Some(Text::line(&damage.to_string()))),
        };
        let masked = if shows_personal { mask_credentials(&data) } else { mask_data(kind, &data) };
        let changes = if damaged.is_none() { known.apply(&data, &masked) } else { Vec::new() };
        let more_changes = changes.len().saturating_sub(CHANGES.saturating_add(FOLDED));
        let processing = match (&status.parked, status.processed) {
            (Some(parked), _) => without_credentials(&parked.reason),
            (None, Some(at)) => after(&arrival.received, &at.to_string()),
            (None, None) => String::new(),
        };
        Self {
            ago: ago(arrival.received_at(), now),
            at: At::of(&arrival.received),
            state: state_name(EventState::of(&status)),
            ours: Text::line(&arrival.canonical_type),
            theirs: Text::line(&arrival.event_type),
            processing: Text::line(&processing),
            origin: Text::line(&origin),
            trust: Text::line(&trust),
            href: format!("/event?id={}", in_query(arrival.id.as_str())),
            replays: replays
                .iter()
                .map(|replay| (Text::line(&replay.replay), At::of_time(replay.at)))
                .collect(),
            has_before: changes.iter().any(|change| change.before.is_some()),
            changes: changes.iter().take(CHANGES).map(ChangeRow::of).collect(),
            folded: changes.iter().skip(CHANGES).take(FOLDED).map(ChangeRow::of).collect(),
            more_changes,
            damaged,
        }
    }
}

/// The last known values of an entity, whole and as the page shows them.
#[derive(Default)]
struct Known {
    whole: KnownFields,
    shown: KnownFields,
}

impl Known {
    /// Applies the data of an event, and returns the changes with the values that the page shows. `masked` is the data
    /// without what it does not show.
    fn apply(&mut self, data: &Value, masked: &Value) -> Vec<Change> {
        let mut changes = self.whole.apply(data);
        let mut shown_now = KnownFields::default();
        shown_now.apply(masked);
        // A field below a masked one has no value that is shown.
        let value = |known: &KnownFields, field: &str| {
            known.get(field).cloned().unwrap_or_else(|| Value::String(MASK.to_owned()))
        };
        for change in &mut changes {
            // The value before is masked on its own: an empty note after it hides nothing.
            change.before = change.before.as_ref().map(|_| value(&self.shown, &change.field));
            change.after = value(&shown_now, &change.field);
        }
        self.shown.apply(masked);
        changes
    }
}

impl ChangeRow {
    fn of(change: &Change) -> Self {
        let value = |value: &Value| Text::line(&shortened(value));
        Self {
            field: Text::line(&change.field),
            before: change.before.as_ref().map(value),
            after: value(&change.after),
        }
    }
}

fn shortened(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match text.char_indices().nth(VALUE) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use inlet::event::EventId;
    use inlet_aws::dynamodb::time_index::Arrival;
    use inlet_aws::history::event_status::EventStatus;
    use serde_json::json;

    use super::*;

    fn entry(data: &Value, text: &str) -> HistoryEntry {
        HistoryEntry {
            arrival: Arrival {
                id: EventId::parse("zid/a/order/1/0123456789abcdef").unwrap(),
                received: "2025-06-12T08:01:12.345Z".into(),
                event_type: text.into(),
                canonical_type: text.into(),
            },
            origin: text.into(),
            trust: text.into(),
            message: Ok(json!({ "data": data }).to_string()),
            status: EventStatus::default(),
            replays: Vec::new(),
        }
    }

    fn html(entries: Vec<HistoryEntry>, shows_personal: bool) -> String {
        let page = EntityPage {
            shell: Shell::closed("Timeline"),
            path: Text::line("zid/a/order/1"),
            raw_path: "zid/a/order/1".to_owned(),
            steps: steps("zid/a/order/1", entries, ReceivedAt::EPOCH, shows_personal),
            left_out: 0,
            shows_personal,
            other: String::new(),
        };
        page.render().unwrap()
    }

    #[test]
    fn a_change_of_a_personal_field_is_visible_and_masked() {
        let order =
            |name: &str, status: &str| json!({"id": "1", "status": status, "customer": {"name": name}});
        let entries = || vec![entry(&order("Sara Ali", "new"), "t"), entry(&order("Mona Ali", "paid"), "t")];
        let masked = html(entries(), false);
        assert!(!masked.contains("Sara") && !masked.contains("Mona") && masked.contains("customer.name"));
        assert!(masked.contains("paid"), "{masked}");
        let shown = html(entries(), true);
        assert!(shown.contains("Sara Ali") && shown.contains("Mona Ali"));
    }

    #[test]
    fn a_note_is_masked_in_the_differences() {
        let order = |note: &str| json!({"id": "1", "note": note});
        let entries =
            || vec![entry(&order("Call Fatima"), "t"), entry(&order("Call Mona on 0501234567"), "t")];
        let masked = html(entries(), false);
        assert!(
            masked.contains("note") && !masked.contains("Fatima") && !masked.contains("Mona"),
            "{masked}"
        );
        assert!(html(entries(), true).contains("Call Mona"));
    }

    #[test]
    fn no_timeline_shows_a_credential() {
        let order =
            |secret: &str, note: &str| json!({"id": "1", "extra": {"password": secret}, "note": note});
        let entries =
            || vec![entry(&order("canary1", "token=canary"), "t"), entry(&order("canary2", "x"), "t")];
        for shows_personal in [false, true] {
            let html = html(entries(), shows_personal);
            assert!(html.contains("extra.password") && !html.contains("canary"), "{html}");
        }
    }

    #[test]
    fn hostile_text_is_escaped_in_a_timeline() {
        let evil = "<img src=x onerror=alert(1)>\u{202e}";
        let html = html(vec![entry(&json!({ evil: evil, "status": evil }), evil)], true);
        assert!(!html.contains("<img") && !html.contains('\u{202e}'), "{html}");
    }

    #[test]
    fn a_value_before_is_masked_whatever_replaces_it() {
        let order = |name: &str, note: &str, reason: &str| json!({"id": "1", "customer": {"name": name}, "note": note, "reason": reason});
        let entries = || {
            vec![
                entry(&order("Sara Ali", "Call Fatima", "Mona called"), "t"),
                entry(&order("", "", "done"), "t"),
                entry(&order("Noura Ali", "x", "x"), "t"),
            ]
        };
        let masked = html(entries(), false);
        for name in ["Sara", "Fatima", "Mona", "Noura"] {
            assert!(!masked.contains(name), "{name}: {masked}");
        }
        assert!(masked.contains("done"), "a word that is no person's");
        assert!(html(entries(), true).contains("Call Fatima"));
    }

    #[test]
    fn a_change_below_a_masked_field_is_masked() {
        let mut known = Known::default();
        let (data, masked) =
            (json!({"a": [{"b": "x"}], "c": {"d": "x"}}), json!({"a": [{"b": "x"}], "c": MASK}));
        let changes = known.apply(&data, &masked);
        let value = |field: &str| changes.iter().find(|change| change.field == field).unwrap().after.clone();
        assert_eq!((value("a.0.b"), value("a.length"), value("c.d")), (json!("x"), json!(1), json!(MASK)));
    }
}
