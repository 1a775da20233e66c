//! A time as the user writes it: `15m` ago, `yesterday`, `2025-06-12`, or an RFC 3339 time.

use std::str::FromStr;
use std::time::Duration;

use inlet::received_at::ReceivedAt;
use jiff::civil::{Date, DateTime, Time};
use jiff::{Span, Zoned};

use crate::zone::Zone;

/// Maximum difference between this clock and AWS's. A time span "until now" ends this much later.
const CLOCK_SKEW: Duration = Duration::from_mins(15);

/// A time, relative to now or absolute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeArg {
    /// This long ago.
    Ago(Duration),
    /// This instant.
    At(ReceivedAt),
    /// This time of the user's zone.
    Local(DateTime),
    /// This time of the user's zone on the day that began this many midnights ago.
    Day(i64, Time),
    /// The last time that a clock in the user's zone showed this.
    Clock(Time),
}

/// The text is not a time.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "a time is 90s, 15m, 2h30m or 7d (ago), today, yesterday, yesterday 14:30, 14:30, 2025-06-12, 2025-06-12T14:30 (in \
     the zone of --tz), or 2025-06-12T08:01:12Z"
)]
pub(crate) struct NotATime;

impl TimeArg {
    /// Returns the time, given the current time and the user's zone.
    pub(crate) fn before(self, now: ReceivedAt, zone: &Zone) -> ReceivedAt {
        let today = zone.civil(now).date();
        let days_ago = |days: i64| today.checked_sub(Span::new().days(days)).unwrap_or(today);
        let instant = |date: Date, time: Time| zone.instant(DateTime::from_parts(date, time)).unwrap_or(now);
        match self {
            Self::Ago(by) => now.earlier(by),
            Self::At(at) => at,
            Self::Local(local) => zone.instant(local).unwrap_or(now),
            Self::Day(days, time) => instant(days_ago(days), time),
            Self::Clock(time) => {
                let of_today = instant(today, time);
                if of_today <= now { of_today } else { instant(days_ago(1), time) }
            }
        }
    }
}

/// Returns a time after every stored event, even if this clock is slow.
pub(crate) fn now_plus_skew(now: ReceivedAt) -> ReceivedAt {
    let ahead_ms = i64::try_from(CLOCK_SKEW.as_millis()).unwrap_or_default();
    ReceivedAt::from_millis(now.millis().saturating_add(ahead_ms)).unwrap_or(now)
}

/// Returns a time that is never reached.
pub(crate) fn forever() -> ReceivedAt {
    ReceivedAt::parse("9999-01-01T00:00:00Z").unwrap_or(ReceivedAt::EPOCH)
}

impl FromStr for TimeArg {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let zoned = |text: &str| {
            let time: Zoned = text.parse().ok()?;
            ReceivedAt::from_millis(time.timestamp().as_millisecond())
        };
        ago(text)
            .map(Self::Ago)
            .or_else(|| ReceivedAt::parse(text).or_else(|| zoned(text)).map(Self::At))
            .or_else(|| day(text))
            .or_else(|| clock(text).map(Self::Clock))
            .or_else(|| local(text).map(Self::Local))
            .ok_or(NotATime)
    }
}

/// Returns `today` or `yesterday`, with or without a time of day.
fn day(text: &str) -> Option<TimeArg> {
    let (word, time) = text.split_once(' ').unwrap_or((text, ""));
    let days = match word {
        "today" => 0,
        "yesterday" => 1,
        _ => return None,
    };
    let time = if time.is_empty() { Time::midnight() } else { clock(time)? };
    Some(TimeArg::Day(days, time))
}

/// Returns a time of day: `14:30`, `14:30:05`.
fn clock(text: &str) -> Option<Time> {
    let starts_with_time = text.len() >= 5 && text.is_char_boundary(2) && text.get(2..3) == Some(":");
    if starts_with_time { text.parse().ok() } else { None }
}

