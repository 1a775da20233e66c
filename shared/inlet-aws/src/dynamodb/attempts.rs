//! Attempts at messages that are not processed yet: one small item for each entity, because all of an entity's
//! messages wait for the one at the head of its group.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::process::{AttemptRecord, Attempts};
use inlet::received_at::ReceivedAt;

use crate::dynamodb::attributes::{Item, number, number_value, text};
use crate::dynamodb::dynamo::{Dynamo, put_request};
use crate::dynamodb::keys::attempts_key;

/// Maximum delay of the next attempt beyond its plan: the queue returns a message when a processor is free.
const LEEWAY: Duration = Duration::from_mins(2);

/// The owner of these items.
#[derive(Clone, Debug)]
pub struct AttemptItems {
    dynamo: Dynamo,
}

impl AttemptItems {
    pub(crate) fn new(dynamo: Dynamo) -> Self {
        Self { dynamo }
    }

    /// Returns the attempts at these messages by SQS message id. The messages are given as event and SQS message id;
    /// one without attempts is missing in the result.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn load(&self, messages: &[(&EventId, &str)]) -> Result<HashMap<String, Attempts>, Fault> {
        let items = self.dynamo.batch_get(messages.iter().map(|(id, _)| attempts_key(id))).await?;
        let attempts = |(id, message): &(&EventId, &str)| {
            let item = items.get(&attempts_key(id))?;
            if text(item, "message_id") != Some(message) {
                return None;
            }
            let attempts = Attempts { failed: count(item, "failed"), unfinished: count(item, UNFINISHED) };
            Some(((*message).to_owned(), attempts))
        };
        Ok(messages.iter().filter_map(attempts).collect())
    }

    /// Writes the attempts at these messages, and until when their entities wait for them.
    ///
    /// # Errors
    /// If a write fails. Others of them may have succeeded.
    pub async fn record(&self, records: &[AttemptRecord], now: ReceivedAt) -> Result<(), Fault> {
        let mut requests = HashMap::new();
        for AttemptRecord { id, received, attempts, delay } in records {
            let delay_ms = i64::try_from(delay.saturating_add(LEEWAY).as_millis()).unwrap_or(i64::MAX);
            let mut item = attempts_key(id).into_item();
            item.insert("message_id".into(), AttributeValue::S(received.clone()));
            item.insert("failed".into(), number_value(attempts.failed.into()));
            item.insert(UNFINISHED.into(), number_value(attempts.unfinished.into()));
            item.insert("until_ms".into(), number_value(now.millis().saturating_add(delay_ms)));
            item.insert("expires".into(), self.dynamo.expires(now.millis()));
            // DynamoDB refuses a request that names a key twice.
            requests.insert(id.entity_path(), put_request(item)?);
        }
        self.dynamo.batch_write(requests.into_values().collect()).await
    }
}

/// The attribute with the attempts that did not end. Stored data: it keeps its first name.
const UNFINISHED: &str = "unended";

/// Returns true if the entity still waits: then its messages are on the queue, however old they are.
pub(crate) fn is_waiting(attempts: &Item, now: ReceivedAt) -> bool {
    number(attempts, "until_ms").is_some_and(|until_ms| now.millis() < until_ms)
}

fn count(item: &Item, name: &str) -> u32 {
    number(item, name).and_then(|count| u32::try_from(count).ok()).unwrap_or_default()
}
