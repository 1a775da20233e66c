//! The way of the webhooks from a twin to the receiver, with its faults: what is sent, when, and how often. It has no
//! clock and no connection: times are milliseconds, and the caller sends what is due and reports what failed.

use std::collections::BTreeMap;
use std::time::Duration;

use inlet::provider::retry_policy::{CircuitBreaker, RetryPolicy};

use crate::Webhook;
use crate::random::Random;

/// The shortest time that a webhook takes, in milliseconds.
const SHORTEST_MS: u64 = 50;

/// The faults on the way of the webhooks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Way {
    /// The webhooks that the provider never sends, of a thousand.
    pub lost: u64,
    /// The webhooks that arrive twice, of a thousand.
    pub repeated: u64,
    /// The longest time that a webhook takes; shorter than the provider's retry window. Later webhooks may overtake it.
    pub delay: Duration,
    /// True while the provider sends nothing.
    pub is_silent: bool,
    /// True while the receiver responds to no webhook. The provider retries by its policy, and its circuit breaker counts.
    pub is_down: bool,
}

/// One attempt to deliver a webhook.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The webhook.
    pub webhook: Webhook,
    /// The number of attempts before.
    pub number: usize,
}

/// The fate of a webhook that the provider should send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is sent.
    Sent,
    /// It is sent twice.
    SentTwice,
    /// It is never sent: it is lost, or the provider is silent.
    NeverSent,
    /// It is never sent, because the circuit breaker has disabled the URL.
    Disabled,
}

/// The consequence of an attempt that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// It is tried again.
    Again,
    /// It was the last attempt by the provider's policy.
    GivenUp,
    /// The circuit breaker disables the URL. It discards this many webhooks, this one included.
    Disabled(usize),
}

/// The attempts under way, and the provider's circuit breaker.
#[derive(Clone, Debug, Default)]
pub struct Dispatch {
    /// The attempts by the time of their arrival.
    attempts: BTreeMap<(i64, u64), Attempt>,
    next: u64,
    /// The failures that the circuit breaker counts, in milliseconds.
    failures: Vec<i64>,
    is_disabled: bool,
}

impl Dispatch {
    /// Takes a webhook on its way.
    pub fn send(&mut self, webhook: &Webhook, way: Way, random: &mut Random, now: i64) -> Fate {
        if self.is_disabled {
            return Fate::Disabled;
        }
        if way.is_silent || random.happens(way.lost) {
            return Fate::NeverSent;
        }
        let times = if random.happens(way.repeated) { 2 } else { 1 };
        for _ in 0..times {
            self.schedule(Attempt { webhook: webhook.clone(), number: 0 }, way, random, now);
        }
        if times == 2 { Fate::SentTwice } else { Fate::Sent }
    }

    /// Returns the next attempt that arrives until then, and its time.
    pub fn due(&mut self, until: i64) -> Option<(i64, Attempt)> {
        let (at, number) =
            self.attempts.first_key_value().map(|(key, _)| *key).filter(|(at, _)| *at <= until)?;
        self.attempts.remove(&(at, number)).map(|attempt| (at, attempt))
    }

    /// Returns the time of the next attempt.
    pub fn next_at(&self) -> Option<i64> {
        self.attempts.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes an attempt that failed at this time: by a response with this status, or without a response.
    pub fn fail(
        &mut self,
        attempt: Attempt,
        status: Option<u16>,
        policy: &RetryPolicy,
        way: Way,
        random: &mut Random,
        at: i64,
    ) -> Failed {
        let counts =
            |breaker: &&CircuitBreaker| status.is_none_or(|status| !breaker.not_counted.contains(&status));
        if let Some(breaker) = policy.circuit_breaker.as_ref().filter(counts) {
            let window = millis(breaker.window);
            self.failures.retain(|failed| at - failed < window);
            self.failures.push(at);
            if self.failures.len() >= breaker.disable_at as usize && breaker.discards_backlog {
                self.is_disabled = true;
                let discarded = self.attempts.len() + 1;
                self.attempts.clear();
                return Failed::Disabled(discarded);
            }
        }
        let retries = policy.retries.as_ref().filter(|retries| {
            status.is_none_or(|status| retries.statuses.iter().any(|range| range.contains(&status)))
        });
        let waits = retries.map_or(&[][..], |retries| retries.backoff);
        let Some(wait) = waits.get(attempt.number) else { return Failed::GivenUp };
        let again = Attempt { number: attempt.number + 1, ..attempt };
        self.schedule(again, way, random, at + millis(*wait));
        Failed::Again
    }

    /// Takes an attempt that succeeded: one success clears the count of the circuit breaker.
    pub fn succeed(&mut self) {
        self.failures.clear();
    }

    /// Returns true if the circuit breaker has disabled the URL.
    pub fn is_disabled(&self) -> bool {
        self.is_disabled
    }

    /// Enables the URL again.
    pub fn enable(&mut self) {
        self.is_disabled = false;
        self.failures.clear();
    }

    fn schedule(&mut self, attempt: Attempt, way: Way, random: &mut Random, at: i64) {
        let longest = u64::try_from(way.delay.as_millis()).expect("a short time");
        let delay = Duration::from_millis(SHORTEST_MS + random.below(longest.max(1)));
        self.next += 1;
        self.attempts.insert((at + millis(delay), self.next), attempt);
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).expect("a short time")
}

#[cfg(test)]
mod tests {
    use inlet::provider::retry_policy::Retries;

    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        response_timeout: None,
        retries: Some(Retries { backoff: &[Duration::from_mins(1)], statuses: &[500..=599] }),
        circuit_breaker: Some(CircuitBreaker {
            window: Duration::from_hours(1),
            warn_at: 2,
            disable_at: 3,
            discards_backlog: true,
            not_counted: &[429],
        }),
        source: "a test",
    };

