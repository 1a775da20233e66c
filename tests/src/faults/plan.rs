//! The plan of a case: which call fails, with which fault.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::faults::call::{Operation, Service};

/// A fault of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// The connection is closed before anything is done.
    Refuse,
    /// The response is 500; nothing is done.
    ServerError,
    /// The service throttles, and does nothing.
    Throttle,
    /// The service denies access, and does nothing.
    Deny,
    /// Nothing is done and no response comes.
    TimeoutLost,
    /// It is done, and no response comes.
    TimeoutApplied,
    /// It is done, and the response is late: within the caller's timeout for one attempt.
    Slow,
    /// It is done 1.5 s late, and the response follows immediately: within the caller's timeout for one attempt.
    DoneLate,
    /// It is done, and the connection ends in the middle of the response.
    CloseMidResponse,
    /// A batch: the service does the first half and fails the other. A call for
    /// a single item is not changed.
    Partial,
    /// The caller is killed before the call reaches the service.
    KillBefore,
    /// The caller is killed after the service has done it, before the response arrives.
    KillAfter,
}

impl Fault {
    /// The faults of a service.
    pub const OF_SERVICES: [Self; 7] = [
        Self::Refuse,
        Self::ServerError,
        Self::Throttle,
        Self::TimeoutLost,
        Self::TimeoutApplied,
        Self::Slow,
        Self::CloseMidResponse,
    ];

    /// The kills of a process.
    pub const KILLS: [Self; 2] = [Self::KillBefore, Self::KillAfter];

    /// Returns true if the caller never gets a success, however often it retries.
    pub fn denies(self) -> bool {
        !matches!(self, Self::Slow | Self::DoneLate | Self::Partial | Self::KillBefore | Self::KillAfter)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refuse => "connection closed",
            Self::ServerError => "500",
            Self::Throttle => "throttled",
            Self::Deny => "access denied",
            Self::TimeoutLost => "time-out, nothing written",
            Self::TimeoutApplied => "time-out, written",
            Self::Slow => "slow",
            Self::DoneLate => "done late",
            Self::CloseMidResponse => "closed mid-response",
            Self::Partial => "half of a batch fails",
            Self::KillBefore => "killed before the call",
            Self::KillAfter => "killed after the call",
        })
    }
}

/// The matching calls that fail, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls {
    /// Only this one.
    Nth(u32),
    /// All of them.
    Every,
    /// One in this many, by a repeatable random sequence.
    OneIn(u32),
    /// Every call that finds no token in a bucket that holds this many and is refilled with as many each second.
    Beyond(u32),
    /// All of them during the first part of each period, from when the plan was set.
    Periodically {
        /// The first part.
        during: Duration,
        /// The period.
        every: Duration,
    },
}

/// The calls of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matching {
    /// One operation.
    Operation(Operation),
    /// All operations of a service.
    Service(Service),
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The calls.
    pub matching: Matching,
    /// The failing ones of those calls.
    pub calls: Calls,
    /// The fault.
    pub fault: Fault,
}

impl Rule {
    /// Returns a rule for an operation.
    pub fn new(operation: &Operation, calls: Calls, fault: Fault) -> Self {
        Self { matching: Matching::Operation(operation.clone()), calls, fault }
    }

    /// Returns a rule by which every call of a service fails.
    pub fn all_of(service: Service, fault: Fault) -> Self {
        Self { matching: Matching::Service(service), calls: Calls::Every, fault }
    }

    /// Returns true if the rule covers this service.
    pub fn is_of(&self, service: Service) -> bool {
        match &self.matching {
            Matching::Operation(operation) => operation.service == service,
            Matching::Service(all) => *all == service,
        }
    }

    fn is_about(&self, operation: &Operation) -> bool {
        match &self.matching {
            Matching::Operation(wanted) => wanted == operation,
            Matching::Service(service) => *service == operation.service,
        }
    }
}

/// A plan that the proxies of one case share, with the calls that were seen.
#[derive(Clone, Debug, Default)]
pub struct Plan(Arc<Mutex<State>>);

/// A token bucket.
#[derive(Debug, Default)]
struct Bucket(Option<(f64, Instant)>);

impl Bucket {
    /// Takes a token of a bucket with a burst and a refill of `rate` tokens a second. Returns false if there is none.
    fn take(&mut self, rate: u32, now: Instant) -> bool {
        let rate = f64::from(rate);
        let (left, since) = self.0.unwrap_or((rate, now));
        let left = (left + now.saturating_duration_since(since).as_secs_f64() * rate).min(rate);
        let takes = left >= 1.0;
        self.0 = Some((if takes { left - 1.0 } else { left }, now));
        takes
    }
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<(Rule, u32)>,
    since: Option<Instant>,
    bucket: Bucket,
    hides_date: bool,
    seen: HashMap<Operation, u32>,
    struck: u32,
    chance: u64,
}

impl Plan {
    /// Returns a plan of these rules; the first that fits a call decides.
    pub fn new(rules: Vec<Rule>) -> Self {
        let plan = Self::default();
        plan.set(rules);
        plan
    }

