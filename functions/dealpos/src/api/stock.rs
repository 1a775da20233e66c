//! Changes of stock: the one list with a filter by time of change. Only a public client shows it.

use inlet::canonical::{Canonical, Kind};
use inlet::provider::catalogue::text_at;
use inlet::reconcile::{Comparison, Failure, Observation, Request, Response, Window};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Access, PAGE_LIMITS, json, url};

/// `Since` has no zone, and Indonesia has three, all ahead of UTC. A bound that is written in UTC and one day earlier
/// is early enough in each of them.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);

pub(super) fn list_request(access: &Access, window: Window, page: u32) -> Request {
    let since = window.since.saturating_sub(A_DAY).unwrap_or(Timestamp::MIN);
    let since = since.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S");
    let size = PAGE_LIMITS.page_len;
    Request::get(url(access, &format!("Inventory/Modified?Since={since}&PageNumber={page}&PageSize={size}")))
}

/// Reads a page: a list, or an object that contains it.
pub(super) fn read_items(response: &Response) -> Result<Vec<Value>, Failure> {
    match json(response)? {
        Value::Array(items) => Ok(items),
        Value::Object(mut envelope) => {
            let name = if envelope.contains_key("DataArray") { "DataArray" } else { "Data" };
            response.list(&mut envelope, name)
        }
        _ => Err(response.unreadable("list")),
    }
}

/// Returns the stock of a product in an outlet as observed; `None` without the product's code.
pub(super) fn observe(object: Value) -> Option<Observation> {
    let code = text_at(&object, "Code").filter(|code| !code.trim().is_empty())?;
    let entity = text_at(&object, "Outlet").map_or_else(|| code.clone(), |outlet| format!("{code}@{outlet}"));
    let fields = [("on_hand", "I.OnHand"), ("allocated", "I.Allocated"), ("available", "I.Available")];
    let state = fields.into_iter().filter_map(|(name, path)| Some((name, text_at(&object, path)?))).collect();
    Some(Observation {
        kind: Kind::Stock,
        changed_at: None,
        comparison: Comparison::Newest,
        state,
        history: Vec::new(),
        data: Canonical::bare(Kind::Stock, Some(entity.clone())),
        entity,
        object,
    })
}