    fn webhook() -> Webhook {
        Webhook { event: "order.create", body: Vec::new() }
    }

    fn attempt(number: usize) -> Attempt {
        Attempt { webhook: webhook(), number }
    }

    #[test]
    fn a_failed_attempt_is_repeated_by_the_providers_policy() {
        for (status, number, expected, next) in [
            (Some(503), 0, Failed::Again, true),
            (None, 0, Failed::Again, true),
            (Some(404), 0, Failed::GivenUp, false),
            (Some(503), 1, Failed::GivenUp, false),
        ] {
            let (mut dispatch, mut random) = (Dispatch::default(), Random::new(1));
            let failed = dispatch.fail(attempt(number), status, &POLICY, Way::default(), &mut random, 0);
            assert_eq!((failed, dispatch.next_at().is_some()), (expected, next), "{status:?} {number}");
            assert!(dispatch.next_at().is_none_or(|at| at >= 60_000), "{status:?} {number}");
        }
    }

    #[test]
    fn the_circuit_breaker_disables_the_url_and_discards() {
        let (mut dispatch, mut random, way) = (Dispatch::default(), Random::new(1), Way::default());
        let mut fail = |dispatch: &mut Dispatch, status, at| {
            dispatch.fail(attempt(0), Some(status), &POLICY, way, &mut random, at)
        };
        // One that is not counted, and one that is older than the window.
        fail(&mut dispatch, 429, 0);
        fail(&mut dispatch, 500, 0);
        fail(&mut dispatch, 500, 3_700_000);
        assert_eq!(fail(&mut dispatch, 500, 3_700_001), Failed::Again);
        assert_eq!(fail(&mut dispatch, 500, 3_700_002), Failed::Disabled(4));
        assert_eq!((dispatch.next_at(), dispatch.is_disabled()), (None, true));
        assert_eq!(dispatch.send(&webhook(), way, &mut Random::new(1), 3_700_003), Fate::Disabled);
        dispatch.enable();
        assert_eq!(dispatch.send(&webhook(), way, &mut Random::new(1), 3_700_004), Fate::Sent);
    }

    #[test]
    fn a_success_clears_the_count_of_the_circuit_breaker() {
        let (mut dispatch, mut random, way) = (Dispatch::default(), Random::new(1), Way::default());
        for at in 0..20 {
            assert_eq!(dispatch.fail(attempt(0), None, &POLICY, way, &mut random, at), Failed::Again);
            assert_eq!(dispatch.fail(attempt(0), None, &POLICY, way, &mut random, at), Failed::Again);
            dispatch.succeed();
        }
        assert!(!dispatch.is_disabled());
    }

    #[test]
    fn each_webhook_has_the_fate_that_the_faults_give_it() {
        let mut random = Random::new(1);
        for (way, fate, attempts) in [
            (Way::default(), Fate::Sent, 1),
            (Way { lost: 1000, ..Way::default() }, Fate::NeverSent, 0),
            (Way { repeated: 1000, ..Way::default() }, Fate::SentTwice, 2),
            (Way { is_silent: true, ..Way::default() }, Fate::NeverSent, 0),
        ] {
            let mut dispatch = Dispatch::default();
            assert_eq!(dispatch.send(&webhook(), way, &mut random, 0), fate);
            let sent = std::iter::from_fn(|| dispatch.due(i64::MAX)).count();
            assert_eq!(sent, attempts, "{way:?}");
        }
    }

    #[test]
    fn a_long_delay_lets_webhooks_overtake_each_other() {
        let way = Way { delay: Duration::from_secs(40), ..Way::default() };
        let (mut dispatch, mut random) = (Dispatch::default(), Random::new(1));
        for number in 0..20 {
            dispatch.schedule(attempt(number), way, &mut random, 0);
        }
        let order: Vec<usize> =
            std::iter::from_fn(|| dispatch.due(i64::MAX)).map(|(_, attempt)| attempt.number).collect();
        assert_eq!((order.len(), order.is_sorted()), (20, false), "{order:?}");
    }
}
