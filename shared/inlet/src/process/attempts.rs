//! Attempts of a message, and the delay until the next one.

use std::time::Duration;

use crate::event::EventId;

/// Number of attempts of a message that fails by its own fault, or that crashes the processor. Then it goes to the
/// dead-letter queue. Only its own attempts count, not waiting behind others or an outage.
pub const MAX_ATTEMPTS: u32 = 5;

/// Delay after a failure: the queue's visibility timeout, as the template sets it.
pub const MIN_BACKOFF: Duration = Duration::from_mins(3);

/// Maximum delay. In the 14 days that the queue keeps a message, delays up to this lead to fewer
/// receives than the queue's `maxReceiveCount`: no outage moves a message to the dead-letter queue.
pub const MAX_BACKOFF: Duration = Duration::from_mins(30);

/// Maximum age of a message whose event only the queue has. The queue deletes it after 14 days; in the dead-letter
/// queue it has 14 more, with an alarm.
pub const DEAD_LETTER_AGE: Duration = Duration::from_hours(13 * 24);

/// Divisor of the failing time that gives the delay: every message is tried again before an outage has
/// lasted a tenth longer than it did.
const BACKOFF_DIVISOR: u32 = 10;

/// The attempts of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// Number of failures by its own fault.
    pub failed: u32,
    /// Number of attempts without any result since the last result: the processor died or ran out
    /// of time over it, or over another message of its batch.
    pub unfinished: u32,
}

impl Attempts {
    /// Returns true if no attempts are left.
    pub fn are_over(self) -> bool {
        self.failed.saturating_add(self.unfinished) >= MAX_ATTEMPTS
    }

    /// Returns true if it may have crashed the processor: then it is tried alone.
    pub(super) fn are_suspicious(self) -> bool {
        self.unfinished > 0
    }

    /// Adds an attempt that begins.
    pub(super) fn begun(self) -> Self {
        Self { unfinished: self.unfinished.saturating_add(1), ..self }
    }

    /// Adds a failure by its own fault.
    pub(super) fn ended_by_itself(self) -> Self {
        Self { failed: self.failed.saturating_add(1), unfinished: 0 }
    }

    /// Records that the consumer did not end in time: it is tried alone, and no attempt counts.
    pub(super) fn timed_out(self) -> Self {
        let suspicious = Self { unfinished: 1, ..self };
        if suspicious.are_over() { self.ended() } else { suspicious }
    }

    /// Records a result of any kind: a message with a result does not crash the processor.
    pub(super) fn ended(self) -> Self {
        if self.are_over() { self } else { Self { unfinished: 0, ..self } }
    }
}

/// A message that is being tried, or failed: its whole entity waits for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRecord {
    /// The event.
    pub id: EventId,
    /// The queue's own id of the message.
    pub received: String,
    /// Its attempts.
    pub attempts: Attempts,
    /// Time until the next attempt.
    pub delay: Duration,
}

/// Minimum delay if the consumer asks for a shorter one.
const MIN_ASKED: Duration = Duration::from_secs(1);

/// Maximum delay if the consumer asks for a longer one: SQS holds a message back for 12 hours after its receipt.
const MAX_ASKED: Duration = Duration::from_hours(11);

/// Returns the delay after a transient failure for which the consumer asks for a delay, of a message that has been
/// failing for this time. It is never shorter than that, up to 11 hours. In a long outage it is longer than a short one
/// that is asked for again and again, so that the message is not received more often than the queue's
/// `maxReceiveCount`.
pub fn delay_asked_for(asked: Duration, failing_for: Duration) -> Duration {
    let delay = failing_for.checked_div(BACKOFF_DIVISOR).unwrap_or_default();
    asked.max(delay.clamp(MIN_ASKED, MAX_BACKOFF)).min(MAX_ASKED)
}

/// Returns the delay after a transient failure of a message that has been failing for this time.
pub fn backoff(failing_for: Duration) -> Duration {
    let delay = failing_for.checked_div(BACKOFF_DIVISOR).unwrap_or_default();
    delay.clamp(MIN_BACKOFF, MAX_BACKOFF)
}
