//! The clock: the only file that reads it.

use std::time::{SystemTime, UNIX_EPOCH};

use inlet::received_at::ReceivedAt;

/// Returns the current time.
pub fn now() -> ReceivedAt {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    #[expect(
        clippy::expect_used,
        reason = "a machine's clock stays within the years that RFC 3339 can write"
    )]
    ReceivedAt::from_millis(millis).expect("a time before the year 9999")
}
