//! A sliding-window rate limiter: never more requests than the limit in any stretch of its time.

use std::collections::VecDeque;
use std::time::Duration;

use super::observation::RequestLimit;
use crate::received_at::ReceivedAt;

/// The requests of the last stretch of time, so that the next one is within the limit.
#[derive(Clone, Debug)]
pub struct RequestLimiter {
    limit: RequestLimit,
    sent: VecDeque<ReceivedAt>,
    total: u64,
}

impl RequestLimiter {
    /// Begins without a request.
    pub fn new(limit: RequestLimit) -> Self {
        Self { limit, sent: VecDeque::new(), total: 0 }
    }

    /// Returns the delay before the next request.
    pub fn delay(&self, now: ReceivedAt) -> Duration {
        let most = usize::try_from(self.limit.requests.max(1)).unwrap_or(usize::MAX);
        match self.sent.len().checked_sub(most).and_then(|first| self.sent.get(first)) {
            // A millisecond more, because the provider may count both ends of the stretch.
            Some(earlier) => self.limit.every.saturating_sub(now.since(*earlier)).saturating_add(MARGIN),
            None => Duration::ZERO,
        }
    }

    /// Records that a request is sent.
    pub fn record(&mut self, now: ReceivedAt) {
        let most = usize::try_from(self.limit.requests.max(1)).unwrap_or(usize::MAX);
        while self.sent.len() >= most {
            self.sent.pop_front();
        }
        self.sent.push_back(now);
        self.total = self.total.saturating_add(1);
    }

    /// Returns the number of requests that were sent.
    pub fn total(&self) -> u64 {
        self.total
    }
}

const MARGIN: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_stretch_of_time_has_more_requests_than_the_limit() {
        let limit = RequestLimit { requests: 5, every: Duration::from_secs(10) };
        let (mut limiter, mut now, mut sent) = (RequestLimiter::new(limit), 1_000_i64, Vec::new());
        for step in [0, 1, 3_000, 0, 0, 0, 700, 0, 0, 9_000, 0, 0, 0, 0, 0, 0] {
            now += step;
            now += i64::try_from(limiter.delay(ReceivedAt::from_millis(now).unwrap()).as_millis()).unwrap();
            limiter.record(ReceivedAt::from_millis(now).unwrap());
            sent.push(now);
        }
        for first in &sent {
            let within = sent.iter().filter(|at| (0..=10_000).contains(&(*at - first))).count();
            assert!(within <= 5, "{within} requests from {first} on");
        }
        assert_eq!((limiter.total(), sent[4]), (16, 4_001), "the first five do not wait");
    }
}
