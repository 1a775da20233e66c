//! The clock: the only file that reads it.
//!
//! The order of deliveries may depend on the clocks of two instances, so an instance compares its clock with the `Date`
//! of every response of AWS, and corrects it where the two contradict. The connections that are opened at the start of an
//! instance do this before its first delivery.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_smithy_types::date_time::{DateTime, Format};
use inlet::received_at::ReceivedAt;

/// The largest correction. AWS rejects the signature of a request whose time is further off, so a `Date` beyond this is
/// not AWS's.
const MAX_OFFSET_MS: i64 = 15 * 60 * 1_000;

/// The resolution of `Date`.
const DATE_MS: i64 = 1_000;

static OFFSET: Mutex<Offset> = Mutex::new(Offset::UNKNOWN);

/// Returns the current time.
pub fn now() -> ReceivedAt {
    let offset_ms = OFFSET.lock().unwrap_or_else(PoisonError::into_inner).correction_ms();
    #[expect(
        clippy::expect_used,
        reason = "a machine's clock stays within the years that RFC 3339 can write"
    )]
    ReceivedAt::from_millis(local_ms().saturating_add(offset_ms)).expect("a time before the year 9999")
}

/// Returns the machine's own time, which is not corrected, in milliseconds since 1970 UTC.
pub fn local_ms() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Compares the machine's clock with the `Date` of a response to a call that began at `sent_ms` of [`local_ms`] and ends
/// now.
pub(crate) fn compare(date: &str, sent_ms: i64) {
    let Ok(date) = DateTime::from_str(date, Format::HttpDate) else {
        return;
    };
    let date_ms = date.secs().saturating_mul(1_000);
    OFFSET.lock().unwrap_or_else(PoisonError::into_inner).observe(date_ms, sent_ms, local_ms());
}

/// The bounds of the time that has to be added to the machine's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Offset {
    least_ms: i64,
    most_ms: i64,
}

impl Offset {
    const UNKNOWN: Self = Self { least_ms: i64::MIN, most_ms: i64::MAX };

    /// Takes a response into account whose `Date` is this second, and that was made between two times of the machine.
    fn observe(&mut self, date_ms: i64, sent_ms: i64, received_ms: i64) {
        let seen = Self {
            least_ms: date_ms.saturating_sub(received_ms),
            most_ms: date_ms.saturating_add(DATE_MS).saturating_sub(sent_ms),
        };
        if seen.correction_ms().saturating_abs() > MAX_OFFSET_MS {
            return;
        }
        let both =
            Self { least_ms: self.least_ms.max(seen.least_ms), most_ms: self.most_ms.min(seen.most_ms) };
        // A contradiction: the machine's clock was set, or has drifted.
        *self = if both.least_ms <= both.most_ms { both } else { seen };
    }

    /// Returns the smallest correction within the bounds: a clock that AWS does not contradict is right.
    fn correction_ms(self) -> i64 {
        if self.least_ms > self.most_ms { 0 } else { 0_i64.clamp(self.least_ms, self.most_ms) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOON_MS: i64 = 1_749_715_272_000;

    /// Returns the correction after responses that were made at these times, to a machine whose clock is `ahead_ms` ahead.
    fn corrected(ahead_ms: i64, made_ms: &[i64]) -> i64 {
        let mut offset = Offset::UNKNOWN;
        for made_ms in made_ms {
            let date_ms = made_ms.div_euclid(DATE_MS).saturating_mul(DATE_MS);
            let made_ms = made_ms.saturating_add(ahead_ms);
            offset.observe(date_ms, made_ms.saturating_sub(3), made_ms.saturating_add(4));
        }
        offset.correction_ms()
    }

    #[test]
    fn a_clock_that_agrees_with_aws_is_not_corrected() {
        assert_eq!(Offset::UNKNOWN.correction_ms(), 0);
        assert_eq!(corrected(0, &[NOON_MS, NOON_MS + 1, NOON_MS + 500, NOON_MS + 999]), 0);
    }

    #[test]
    fn a_clock_that_aws_contradicts_is_corrected_to_a_second() {
        for ahead_ms in [59_000, 5_000, -59_000, 300_000, -300_000] {
            let correction = corrected(ahead_ms, &[NOON_MS + 400]);
            assert!((correction + ahead_ms).abs() <= DATE_MS, "{ahead_ms}: {correction}");
        }
    }

    #[test]
    fn responses_within_a_second_narrow_the_correction() {
        let made: Vec<i64> = (0..10).map(|n| NOON_MS + n * 1_099).collect();
        for ahead_ms in [500, -500] {
            let correction = corrected(ahead_ms, &made);
            assert!((correction + ahead_ms).abs() <= 120, "{ahead_ms}: {correction}");
        }
    }

    #[test]
    fn a_date_that_is_not_of_aws_changes_nothing() {
        assert_eq!(corrected(0, &[NOON_MS]), 0);
        let mut offset = Offset::UNKNOWN;
        offset.observe(0, NOON_MS, NOON_MS);
        assert_eq!(offset, Offset::UNKNOWN);
    }

    #[test]
    fn a_clock_that_was_set_meanwhile_is_compared_again() {
        let mut offset = Offset::UNKNOWN;
        offset.observe(NOON_MS, NOON_MS, NOON_MS);
        offset.observe(NOON_MS, NOON_MS + 60_000, NOON_MS + 60_000);
        assert_eq!(offset.correction_ms(), -59_000);
    }

    proptest! {
        #[test]
        fn a_correction_never_makes_a_clock_worse(
            ahead_ms in -300_000_i64..300_000, made in prop::collection::vec(0_i64..60_000, 1..20),
        ) {
            let made: Vec<i64> = made.into_iter().map(|ms| NOON_MS.saturating_add(ms)).collect();
            let correction = corrected(ahead_ms, &made);
            let left_ms = ahead_ms.saturating_add(correction).abs();
            prop_assert!(left_ms <= ahead_ms.abs(), "{}", correction);
            prop_assert!(left_ms <= DATE_MS.saturating_add(7), "{}", correction);
        }
    }
}
