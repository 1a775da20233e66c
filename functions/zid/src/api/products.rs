//! Products: there is no filter by time, only a sort by time of change, whose direction is not documented.

use std::collections::BTreeSet;

use inlet::canonical::{Canonical, Kind, Product};
use inlet::provider::catalogue::text_at;
use inlet::reconcile::{Comparison, Coverage, Failure, Observation, Page, Request, Response, Then, Window};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::walk::{PAGE_LIMITS, id_of, instant};
use super::{Access, catalogue_request};
use crate::canonical;

/// The order in which a list returns its objects. It is not documented, so the first page decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    OldestFirst,
    NewestFirst,
    Unsorted,
}

/// The place in the list of products.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ProductPages {
    /// The number of the next page.
    pub(super) page: u32,
    /// The number of objects that the previous page named as the whole.
    total: Option<u64>,
    /// The ids seen so far on pages that are read forward.
    seen: BTreeSet<String>,
    /// The ids of the previous page.
    previous: Vec<String>,
    order: Option<Order>,
}

impl ProductPages {
    /// Begins at the first page.
    pub(super) fn first() -> Self {
        Self { page: 1, total: None, seen: BTreeSet::new(), previous: Vec::new(), order: None }
    }

    /// Returns these pages at another page.
    fn at(&self, page: u32, order: Order, total: Option<u64>) -> Then<Self> {
        Then::Continue(Self { page, order: Some(order), total, ..self.clone() })
    }
}

/// Returns the request for a page of products. The default page has 10 products; the maximum is not documented, so
/// the length of the first page counts.
pub(super) fn list_request(access: &Access, page: u32) -> Request {
    let size = PAGE_LIMITS.page_len;
    catalogue_request(access, &format!("/v1/products/?ordering=updated_at&page={page}&page_size={size}"))
}

/// Returns the request for one product.
pub fn view_request(access: &Access, id: &str) -> Option<Request> {
    let is_id = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    is_id.then(|| catalogue_request(access, &format!("/v1/products/{id}/")))
}

/// Reads the response to [`view_request`].
///
/// # Errors
/// A [`Failure`] if the response is not usable.
pub fn read_view(response: &Response) -> Result<Observation, Failure> {
    observed(Value::Object(response.object()?)).ok_or_else(|| response.unreadable("product"))
}

/// Reads a page of products. The walk ends at the first page that reaches back behind the window:
///
/// - newest first: forward from page 1;
/// - oldest first: backward from the last page, which the count of page 1 gives;
/// - neither: forward over all pages.
pub(super) fn read_list(
    pages: &ProductPages,
    window: Window,
    response: &Response,
) -> Result<Page<ProductPages>, Failure> {
    let mut envelope = response.object()?;
    let products = response.list(&mut envelope, "results")?;
    let total = envelope.get("count").and_then(Value::as_u64);
    let has_next = envelope.get("next").is_some_and(|next| !next.is_null());
    let ids: Vec<String> = products.iter().filter_map(id_of).collect();
    let observations: Vec<Observation> = products.into_iter().filter_map(observed).collect();
    let times: Vec<Timestamp> = observations.iter().filter_map(|product| product.changed_at).collect();
    let then = if has_next || pages.page > 1 {
        after(pages, ids, (&times, window), total, has_next)
    } else {
        Then::Done(Coverage::Complete)
    };
    let in_window = |product: &Observation| window.contains(product.changed_at);
    Ok(Page { observations: observations.into_iter().filter(in_window).collect(), then })
}

/// Returns the step after a page.
fn after(
    pages: &ProductPages,
    ids: Vec<String>,
    (times, window): (&[Timestamp], Window),
    total: Option<u64>,
    has_next: bool,
) -> Then<ProductPages> {
    let reaches_back = times.iter().any(|at| *at < window.since);
    let sorted = pages.order.unwrap_or_else(|| order_of(times));
    let last = last_page(ids.len(), total);
    match (sorted, pages.order, last) {
        // Page 1 of a list that ends with the newest: jump to its last page.
        (Order::OldestFirst, None, Some(last)) if last > 1 => pages.at(last, sorted, total),
        (Order::OldestFirst, Some(_), _) if !ids.is_empty() => {
            // Page 1 is read already.
            if reaches_back || pages.page <= 2 {
                Then::Done(Coverage::Complete)
            } else {
                pages.at(pages.page.saturating_sub(1), sorted, total)
            }
        }
        (Order::NewestFirst, _, _) if reaches_back => Then::Done(Coverage::Complete),
        _ => {
            let forward = if sorted == Order::OldestFirst { Order::Unsorted } else { sorted };
            forward_from(pages, forward, ids, total, has_next)
        }
    }
}

/// Returns the step after a page that is read forward. If products were deleted meanwhile, others have moved to
/// earlier pages, and the previous page is read again.
fn forward_from(
    pages: &ProductPages,
    order: Order,
    ids: Vec<String>,
    total: Option<u64>,
    has_next: bool,
) -> Then<ProductPages> {
    let shrunk = matches!((pages.total, total), (Some(before), Some(now)) if now < before);
    if shrunk && pages.page > 1 {
        return pages.at(pages.page.saturating_sub(1), order, total);
    }
    let mut read = pages.clone();
    read.seen.extend(ids.iter().cloned());
    if !ids.is_empty() && ids == pages.previous {
        return Then::Done(Coverage::Incomplete);
    }
    read.previous = ids;
    if has_next {
        return read.at(pages.page.saturating_add(1), order, total);
    }
    let seen = u64::try_from(read.seen.len()).unwrap_or(u64::MAX);
    // The end of a sorted list is the end of its window too.
    let complete = order == Order::NewestFirst || total.is_some_and(|total| seen >= total);
    Then::Done(if complete { Coverage::Complete } else { Coverage::Unknown })
}

/// Returns the order of a page's times.
fn order_of(times: &[Timestamp]) -> Order {
    let moves = times.first() != times.last();
    if moves && times.is_sorted_by(|a, b| a >= b) {
        Order::NewestFirst
    } else if moves && times.is_sorted() {
        Order::OldestFirst
    } else {
        Order::Unsorted
    }
}

/// Returns the number of the last page.
fn last_page(length: usize, total: Option<u64>) -> Option<u32> {
    let length = u64::try_from(length).ok().filter(|length| *length > 0)?;
    u32::try_from(total?.div_ceil(length)).ok()
}

/// Returns a product as observed; `None` without an id.
fn observed(object: Value) -> Option<Observation> {
    let entity = id_of(&object)?;
    let Some(Canonical::Product(product)) = canonical::product(&object) else {
        return None;
    };
    let data = product.clone().into();
    Some(Observation {
        kind: Kind::Product,
        entity,
        changed_at: text_at(&object, "updated_at").and_then(|text| instant(&text)),
        comparison: Comparison::Newest,
        state: state(product),
        history: Vec::new(),
        data,
        object,
    })
}

/// Returns the fields by which a product's state is compared.
fn state(product: Product) -> Vec<(&'static str, String)> {
    let amount = |money: Option<inlet::value::money::Money>| money.map(|money| money.amount.to_string());
    let truth = |flag: Option<bool>| flag.map(|flag| flag.to_string());
    let fields = [
        ("sku", product.sku),
        ("price", amount(product.price)),
        ("sale_price", amount(product.sale_price)),
        ("quantity", product.quantity.map(|quantity| quantity.to_string())),
        ("unlimited", truth(product.unlimited)),
        ("published", truth(product.published)),
        ("draft", truth(product.draft)),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
