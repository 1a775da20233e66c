//! What a provider does after a delivery that is not answered well: facts with their source, never guesses.

use std::ops::RangeInclusive;
use std::time::Duration;

/// What a provider does after a failure. `None` is what no page tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How long it backoff for an answer.
    pub response_timeout: Option<Duration>,
    /// How it sends a delivery again.
    pub retries: Option<Retries>,
    /// When it stops sending at all.
    pub circuit_breaker: Option<CircuitBreaker>,
    /// Where this is told, and how far it is to be trusted.
    pub source: &'static str,
}

/// How a delivery is sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retries {
    /// The wait before each further attempt, in their order.
    pub backoff: &'static [Duration],
    /// The statuses after which there is one.
    pub statuses: &'static [RangeInclusive<u16>],
}

/// When deliveries to a URL stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircuitBreaker {
    /// The time in which failures are counted.
    pub window: Duration,
    /// How many failures earn a warning.
    pub warn_at: u32,
    /// How many failures end all deliveries.
    pub disable_at: u32,
    /// Whether what still backoff is thrown away then.
    pub discards_backlog: bool,
    /// The statuses that do not count.
    pub not_counted: &'static [u16],
}

/// The retry window where a provider documents no retries: design.md, "DedupScope".
pub const DEFAULT_RETRY_WINDOW: Duration = Duration::from_mins(1);

/// How long an attempt is taken to last where nobody tells when the provider gives it up. Twice the longest
/// limit that is documented anywhere: in doubt a repeat is a repeat for a little longer.
const DEFAULT_RESPONSE_TIMEOUT: Duration = Duration::from_mins(1);

impl RetryPolicy {
    /// A provider that tells nothing of it, on these pages.
    pub const fn not_documented(source: &'static str) -> Self {
        Self { response_timeout: None, retries: None, circuit_breaker: None, source }
    }

    /// How long after its first arrival a delivery may arrive again: every wait, and before each the attempt that
    /// failed. Never less than [`DEFAULT_RETRY_WINDOW`].
    pub const fn retry_window(&self) -> Duration {
        let attempt = match self.response_timeout {
            Some(limit) => limit,
            None => DEFAULT_RESPONSE_TIMEOUT,
        };
        let mut window = Duration::ZERO;
        let mut backoff = match &self.retries {
            Some(retries) => retries.backoff,
            None => &[],
        };
        while let [wait, later @ ..] = backoff {
            window = window.saturating_add(attempt).saturating_add(*wait);
            backoff = later;
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
        self.circuit_breaker.as_ref().map(|circuit_breaker| circuit_breaker.is_counted(status))
    }
}

impl CircuitBreaker {
    /// Whether an answer with this status is a failure that is counted: any but a 2xx and the listed exceptions.
    pub fn is_counted(&self, status: u16) -> bool {
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

    fn documented(response_timeout: Option<Duration>, backoff: &'static [Duration]) -> RetryPolicy {
        let retries = Some(Retries { backoff, statuses: &[408..=408, 500..=599] });
        RetryPolicy { response_timeout, retries, ..RetryPolicy::not_documented("a test") }
    }

    #[test]
    fn a_repeat_may_come_after_every_attempt_and_every_wait() {
        for (retry_policy, seconds) in [
            (RetryPolicy::not_documented("a test"), 60),
            (documented(HALF_A_MINUTE, ONCE), 60),
            (documented(HALF_A_MINUTE, TWICE), 667),
            (documented(None, SLOWLY), 480),
        ] {
            assert_eq!(retry_policy.retry_window().as_secs(), seconds, "{retry_policy:?}");
        }
    }

    #[test]
    fn only_a_listed_status_is_known_to_be_retried() {
        let retry_policy = documented(None, ONCE);
        let retried: Vec<u16> = [200, 401, 408, 499, 500, 503, 599]
            .into_iter()
            .filter(|s| retry_policy.retries_after(*s))
            .collect();
        assert_eq!(retried, [408, 500, 503, 599]);
        assert!(!RetryPolicy::not_documented("a test").retries_after(503), "nobody tells");
    }

    #[test]
    fn every_answer_but_a_success_and_the_exceptions_counts_towards_the_breaker() {
        let circuit_breaker = CircuitBreaker {
            window: Duration::from_hours(1),
            warn_at: 10,
            disable_at: 30,
            discards_backlog: true,
            not_counted: &[429],
        };
        let breaking =
            RetryPolicy { circuit_breaker: Some(circuit_breaker), ..RetryPolicy::not_documented("a test") };
        for (status, counts) in
            [(200, false), (204, false), (303, true), (401, true), (429, false), (503, true)]
        {
            assert_eq!(breaking.counts_towards_breaker(status), Some(counts), "{status}");
        }
        assert_eq!(RetryPolicy::not_documented("a test").counts_towards_breaker(503), None, "nobody tells");
    }
}
