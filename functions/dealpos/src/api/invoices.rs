//! Invoices: the heads in a range of dates, the details of one invoice, and the number of invoices of a day.

use inlet::canonical::{Canonical, Kind, Order};
use inlet::provider::catalogue::text_at;
use inlet::reconcile::{Comparison, Failure, Observation, Request, Response, Token, Window};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Access, PAGE_LIMITS, authorized, json, url};
use crate::canonical::sales;

/// The zone of the dates is not documented, and Indonesia has three: one more day at either end covers every zone.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);

const HEADS: &str = "Invoice/MultipleOutlet/WithTotalCount";

/// Returns the request for a page of heads. `Status` is `Active` by default, which leaves out cancelled invoices.
pub(super) fn list_request(access: &Access, window: Window, page: u32) -> Request {
    let from = window.since.saturating_sub(A_DAY).unwrap_or(Timestamp::MIN);
    let to = window.now.saturating_add(A_DAY).unwrap_or(Timestamp::MAX);
    let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
    Request::post(url(access, HEADS), &filter(day(from), day(to), page, PAGE_LIMITS.page_len))
}

fn filter(from: Date, to: Date, page: u32, page_len: usize) -> Value {
    json!({"From": from.to_string(), "To": to.to_string(), "Status": "Any", "PageNumber": page, "PageSize": page_len})
}

/// Returns the one request for the number of invoices of a day, in one outlet if `outlet` is given.
pub fn count_request(access: &Access, token: &Token, day: Date, outlet: Option<&str>) -> Request {
    let mut filter = filter(day, day, 1, 1);
    if let (Some(outlet), Some(members)) = (outlet, filter.as_object_mut()) {
        members.insert("Outlet".to_owned(), json!([outlet]));
    }
    authorized(Request::post(url(access, HEADS), &filter), Some(token))
}

/// Reads the response to [`count_request`].
///
/// # Errors
/// A [`Failure`] if it is not a usable response.
pub fn read_count(response: &Response) -> Result<u64, Failure> {
    read_heads(response).map(|(_, total)| total)
}

/// Returns the request for one invoice.
pub fn detail_request(access: &Access, token: Option<&Token>, id: &str) -> Request {
    let id = percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC);
    authorized(Request::get(url(access, &format!("Invoice/Detail?ID={id}"))), token)
}

/// Reads the response to [`detail_request`].
///
/// # Errors
/// A [`Failure`] if it is not a usable response.
pub fn read_detail(response: &Response) -> Result<Observation, Failure> {
    observe_head(json(response)?).ok_or_else(|| response.unreadable("ID"))
}

/// Reads a page of heads, and the number of all of them.
pub(super) fn read_heads(response: &Response) -> Result<(Vec<Value>, u64), Failure> {
    let Value::Object(mut envelope) = json(response)? else { return Err(response.unreadable("JSON object")) };
    let heads = response.list(&mut envelope, "Data")?;
    let total = envelope.get("TotalCount").and_then(Value::as_u64);
    Ok((heads, total.ok_or_else(|| response.unreadable("TotalCount"))?))
}

/// Returns an invoice as observed; `None` without an id.
///
/// No response contains its time of change.
pub(super) fn observe_head(object: Value) -> Option<Observation> {
    let entity = text_at(&object, "ID").filter(|id| !id.trim().is_empty())?;
    let Some(Canonical::Order(order)) = sales::invoice(&with_webhook_names(&object)) else {
        return None;
    };
    let data = order.clone().into();
    Some(Observation {
        kind: Kind::Order,
        entity,
        changed_at: None,
        comparison: Comparison::Newest,
        state: state(order),
        history: Vec::new(),
        data,
        object,
    })
}

/// Returns the fields by which an invoice's state is compared.
///
/// Only the total: payments, deliveries and the deletion of an invoice have webhooks of their own, which are events of
/// other entities or have no documented body. A difference in them is no lost webhook.
fn state(order: Order) -> Vec<(&'static str, String)> {
    order.total.map(|total| ("total", total.amount.as_str().to_owned())).into_iter().collect()
}

/// Returns an object with the webhooks' name for the state of the delivery, which the API calls `Fulfillment`.
fn with_webhook_names(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(members) = object.as_object_mut()
        && !members.contains_key("Delivery")
        && let Some(fulfillment) = members.get("Fulfillment").cloned()
    {
        members.insert("Delivery".to_owned(), fulfillment);
    }
    object
}
