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

/// Minimum time between two attempts to list the names.
const LIST_INTERVAL: Duration = Duration::from_secs(5);

/// The names of a provider's stores, as they were last listed.
pub(super) struct Names {
    /// The lifetime of a short list.
    least_ttl: Duration,
    /// The lifetime of this list.
    pub(super) ttl: Duration,
    pub(super) listed: Option<(HashSet<StoreName>, Instant)>,
    /// The pages of the next list so far, if there was no time for all of them.
    pub(super) begun: Option<Pages>,
    tried_at: Option<Instant>,
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
        Self { least_ttl: ttl, ttl, listed: None, begun: None, tried_at: None }
    }

    /// Returns true if the names must be listed again, and records the attempt.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        let is_current =
            self.listed.as_ref().is_some_and(|(_, at)| now.saturating_duration_since(*at) < self.ttl);
        let interval = LIST_INTERVAL.min(self.ttl);
        let was_tried = self.begun.is_none()
            && self.tried_at.is_some_and(|at| now.saturating_duration_since(at) < interval);
        let is_due = !is_current && !was_tried;
        if is_due {
            self.tried_at = Some(now);
        }
        is_due
    }

    /// Takes the whole list. The more pages it has, the longer it counts.
    pub(super) fn complete(&mut self, pages: Pages, now: Instant) {
        if !self.least_ttl.is_zero() {
            self.ttl = self.least_ttl.max(NAMES_TTL_OF_A_PAGE.saturating_mul(pages.count));
        }
        (self.listed, self.begun) = (Some((pages.names, now)), None);
    }

    pub(super) fn find(&self, name: &StoreName, now: Instant) -> Listing {
        if self.begun.as_ref().is_some_and(|pages| pages.names.contains(name)) {
            return Listing::Listed;
        }
        match &self.listed {
            Some((names, _)) if names.contains(name) => Listing::Listed,
            // A list that was just read counts as current, even if its lifetime is shorter.
            Some((_, at)) if now.saturating_duration_since(*at) < self.ttl.max(timeouts::STORE_NAMES) => {
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

    #[test]
    fn a_name_that_is_not_listed_is_unknown_without_a_read() {
        let now = Instant::now();
        let mut names = Names::new(NAMES_TTL);
        assert_eq!(names.find(&name("a"), now), Listing::Unknown);
        assert!(names.is_due(now));
        names.listed = Some((HashSet::from([name("a")]), now));
        let found = |names: &Names, at| [name("a"), name("b")].map(|name| names.find(&name, at));
        assert_eq!(found(&names, now + almost(NAMES_TTL)), [Listing::Listed, Listing::NotListed]);
        assert_eq!(found(&names, now + NAMES_TTL), [Listing::Listed, Listing::Unknown]);
    }

    #[test]
    fn names_are_listed_once_in_fifty_seconds() {
        let now = Instant::now();
        let mut names = Names::new(NAMES_TTL);
        assert!(names.is_due(now));
        assert!(!names.is_due(now + almost(LIST_INTERVAL)), "the last attempt failed");
        assert!(names.is_due(now + LIST_INTERVAL));
        names.listed = Some((HashSet::new(), now + LIST_INTERVAL));
        assert!(!names.is_due(now + LIST_INTERVAL + almost(NAMES_TTL)));
        assert!(names.is_due(now + LIST_INTERVAL + NAMES_TTL));
    }

    #[test]
    fn a_list_of_many_pages_is_read_in_parts_and_counts_longer() {
        let now = Instant::now();
        let mut names = Names::new(NAMES_TTL);
        assert!(names.is_due(now));
        names.begun = Some(Pages { names: HashSet::from([name("a")]), count: 50, next: Some("b".into()) });
        assert!(names.is_due(now), "the next delivery continues");
        assert_eq!(
            [name("a"), name("b")].map(|name| names.find(&name, now)),
            [Listing::Listed, Listing::Unknown]
        );
        names.complete(Pages { names: HashSet::from([name("b")]), count: 200, next: None }, now);
        let ttl = NAMES_TTL_OF_A_PAGE * 200;
        assert_eq!(names.find(&name("a"), now + almost(ttl)), Listing::NotListed);
        assert!(!names.is_due(now + almost(ttl)) && names.is_due(now + ttl));
        let mut names = Names::new(NAMES_TTL);
        names.complete(Pages { count: 20, ..Pages::default() }, now);
        assert!(!names.is_due(now + almost(NAMES_TTL)) && names.is_due(now + NAMES_TTL), "200 stores");
    }
}
