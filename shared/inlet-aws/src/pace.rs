//! A rate that is not exceeded.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// So many a second, one after the other.
#[derive(Debug)]
pub struct RateLimiter {
    every: Duration,
    next: Instant,
}

impl RateLimiter {
    /// At most `rate` a second; at least one.
    pub fn per_second(rate: u32) -> Self {
        let every = Duration::from_secs(1).checked_div(rate).unwrap_or(Duration::from_secs(1));
        Self { every, next: Instant::now() }
    }

    /// Waits for the next one's turn.
    pub async fn acquire(&mut self) {
        sleep_until(self.next).await;
        self.next = self.next.max(Instant::now()).checked_add(self.every).unwrap_or(self.next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn turns_come_no_faster_than_they_may() {
        let start = Instant::now();
        let mut limiter = RateLimiter::per_second(100);
        for _ in 0..6 {
            limiter.acquire().await;
        }
        assert!(start.elapsed() >= Duration::from_millis(50), "{:?}", start.elapsed());
    }
}
