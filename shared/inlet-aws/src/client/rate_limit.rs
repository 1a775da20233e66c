//! Rate limits: a token bucket for bursts, and a limiter that spaces calls evenly.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A token bucket: it starts full and gets one token in each interval, up to the burst.
#[derive(Debug)]
pub(crate) struct TokenBucket {
    burst: u32,
    refill_interval: Duration,
    left: u32,
    since: Instant,
}

impl TokenBucket {
    /// A full bucket of `burst` tokens.
    pub(crate) fn new(burst: u32, refill_interval: Duration, now: Instant) -> Self {
        Self { burst, refill_interval, left: burst, since: now }
    }

    /// Takes `cost` tokens. Returns false and takes none if there are fewer.
    pub(crate) fn try_acquire(&mut self, cost: u32, now: Instant) -> bool {
        self.refill(now);
        let left = self.left.checked_sub(cost);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }

    fn refill(&mut self, now: Instant) {
        let waited = now.saturating_duration_since(self.since).as_millis();
        let earned = waited.checked_div(self.refill_interval.as_millis()).unwrap_or_default();
        let earned = u32::try_from(earned).unwrap_or(u32::MAX);
        self.left = self.burst.min(self.left.saturating_add(earned));
        // The part of the wait that is shorter than an interval counts next time.
        self.since = self.since.checked_add(self.refill_interval.saturating_mul(earned)).unwrap_or(now);
    }
}

/// A token bucket for each name, so that one name cannot use the tokens of another. Nothing is removed: there must be
/// few names.
#[derive(Debug)]
pub(crate) struct KeyedTokenBuckets {
    burst: u32,
    refill_interval: Duration,
    by_name: HashMap<String, TokenBucket>,
}

impl KeyedTokenBuckets {
    /// Full buckets of `burst` tokens.
    pub(crate) fn new(burst: u32, refill_interval: Duration) -> Self {
        Self { burst, refill_interval, by_name: HashMap::new() }
    }

    /// Takes one token of this name. Returns false if there is none.
    pub(crate) fn try_acquire(&mut self, name: &str, now: Instant) -> bool {
        if let Some(bucket) = self.by_name.get_mut(name) {
            return bucket.try_acquire(1, now);
        }
        let new = TokenBucket::new(self.burst, self.refill_interval, now);
        self.by_name.entry(name.to_owned()).or_insert(new).try_acquire(1, now)
    }
}

/// Spaces calls evenly, also those that are made at the same time.
#[derive(Debug)]
pub struct RateLimiter {
    every: Duration,
    next: Mutex<tokio::time::Instant>,
}

impl RateLimiter {
    /// At most `rate` calls a second; one if `rate` is 0.
    pub fn per_second(rate: u32) -> Self {
        let every = Duration::from_secs(1).checked_div(rate).unwrap_or(Duration::from_secs(1));
        Self { every, next: Mutex::new(tokio::time::Instant::now()) }
    }

    /// Waits until the next call may start.
    pub async fn acquire(&self) {
        let start = self.reserve();
        // A timer waits for up to a millisecond even if its time has come.
        if start > tokio::time::Instant::now() {
            tokio::time::sleep_until(start).await;
        }
    }

    /// Returns the time at which the caller's call may start, and reserves it. Time that no call used is lost.
    fn reserve(&self) -> tokio::time::Instant {
        // The lock holds one instant, which is complete whatever panicked.
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let start = (*next).max(tokio::time::Instant::now());
        *next = start.checked_add(self.every).unwrap_or(start);
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const REFILL_INTERVAL: Duration = Duration::from_millis(100);

    #[test]
    fn a_cost_above_the_tokens_takes_none() {
        let now = Instant::now();
        let mut bucket = TokenBucket::new(10, REFILL_INTERVAL, now);
        assert!(!bucket.try_acquire(11, now), "more than the burst");
        assert!(bucket.try_acquire(8, now) && !bucket.try_acquire(3, now) && bucket.try_acquire(2, now));
        assert!(!bucket.try_acquire(1, now));
        assert!(bucket.try_acquire(1, now + REFILL_INTERVAL));
    }

    #[test]
    fn one_name_does_not_use_the_tokens_of_another() {
        let now = Instant::now();
        let mut buckets = KeyedTokenBuckets::new(2, REFILL_INTERVAL);
        let mut noisy = || buckets.try_acquire("noisy", now);
        assert_eq!([noisy(), noisy(), noisy()], [true, true, false]);
        assert!(buckets.try_acquire("rare", now), "the noisy name has used the rare name's tokens");
        assert!(!buckets.try_acquire("noisy", now), "the noisy name has got another bucket");
        assert!(buckets.try_acquire("noisy", now + REFILL_INTERVAL), "the bucket is not refilled");
    }

    proptest! {
        #[test]
        fn no_more_is_taken_than_the_burst_and_the_refill(
            asked in prop::collection::vec((0_u32..8, 0_u64..400), 1..60),
        ) {
            let start = Instant::now();
            let mut bucket = TokenBucket::new(10, REFILL_INTERVAL, start);
            let (mut spent, mut waited) = (0_u32, Duration::ZERO);
            for (cost, wait_ms) in asked {
                waited = waited.saturating_add(Duration::from_millis(wait_ms));
                if bucket.try_acquire(cost, start.checked_add(waited).unwrap()) {
                    spent = spent.saturating_add(cost);
                }
                let earned = waited.as_millis().div_euclid(REFILL_INTERVAL.as_millis());
                prop_assert!(u128::from(spent) <= earned.saturating_add(10), "{} after {:?}", spent, waited);
            }
        }
    }

    #[tokio::test]
    async fn calls_start_no_faster_than_the_rate() {
        let start = tokio::time::Instant::now();
        let limiter = RateLimiter::per_second(100);
        for _ in 0..6 {
            limiter.acquire().await;
        }
        assert!(start.elapsed() >= Duration::from_millis(50), "{:?}", start.elapsed());
    }

    #[tokio::test]
    async fn calls_at_the_same_time_share_the_rate() {
        let start = tokio::time::Instant::now();
        let limiter = RateLimiter::per_second(100);
        futures_util::future::join_all((0..6).map(|_| limiter.acquire())).await;
        assert!(start.elapsed() >= Duration::from_millis(50), "{:?}", start.elapsed());
    }
}
