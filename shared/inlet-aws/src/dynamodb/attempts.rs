//! What is known of the messages that were tried and are not done: one small item for each entity, since all of an
//! entity's messages wait for the one at their head.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::process::{AttemptRecord, Attempts};
use inlet::received_at::ReceivedAt;

use crate::dynamodb::attributes::{Item, number, text};
use crate::dynamodb::table::{TRIED, Table, key, put};

/// How much later than planned the next try may be: the queue hands out what is due when a processor is free.
const LEEWAY: Duration = Duration::from_mins(2);

impl Table {
    /// How often these messages were tried, told by their events and the queue's own ids; by those ids.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn tries(&self, messages: &[(&EventId, &str)]) -> Result<HashMap<String, Attempts>, Fault> {
        let notes = self.batch_get(messages.iter().map(|(id, _)| attempts_item_key(id))).await?;
        let tries = |(id, message): &(&EventId, &str)| {
            let note = notes.get(&attempts_item_key(id))?;
            let is_of_it = text(note, "message_id") == Some(message);
            is_of_it.then(|| {
                (
                    (*message).to_owned(),
                    Attempts { failed: count(note, "failed"), unfinished: count(note, "unended") },
                )
            })
        };
        Ok(messages.iter().filter_map(tries).collect())
    }

    /// Notes that these messages were tried, and until when their entities wait for them.
    ///
    /// # Errors
    /// When the table does not take all of it.
    pub async fn note_tries(&self, tries: &[AttemptRecord], now: ReceivedAt) -> Result<(), Fault> {
        let number = |n: i64| AttributeValue::N(n.to_string());
        let mut notes = HashMap::new();
        for AttemptRecord { id, received, tries, pause } in tries {
            let pause = i64::try_from(pause.saturating_add(LEEWAY).as_millis()).unwrap_or(i64::MAX);
            let mut note = key(id.entity_path(), TRIED);
            note.insert("message_id".into(), AttributeValue::S(received.clone()));
            note.insert("failed".into(), number(tries.failed.into()));
            note.insert("unended".into(), number(tries.unfinished.into()));
            note.insert("until_ms".into(), number(now.millis().saturating_add(pause)));
            note.insert("expires".into(), self.expires(now.millis()));
            // A request must not name an item twice.
            notes.insert(id.entity_path(), put(note)?);
        }
        self.write_all(notes.into_values().collect()).await
    }
}

/// The key of the note on the message that the event's entity waits for.
pub(crate) fn attempts_item_key(id: &EventId) -> (String, String) {
    (id.entity_path().to_owned(), TRIED.to_owned())
}

/// Whether the entity waits, by its note: then its messages are on the queue, however long they have been.
pub(crate) fn is_waiting(note: &Item, now: ReceivedAt) -> bool {
    number(note, "until_ms").is_some_and(|until_ms| now.millis() < until_ms)
}

fn count(note: &Item, name: &str) -> u32 {
    number(note, name).and_then(|count| u32::try_from(count).ok()).unwrap_or_default()
}