    /// Replaces the rules and resets their counts.
    pub fn set(&self, rules: Vec<Rule>) {
        let mut state = self.state();
        state.rules = rules.into_iter().map(|rule| (rule, 0)).collect();
        state.since = Some(Instant::now());
    }

    /// Removes all rules.
    pub fn stop(&self) {
        self.set(Vec::new());
    }

    /// Hides the `Date` of every response, so that no caller can compare its clock.
    pub fn hide_date(&self) {
        self.state().hides_date = true;
    }

    /// Returns true if responses have no `Date`.
    pub fn hides_date(&self) -> bool {
        self.state().hides_date
    }

    /// Returns this call's fault, if it has one.
    pub fn next(&self, operation: &Operation) -> Option<Fault> {
        let mut state = self.state();
        *state.seen.entry(operation.clone()).or_default() += 1;
        state.chance =
            state.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let chance = state.chance >> 33;
        let (mut fault, since) = (None, state.since.map(|since| since.elapsed()).unwrap_or_default());
        let State { rules, bucket, .. } = &mut *state;
        for (rule, made) in rules.iter_mut().filter(|(rule, _)| rule.is_about(operation)) {
            *made += 1;
            let strikes = match rule.calls {
                Calls::Nth(n) => *made == n,
                Calls::Every => true,
                Calls::OneIn(n) => chance.is_multiple_of(u64::from(n)),
                Calls::Beyond(rate) => !bucket.take(rate, Instant::now()),
                Calls::Periodically { during, every } => {
                    since.as_millis() % every.as_millis().max(1) < during.as_millis()
                }
            };
            fault = fault.or(strikes.then_some(rule.fault));
        }
        state.struck += u32::from(fault.is_some());
        fault
    }

    /// Returns the operations that were called, with their counts.
    pub fn seen(&self) -> HashMap<Operation, u32> {
        self.state().seen.clone()
    }

    /// Returns the number of calls that failed by plan.
    pub fn struck(&self) -> u32 {
        self.state().struck
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put() -> Operation {
        Operation::new(Service::DynamoDb, "PutItem")
    }

    fn get() -> Operation {
        Operation::new(Service::DynamoDb, "GetItem")
    }

    #[test]
    fn the_nth_call_fails_and_no_other() {
        let plan = Plan::new(vec![Rule::new(&put(), Calls::Nth(2), Fault::Throttle)]);
        let faults = [put(), get(), put(), put()].map(|operation| plan.next(&operation));
        assert_eq!(faults, [None, None, Some(Fault::Throttle), None]);
        assert_eq!((plan.struck(), plan.seen()[&put()]), (1, 3));
    }

    #[test]
    fn a_service_fails_in_all_its_operations() {
        let plan = Plan::new(vec![Rule::all_of(Service::DynamoDb, Fault::Refuse)]);
        assert_eq!([put(), get()].map(|operation| plan.next(&operation)), [Some(Fault::Refuse); 2]);
        assert_eq!(plan.next(&Operation::new(Service::Sqs, "SendMessage")), None);
    }

    #[test]
    fn the_first_rule_that_applies_decides_and_all_count() {
        let plan = Plan::new(vec![
            Rule::new(&put(), Calls::Nth(1), Fault::Slow),
            Rule::new(&put(), Calls::Every, Fault::Refuse),
        ]);
        assert_eq!([put(), put()].map(|o| plan.next(&o)), [Some(Fault::Slow), Some(Fault::Refuse)]);
    }

    #[test]
    fn a_rate_fails_about_that_share_of_the_calls() {
        let plan = Plan::new(vec![Rule::new(&put(), Calls::OneIn(10), Fault::Refuse)]);
        let struck = (0..10_000).filter(|_| plan.next(&put()).is_some()).count();
        assert!((800..1_200).contains(&struck), "{struck} of 10,000");
    }

    #[test]
    fn a_bucket_holds_as_many_tokens_as_it_gets_in_a_second() {
        let plan = Plan::new(vec![Rule::new(&put(), Calls::Beyond(5), Fault::Throttle)]);
        let passed = || (0..8).filter(|_| plan.next(&put()).is_none()).count();
        assert_eq!((passed(), passed()), (5, 0));
        std::thread::sleep(Duration::from_millis(450));
        assert!((1..=4).contains(&passed()), "about two more");
    }

    #[test]
    fn a_periodic_fault_begins_immediately_and_pauses() {
        let (during, every) = (Duration::from_millis(300), Duration::from_secs(600));
        let plan = Plan::new(vec![Rule::new(&put(), Calls::Periodically { during, every }, Fault::Throttle)]);
        assert_eq!(plan.next(&put()), Some(Fault::Throttle));
        std::thread::sleep(during);
        assert_eq!(plan.next(&put()), None);
    }

    #[test]
    fn a_stopped_plan_passes_every_call_for_all_its_users() {
        let plan = Plan::new(vec![Rule::new(&put(), Calls::Every, Fault::Refuse)]);
        plan.clone().stop();
        assert_eq!(plan.next(&put()), None);
    }
}
