//! Orders: the list by time of change, and the view of one order with its history.

use std::collections::BTreeMap;

use inlet::canonical::{Canonical, Kind, Order};
use inlet::provider::catalogue::text_at;
use inlet::reconcile::{
    Change, Comparison, Failure, NumberedPages, Observation, Page, Request, Response, Window,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::walk::{PAGE_LIMITS, id_of, instant};
use super::{Access, manager_request};
use crate::canonical;

/// The end of the window is in the future: an order that changes while pages are read stays in the window. If the end
/// were in the past, the order would leave the window, later orders would move to earlier pages, and one would be
/// skipped.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// The counts in the envelope of a list of orders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The number of orders. No page documents whether it counts only the filtered ones.
    pub total: Option<u64>,
    /// The number of orders for each of Zid's states.
    pub by_status: BTreeMap<String, u64>,
}

/// Returns the request for a page of orders.
///
/// `order_by` accepts only `created_at`, so the pages are in order of creation. Oldest first: new orders append to
/// the end and move no page.
pub(super) fn list_request(access: &Access, window: Window, page: u32) -> Request {
    let path = format!(
        "/v1/managers/store/orders?payload_type=default&date_attribute=updated_at&date_from={}&date_to={}\
         &order_by=created_at&sort_by=asc&page={page}&per_page={}",
        in_query(window.since),
        in_query(window.now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX)),
        PAGE_LIMITS.page_len,
    );
    manager_request(access, &path)
}

/// Returns the request for one order with its history.
pub fn view_request(access: &Access, id: u64) -> Request {
    manager_request(access, &format!("/v1/managers/store/orders/{id}/view"))
}

/// Reads the response to [`view_request`].
///
/// # Errors
/// A [`Failure`] if the response is not usable.
pub fn read_view(response: &Response) -> Result<Observation, Failure> {
    let order = response.object()?.remove("order").and_then(observed);
    order.ok_or_else(|| response.unreadable("order"))
}

/// Reads a page of orders.
pub(super) fn read_list(pages: &NumberedPages, response: &Response) -> Result<Page<NumberedPages>, Failure> {
    let mut envelope = response.object()?;
    let orders = response.list(&mut envelope, "orders")?;
    let ids = orders.iter().filter_map(id_of).collect();
    let then = pages.after(ids, counts(&envelope).total, PAGE_LIMITS);
    let observations = orders.into_iter().filter_map(observed).collect();
    Ok(Page { observations, then })
}

/// Reads the counts of a page of orders.
///
/// # Errors
/// A [`Failure`] if the response is not usable.
pub fn read_counts(response: &Response) -> Result<Counts, Failure> {
    response.object().map(|envelope| counts(&envelope))
}

/// Returns an order as observed; `None` without an id.
fn observed(object: Value) -> Option<Observation> {
    let entity = id_of(&object)?;
    let Some(Canonical::Order(order)) = canonical::order(&object) else {
        return None;
    };
    let data = order.clone().into();
    Some(Observation {
        kind: Kind::Order,
        entity,
        changed_at: text_at(&object, "updated_at").and_then(|text| instant(&text)),
        comparison: Comparison::Newest,
        state: state(order),
        history: history(&object),
        data,
        object,
    })
}

/// Returns the fields by which an order's state is compared.
fn state(order: Order) -> Vec<(&'static str, String)> {
    let total = order.total.map(|total| total.amount.to_string());
    let fields = [("status", order.status), ("payment_status", order.payment_status), ("total", total)];
    fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Returns the changes of the state, oldest first. Zid lists the newest first, and lists other entries such as
/// `exported` among them, which repeat the name of the state.
fn history(object: &Value) -> Vec<Change> {
    let entries = object.get("histories").and_then(Value::as_array).into_iter().flatten();
    let entry = |entry: &Value| {
        let at = instant(&text_at(entry, "created_at")?)?;
        let status = text_at(entry, "order_status_name")?;
        // `In Delivery` is the name of `indelivery`.
        let code: String = status.chars().filter(|c| !c.is_whitespace()).collect();
        let state = canonical::state_of_order(&status).or_else(|| canonical::state_of_order(&code));
        Some(Change { at, state, status, entry: entry.clone() })
    };
    let mut changes: Vec<Change> = entries.filter_map(entry).collect();
    // A stable sort keeps Zid's order among entries of one second.
    changes.reverse();
    changes.sort_by_key(|change| change.at);
    changes.dedup_by(|later, earlier| later.status == earlier.status);
    changes
}

/// Returns the counts in an envelope.
fn counts(envelope: &Map<String, Value>) -> Counts {
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let total = envelope.get("grand_total").or_else(|| envelope.get("total_order_count"));
    let by_status = envelope.get("total_order_count_per_status").and_then(Value::as_object);
    let by_status = by_status.into_iter().flatten();
    Counts {
        total: total.and_then(number),
        by_status: by_status.filter_map(|(status, count)| Some((status.clone(), number(count)?))).collect(),
    }
}

/// Writes an instant as Zid's example does, `2020-01-01T00:00:00.000+0000`, with the `+` escaped.
fn in_query(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.000%%2B0000").to_string()
}
