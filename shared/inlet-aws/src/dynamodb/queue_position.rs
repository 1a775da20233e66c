//! How far the queue is worked off: what tells a backlog from a loss.
//!
//! The processor notes, minute by minute, when the oldest message was sent that it saw for the first time. What
//! was sent later than that and is not processed may well be waiting; what was sent earlier was not on the queue.
//! `ApproximateAgeOfOldestMessage` would not do: one message that fails again and again makes it old.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use inlet::fault::Fault;
use inlet::process::Received;
use inlet::received_at::ReceivedAt;

use crate::client::connect::describe_sdk_error;
use crate::dynamodb::attributes::number;
use crate::dynamodb::table::{Table, key};

/// The partition key of the notes. No entity has it: those begin with a provider and have slashes.
const NOTES: &str = "processor";

const MINUTE_MS: i64 = 60_000;

/// How many minutes are looked at: this one may have begun a moment ago.
const MINUTES: i64 = 2;

/// How long a note is kept, in minutes.
const KEPT_MINUTES: i64 = 24 * 60;

/// Where the processor is on the queue: the time that a message was sent, in a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    minute: i64,
    sent_ms: i64,
}

impl Position {
    /// What a batch says; nothing when all of it was received before.
    pub fn of(batch: &[Received], now: ReceivedAt) -> Option<Self> {
        let first_seen = batch.iter().filter(|received| received.receives == 1);
        let sent_ms = first_seen.map(|received| received.sent_ms).min()?;
        Some(Self { minute: minute(now), sent_ms })
    }

    /// Whether `noted` already says as much.
    pub fn is_covered_by(self, noted: Option<Self>) -> bool {
        noted.is_some_and(|noted| noted.minute == self.minute && noted.sent_ms <= self.sent_ms)
    }
}

impl Position {
    /// When its note may go, in seconds since 1970 UTC.
    fn expires(self) -> i64 {
        self.minute.saturating_add(KEPT_MINUTES).saturating_mul(60)
    }
}

impl Table {
    /// Notes a position, unless an earlier one is noted in its minute.
    ///
    /// # Errors
    /// When the table does not take it.
    pub async fn record_position(&self, position: Position) -> Result<(), Fault> {
        let number = |n: i64| AttributeValue::N(n.to_string());
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key(NOTES, &note_key(position.minute))))
            .update_expression("SET sent_ms = :sent, expires = :expires")
            .condition_expression("attribute_not_exists(pk) OR sent_ms > :sent")
            .expression_attribute_values(":sent", number(position.sent_ms))
            .expression_attribute_values(":expires", number(position.expires()));
        match update.send().await {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(Fault::new("the position cannot be noted", describe_sdk_error(&error))),
        }
    }

    /// When the oldest message was sent that the processor saw for the first time in the last minutes; nothing
    /// when it saw none.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn position(&self, now: ReceivedAt) -> Result<Option<ReceivedAt>, Fault> {
        let mut oldest_ms: Option<i64> = None;
        for back in 0..MINUTES {
            let note = self.item(NOTES, &note_key(minute(now).saturating_sub(back))).await?;
            let sent_ms = note.and_then(|note| number(&note, "sent_ms"));
            oldest_ms = [oldest_ms, sent_ms].into_iter().flatten().min();
        }
        Ok(oldest_ms.and_then(ReceivedAt::from_millis))
    }
}

fn minute(at: ReceivedAt) -> i64 {
    at.millis().div_euclid(MINUTE_MS)
}

fn note_key(minute: i64) -> String {
    format!("position/{minute}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(sent_ms: i64, receives: u32) -> Received {
        let text = String::new;
        Received {
            id: text(),
            group: text(),
            deduplication: text(),
            handle: text(),
            receives,
            failing_for: std::time::Duration::ZERO,
            age: std::time::Duration::ZERO,
            sent_ms,
            text: text(),
            whole: None,
        }
    }

    #[test]
    fn only_what_is_seen_for_the_first_time_tells_where_the_processor_is() {
        let now = ReceivedAt::from_millis(10 * MINUTE_MS).unwrap();
        let batch = [received(7, 2), received(9, 1), received(8, 1)];
        assert_eq!(Position::of(&batch, now), Some(Position { minute: 10, sent_ms: 8 }));
        assert_eq!(Position::of(&batch[..1], now), None);
    }

    #[test]
    fn a_position_is_noted_once_a_minute_and_when_it_goes_back() {
        let at = |minute, sent_ms| Position { minute, sent_ms };
        assert!(!at(1, 5).is_covered_by(None));
        assert!(at(1, 5).is_covered_by(Some(at(1, 5))));
        assert!(at(1, 6).is_covered_by(Some(at(1, 5))));
        assert!(!at(1, 4).is_covered_by(Some(at(1, 5))));
        assert!(!at(2, 6).is_covered_by(Some(at(1, 5))));
    }
}
