//! The position of the processor on the queue. The sweeper uses it to distinguish a backlog from a lost message.
//!
//! The processor records, minute by minute, the oldest send time among the messages that it receives for the first
//! time. An unprocessed event that was sent later may still be on the queue; one that was sent earlier is not. SQS's
//! `ApproximateAgeOfOldestMessage` cannot replace it: one message that keeps failing makes it old.

use inlet::fault::Fault;
use inlet::process::Received;
use inlet::received_at::ReceivedAt;

use crate::dynamodb::attributes::{number, number_value};
use crate::dynamodb::dynamo::{Dynamo, Expressions, Key};

/// The partition of the positions. No entity has it: an entity's path starts with a provider and has slashes.
const PROCESSOR: &str = "processor";

const MINUTE_MS: i64 = 60_000;

/// The number of minutes that count: the current one may have just started.
const MINUTES: i64 = 2;

/// The time to live of a position, in minutes.
const RETENTION_MINUTES: i64 = 24 * 60;

/// A position of the processor: a minute, and the oldest send time of a message that was first received in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    minute: i64,
    sent_ms: i64,
}

impl Position {
    /// Returns the position that a batch shows; `None` if all its messages were received before.
    pub fn of(batch: &[Received], now: ReceivedAt) -> Option<Self> {
        let first_receives = batch.iter().filter(|received| received.receives == 1);
        let sent_ms = first_receives.map(|received| received.sent_ms).min()?;
        Some(Self { minute: minute(now), sent_ms })
    }

    /// Returns true if a recorded position makes this one unnecessary.
    pub fn is_covered_by(self, recorded: Option<Self>) -> bool {
        recorded.is_some_and(|recorded| recorded.minute == self.minute && recorded.sent_ms <= self.sent_ms)
    }

    /// Returns the end of the item's time to live, in seconds since 1970 UTC.
    fn expires(self) -> i64 {
        self.minute.saturating_add(RETENTION_MINUTES).saturating_mul(60)
    }
}

/// The owner of the positions.
#[derive(Clone, Debug)]
pub struct QueuePositions {
    dynamo: Dynamo,
}

impl QueuePositions {
    pub(crate) fn new(dynamo: Dynamo) -> Self {
        Self { dynamo }
    }

    /// Records a position, unless the minute has an earlier one.
    ///
    /// # Errors
    /// If the write fails.
    pub async fn record(&self, position: Position) -> Result<(), Fault> {
        let update = Expressions::update("SET sent_ms = :sent, expires = :expires")
            .only_if("attribute_not_exists(pk) OR sent_ms > :sent")
            .value(":sent", number_value(position.sent_ms))
            .value(":expires", number_value(position.expires()));
        let context = "the queue position cannot be recorded";
        self.dynamo.update(position_key(position.minute), update, context).await.map(|_| ())
    }

    /// Returns the oldest send time of a message that the processor received for the first time in the last minutes;
    /// `None` if it received none.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn recent(&self, now: ReceivedAt) -> Result<Option<ReceivedAt>, Fault> {
        let mut oldest_ms: Option<i64> = None;
        for back in 0..MINUTES {
            let item = self.dynamo.get(position_key(minute(now).saturating_sub(back))).await?;
            let sent_ms = item.and_then(|item| number(&item, "sent_ms"));
            oldest_ms = [oldest_ms, sent_ms].into_iter().flatten().min();
        }
        Ok(oldest_ms.and_then(ReceivedAt::from_millis))
    }
}

fn minute(at: ReceivedAt) -> i64 {
    at.millis().div_euclid(MINUTE_MS)
}

fn position_key(minute: i64) -> Key {
    Key::new(PROCESSOR, format!("position/{minute}"))
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
    fn only_messages_received_for_the_first_time_show_a_position() {
        let now = ReceivedAt::from_millis(10 * MINUTE_MS).unwrap();
        let batch = [received(7, 2), received(9, 1), received(8, 1)];
        assert_eq!(Position::of(&batch, now), Some(Position { minute: 10, sent_ms: 8 }));
        assert_eq!(Position::of(&batch[..1], now), None);
    }

    #[test]
    fn a_position_is_recorded_once_a_minute_and_when_it_goes_back() {
        let at = |minute, sent_ms| Position { minute, sent_ms };
        assert!(!at(1, 5).is_covered_by(None));
        assert!(at(1, 5).is_covered_by(Some(at(1, 5))));
        assert!(at(1, 6).is_covered_by(Some(at(1, 5))));
        assert!(!at(1, 4).is_covered_by(Some(at(1, 5))));
        assert!(!at(2, 6).is_covered_by(Some(at(1, 5))));
    }
}
