//! A time as the user writes it: `15m` ago, `2025-06-12`, or an RFC 3339 time.

use std::str::FromStr;
use std::time::Duration;

use inlet::received_at::ReceivedAt;

/// Maximum difference between this clock and AWS's. A time span "until now" ends this much later.
const CLOCK_SKEW: Duration = Duration::from_mins(15);

/// A time, relative to now or absolute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeArg {
    /// This long ago.
    Ago(Duration),
    /// This time.
    At(ReceivedAt),
}

/// The text is not a time.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a time is 90s, 15m, 24h or 7d (ago), 2025-06-12, or 2025-06-12T08:01:12Z")]
pub(crate) struct NotATime;

impl TimeArg {
    /// Returns the time, given the current time.
    pub(crate) fn before(self, now: ReceivedAt) -> ReceivedAt {
        match self {
            Self::Ago(by) => now.earlier(by),
            Self::At(at) => at,
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
        let midnight = || ReceivedAt::parse(&format!("{text}T00:00:00Z"));
        ago(text)
            .map(Self::Ago)
            .or_else(|| ReceivedAt::parse(text).or_else(midnight).map(Self::At))
            .ok_or(NotATime)
    }
}

fn ago(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    Some(Duration::from_secs(digits.parse::<u64>().ok()?.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_relative_or_absolute() {
        let now = ReceivedAt::parse("2025-06-12T08:00:00Z").unwrap();
        for (text, want) in [
            ("90s", "2025-06-12T07:58:30.000Z"),
            ("15m", "2025-06-12T07:45:00.000Z"),
            ("24h", "2025-06-11T08:00:00.000Z"),
            ("7d", "2025-06-05T08:00:00.000Z"),
            ("2025-06-10", "2025-06-10T00:00:00.000Z"),
            ("2025-06-12T09:01:12+01:00", "2025-06-12T08:01:12.000Z"),
            ("2025-06-12T08:01:12.345Z", "2025-06-12T08:01:12.345Z"),
        ] {
            assert_eq!(
                text.parse::<TimeArg>().map(|m| m.before(now).to_string()),
                Ok(want.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn other_text_is_not_a_time() {
        for text in
            ["", "m", "15", "-1h", "1.5h", "yesterday", "15 m", "ü", "2025-13-01", "99999999999999999999d"]
        {
            assert_eq!(text.parse::<TimeArg>(), Err(NotATime), "{text:?}");
        }
    }
}
