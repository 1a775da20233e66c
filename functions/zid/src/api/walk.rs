//! A walk over one of Zid's lists.

use inlet::reconcile::{Failure, NumberedPages, Page, PageLimits, Request, Response, Window};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::products::ProductPages;
use super::{Access, carts, orders, products};

/// The objects on a page: Zid's maximum for orders and carts.
pub(super) const PAGE_LIMITS: PageLimits = PageLimits { page_len: 100 };

/// The place in one list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    window: Window,
    list: List,
}

/// The list that a walk reads, and the place in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum List {
    Orders(NumberedPages),
    Products(ProductPages),
    Carts(NumberedPages),
}

impl Walk {
    /// Begins a walk over the orders that changed in the window.
    pub fn orders(window: Window) -> Self {
        Self { window, list: List::Orders(NumberedPages::first()) }
    }

    /// Begins a walk over the products that changed in the window.
    pub fn products(window: Window) -> Self {
        Self { window, list: List::Products(ProductPages::first()) }
    }

    /// Begins a walk over the abandoned carts of the window's days.
    pub fn carts(window: Window) -> Self {
        Self { window, list: List::Carts(NumberedPages::first()) }
    }

    pub(super) fn next(&self, access: &Access) -> Request {
        match &self.list {
            List::Orders(pages) => orders::list_request(access, self.window, pages.page),
            List::Products(pages) => products::list_request(access, pages.page),
            List::Carts(pages) => carts::list_request(access, self.window, pages.page),
        }
    }

    pub(super) fn read(&self, response: &Response) -> Result<Page<Self>, Failure> {
        let window = self.window;
        match &self.list {
            List::Orders(pages) => {
                orders::read_list(pages, response).map(|page| wrapped(page, window, List::Orders))
            }
            List::Products(pages) => {
                products::read_list(pages, window, response).map(|page| wrapped(page, window, List::Products))
            }
            List::Carts(pages) => {
                carts::read_list(pages, window, response).map(|page| wrapped(page, window, List::Carts))
            }
        }
    }
}

/// Returns the page of a walk from the page of its list.
fn wrapped<P>(page: Page<P>, window: Window, list: impl FnOnce(P) -> List) -> Page<Walk> {
    let then = page.then.map(|pages| Walk { window, list: list(pages) });
    Page { observations: page.observations, then }
}

/// Returns the id of an object: a number or a text.
pub(super) fn id_of(object: &Value) -> Option<String> {
    inlet::provider::catalogue::text_at(object, "id").filter(|id| !id.trim().is_empty())
}

/// Returns a time in any of Zid's notations, if it is an instant.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    crate::canonical::time(text)?.as_instant()?.as_str().parse().ok()
}
