//! The names of a provider's stores, as Parameter Store listed them: the state of one instance.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use inlet::received_at::ReceivedAt;
use inlet::store::StoreName;

use crate::client::timeouts;
use crate::dynamodb::store_names::{CLAIM, NameList};

/// The lifetime of the list of names: a new store is usable within a minute. The lifetime begins with the call for the
/// list's first page, also where another instance read it. A difference of the two clocks, and the time in which the next
/// list is read, add three seconds.
pub(crate) const NAMES_TTL: Duration = Duration::from_secs(50);

/// Minimum lifetime of the list for each page that it has, ten names: even 24 instances that cannot share a list ask for at
/// most ten pages a second, a quarter of what Parameter Store accepts, however many stores there are. Up to 200 stores have
/// the lifetime above.
const NAMES_TTL_OF_A_PAGE: Duration = Duration::from_millis(2_500);

/// The part of a list's lifetime in which each instance looks for the next list at its own random moment. The first of
/// them lists the names, and the others find its list. Instances that cannot share a list, and started together, would
/// otherwise list together, and Parameter Store would throttle them.
const REFRESHED_FROM: f64 = 0.85;

/// The end of that part. The rest of the lifetime is for repeated attempts.
const REFRESHED_UNTIL: f64 = 0.95;

/// Minimum time from an attempt that brought no page to the next one.
const LIST_INTERVAL: Duration = Duration::from_secs(5);

/// The same while there is no list at all: without one, names have to be read.
const FIRST_LIST_INTERVAL: Duration = Duration::from_secs(1);

/// The largest time after which an instance looks again for the list that another one reads. The smallest is half of it.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The number of failures of the shared list after which an instance reads Parameter Store itself.
const MAX_FAILURES: u32 = 3;

/// The time within which the other pages must follow the first one. Later, the first may be out of date.
const PAGES_TTL: Duration = Duration::from_secs(30);

/// The names of a provider's stores, as they were last listed.
pub(super) struct Names {
    /// The lifetime of a short list.
    least_ttl: Duration,
    /// The lifetime of this list.
    pub(super) ttl: Duration,
    listed: Option<OwnList>,
    /// The pages of the next list so far, if there was no time for all of them or a page could not be read.
    pub(super) begun: Option<Pages>,
    /// The time before which the names are not listed again.
    not_before: Option<Instant>,
    /// The end of the claim under which this instance lists the names.
    claimed_until: Option<Instant>,
    /// The number of failures of the shared list since the last list.
    failures: u32,
    is_new: bool,
}

/// The whole list of names that an instance uses.
struct OwnList {
    list: NameList,
    /// The time when this instance got it, and its age then.
    got_at: Instant,
    age_then: Duration,
    /// The age at which the next one is looked for, while it still counts.
    refreshed_after: Duration,
}

impl OwnList {
    fn age(&self, now: Instant) -> Duration {
        self.age_then.saturating_add(now.saturating_duration_since(self.got_at))
    }
}

/// Some pages of a list of names.
#[derive(Clone, Debug, Default)]
pub(super) struct Pages {
    pub(super) names: HashSet<StoreName>,
    pub(super) count: u32,
    /// The token of the next page; `None` before the first one.
    pub(super) next: Option<String>,
    /// The time of the call for the first page.
    pub(super) began: Option<(Instant, ReceivedAt)>,
}

impl Pages {
    fn are_recent(&self, now: Instant) -> bool {
        self.began.is_some_and(|(began, _)| now.saturating_duration_since(began) < PAGES_TTL)
    }
}

/// A name's state in the list of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listing {
    /// The store exists.
    Listed,
    /// There is no such store.
    NotListed,
    /// No list is current.
    Unknown,
}

impl Names {
    pub(super) fn new(ttl: Duration) -> Self {
        Self {
            least_ttl: ttl,
            ttl,
            listed: None,
            begun: None,
            not_before: None,
            claimed_until: None,
            failures: 0,
            is_new: true,
        }
    }

    /// Returns true the first time: the instance is new and has tried nothing.
    pub(super) fn begin(&mut self) -> bool {
        std::mem::take(&mut self.is_new)
    }

    /// Returns the last whole list.
    pub(super) fn last_list(&self) -> Option<&NameList> {
        self.listed.as_ref().map(|listed| &listed.list)
    }

