//! ZORT's notations of a time.
//!
//! | sent | read as |
//! |---|---|
//! | `/Date(1709571600000)/` | an instant, written with Bangkok's offset |
//! | `2024-03-05T14:20:00+07:00` | that instant |
//! | `2024-03-05T14:20:00`, `2024-03-05 14:20`, `2024-03-05` | a local time |
//! | `05/03/2024`, `05/03/2024 14:20` | a local time: the day comes first |
//! | any of them in a Buddhist year, such as `2567` | the same in the Gregorian year, `2024` |
//!
//! Only the first is documented (developers-v3.zortout.com/overview/webhook). Public clients of ZORT's REST API meet
//! the others. ZORT never sends a zone.

use inlet::value::time::Time;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

/// Bangkok's offset: the documented pair is `/Date(1644944400000)/` beside `2022-02-16`.
const BANGKOK: Offset = jiff::tz::offset(7);

/// The difference between a Buddhist year and the Gregorian year.
const BUDDHIST_ERA: i16 = 543;

/// The first year that is read as Buddhist: 1857 in the Gregorian calendar. A public client draws the same line.
const FIRST_BUDDHIST_YEAR: i16 = 2400;

/// Reads a time in any notation; nothing where it is empty or in none of them.
pub(crate) fn parse_time(text: &str) -> Option<Time> {
    let text = text.trim();
    match epoch_millis(text) {
        Some(millis) => Time::from_millis(millis, BANGKOK),
        None => parse_date_time(text),
    }
}

/// Returns the milliseconds of `/Date(<epoch ms>)/`. ASP.NET may append an offset, which the instant does not need.
fn epoch_millis(text: &str) -> Option<i64> {
    let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let offset = inner.char_indices().skip(1).find(|(_, c)| matches!(c, '+' | '-'));
    inner.get(..offset.map_or(inner.len(), |(at, _)| at))?.parse().ok()
}

/// Reads a calendar date with or without a clock time and a zone.
fn parse_date_time(text: &str) -> Option<Time> {
    let (date, clock) = match text.split_once(['T', ' ']) {
        Some((date, clock)) => (date, Some(clock.trim())),
        None => (text, None),
    };
    let date = parse_date(date)?;
    let Some(clock) = clock.filter(|clock| !clock.is_empty()) else {
        return Time::local(&date.to_string());
    };
    // Hand input has hours such as `9:05`.
    let hour = if clock.find(':') == Some(1) { "0" } else { "" };
    let iso = format!("{date}T{hour}{clock}");
    let local = || Time::local(&iso.parse::<DateTime>().ok()?.to_string());
    Time::parse_rfc3339(&iso).or_else(local)
}

/// Reads `yyyy-MM-dd` and `dd/MM/yyyy`, with either separator, as a Gregorian date.
fn parse_date(text: &str) -> Option<Date> {
    let mut parts = text.split(['-', '/']);
    let (first, month, last) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let (year, day) = if first.len() == 4 { (first, last) } else { (last, first) };
    if year.len() != 4 {
        return None;
    }
    let year: i16 = year.parse().ok()?;
    // The year is converted before the date is made: 29 February 2567 exists in the Buddhist calendar alone.
    let year = if year >= FIRST_BUDDHIST_YEAR { year.checked_sub(BUDDHIST_ERA)? } else { year };
    Date::new(year, month.parse().ok()?, day.parse().ok()?).ok()
}
