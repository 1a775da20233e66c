//! The message that consumers read, a CloudEvents 1.0 JSON object: writing and parsing.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::canonical::Canonical;
pub use crate::canonical::ENTITY_FORGOTTEN;
use crate::event::{Event, EventId, NotAnEventId, Origin};
use crate::proof::verify::Verified;
use crate::provider::catalogue::Documented;
use crate::received_at::ReceivedAt;
use crate::trust::is_signed;
use crate::value::json::JsonError;

/// A CloudEvents 1.0 event in its JSON format, with Inlet's extension attributes.
#[derive(Debug, Serialize)]
pub struct CloudEvent<'e> {
    specversion: &'static str,
    id: &'e str,
    source: String,
    #[serde(rename = "type")]
    canonical_type: String,
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<&'e str>,
    datacontenttype: &'static str,
    provider: &'static str,
    store: &'e str,
    providertype: &'e str,
    trust: &'static str,
    /// Only of an event that was reconciled: the way on which it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<&'static str>,
    /// Only of an event that was reconciled: the fields that no event had carried, joined by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    missed: Option<String>,
    /// Absent where the event is inferred or unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    documented: Option<&'static str>,
    /// Present only if true: the type is inferred from the names of the provider's other events.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    inferred: bool,
    /// Only where the store's setting `currency` was filled in.
    #[serde(skip_serializing_if = "Option::is_none")]
    currencyfrom: Option<&'static str>,
    /// Only where the store's setting `zone` was applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    zonefrom: Option<&'static str>,
    receivedtime: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataref: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'e Canonical>,
}

/// The trust in a notice: an operator sent it, no provider.
const BY_OPERATOR: &str = "operator";

/// The notice that an entity was forgotten, a CloudEvents 1.0 event without data: consumers delete their data of
/// the entity from deliveries that arrived until `time`. It has every attribute of an event's envelope, so that code
/// which reads events reads it too.
#[derive(Serialize)]
struct ForgottenNotice<'e> {
    specversion: &'static str,
    id: &'e str,
    source: String,
    #[serde(rename = "type")]
    canonical_type: &'static str,
    subject: &'e str,
    time: &'e str,
    datacontenttype: &'static str,
    provider: &'e str,
    store: &'e str,
    providertype: &'static str,
    trust: &'static str,
    receivedtime: &'e str,
}

/// The word for a value that comes from the store's settings.
const SETTINGS: &str = "settings";

impl<'e> CloudEvent<'e> {
    /// The message of an event.
    pub fn of(event: &'e Verified<Event>) -> Self {
        let reading = event.parsed();
        let is_reconciled = event.origin() == Origin::Reconciled;
        let store = event.delivery().store();
        let source = format!("/{}/{store}", event.provider());
        // The id's third and fourth part: the kind, and the entity in its encoded form.
        let subject = event.id().entity_path().splitn(3, '/').nth(2).unwrap_or_default().to_owned();
        Self {
            specversion: "1.0",
            id: event.id().as_str(),
            source,
            canonical_type: event.canonical_type(),
            subject,
            time: reading
                .time
                .as_ref()
                .and_then(|time| time.as_instant())
                .map(crate::value::time::Instant::as_str),
            datacontenttype: "application/json",
            provider: event.provider(),
            store: store.as_str(),
            providertype: reading.event_type.as_str(),
            trust: event.delivery().trust().as_str(),
            origin: is_reconciled.then_some(event.origin().as_str()),
            missed: is_reconciled.then(|| event.missed().join(",")),
            documented: reading.documented.and_then(Documented::as_str),
            inferred: reading.inferred,
            currencyfrom: reading.completed.currency.then_some(SETTINGS),
            zonefrom: reading.completed.zone.then_some(SETTINGS),
            receivedtime: event.received_at().to_string(),
            dataref: None,
            data: Some(&reading.data),
        }
    }

    /// The same message without the data, for a channel whose limit it exceeds. `dataref` (the claim check of the
    /// CloudEvents primer) contains the id under which the raw body is stored.
    #[must_use]
    pub fn without_data(self) -> Self {
        Self { dataref: Some(self.id), data: None, ..self }
    }

    /// Returns the JSON text of an event's message. It is written once, and after a change of the event once more.
    pub fn text_of(event: &'e Verified<Event>) -> &'e str {
        event.message_text(|| Self::of(event).to_json())
    }

    /// The JSON text.
    pub fn to_json(&self) -> String {
        #[expect(clippy::expect_used, reason = "all is text or canonical objects, whose maps have text keys")]
        serde_json::to_string(self).expect("a message can be written as JSON")
    }
}

/// A parsed message: the text, and the attributes that decide how it is handled.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    id: EventId,
    head: Head,
    json: String,
}

/// The attributes that decide how a message is handled.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Head {
    id: String,
    #[serde(rename = "type")]
    canonical_type: String,
    provider: String,
    store: String,
    receivedtime: String,
    replayid: Option<String>,
    #[serde(default)]
    trust: String,
}

