//! A list that is read by page numbers. Pages move while they are read; the walk notices.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::observation::{Coverage, Then};

/// The place in a list that is read from its first page to its last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberedPages {
    /// The number of the next page.
    pub page: u32,
    /// The number of objects that the previous page named as the whole.
    total: Option<u64>,
    /// The ids seen so far.
    seen: BTreeSet<String>,
    /// The ids of the previous page.
    previous: Vec<String>,
}

/// The size of a list's pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageLimits {
    /// The objects on a full page.
    pub page_len: usize,
}

impl NumberedPages {
    /// Begins at the first page, which has the number 1.
    pub fn first() -> Self {
        Self { page: 1, total: None, seen: BTreeSet::new(), previous: Vec::new() }
    }

    /// Returns the step after a page with these ids. `total` is the number of all objects, if the page has it.
    ///
    /// 1. If the total has shrunk, objects have moved to earlier pages: the previous page is read again.
    /// 2. A page that is equal to the previous one would be returned for ever: the walk ends as incomplete.
    /// 3. A short page is the last one. The coverage is complete if as many objects were seen as the provider counts,
    ///    else unknown.
    #[must_use]
    pub fn after(&self, ids: Vec<String>, total: Option<u64>, limits: PageLimits) -> Then<Self> {
        let mut walk = Self { total, ..self.clone() };
        walk.seen.extend(ids.iter().cloned());
        let shrunk = matches!((self.total, total), (Some(before), Some(now)) if now < before);
        let repeated = !ids.is_empty() && ids == self.previous;
        let seen = u64::try_from(walk.seen.len()).unwrap_or(u64::MAX);
        let all_seen = total.map(|total| seen >= total);
        if repeated && !shrunk {
            return Then::Done(if all_seen == Some(true) {
                Coverage::Complete
            } else {
                Coverage::Incomplete
            });
        }
        let is_last = ids.len() < limits.page_len || (all_seen == Some(true) && !shrunk);
        walk.previous = ids;
        if shrunk && self.page > 1 {
            walk.page = self.page.saturating_sub(1);
            // The page that is read again may well be equal to this one.
            walk.previous.clear();
            return Then::Continue(walk);
        }
        if is_last {
            // A list that ended before the count was reached was read to its end, but the count may be of something else:
            // no page says whether it respects the filter.
            let complete = all_seen == Some(true);
            return Then::Done(if complete { Coverage::Complete } else { Coverage::Unknown });
        }
        walk.page = self.page.saturating_add(1);
        Then::Continue(walk)
    }
}
