//! The pauses between the attempts of one call to Parameter Store.

use std::time::Duration;

/// The first pause between two attempts, on average. Each further pause is twice as long.
const FIRST_RETRY: Duration = Duration::from_millis(200);

/// The pauses between the attempts of one call: each twice as long as the one before, and random by half, so that
/// instances that were throttled together do not repeat together.
pub(super) struct Pauses {
    average: Duration,
}

impl Pauses {
    pub(super) fn new() -> Self {
        Self { average: FIRST_RETRY }
    }

    pub(super) fn next(&mut self) -> Duration {
        let pause = self.average.mul_f64(0.5 + fastrand::f64());
        self.average = self.average.saturating_mul(2);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pause_is_twice_as_long_and_random_by_half() {
        for _ in 0..100 {
            let mut pauses = Pauses::new();
            for average in [200, 400, 800] {
                let pause = pauses.next().as_millis();
                assert!((average / 2..average * 3 / 2).contains(&pause), "{pause} ms, {average} on average");
            }
        }
    }
}
