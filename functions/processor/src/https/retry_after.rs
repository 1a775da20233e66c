//! The header `Retry-After`: <https://www.rfc-editor.org/rfc/rfc9110#field.retry-after>.

use std::time::{Duration, UNIX_EPOCH};

use inlet::received_at::ReceivedAt;

/// Returns the time until the next attempt, for a number of seconds or a date in one of HTTP's three forms. A date that
/// has passed is zero; `None` for everything else.
pub(super) fn parse(value: &str, now: ReceivedAt) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than fit are a wait as long as possible.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    let date = date.duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = Duration::from_millis(u64::try_from(now.millis()).unwrap_or_default());
    Some(date.saturating_sub(now))
}