/// The reason that a text is not one of Inlet's messages.
#[derive(Debug, thiserror::Error)]
pub enum NotAMessage {
    /// It is not a JSON object, or lacks an attribute.
    #[error("it is not a CloudEvents object: {0}")]
    Json(JsonError),
    /// Its id is not an event's.
    #[error("its id is not an event's")]
    Id(#[source] NotAnEventId),
}

impl Message {
    /// Reads a message.
    ///
    /// # Errors
    /// [`NotAMessage`] when [`CloudEvent::to_json`] cannot have written it.
    pub fn parse(json: String) -> Result<Self, NotAMessage> {
        let head: Head = serde_json::from_str(&json).map_err(|error| NotAMessage::Json(error.into()))?;
        let id = EventId::parse(&head.id).map_err(NotAMessage::Id)?;
        Ok(Self { id, head, json })
    }

    /// The notice that the entity under this path was forgotten: every delivery that arrived until `at`.
    ///
    /// # Errors
    /// [`NotAMessage::Id`] unless the path is that of an entity.
    pub fn entity_forgotten(entity_path: &str, at: ReceivedAt) -> Result<Self, NotAMessage> {
        let id = EventId::of_forgetting(entity_path, at).map_err(NotAMessage::Id)?;
        let mut parts = entity_path.splitn(3, '/');
        let mut part = || parts.next().unwrap_or_default();
        let (provider, store, subject, time) = (part(), part(), part(), at.to_string());
        let notice = ForgottenNotice {
            specversion: "1.0",
            id: id.as_str(),
            source: format!("/{provider}/{store}"),
            canonical_type: ENTITY_FORGOTTEN,
            subject,
            time: &time,
            datacontenttype: "application/json",
            provider,
            store,
            providertype: ENTITY_FORGOTTEN,
            trust: BY_OPERATOR,
            receivedtime: &time,
        };
        let json = serde_json::to_string(&notice).map_err(|error| NotAMessage::Json(error.into()))?;
        Self::parse(json)
    }

    /// Returns true for the notice that an entity was forgotten, which is not an event of the entity.
    pub fn is_forgotten_notice(&self) -> bool {
        self.head.canonical_type == ENTITY_FORGOTTEN
    }

    /// The event's id.
    pub fn id(&self) -> &EventId {
        &self.id
    }

    /// The message's type: `commerce.{kind}.{verb}`.
    pub fn canonical_type(&self) -> &str {
        &self.head.canonical_type
    }

    /// The provider's name.
    pub fn provider(&self) -> &str {
        &self.head.provider
    }

    /// The store's name.
    pub fn store(&self) -> &str {
        &self.head.store
    }

    /// Returns the time of arrival, RFC 3339.
    pub fn received_time(&self) -> &str {
        &self.head.receivedtime
    }

    /// Returns whether a signature verified the delivery.
    pub fn is_signed(&self) -> bool {
        is_signed(&self.head.trust)
    }

    /// Returns the replay that it belongs to, if it was sent again on purpose.
    pub fn replay_id(&self) -> Option<&str> {
        self.head.replayid.as_deref()
    }

    /// The JSON text.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The same for a channel whose limit the data exceeds; see [`CloudEvent::without_data`].
    #[must_use]
    pub fn without_data(&self) -> Self {
        self.with(|object, id| {
            object.remove("data");
            object.insert("dataref".into(), id.into());
        })
    }

    /// Returns the same message as part of a replay, so that it passes deduplication, and consumers can recognise it.
    #[must_use]
    pub fn replayed(&self, replay_id: &str) -> Self {
        let changed = self.with(|object, _| {
            object.insert("replayid".into(), replay_id.into());
        });
        Self { head: Head { replayid: Some(replay_id.to_owned()), ..changed.head }, ..changed }
    }

    fn with(&self, change: impl FnOnce(&mut Map<String, Value>, &str)) -> Self {
        // The text was parsed as an object before, so this cannot fail. If it did, the message would stay unchanged.
        let mut object: Map<String, Value> = serde_json::from_str(&self.json).unwrap_or_default();
        change(&mut object, self.id.as_str());
        Self { json: Value::Object(object).to_string(), ..self.clone() }
    }
}

/// Without the text: it has personal data.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::Completed;
    use crate::event::ExistingEvent;
    use crate::provider::parsed_event::{ParsedEvent, UnknownReason};
    use crate::received_at::ReceivedAt;
    use crate::test_provider::{TestProvider, delivered, sent};

    const TEXT: &str = r#"{"specversion":"1.0","id":"zid/a/order/1/0123456789abcdef","type":"commerce.order.created","provider":"zid","store":"a","receivedtime":"2025-06-12T08:01:12.345Z","data":{"total":"86.40","weight":1.10}}"#;

