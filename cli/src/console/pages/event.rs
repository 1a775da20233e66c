//! One event: as it was sent, as consumers read it, and what happened to it.

use std::sync::LazyLock;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use inlet::event::EventId;
use inlet::received_at::ReceivedAt;
use inlet_aws::dynamodb::events::StoredEvent;
use inlet_aws::history::entity::{ReplayRecord, replays};
use inlet_aws::history::event_status::{EventStatus, event_statuses};
use serde_json::Value;

use crate::console::pages::events::state_name;
use crate::console::pages::{Params, Shell, given, respond};
use crate::console::state::{Console, Shared, now};
use crate::console::text::{At, Text, ago, in_query};
use crate::credentials::{is_credential_name, mask_document, masked_document, without_credentials};
use crate::events::list::{State as EventState, after};
use crate::failure::Failure;
use crate::masked_field::MASK;
use crate::personal::{mask_body, mask_message};
use crate::providers::ProviderHandle;

/// Maximum length of a body or message on the page, in characters.
const SHOWN: usize = 64 * 1024;

/// The longest value of a header that is shown whole: a longer one is shortened.
const LONG_HEADER: usize = 400;

#[derive(Template)]
#[template(path = "console/event.html")]
struct EventPage {
    shell: Shell,
    view: View,
}

/// An event as the page shows it.
struct View {
    id: Text,
    raw_id: String,
    state: &'static str,
    reason: Option<Text>,
    at: At,
    ago: String,
    facts: Vec<(&'static str, Text)>,
    entity: Text,
    entity_href: String,
    headers: Vec<(Text, Text)>,
    replays: Vec<ReplayRow>,
    drift: Drift,
    sent: Document,
    message: Document,
    shows_personal: bool,
    /// The address of the page with the personal data, or without it.
    other: String,
}

/// A body or message.
struct Document {
    text: Text,
    /// A note on what differs from the stored bytes.
    note: Option<&'static str>,
    is_shortened: bool,
}

/// The differences from the known shape of the event.
enum Drift {
    /// No shape is known, or the body is not JSON.
    NotCompared,
    /// The body has the known shape.
    None,
    /// Contradictions of the documentation, and undocumented parts.
    Some(Vec<(Text, bool)>),
}

struct ReplayRow {
    replay: Text,
    at: At,
    processed: Option<At>,
}

/// The secret fields of every provider, for a body whose provider is not known.
static ALL_SECRET_FIELDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    crate::providers::ALL.iter().flat_map(|provider| provider.secret_fields).copied().collect()
});

/// Shows an event.
pub(crate) async fn show(State(console): State<Shared>, Query(params): Query<Params>) -> Response {
    let view = read(&console, &params).await;
    let page = view.map(|view| EventPage { shell: Shell::new(&console, "events", "Event"), view });
    respond(&console, page)
}

async fn read(console: &Console, params: &Params) -> Result<View, Failure> {
    let text = given(params, "id").unwrap_or_default();
    let id = EventId::parse(text).map_err(|_| Failure::Unusable {
        what: format!("{text} is not the id of an event"),
        next: "choose an event in the list of events".to_owned(),
    })?;
    let table = console.deployment.table();
    let unreadable = |fault| Failure::Inlet { context: "the event cannot be read", fault };
    let Some(stored) = table.events.get(&id).await.map_err(unreadable)? else {
        let none = Failure::NotFound {
            what: format!("event {id}"),
            next: format!(
                "events are deleted after {} days, or when an entity is forgotten",
                console.deployment.retention_days
            ),
        };
        return Err(console.not_found_in(id.entity_path(), none).await);
    };
    let received = ReceivedAt::parse(&stored.record.received).unwrap_or(ReceivedAt::EPOCH);
    let statuses = event_statuses(&table, &[(&id, received)]).await.map_err(unreadable)?;
    let replays = replays(&table, &id).await.map_err(unreadable)?;
    let status = statuses.into_iter().next().unwrap_or_default();
    let shows_personal = given(params, "personal") == Some("show");
    Ok(View::new(&id, &stored, &status, &replays, now(), shows_personal))
}

