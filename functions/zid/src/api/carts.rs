//! Abandoned carts: the list is filtered by day. No page documents which time of a cart the day is compared with.

use inlet::canonical::{Canonical, Cart, Kind};
use inlet::provider::catalogue::text_at;
use inlet::reconcile::{Comparison, Failure, NumberedPages, Observation, Page, Request, Response, Window};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::walk::{PAGE_LIMITS, id_of, instant};
use super::{Access, manager_request};
use crate::canonical;

/// The time zone of the days is not documented: one more day at either end covers every zone.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);

/// Returns the request for a page of abandoned carts.
pub(super) fn list_request(access: &Access, window: Window, page: u32) -> Request {
    let from = window.since.saturating_sub(A_DAY).unwrap_or(Timestamp::MIN);
    let to = window.now.saturating_add(A_DAY).unwrap_or(Timestamp::MAX);
    let path = format!(
        "/v1/managers/store/abandoned-carts?date_from={}&date_to={}&page={page}&page_size={}",
        day(from),
        day(to),
        PAGE_LIMITS.page_len,
    );
    manager_request(access, &path)
}

/// Reads a page of abandoned carts.
pub(super) fn read_list(
    pages: &NumberedPages,
    window: Window,
    response: &Response,
) -> Result<Page<NumberedPages>, Failure> {
    let mut envelope = response.object()?;
    let carts = response.list(&mut envelope, "abandoned-carts")?;
    let ids = carts.iter().filter_map(id_of).collect();
    // The envelope's counts are not documented, so the end of this list proves nothing.
    let then = pages.after(ids, None, PAGE_LIMITS);
    let in_window = |cart: &Observation| window.contains(cart.changed_at);
    let observations = carts.into_iter().filter_map(observed).filter(in_window).collect();
    Ok(Page { observations, then })
}

/// Returns a cart as observed; `None` without an id.
fn observed(object: Value) -> Option<Observation> {
    let entity = id_of(&object)?;
    let Some(Canonical::Cart(cart)) = canonical::cart(&object) else {
        return None;
    };
    let data = cart.clone().into();
    Some(Observation {
        kind: Kind::Cart,
        entity,
        changed_at: text_at(&object, "updated_at").and_then(|text| instant(&text)),
        comparison: Comparison::Newest,
        state: state(cart),
        history: Vec::new(),
        data,
        object,
    })
}

/// Returns the fields by which a cart's state is compared.
fn state(cart: Cart) -> Vec<(&'static str, String)> {
    let fields = [("phase", cart.phase), ("order_id", cart.order_id)];
    fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).date().to_string()
}
