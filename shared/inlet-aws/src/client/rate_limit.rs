//! A token bucket: so much at once, and one more after each while.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// What may still be spent.
#[derive(Debug)]
pub(crate) struct Allowance {
    burst: u32,
    one_more: Duration,
    left: u32,
    since: Instant,
}

impl Allowance {
    /// `burst` at once, and one more in every `one_more`.
    pub(crate) fn new(burst: u32, one_more: Duration, now: Instant) -> Self {
        Self { burst, one_more, left: burst, since: now }
    }

    /// Spends `cost`, unless less is left.
    pub(crate) fn take(&mut self, cost: u32, now: Instant) -> bool {
        self.earn(now);
        let left = self.left.checked_sub(cost);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }

    fn earn(&mut self, now: Instant) {
        let waited = now.saturating_duration_since(self.since).as_millis();
        let earned = waited.checked_div(self.one_more.as_millis()).unwrap_or_default();
        let earned = u32::try_from(earned).unwrap_or(u32::MAX);
        self.left = self.burst.min(self.left.saturating_add(earned));
        // What of the wait has not earned a whole one yet counts next time.
        self.since = self.since.checked_add(self.one_more.saturating_mul(earned)).unwrap_or(now);
    }
}

/// An allowance for each name, so that what one name spends is not missing for another. It grows with the names: they
/// must be few.
#[derive(Debug)]
pub(crate) struct Allowances {
    burst: u32,
    one_more: Duration,
    by_name: HashMap<String, Allowance>,
}

impl Allowances {
    /// For each name `burst` at once, and one more in every `one_more`.
    pub(crate) fn new(burst: u32, one_more: Duration) -> Self {
        Self { burst, one_more, by_name: HashMap::new() }
    }

    /// Spends one of this name's, unless none is left.
    pub(crate) fn take(&mut self, name: &str, now: Instant) -> bool {
        if let Some(allowance) = self.by_name.get_mut(name) {
            return allowance.take(1, now);
        }
        let new = Allowance::new(self.burst, self.one_more, now);
        self.by_name.entry(name.to_owned()).or_insert(new).take(1, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ONE_MORE: Duration = Duration::from_millis(100);

    #[test]
    fn a_whole_that_is_not_left_is_not_begun() {
        let now = Instant::now();
        let mut allowance = Allowance::new(10, ONE_MORE, now);
        assert!(!allowance.take(11, now), "more than ever is there");
        assert!(allowance.take(8, now) && !allowance.take(3, now) && allowance.take(2, now));
        assert!(!allowance.take(1, now));
        assert!(allowance.take(1, now + ONE_MORE));
    }

    #[test]
    fn what_one_name_spends_is_not_missing_for_another() {
        let now = Instant::now();
        let mut allowances = Allowances::new(2, ONE_MORE);
        let mut noisy = || allowances.take("noisy", now);
        assert_eq!([noisy(), noisy(), noisy()], [true, true, false]);
        assert!(allowances.take("rare", now), "the noisy one has spent what is the rare one's");
        assert!(!allowances.take("noisy", now), "it has an allowance of its own again and again");
        assert!(allowances.take("noisy", now + ONE_MORE), "it never earns anything again");
    }

    proptest! {
        #[test]
        fn never_more_is_spent_than_the_burst_and_what_was_earned(
            asked in prop::collection::vec((0_u32..8, 0_u64..400), 1..60),
        ) {
            let start = Instant::now();
            let mut allowance = Allowance::new(10, ONE_MORE, start);
            let (mut spent, mut waited) = (0_u32, Duration::ZERO);
            for (cost, wait_ms) in asked {
                waited = waited.saturating_add(Duration::from_millis(wait_ms));
                if allowance.take(cost, start.checked_add(waited).unwrap()) {
                    spent = spent.saturating_add(cost);
                }
                let earned = waited.as_millis().div_euclid(ONE_MORE.as_millis());
                prop_assert!(u128::from(spent) <= earned.saturating_add(10), "{} after {:?}", spent, waited);
            }
        }
    }
}
