//! Abandoned carts: the list is filtered by day, and no page says which of a cart's times the day is compared with.

use inlet::canonical::{Canonical, Cart, Kind};
use inlet::provider::catalogue::text_at;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::walk::{PAGE_SIZE, Page, Walk, id_of, instant};
use super::{Access, Failure, Observation, Request, Response};
use crate::canonical;

/// The time zone of the days is not documented: one more day at either end covers every zone.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);

/// Returns the request for a page of abandoned carts.
pub(super) fn list_request(access: &Access, walk: &Walk) -> Request {
    let from = walk.window.since.saturating_sub(A_DAY).unwrap_or(Timestamp::MIN);
    let to = walk.window.now.saturating_add(A_DAY).unwrap_or(Timestamp::MAX);
    let path = format!(
        "/v1/managers/store/abandoned-carts?date_from={}&date_to={}&page={}&page_size={PAGE_SIZE}",
        day(from),
        day(to),
        walk.page,
    );
    Request::manager(access, path)
}

/// Reads a page of abandoned carts.
pub(super) fn read_list(walk: &Walk, response: &Response) -> Result<Page, Failure> {
    let mut envelope = response.object()?;
    let carts = response.list(&mut envelope, "abandoned-carts")?;
    let ids = carts.iter().filter_map(id_of).collect();
    // The envelope's counts are not documented, so the end of the list does not prove that every cart was seen.
    let then = walk.after(ids, None);
    let in_window = |cart: &Observation| cart.changed_at.is_none_or(|at| at >= walk.window.since);
    let observations = carts.into_iter().filter_map(observed).filter(in_window).collect();
    Ok(Page { observations, counts: None, then })
}

/// Returns a cart as observed; `None` without an id.
fn observed(object: Value) -> Option<Observation> {
    let entity = id_of(&object)?;
    let Some(Canonical::Cart(cart)) = canonical::cart(&object) else {
        return None;
    };
    Some(Observation {
        kind: Kind::Cart,
        entity,
        changed_at: text_at(&object, "updated_at").and_then(|text| instant(&text)),
        state: state(cart),
        history: Vec::new(),
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
