//! A walk over the pages of one list. Objects move between pages while they are read; the walk detects it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Access, Counts, Failure, Observation, Request, Response, carts, orders, products};

/// The objects on a page. Zid's maximum for orders and carts.
pub(super) const PAGE_SIZE: usize = 100;

/// The window of time that a walk reads: changes from `since` on, as of `now`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The first change to see. Zid does not document an inclusive bound, so callers let windows overlap.
    #[serde(with = "as_text")]
    pub since: Timestamp,
    /// The time at which the walk begins.
    #[serde(with = "as_text")]
    pub now: Timestamp,
}

/// Instants as RFC 3339, so that a stored walk can be read by people.
mod as_text {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(at)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| de::Error::custom("not an RFC 3339 instant"))
    }
}

/// The list that a walk reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum List {
    Orders,
    Products,
    Carts,
}

/// The order in which a list returns its objects. For products it is not documented, so the first page decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Order {
    OldestFirst,
    NewestFirst,
    Unsorted,
}

/// A walk over the pages of one list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    list: List,
    pub(super) window: Window,
    pub(super) page: u32,
    /// The total number of objects that the previous page gave.
    pub(super) total: Option<u64>,
    /// The ids seen so far that count for [`Coverage`].
    pub(super) seen: BTreeSet<String>,
    /// The ids of the previous page.
    pub(super) previous: Vec<String>,
    pub(super) order: Option<Order>,
}

/// The next step of a walk.
#[derive(Debug)]
pub enum Next {
    /// This request.
    Send(Request),
    /// The budget is used up. The walk continues from here later.
    BudgetUsedUp,
}

/// The content of a page.
#[derive(Debug)]
pub struct Page {
    /// The objects of the page that are in the window.
    pub observations: Vec<Observation>,
    /// The counts that the response contains. Only orders have them.
    pub counts: Option<Counts>,
    /// The walk that goes on, or the end.
    pub then: Then,
}

/// The step after a page.
#[derive(Debug, PartialEq, Eq)]
pub enum Then {
    /// There is more to read.
    Continue(Walk),
    /// The walk is done.
    Done(Coverage),
}

/// The share of the window that a walk saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// Every object was seen, by Zid's own count or by the order of the list.
    Complete,
    /// Zid returned the same page again, so later pages cannot be read.
    Incomplete,
    /// Unknown: the list has neither a documented count nor a documented order.
    Unknown,
}

impl Walk {
    /// Begins a walk over the orders that changed in the window.
    pub fn orders(window: Window) -> Self {
        Self::new(List::Orders, window)
    }

    /// Begins a walk over the products that changed in the window.
    pub fn products(window: Window) -> Self {
        Self::new(List::Products, window)
    }

    /// Begins a walk over the abandoned carts of the window's days.
    pub fn carts(window: Window) -> Self {
        Self::new(List::Carts, window)
    }

    fn new(list: List, window: Window) -> Self {
        Self { list, window, page: 1, total: None, seen: BTreeSet::new(), previous: Vec::new(), order: None }
    }

    /// Returns the next request. `budget` is the number of requests that may still be sent.
    pub fn next(&self, access: &Access, budget: u32) -> Next {
        if budget == 0 {
            return Next::BudgetUsedUp;
        }
        Next::Send(match self.list {
            List::Orders => orders::list_request(access, self),
            List::Products => products::list_request(access, self),
            List::Carts => carts::list_request(access, self),
        })
    }

    /// Reads the response to [`Walk::next`].
    ///
    /// # Errors
    /// A [`Failure`] if the response is not a list. The walk has not moved, so the same request can be sent again.
    pub fn read(&self, response: &Response) -> Result<Page, Failure> {
        match self.list {
            List::Orders => orders::read_list(self, response),
            List::Products => products::read_list(self, response),
            List::Carts => carts::read_list(self, response),
        }
    }

    /// Returns the step after a page of a list that is read from its first page to its last.
    ///
    /// 1. If the total has shrunk, objects have moved to earlier pages: the previous page is read again.
    /// 2. A page that is equal to the previous one would be returned for ever: the walk ends as incomplete.
    /// 3. A short page is the last one. The coverage is complete if as many objects were seen as Zid counts, else
    ///    unknown.
    pub(super) fn after(&self, ids: Vec<String>, total: Option<u64>) -> Then {
        let mut walk = Self { total, ..self.clone() };
        walk.seen.extend(ids.iter().cloned());
        let shrunk = matches!((self.total, total), (Some(before), Some(now)) if now < before);
        let repeated = !ids.is_empty() && ids == self.previous;
        let seen = u64::try_from(walk.seen.len()).unwrap_or(u64::MAX);
        let all_seen = total.map(|total| seen >= total);
        if repeated && !shrunk {
            return Then::Done(match all_seen {
                Some(true) => Coverage::Complete,
                _ => Coverage::Incomplete,
            });
        }
        let is_last = ids.len() < PAGE_SIZE || (all_seen == Some(true) && !shrunk);
        walk.previous = ids;
        if shrunk && self.page > 1 {
            walk.page = self.page.saturating_sub(1);
            // The page that is read again may well be equal to this one.
            walk.previous.clear();
            return Then::Continue(walk);
        }
        if is_last {
            return Then::Done(by_count(all_seen));
        }
        walk.page = self.page.saturating_add(1);
        Then::Continue(walk)
    }

    /// Returns this walk at another page.
    pub(super) fn at(&self, page: u32, order: Order, total: Option<u64>) -> Then {
        Then::Continue(Self { page, order: Some(order), total, ..self.clone() })
    }
}

/// A list that ended before Zid's count was reached was read to its end, but the count may be of something else: no
/// page says whether it respects the filter.
fn by_count(all_seen: Option<bool>) -> Coverage {
    if all_seen == Some(true) { Coverage::Complete } else { Coverage::Unknown }
}

/// Returns the id of an object: a number or a text.
pub(super) fn id_of(object: &Value) -> Option<String> {
    inlet::provider::catalogue::text_at(object, "id").filter(|id| !id.trim().is_empty())
}

/// Returns a time in any of Zid's notations, if it is an instant.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    crate::canonical::time(text)?.as_instant()?.as_str().parse().ok()
}