impl View {
    fn new(
        id: &EventId,
        stored: &StoredEvent,
        status: &EventStatus,
        replays: &[ReplayRecord],
        now: ReceivedAt,
        shows_personal: bool,
    ) -> Self {
        let StoredEvent { record, message, body } = stored;
        let mut path = id.entity_path().splitn(4, '/');
        let (provider, store) = (path.next().unwrap_or_default(), path.next().unwrap_or_default());
        let (kind, entity) = (path.next().unwrap_or_default(), path.next().unwrap_or_default());
        let handle = provider.parse::<ProviderHandle>().ok();
        let secret_fields = handle.map_or(ALL_SECRET_FIELDS.as_slice(), |handle| handle.secret_fields);
        let processed = status.processed.map(|at| at.to_string());
        let topic = record.topic.as_ref().map(|topic| format!(" {topic}")).unwrap_or_default();
        let query = if record.query.is_empty() { String::new() } else { format!(" ?{}", record.query) };
        let processing = match &processed {
            Some(at) => format!("{at}, {}", after(&record.received, at)),
            None => "not yet".to_owned(),
        };
        let inferred = if record.inferred { " (inferred)" } else { "" };
        let facts = vec![
            ("Type", format!("{}{inferred}", record.canonical_type)),
            ("Provider’s type", record.event_type.clone()),
            ("Store", format!("{provider}/{store}")),
            ("Happened", record.time.clone().unwrap_or_else(|| "not in the body".to_owned())),
            ("Received", record.received.clone()),
            ("Processed", processing),
            ("Origin", record.origin.as_str().to_owned()),
            ("Proof", record.trust.clone()),
            (
                "Sent to",
                format!(
                    "{}{topic}{}",
                    record.method,
                    if shows_personal { without_credentials(&query) } else { masked_query(&record.query) }
                ),
            ),
            ("Body", format!("{} bytes", record.size)),
            ("SHA-256 of the body", record.sha256.clone()),
        ];
        let switch = if shows_personal { "" } else { "&personal=show" };
        Self {
            id: Text::line(id.as_str()),
            raw_id: id.as_str().to_owned(),
            state: state_name(EventState::of(status)),
            reason: status.parked.as_ref().map(|parked| Text::line(&without_credentials(&parked.reason))),
            at: At::of(&record.received),
            ago: ReceivedAt::parse(&record.received).map(|at| ago(at, now)).unwrap_or_default(),
            facts: facts.into_iter().map(|(name, value)| (name, Text::line(&value))).collect(),
            entity: Text::line(&format!("{kind}/{entity}")),
            entity_href: format!("/entity?path={}", in_query(id.entity_path())),
            headers: record
                .headers
                .iter()
                .map(|(name, value)| (Text::line(name), header(name, value)))
                .collect(),
            replays: replays.iter().map(ReplayRow::of).collect(),
            drift: Drift::of(handle, &record.event_type, body),
            sent: Document::of_body(body, secret_fields, shows_personal),
            message: Document::of_message(kind, message, shows_personal),
            shows_personal,
            other: format!("/event?id={}{switch}", in_query(id.as_str())),
        }
    }
}

/// Returns a query with its values masked: they may name a person.
fn masked_query(query: &str) -> String {
    if query.is_empty() {
        return String::new();
    }
    let parameter = |part: &str| {
        part.split_once('=').map_or_else(|| part.to_owned(), |(name, _)| format!("{name}={MASK}"))
    };
    format!(" ?{}", query.split('&').map(parameter).collect::<Vec<_>>().join("&"))
}

/// Returns the value of a header, shortened, with credentials masked.
fn header(name: &str, value: &str) -> Text {
    let value = if is_credential_name(name) { MASK.to_owned() } else { without_credentials(value) };
    match value.char_indices().nth(LONG_HEADER) {
        Some((end, _)) => Text::line(&format!("{}…", value.get(..end).unwrap_or_default())),
        None => Text::line(&value),
    }
}

impl ReplayRow {
    fn of(record: &ReplayRecord) -> Self {
        Self {
            replay: Text::line(&record.replay),
            at: At::of_time(record.at),
            processed: record.processed.map(At::of_time),
        }
    }
}

impl Drift {
    fn of(provider: Option<ProviderHandle>, event: &str, body: &[u8]) -> Self {
        let Some(drift) = provider.and_then(|provider| provider.drift_of_body(event, body)) else {
            return Self::NotCompared;
        };
        let contradictions = drift.contradictions.iter().map(|difference| (difference, true));
        let undocumented = drift.undocumented.iter().map(|difference| (difference, false));
        let all: Vec<(Text, bool)> = contradictions
            .chain(undocumented)
            .map(|(difference, contradicts)| (Text::line(&difference.to_string()), contradicts))
            .collect();
        if all.is_empty() { Self::None } else { Self::Some(all) }
    }
}

impl Document {
    /// Returns the body for the page, always without credentials and the provider's secrets in it.
    fn of_body(body: &[u8], secret_fields: &[&str], shows_personal: bool) -> Self {
        let Ok(text) = str::from_utf8(body) else {
            let text = if shows_personal { STANDARD.encode(body) } else { MASK.to_owned() };
            return Self::new(
                &text,
                Some("The body is not text. It is shown as base64 with personal data shown."),
            );
        };
        let without_secrets = mask_document(text, secret_fields);
        if shows_personal {
            let note = without_secrets.as_ref().map(|_| "Credentials are masked, and fields are sorted.");
            return Self::new(&masked_document(text, secret_fields), note);
        }
        match serde_json::from_str::<Value>(without_secrets.as_deref().unwrap_or(text)) {
            Ok(value) => {
                let masked = serde_json::to_string_pretty(&mask_body(&value)).unwrap_or_default();
                Self::new(&masked, Some("Values that may be personal are masked, and fields are sorted."))
            }
            Err(_) => Self::new(MASK, Some("The body is not JSON. It is shown with personal data shown.")),
        }
    }