    #[test]
    fn a_message_has_its_documentation_and_its_completion() {
        let message = |documented, completed| {
            let parsed = ParsedEvent {
                documented,
                completed,
                ..ParsedEvent::unknown("x", UnknownReason::Event, None)
            };
            let delivery = delivered(sent("", "{}"), ReceivedAt::from_millis(7).unwrap());
            let event = delivery.into_event::<TestProvider>(parsed);
            let message: Value = serde_json::from_str(&CloudEvent::of(&event).to_json()).unwrap();
            ["documented", "currencyfrom", "zonefrom"].map(|name| message[name].as_str().map(str::to_owned))
        };
        let some = |word: &str| Some(word.to_owned());
        let both = Completed { currency: true, zone: true };
        assert_eq!(message(None, Completed::default()), [None, None, None]);
        assert_eq!(message(Some(Documented::Inferred), Completed::default()), [None, None, None]);
        assert_eq!(message(Some(Documented::Partial), both), ["partial", "settings", "settings"].map(some));
    }

    #[test]
    fn the_text_of_a_message_follows_the_changes_of_its_event() {
        let at = |ms| ReceivedAt::from_millis(ms).unwrap();
        let parsed = ParsedEvent::unknown("x", UnknownReason::Event, None);
        let mut event = delivered(sent("", "{}"), at(7)).into_event::<TestProvider>(parsed);
        let is_current = |event: &Verified<Event>| {
            assert_eq!(CloudEvent::text_of(event), CloudEvent::of(event).to_json());
            CloudEvent::text_of(event).contains(&event.received_at().to_string())
        };
        assert!(is_current(&event));
        event.receive_later(at(8_000));
        assert!(is_current(&event), "a later arrival");
        let original = ExistingEvent { id: event.id().clone(), received_at: at(6_000) };
        let event = event.as_duplicate_of(original);
        assert!(is_current(&event), "a duplicate has the original's arrival");
        assert!(!format!("{event:?}").contains("specversion"), "a log must not contain the text");
    }

    #[test]
    fn a_message_reads_back() {
        let message = Message::parse(TEXT.to_owned()).unwrap();
        assert_eq!(message.id().as_str(), "zid/a/order/1/0123456789abcdef");
        assert_eq!((message.provider(), message.store()), ("zid", "a"));
        assert_eq!(message.canonical_type(), "commerce.order.created");
        assert_eq!(message.received_time(), "2025-06-12T08:01:12.345Z");
        assert_eq!((message.replay_id(), message.json()), (None, TEXT));
        assert!(!format!("{message:?}").contains("86.40"), "a log must not contain the data");
    }

    #[test]
    fn a_notice_of_forgetting_has_the_entity_and_the_time_alone() {
        let at = ReceivedAt::parse("2025-06-12T08:01:12.345Z").unwrap();
        let notice = Message::entity_forgotten("zid/a/order/1", at).unwrap();
        assert!(notice.is_forgotten_notice() && !Message::parse(TEXT.into()).unwrap().is_forgotten_notice());
        assert_eq!(notice.id().entity_path(), "zid/a/order/1");
        let object: Value = serde_json::from_str(notice.json()).unwrap();
        let expected = serde_json::json!({
            "specversion": "1.0",
            "id": notice.id().as_str(),
            "source": "/zid/a",
            "type": "inlet.entity.forgotten",
            "subject": "order/1",
            "time": "2025-06-12T08:01:12.345Z",
            "datacontenttype": "application/json",
            "provider": "zid",
            "store": "a",
            "providertype": "inlet.entity.forgotten",
            "trust": "operator",
            "receivedtime": "2025-06-12T08:01:12.345Z",
        });
        assert_eq!(object, expected);
        let again = Message::entity_forgotten("zid/a/order/1", at).unwrap();
        assert_eq!(again.id(), notice.id(), "a repeated run has the same notice");
        assert!(matches!(Message::entity_forgotten("zid/a", at), Err(NotAMessage::Id(_))));
    }

    #[test]
    fn an_invalid_message_error_has_the_place_and_no_quote() {
        for (text, why) in [
            ("no", "it is not a CloudEvents object: no JSON, line 1, column 2"),
            (
                r#"{"id":"secret"}"#,
                "it is not a CloudEvents object: JSON of another shape, line 1, column 15",
            ),
            (&TEXT.replace("/order/", "/secret/"), "its id is not an event's"),
        ] {
            assert_eq!(Message::parse(text.to_owned()).unwrap_err().to_string(), why, "{text}");
        }
    }

    #[test]
    fn a_message_too_large_for_a_channel_refers_to_the_event() {
        let json = Message::parse(TEXT.to_owned()).unwrap().without_data().json().to_owned();
        let object: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(
            (object.get("data"), object["dataref"].as_str()),
            (None, Some("zid/a/order/1/0123456789abcdef"))
        );
        assert_eq!(object["store"], "a");
    }

    #[test]
    fn a_replayed_message_is_marked_and_keeps_its_digits() {
        let replayed = Message::parse(TEXT.to_owned()).unwrap().replayed("r-1");
        assert_eq!(replayed.replay_id(), Some("r-1"));
        let again = Message::parse(replayed.json().to_owned()).unwrap();
        assert_eq!(again.replay_id(), Some("r-1"), "consumers can see it");
        assert!(replayed.json().contains("1.10"), "{}", replayed.json());
    }
}
