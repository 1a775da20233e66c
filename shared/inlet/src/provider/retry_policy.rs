//! What a provider does after a delivery that is not answered well: facts with their source, never guesses.

use std::ops::RangeInclusive;
use std::time::Duration;

/// What a provider does after a failure. `None` is what no page tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AfterFailure {
    /// How long it waits for an answer.
    pub answer_within: Option<Duration>,
    /// How it sends a delivery again.
    pub retries: Option<Retries>,
    /// When it stops sending at all.
    pub breaker: Option<Breaker>,
    /// Where this is told, and how far it is to be trusted.
    pub source: &'static str,
}

/// How a delivery is sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retries {
    /// The wait before each further attempt, in their order.
    pub waits: &'static [Duration],
    /// The statuses after which there is one.
    pub statuses: &'static [RangeInclusive<u16>],
}

/// When deliveries to a URL stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// The time in which failures are counted.
    pub window: Duration,
    /// How many failures earn a warning.
    pub degraded_at: u32,
    /// How many failures end all deliveries.
    pub broken_at: u32,
    /// Whether what still waits is thrown away then.
    pub discards_backlog: bool,
    /// The statuses that do not count.
    pub not_counted: &'static [u16],
}

/// The retry window where a provider documents no retries: design.md, "Identity".
pub const DEFAULT_RETRY_WINDOW: Duration = Duration::from_mins(1);

/// How long an attempt is taken to last where nobody tells when the provider gives it up. Twice the longest
/// limit that is documented anywhere: in doubt a repeat is a repeat for a little longer.
const UNTOLD_ATTEMPT: Duration = Duration::from_mins(1);

impl AfterFailure {
    /// A provider that tells nothing of it, on these pages.
    pub const fn not_documented(source: &'static str) -> Self {
        Self { answer_within: None, retries: None, breaker: None, source }
    }

    /// How long after its first arrival a delivery may arrive again: every wait, and before each the attempt that
    /// failed. Never less than [`DEFAULT_RETRY_WINDOW`].
    pub const fn retry_window(&self) -> Duration {
        let attempt = match self.answer_within {
            Some(limit) => limit,
            None => UNTOLD_ATTEMPT,
        };
        let mut window = Duration::ZERO;
        let mut waits = match &self.retries {
            Some(retries) => retries.waits,
            None => &[],
        };
        while let [wait, later @ ..] = waits {
            window = window.saturating_add(attempt).saturating_add(*wait);
            waits = later;
        }
        if window.as_millis() > DEFAULT_RETRY_WINDOW.as_millis() { window } else { DEFAULT_RETRY_WINDOW }
    }

    /// Whether the provider is known to send a delivery again that was answered with this status.
    pub fn retries_after(&self, status: u16) -> bool {
        let listed = |retries: &Retries| retries.statuses.iter().any(|statuses| statuses.contains(&status));
        self.retries.as_ref().is_some_and(listed)
    }

    /// Whether an answer with this status brings the provider nearer to sending nothing any more. `None` where
    /// nobody tells that it ever stops.
    pub fn counts_towards_breaker(&self, status: u16) -> Option<bool> {
        self.breaker.as_ref().map(|breaker| breaker.counts(status))
    }
}

impl Breaker {
    /// Whether an answer with this status is a failure that is counted: any but a 2xx and the listed exceptions.
    pub fn counts(&self, status: u16) -> bool {
        !(200..300).contains(&status) && !self.not_counted.contains(&status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF_A_MINUTE: Option<Duration> = Some(Duration::from_secs(30));
    const ONCE: &[Duration] = &[Duration::from_secs(7)];
    const TWICE: &[Duration] = &[Duration::from_secs(7), Duration::from_mins(10)];
    const SLOWLY: &[Duration] = &[Duration::from_mins(1), Duration::from_mins(5)];

    fn told(answer_within: Option<Duration>, waits: &'static [Duration]) -> AfterFailure {
        let retries = Some(Retries { waits, statuses: &[408..=408, 500..=599] });
        AfterFailure { answer_within, retries, ..AfterFailure::not_documented("a test") }
    }

    #[test]
    fn a_repeat_may_come_after_every_attempt_and_every_wait() {
        for (after_failure, seconds) in [
            (AfterFailure::not_documented("a test"), 60),
            (told(HALF_A_MINUTE, ONCE), 60),
            (told(HALF_A_MINUTE, TWICE), 667),
            (told(None, SLOWLY), 480),
        ] {
            assert_eq!(after_failure.retry_window().as_secs(), seconds, "{after_failure:?}");
        }
    }

    #[test]
    fn only_a_listed_status_is_known_to_be_retried() {
        let after_failure = told(None, ONCE);
        let retried: Vec<u16> = [200, 401, 408, 499, 500, 503, 599]
            .into_iter()
            .filter(|s| after_failure.retries_after(*s))
            .collect();
        assert_eq!(retried, [408, 500, 503, 599]);
        assert!(!AfterFailure::not_documented("a test").retries_after(503), "nobody tells");
    }

    #[test]
    fn every_answer_but_a_success_and_the_exceptions_counts_towards_the_breaker() {
        let breaker = Breaker {
            window: Duration::from_hours(1),
            degraded_at: 10,
            broken_at: 30,
            discards_backlog: true,
            not_counted: &[429],
        };
        let breaking = AfterFailure { breaker: Some(breaker), ..AfterFailure::not_documented("a test") };
        for (status, counts) in
            [(200, false), (204, false), (303, true), (401, true), (429, false), (503, true)]
        {
            assert_eq!(breaking.counts_towards_breaker(status), Some(counts), "{status}");
        }
        assert_eq!(AfterFailure::not_documented("a test").counts_towards_breaker(503), None, "nobody tells");
    }
}
