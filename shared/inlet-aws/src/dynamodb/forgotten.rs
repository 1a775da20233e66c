//! Notes that an entity was forgotten. They keep a message that is still on its way from storing the entity again.

use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;

use crate::dynamodb::attributes::{number, number_value};
use crate::dynamodb::dynamo::{Dynamo, Key, put_request};
use crate::dynamodb::keys::FORGOTTEN;

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
        let note = self.dynamo.get(Key::new(id.entity_path(), FORGOTTEN)).await?;
        let forgotten_ms = note.and_then(|note| number(&note, "forgotten_ms"));
        Ok(forgotten_ms.is_some_and(|forgotten_ms| received_at.millis() <= forgotten_ms))
    }

    /// Notes that the entity under this path is forgotten: all that arrived until `now` must not come back.
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
