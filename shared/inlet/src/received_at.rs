//! The time at which the receiver got a delivery.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

/// The receiver's time of arrival of a delivery, to the millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReceivedAt(Timestamp);

impl ReceivedAt {
    /// 1970 UTC: an unknown arrival.
    pub const EPOCH: Self = Self(Timestamp::UNIX_EPOCH);

    /// Converts milliseconds since 1970 UTC. `None` outside the years that RFC 3339 can write.
    pub fn from_millis(millis: i64) -> Option<Self> {
        Timestamp::from_millisecond(millis).ok().map(Self)
    }

    /// Parses the text that [`Display`](fmt::Display) writes, and every other RFC 3339 time.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<Timestamp>().ok().map(Self)
    }

    /// Returns the time that is earlier by this duration, or the earliest possible time.
    #[must_use]
    pub fn earlier(self, by: Duration) -> Self {
        Self(self.0.checked_sub(by).unwrap_or(Timestamp::MIN))
    }

    /// Returns the time since `earlier`; zero if this is before it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::try_from(self.0.duration_since(earlier.0)).unwrap_or_default()
    }

    /// Milliseconds since 1970 UTC.
    pub fn millis(self) -> i64 {
        self.0.as_millisecond()
    }
}

/// RFC 3339 in UTC with three digits of fraction, which sorts as text.
impl fmt::Display for ReceivedAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_749_715_272_345;

    #[test]
    fn an_arrival_is_read_back_and_counted_from() {
        let at = |millis| ReceivedAt::from_millis(millis).unwrap();
        assert_eq!(ReceivedAt::parse("2025-06-12T08:01:12.345Z"), Some(at(NOON)));
        assert_eq!((ReceivedAt::parse("today"), ReceivedAt::from_millis(i64::MAX)), (None, None));
        assert_eq!((at(NOON).millis(), at(-1).millis()), (NOON, -1));
        assert_eq!(at(NOON).since(at(NOON - 1_500)), Duration::from_millis(1_500));
        assert_eq!(at(NOON).since(at(NOON + 1)), Duration::ZERO, "not yet");
        assert_eq!(at(NOON).earlier(Duration::from_millis(345)), at(NOON - 345));
        assert_eq!(at(NOON).earlier(Duration::MAX), ReceivedAt(Timestamp::MIN));
    }

    #[test]
    fn arrival_is_written_to_the_millisecond_so_that_it_sorts() {
        assert_eq!(ReceivedAt::from_millis(0).unwrap().to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(
            ReceivedAt::from_millis(1_749_715_272_345).unwrap().to_string(),
            "2025-06-12T08:01:12.345Z"
        );
    }
}
