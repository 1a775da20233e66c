//! How often a message was tried, and how long it waits for the next time.

use std::time::Duration;

use crate::event::EventId;
use crate::process::Received;

/// How many tries a message has that fails for its own reasons, or at which whoever processes it dies. Then it is
/// set aside. They are its own: what it waits behind others does not count, nor does an outage.
pub const MAX_TRIES: u32 = 5;

/// How long a message waits after a failure: the queue's visibility timeout, as the template sets it.
pub const MIN_BACKOFF: Duration = Duration::from_mins(3);

/// How long it waits at most. In the 14 days that the queue keeps a message, pauses up to this lead to fewer
/// receives than the queue's `maxReceiveCount`: no outage carries anything off to the dead letters.
pub const MAX_BACKOFF: Duration = Duration::from_mins(30);

/// How old a message may become of which the queue alone has the event. The queue deletes it after 14 days; set aside
/// it has 14 more, and somebody is told.
pub const DEAD_LETTER_AGE: Duration = Duration::from_hours(13 * 24);

/// What part of the time for which it has failed a message waits: everything is tried again before an outage has
/// lasted a tenth longer than it did.
const BACKOFF_DIVISOR: u32 = 10;

/// How often a message was tried and was not done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// How often it failed for its own reasons.
    pub failed: u32,
    /// How often, since it last came to an end of any kind, nobody told how it went: the processor died or ran out
    /// of time over it, or over another message of its batch.
    pub unfinished: u32,
}

impl Attempts {
    /// Whether these were all.
    pub fn are_over(self) -> bool {
        self.failed.saturating_add(self.unfinished) >= MAX_TRIES
    }

    /// Whether it may be what a processor dies of: then it is tried alone.
    pub(super) fn are_suspicious(self) -> bool {
        self.unfinished > 0
    }

    /// With one more that begins.
    pub(super) fn begun(self) -> Self {
        Self { unfinished: self.unfinished.saturating_add(1), ..self }
    }

    /// With one more that it failed for its own reasons.
    pub(super) fn ended_by_itself(self) -> Self {
        Self { failed: self.failed.saturating_add(1), unfinished: 0 }
    }

    /// With an end of whatever kind: what came to one is not what a processor dies of.
    pub(super) fn ended(self) -> Self {
        if self.are_over() { self } else { Self { unfinished: 0, ..self } }
    }
}

/// A message that is being tried, or was and is not done: all of its entity waits for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRecord {
    /// The event.
    pub id: EventId,
    /// The queue's own id of the message.
    pub received: String,
    /// How often it was tried.
    pub tries: Attempts,
    /// How long it will be until the next time.
    pub pause: Duration,
}

/// How long a message waits that failed for its surroundings.
pub fn backoff(received: &Received) -> Duration {
    let part = received.failing_for.checked_div(BACKOFF_DIVISOR).unwrap_or_default();
    part.clamp(MIN_BACKOFF, MAX_BACKOFF)
}
