//! The message that consumers read: a CloudEvents 1.0 JSON object.

use serde::Serialize;

use crate::canonical::Canonical;
use crate::event::Event;
use crate::proof::Verified;

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
    /// Only where it is true: the type follows from how the provider names its other events.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    inferred: bool,
    receivedtime: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataref: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'e Canonical>,
}

impl<'e> CloudEvent<'e> {
    /// The message of an event.
    pub fn of(event: &'e Verified<Event>) -> Self {
        let reading = event.reading();
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
            time: reading.time.as_ref().and_then(|time| time.as_instant()).map(crate::time::Instant::as_str),
            datacontenttype: "application/json",
            provider: event.provider(),
            store: store.as_str(),
            providertype: reading.event_type.as_str(),
            trust: event.delivery().trust().as_str(),
            inferred: reading.inferred,
            receivedtime: event.received_at().to_string(),
            dataref: None,
            data: Some(&reading.data),
        }
    }

    /// The same for a channel that the data is too large for: `dataref` (the claim check of the CloudEvents
    /// primer) holds the id under which the raw body is stored.
    #[must_use]
    pub fn without_data(self) -> Self {
        Self { dataref: Some(self.id), data: None, ..self }
    }

    /// The JSON text.
    pub fn to_json(&self) -> String {
        #[expect(clippy::expect_used, reason = "all is text or canonical objects, whose maps have text keys")]
        serde_json::to_string(self).expect("a message can be written as JSON")
    }
}
