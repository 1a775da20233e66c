//! The names of a provider's stores, as Parameter Store listed them.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use inlet::store::StoreName;

use crate::client::timeouts;

/// The lifetime of the list of names: a new store is usable within a minute.
pub(crate) const NAMES_TTL: Duration = Duration::from_secs(50);

/// Minimum lifetime of the list for each page that it has, ten names: 24 instances ask for at most ten pages a second,
/// a quarter of what Parameter Store accepts, however many stores there are. Up to 200 stores have the lifetime above.
const NAMES_TTL_OF_A_PAGE: Duration = Duration::from_millis(2_500);

/// The last part of a list's lifetime, in which each instance lists again at its own random moment. Instances that
/// started together would otherwise list together, and Parameter Store would throttle them.
const SPREAD: f64 = 0.15;

/// Minimum time from an attempt that brought no page to the next one.
const LIST_INTERVAL: Duration = Duration::from_secs(5);

/// The same while there is no list at all: without one, names have to be read.
const FIRST_LIST_INTERVAL: Duration = Duration::from_secs(1);

/// The time within which the other pages must follow the first one. Later, the first may be out of date.
const PAGES_TTL: Duration = Duration::from_secs(30);

/// The names of a provider's stores, as they were last listed.
pub(super) struct Names {
    /// The lifetime of a short list.
    least_ttl: Duration,
    /// The lifetime of this list.
    pub(super) ttl: Duration,
    listed: Option<List>,
    /// The pages of the next list so far, if there was no time for all of them or a page could not be read.
    pub(super) begun: Option<Pages>,
    begun_at: Option<Instant>,
    tried_at: Option<Instant>,
    is_new: bool,
}

/// A whole list of names.
struct List {
    names: HashSet<StoreName>,
    read_at: Instant,
    /// The age at which it is read again, while it still counts.
    refreshed_after: Duration,
}

/// Some pages of a list of names.
#[derive(Clone, Debug, Default)]
pub(super) struct Pages {
    pub(super) names: HashSet<StoreName>,
    pub(super) count: u32,
    /// The token of the next page; `None` before the first one.
    pub(super) next: Option<String>,
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
        Self { least_ttl: ttl, ttl, listed: None, begun: None, begun_at: None, tried_at: None, is_new: true }
    }

    /// Returns true the first time: the instance is new and has tried nothing.
    pub(super) fn begin(&mut self) -> bool {
        std::mem::take(&mut self.is_new)
    }

    /// Returns true if there has been a whole list.
    pub(super) fn have_been_listed(&self) -> bool {
        self.listed.is_some()
    }

    /// Returns true if the names must be listed again, and records the attempt.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        let is_current = self
            .listed
            .as_ref()
            .is_some_and(|list| now.saturating_duration_since(list.read_at) < list.refreshed_after);
        let interval = if self.listed.is_some() { LIST_INTERVAL } else { FIRST_LIST_INTERVAL }.min(self.ttl);
        let was_tried = self.tried_at.is_some_and(|at| now.saturating_duration_since(at) < interval);
        let is_due = !is_current && !was_tried;
        if is_due {
            self.tried_at = Some(now);
            let begun_at = self.begun_at.get_or_insert(now);
            if now.saturating_duration_since(*begun_at) >= PAGES_TTL {
                (self.begun, self.begun_at) = (None, Some(now));
            }
        }
        is_due
    }

    /// Takes the pages so far. The next delivery may continue at once.
    pub(super) fn proceed(&mut self, pages: Pages) {
        (self.begun, self.tried_at) = (Some(pages), None);
    }

    /// Takes the whole list. The more pages it has, the longer it counts.
    pub(super) fn complete(&mut self, pages: Pages, now: Instant) {
        if !self.least_ttl.is_zero() {
            self.ttl = self.least_ttl.max(NAMES_TTL_OF_A_PAGE.saturating_mul(pages.count));
        }
        let refreshed_after = self.ttl.mul_f64(1.0 - SPREAD * fastrand::f64());
        self.listed = Some(List { names: pages.names, read_at: now, refreshed_after });
        (self.begun, self.begun_at) = (None, None);
    }

    pub(super) fn find(&self, name: &StoreName, now: Instant) -> Listing {
        if self.begun.as_ref().is_some_and(|pages| pages.names.contains(name)) {
            return Listing::Listed;
        }
        match &self.listed {
            Some(list) if list.names.contains(name) => Listing::Listed,
            // A list that was just read counts as current, even if its lifetime is shorter.
            Some(list)
                if now.saturating_duration_since(list.read_at) < self.ttl.max(timeouts::STORE_NAMES) =>
            {
                Listing::NotListed
            }
            _ => Listing::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::test_provider::{almost, name};

    fn listed(names: &[&str], count: u32) -> Pages {
        Pages { names: names.iter().map(|it| name(it)).collect(), count, next: None }
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
        assert!(*first >= 42_500 && *last <= 50_000, "{first} ms to {last} ms");
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
        names.proceed(Pages { next: Some("b".into()), ..listed(&["a"], 50) });
        assert!(names.is_due(now), "the next delivery continues");
        assert_eq!(
            [name("a"), name("b")].map(|name| names.find(&name, now)),
            [Listing::Listed, Listing::Unknown]
        );
        assert!(names.is_due(now + PAGES_TTL));
        assert!(names.begun.is_none(), "the first page is too old");
        names.complete(listed(&["b"], 200), now);
        let ttl = NAMES_TTL_OF_A_PAGE * 200;
        assert_eq!(names.find(&name("a"), now + almost(ttl)), Listing::NotListed);
        assert!(!names.is_due(now + almost(ttl.mul_f64(1.0 - SPREAD))) && names.is_due(now + ttl));
        let mut names = Names::new(NAMES_TTL);
        names.complete(listed(&[], 20), now);
        assert!(
            !names.is_due(now + almost(NAMES_TTL.mul_f64(1.0 - SPREAD))) && names.is_due(now + NAMES_TTL),
            "200 stores"
        );
    }
}
