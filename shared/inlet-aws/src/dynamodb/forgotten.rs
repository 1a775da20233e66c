//! Notes that an entity was forgotten. They prevent a message that is still on the queue from storing the entity again.

use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::message::Message;
use inlet::received_at::ReceivedAt;

use crate::dynamodb::attributes::{Item, number, number_value};
use crate::dynamodb::dynamo::{Dynamo, Key, put_request};
use crate::dynamodb::keys::{FORGOTTEN, forgotten_key};

/// The owner of these notes.
#[derive(Clone, Debug)]
pub struct ForgottenEntities {
    dynamo: Dynamo,
}

impl ForgottenEntities {
    pub(crate) fn new(dynamo: Dynamo) -> Self {
        Self { dynamo }
    }

    /// Returns true if the entity of an event was forgotten at or after the arrival of the event.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn includes(&self, id: &EventId, received_at: ReceivedAt) -> Result<bool, Fault> {
        let note = self.dynamo.get(forgotten_key(id)).await?;
        Ok(note.is_some_and(|note| note_includes(&note, received_at)))
    }

    /// Returns the time up to which the entity under this path was forgotten, if it was.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn forgotten_until(&self, entity_path: &str) -> Result<Option<ReceivedAt>, Fault> {
        let note = self.dynamo.get(Key::new(entity_path, FORGOTTEN)).await?;
        Ok(note.and_then(|note| ReceivedAt::from_millis(number(&note, "forgotten_ms")?)))
    }

    /// Returns true if a message is about an event of an entity that was forgotten since. The notice that it was
    /// forgotten is not one.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn includes_message(&self, message: &Message) -> Result<bool, Fault> {
        if message.is_forgotten_notice() {
            return Ok(false);
        }
        let note = self.dynamo.get(forgotten_key(message.id())).await?;
        Ok(note.is_some_and(|note| note_includes_message(&note, message)))
    }

    /// Notes that the entity under this path is forgotten: no delivery that arrived until `now` is stored again.
    ///
    /// # Errors
    /// If the write fails.
    pub async fn put(&self, entity_path: &str, now: ReceivedAt) -> Result<(), Fault> {
        let mut note = Key::new(entity_path, FORGOTTEN).into_item();
        note.insert("forgotten_ms".into(), number_value(now.millis()));
        note.insert("expires".into(), self.dynamo.expires(now.millis()));
        self.dynamo.batch_write(vec![put_request(note)?]).await
    }
}

/// Returns true if a note covers a delivery with this arrival.
pub(crate) fn note_includes(note: &Item, received_at: ReceivedAt) -> bool {
    number(note, "forgotten_ms").is_some_and(|forgotten_ms| received_at.millis() <= forgotten_ms)
}

/// Returns true if the note of a message's entity covers the message's event. The notice that the entity was forgotten
/// is not covered.
pub(crate) fn note_includes_message(note: &Item, message: &Message) -> bool {
    // A message that another program put on the queue may contain no arrival.
    let received_at = ReceivedAt::parse(message.received_time()).unwrap_or(ReceivedAt::EPOCH);
    !message.is_forgotten_notice() && note_includes(note, received_at)
}