/// Returns a date, with or without a time of day.
fn local(text: &str) -> Option<DateTime> {
    let is_date = |text: &str| text.len() == "2025-06-12".len() && text.split('-').count() == 3;
    match text.split_once(['T', ' ']) {
        None if is_date(text) => Some(text.parse::<Date>().ok()?.to_datetime(Time::midnight())),
        Some((date, time)) if is_date(date) => Some(date.parse::<Date>().ok()?.to_datetime(clock(time)?)),
        _ => None,
    }
}

/// Returns a duration of numbers with units: `2h30m`. A larger unit comes before a smaller one.
fn ago(text: &str) -> Option<Duration> {
    let (mut rest, mut sum, mut last) = (text, Duration::ZERO, u64::MAX);
    while !rest.is_empty() {
        let digits = rest.find(|char: char| !char.is_ascii_digit())?;
        let (number, after) = rest.split_at_checked(digits)?;
        let unit = after.chars().next()?;
        let seconds: u64 = match unit {
            's' => 1,
            'm' => 60,
            'h' => 60 * 60,
            'd' => 24 * 60 * 60,
            'w' => 7 * 24 * 60 * 60,
            _ => return None,
        };
        if seconds >= last {
            return None;
        }
        last = seconds;
        sum = sum.checked_add(Duration::from_secs(number.parse::<u64>().ok()?.checked_mul(seconds)?))?;
        rest = after.get(unit.len_utf8()..)?;
    }
    (last < u64::MAX).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_relative_or_absolute() {
        let now = ReceivedAt::parse("2025-06-12T08:00:00Z").unwrap();
        for (text, in_utc, in_riyadh) in [
            ("90s", "2025-06-12T07:58:30.000Z", None),
            ("15m", "2025-06-12T07:45:00.000Z", None),
            ("24h", "2025-06-11T08:00:00.000Z", None),
            ("2h30m", "2025-06-12T05:30:00.000Z", None),
            ("7d", "2025-06-05T08:00:00.000Z", None),
            ("1w", "2025-06-05T08:00:00.000Z", None),
            ("2025-06-12T09:01:12+01:00", "2025-06-12T08:01:12.000Z", None),
            ("2025-06-12T08:01:12.345Z", "2025-06-12T08:01:12.345Z", None),
            ("2025-06-12T11:01:12.345+03:00[Asia/Riyadh]", "2025-06-12T08:01:12.345Z", None),
            ("2025-06-10", "2025-06-10T00:00:00.000Z", Some("2025-06-09T21:00:00.000Z")),
            ("2025-06-10T14:30", "2025-06-10T14:30:00.000Z", Some("2025-06-10T11:30:00.000Z")),
            ("2025-06-10 14:30:05", "2025-06-10T14:30:05.000Z", Some("2025-06-10T11:30:05.000Z")),
            ("today", "2025-06-12T00:00:00.000Z", Some("2025-06-11T21:00:00.000Z")),
            ("yesterday", "2025-06-11T00:00:00.000Z", Some("2025-06-10T21:00:00.000Z")),
            ("yesterday 14:30", "2025-06-11T14:30:00.000Z", Some("2025-06-11T11:30:00.000Z")),
            ("07:30", "2025-06-12T07:30:00.000Z", Some("2025-06-12T04:30:00.000Z")),
            ("10:30", "2025-06-11T10:30:00.000Z", Some("2025-06-12T07:30:00.000Z")),
        ] {
            let riyadh: Zone = "Asia/Riyadh".parse().unwrap();
            for (zone, want) in [(Zone::default(), in_utc), (riyadh, in_riyadh.unwrap_or(in_utc))] {
                let at = text.parse::<TimeArg>().map(|time| time.before(now, &zone).to_string());
                assert_eq!(at, Ok(want.to_owned()), "{text} in {}", zone.name());
            }
        }
    }

    #[test]
    fn other_text_is_not_a_time() {
        for text in [
            "",
            "m",
            "15",
            "-1h",
            "1.5h",
            "tomorrow",
            "15 m",
            "ü",
            "2025-13-01",
            "99999999999999999999d",
            "30m2h",
            "1h1h",
            "yesterday noon",
            "25:00",
            "2025-06-12T",
            "2025-06",
        ] {
            assert_eq!(text.parse::<TimeArg>(), Err(NotATime), "{text:?}");
        }
    }
}
