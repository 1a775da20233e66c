//! A provider's documented behaviour after a failed delivery: facts with their source, never guesses.

use std::ops::RangeInclusive;
use std::time::Duration;

/// A provider's behaviour after a failure. `None` if no page documents it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The time for which it waits for a response.
    pub response_timeout: Option<Duration>,
    /// Its retries.
    pub retries: Option<Retries>,
    /// Its circuit breaker.
    pub circuit_breaker: Option<CircuitBreaker>,
    /// The source, and its reliability.
    pub source: &'static str,
}

/// The retries of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retries {
    /// The wait before each further attempt, in order.
    pub backoff: &'static [Duration],
    /// The statuses that cause a retry.
    pub statuses: &'static [RangeInclusive<u16>],
}

/// The rule by which a provider disables a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircuitBreaker {
    /// The time in which failures are counted.
    pub window: Duration,
    /// Number of failures at which the provider warns.
    pub warn_at: u32,
    /// Number of failures at which the provider stops sending.
    pub disable_at: u32,
    /// True if the provider then discards its backlog.
    pub discards_backlog: bool,
    /// The statuses that do not count.
    pub not_counted: &'static [u16],
}

/// The retry window of a provider that documents no retries.
pub const DEFAULT_RETRY_WINDOW: Duration = Duration::from_mins(1);

/// Assumed duration of an attempt whose timeout is not documented. Twice the longest
/// documented timeout: in doubt, equal deliveries count as retries for a little longer.
const DEFAULT_RESPONSE_TIMEOUT: Duration = Duration::from_mins(1);

impl RetryPolicy {
    /// Returns the policy of a provider whose pages document nothing about retries.
    pub const fn not_documented(source: &'static str) -> Self {
        Self { response_timeout: None, retries: None, circuit_breaker: None, source }
    }

    /// Returns the time after the first arrival in which the provider may repeat a delivery: all waits, and a failed
    /// attempt before each of them. Never less than [`DEFAULT_RETRY_WINDOW`].
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

    /// Returns true if the provider is known to retry a delivery that was answered with this status.
    pub fn retries_after(&self, status: u16) -> bool {
        let listed = |retries: &Retries| retries.statuses.iter().any(|statuses| statuses.contains(&status));
        self.retries.as_ref().is_some_and(listed)
    }

    /// Returns true if the provider's circuit breaker counts a response with this status. `None` if
    /// no circuit breaker is documented.
    pub fn counts_towards_breaker(&self, status: u16) -> Option<bool> {
        self.circuit_breaker.as_ref().map(|circuit_breaker| circuit_breaker.is_counted(status))
    }
}

impl CircuitBreaker {
    /// Returns true if a response with this status is a counted failure: any but a 2xx and the listed exceptions.
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
    fn a_retry_may_come_after_every_attempt_and_every_wait() {
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
        assert!(!RetryPolicy::not_documented("a test").retries_after(503), "not documented");
    }

    #[test]
    fn the_breaker_counts_all_failures_but_the_exceptions() {
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
        assert_eq!(RetryPolicy::not_documented("a test").counts_towards_breaker(503), None, "not documented");
    }
}
