//! ZORT's notations of a time.
//!
//! | sent | read as |
//! |---|---|
//! | `/Date(1709571600000)/` | an instant, written with Bangkok's offset |
//! | `2024-03-05T14:20:00+07:00` | that instant |
//! | `2024-03-05T14:20:00`, `2024-03-05 14:20`, `2024-03-05` | a local time |
//! | `05/03/2024`, `05/03/2024 14:20` | a local time: the day comes first |
//! | the local ones in a Buddhist year, such as `2567` | the same in the Gregorian year, `2024` |
//!
//! Only the first is documented (developers-v3.zortout.com/overview/webhook). Public clients of ZORT's REST API read
//! the others. ZORT never sends a zone.

use inlet::value::time::Time;
use jiff::tz::Offset;

/// Bangkok's offset: the documentation pairs `/Date(1644944400000)/` with `2022-02-16`.
const BANGKOK: Offset = jiff::tz::offset(7);

/// Parses a time in any of these notations; `None` for other text.
pub(crate) fn parse_time(text: &str) -> Option<Time> {
    let text = text.trim();
    match epoch_millis(text) {
        Some(millis) => Time::from_millis(millis, BANGKOK),
        None => Time::parse_rfc3339(text).or_else(|| Time::local(text)),
    }
}

/// Returns the milliseconds of `/Date(<epoch ms>)/`. ASP.NET may append an offset, which the instant does not need.
fn epoch_millis(text: &str) -> Option<i64> {
    let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let offset = inner.char_indices().skip(1).find(|(_, c)| matches!(c, '+' | '-'));
    inner.get(..offset.map_or(inner.len(), |(at, _)| at))?.parse().ok()
}