    /// Returns true if there is a whole list within its lifetime.
    pub(super) fn are_current(&self, now: Instant) -> bool {
        self.listed.as_ref().is_some_and(|list| list.age(now) < self.ttl)
    }

    /// Returns true if the names must be listed again, and records the attempt.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        let is_fresh = self.listed.as_ref().is_some_and(|list| list.age(now) < list.refreshed_after);
        let is_due = !is_fresh && self.not_before.is_none_or(|at| at <= now);
        if is_due {
            let interval = if self.listed.is_some() { LIST_INTERVAL } else { FIRST_LIST_INTERVAL };
            self.not_before = now.checked_add(interval.min(self.ttl));
            self.begun = self.begun.take().filter(|pages| pages.are_recent(now));
        }
        is_due
    }

    /// Lets the next attempt follow soon, because another instance lists the names.
    pub(super) fn look_again(&mut self, now: Instant) {
        self.not_before = now.checked_add(LOOK_AGAIN.mul_f64(f64::midpoint(1.0, fastrand::f64())));
    }

    /// The same after a failure of the shared list, if there is a list within its lifetime and there were few failures.
    /// Returns false if this instance must list the names now.
    pub(super) fn look_again_after_failure(&mut self, now: Instant) -> bool {
        self.failures = self.failures.saturating_add(1);
        let looks_again = self.failures < MAX_FAILURES && self.are_current(now);
        if looks_again {
            self.look_again(now);
        }
        looks_again
    }

    /// Notes that this instance has claimed the next list.
    pub(super) fn note_claim(&mut self, now: Instant) {
        self.claimed_until = now.checked_add(CLAIM);
    }

    /// Returns true if this instance has begun a list under its claim, and the claim lasts long enough to continue.
    pub(super) fn are_begun_under_claim(&self, now: Instant) -> bool {
        let lasts = |until: Instant| until.saturating_duration_since(now) > timeouts::STORE_NAMES;
        self.begun.is_some() && self.claimed_until.is_some_and(lasts)
    }

    /// Takes the pages so far. The next delivery may continue at once.
    pub(super) fn proceed(&mut self, pages: Pages) {
        (self.begun, self.not_before) = (Some(pages), None);
    }

    /// Takes the whole list that this instance has read.
    pub(super) fn complete(&mut self, pages: Pages, now: Instant) {
        let (began_at, read_at) = pages.began.unwrap_or((now, ReceivedAt::EPOCH));
        let list = NameList { names: pages.names, pages: pages.count, read_at };
        self.take(list, now.saturating_duration_since(began_at), now);
        self.claimed_until = None;
    }

    /// Takes a list of this age that another instance has read, if it is within its lifetime and newer than the own one.
    /// Returns false if it is not.
    pub(super) fn adopt(&mut self, list: &NameList, age: Duration, now: Instant) -> bool {
        let is_newer = self.last_list().is_none_or(|own| own.read_at < list.read_at);
        let is_adopted = is_newer && age < self.ttl_of(list.pages);
        if is_adopted {
            self.take(list.clone(), age, now);
            self.not_before = None;
        }
        is_adopted
    }

    fn take(&mut self, list: NameList, age_then: Duration, now: Instant) {
        self.ttl = self.ttl_of(list.pages);
        let spread = (REFRESHED_UNTIL - REFRESHED_FROM) * fastrand::f64();
        let refreshed_after = self.ttl.mul_f64(REFRESHED_FROM + spread);
        self.listed = Some(OwnList { list, got_at: now, age_then, refreshed_after });
        self.begun = None;
        self.failures = 0;
    }

    /// Returns the lifetime of a list. The more pages it has, the longer it counts.
    fn ttl_of(&self, pages: u32) -> Duration {
        if self.least_ttl.is_zero() {
            return self.least_ttl;
        }
        self.least_ttl.max(NAMES_TTL_OF_A_PAGE.saturating_mul(pages))
    }

    pub(super) fn find(&self, name: &StoreName, now: Instant) -> Listing {
        if self.begun.as_ref().is_some_and(|pages| pages.names.contains(name)) {
            return Listing::Listed;
        }
        let Some(listed) = &self.listed else { return Listing::Unknown };
        // A list that was just read counts as current, even if its lifetime is shorter.
        let is_new = now.saturating_duration_since(listed.got_at) < timeouts::STORE_NAMES;
        if listed.list.names.contains(name) {
            Listing::Listed
        } else if is_new || self.are_current(now) {
            Listing::NotListed
        } else {
            Listing::Unknown
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::test_provider::{almost, name};

    fn listed(names: &[&str], count: u32) -> Pages {
        Pages { names: names.iter().map(|it| name(it)).collect(), count, ..Pages::default() }
    }

    #[test]
    fn a_name_that_is_not_listed_is_unknown_without_a_read() {
        let now = Instant::now();
        let mut names = Names::new(NAMES_TTL);
        assert_eq!(names.find(&name("a"), now), Listing::Unknown);
        assert!(names.is_due(now));
        names.complete(listed(&["a"], 1), now);
        let found = |names: &Names, at| [name("a"), name("b")].map(|name| names.find(&name, at));
        assert_eq!(found(&names, now + almost(NAMES_TTL)), [Listing::Listed, Listing::NotListed]);
        assert_eq!(found(&names, now + NAMES_TTL), [Listing::Listed, Listing::Unknown]);
    }

    #[test]
    fn instances_list_again_at_different_times_before_the_list_ends() {
        let now = Instant::now();
        let due: HashSet<u64> = (0..24)
            .map(|_| {
                let mut names = Names::new(NAMES_TTL);
                names.complete(Pages::default(), now);
                let ages = 0..=NAMES_TTL.as_secs() * 10;
                ages.map(|tenths| tenths * 100)
                    .find(|&age| names.is_due(now + Duration::from_millis(age)))
                    .unwrap()
            })
            .collect();
        let (first, last) = (due.iter().min().unwrap(), due.iter().max().unwrap());
        assert!(*first >= 42_500 && *last <= 47_500, "{first} ms to {last} ms");
        assert!(due.len() > 12, "24 instances list at only {} different times", due.len());
    }

    #[test]
    fn an_attempt_without_a_page_is_repeated_after_five_seconds() {
        let now = Instant::now();
        let mut names = Names::new(NAMES_TTL);
        names.complete(listed(&["a"], 1), now);
        let old = now + NAMES_TTL;
        assert!(names.is_due(old));
        assert!(!names.is_due(old + almost(LIST_INTERVAL)), "the last attempt failed");
        assert!(names.is_due(old + LIST_INTERVAL));
    }

    #[test]
    fn an_instance_without_a_list_tries_again_after_a_second() {
        let now = Instant::now();
        let mut names = Names::new(NAMES_TTL);
        assert!(names.begin() && !names.begin(), "it is new only once");
        assert!(names.is_due(now));
        assert!(!names.is_due(now + almost(FIRST_LIST_INTERVAL)));
        assert!(names.is_due(now + FIRST_LIST_INTERVAL));
    }

    #[test]
    fn a_list_of_many_pages_is_read_in_parts_and_counts_longer() {
        let now = Instant::now();
        let mut names = Names::new(NAMES_TTL);
        assert!(names.is_due(now));
        let began = Some((now, ReceivedAt::EPOCH));
        names.proceed(Pages { next: Some("b".into()), began, ..listed(&["a"], 50) });
        assert!(names.is_due(now) && names.begun.is_some(), "the next delivery continues");
        assert_eq!(
            [name("a"), name("b")].map(|name| names.find(&name, now)),
            [Listing::Listed, Listing::Unknown]
        );
        assert!(names.is_due(now + PAGES_TTL));
        assert!(names.begun.is_none(), "the first page is too old");
        names.complete(listed(&["b"], 200), now);
        let ttl = NAMES_TTL_OF_A_PAGE * 200;
        assert_eq!(names.find(&name("a"), now + almost(ttl)), Listing::NotListed);
        assert!(!names.is_due(now + almost(ttl.mul_f64(REFRESHED_FROM))) && names.is_due(now + ttl));
        let mut names = Names::new(NAMES_TTL);
        names.complete(listed(&[], 20), now);
        assert!(
            !names.is_due(now + almost(NAMES_TTL.mul_f64(REFRESHED_FROM))) && names.is_due(now + NAMES_TTL),
            "200 stores"
        );
    }
}