    fn of_message(kind: &str, message: &str, shows_personal: bool) -> Self {
        if shows_personal {
            return Self::new(&masked_document(message, &[]), None);
        }
        match serde_json::from_str::<Value>(message) {
            Ok(value) => {
                let masked = serde_json::to_string_pretty(&mask_message(kind, &value)).unwrap_or_default();
                Self::new(&masked, Some("Personal fields are masked, and fields are sorted."))
            }
            Err(_) => Self::new(MASK, None),
        }
    }

    fn new(text: &str, note: Option<&'static str>) -> Self {
        let end = text.char_indices().nth(SHOWN).map(|(end, _)| end);
        let shown = end.and_then(|end| text.get(..end)).unwrap_or(text);
        Self { text: Text::block(shown), note, is_shortened: end.is_some() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use inlet::event::Origin;
    use inlet_aws::dynamodb::record::Record;

    use super::*;

    const EVIL: &str = "</pre></textarea><script>alert('x')</script>\"'\u{202e}\u{1b}[2J";

    fn stored(body: &str, message: &str) -> StoredEvent {
        let record = Record {
            id: "zid/a/order/1/0123456789abcdef".into(),
            event_type: EVIL.into(),
            canonical_type: EVIL.into(),
            inferred: true,
            time: Some(EVIL.into()),
            received_ms: 7,
            received: "2025-06-12T08:01:12.345Z".into(),
            origin: Origin::Webhook,
            trust: EVIL.into(),
            attempt: "a".into(),
            content: "c".into(),
            window_ms: None,
            updates_latest: false,
            supersedes: None,
            method: "POST".into(),
            topic: Some(EVIL.into()),
            query: format!("a={EVIL}&{EVIL}"),
            headers: BTreeMap::from([(EVIL.into(), EVIL.into())]),
            size: 1,
            sha256: EVIL.into(),
        };
        StoredEvent { record, message: message.into(), body: body.as_bytes().to_vec() }
    }

    fn page(body: &str, message: &str, shows_personal: bool) -> String {
        let id = EventId::parse("zid/a/order/1/0123456789abcdef").unwrap();
        let status = EventStatus {
            parked: Some(inlet_aws::history::event_status::Parked {
                since: ReceivedAt::EPOCH,
                reason: EVIL.into(),
            }),
            ..EventStatus::default()
        };
        let replays = vec![ReplayRecord { at: ReceivedAt::EPOCH, replay: EVIL.into(), processed: None }];
        let view =
            View::new(&id, &stored(body, message), &status, &replays, ReceivedAt::EPOCH, shows_personal);
        EventPage { shell: Shell::closed("Event"), view }.render().unwrap()
    }

    #[test]
    fn hostile_text_is_escaped_in_every_field() {
        let body = serde_json::json!({ EVIL: EVIL, "note": EVIL }).to_string();
        for shows_personal in [false, true] {
            for body in [body.as_str(), EVIL] {
                let html = page(body, &body.replace("note", "data"), shows_personal);
                assert!(!html.contains("<script>alert"), "{html}");
                assert!(!html.contains('\u{202e}') && !html.contains('\u{1b}'), "{html}");
            }
        }
    }

    #[test]
    fn personal_data_is_shown_only_on_request() {
        let body = r#"{"id":1,"customer":{"name":"Sara Ali","mobile":"966500000000"}}"#;
        let message =
            r#"{"type":"t","data":{"id":"1","customer":{"name":"Sara Ali","phone":"966500000000"}}}"#;
        let masked = page(body, message, false);
        assert!(!masked.contains("Sara") && !masked.contains("966500000000"), "{masked}");
        let shown = page(body, message, true);
        assert!(shown.contains("Sara Ali") && shown.contains("966500000000"));
        assert!(!page("name=Sara", "x", false).contains("Sara"), "a body that is not JSON");
    }

    #[test]
    fn no_page_of_an_event_shows_a_credential() {
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOjF9.c2ln";
        let data = serde_json::json!({
            "id": 1,
            "extra": {"password": "hunter2canary", "apiKey": "sk_live_canary", "Token": "canary", "x": token},
            "note": format!("Bearer {token}"),
        });
        let message = serde_json::json!({"type": "t", "data": data}).to_string();
        for shows_personal in [false, true] {
            for body in [data.to_string(), "id=1&password=canary".to_owned()] {
                let html = page(&body, &message, shows_personal);
                assert!(!html.contains("canary") && !html.contains("eyJ"), "{html}");
            }
        }
        assert!(page(&data.to_string(), "{}", true).contains("Credentials are masked"));
        assert_eq!(header("x-api-key", "canary").to_string(), MASK);
        assert_eq!(header("content-type", "application/json").to_string(), "application/json");
    }

    #[test]
    fn a_customers_note_is_masked_in_the_message_too() {
        let note = r#"{"type":"t","data":{"id":"1","note":"Call Fatima on +966501234567"}}"#;
        assert!(!page("{}", note, false).contains("Fatima"));
        assert!(page("{}", note, true).contains("Fatima"));
    }

    #[test]
    fn the_providers_secrets_are_never_shown() {
        let body = r#"{"id":1,"products":[{"vouchers":[{"key":"canary"}]}]}"#;
        for shows_personal in [false, true] {
            assert!(!page(body, "{}", shows_personal).contains("canary"));
        }
    }
}
