//! A message as the queue delivered it.

use std::time::Duration;

/// A received message.
#[derive(Clone, PartialEq, Eq)]
pub struct Received {
    /// The queue's own id of it.
    pub id: String,
    /// Its group: within one, order holds.
    pub group: String,
    /// Its deduplication id.
    pub deduplication: String,
    /// The receipt handle of this receive.
    pub handle: String,
    /// Number of receives, this one included.
    pub receives: u32,
    /// Time since the first receive.
    pub failing_for: Duration,
    /// When it was sent, in milliseconds since 1970 UTC.
    pub sent_ms: i64,
    /// Time since then.
    pub age: Duration,
    /// The text.
    pub text: String,
    /// The whole event, if the journal did not take it.
    pub whole: Option<Vec<u8>>,
}
