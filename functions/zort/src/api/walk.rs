//! A walk over one of ZORT's lists.

use inlet::canonical::{Canonical, Kind};
use inlet::provider::catalogue::text_at;
use inlet::reconcile::{Comparison, Failure, NumberedPages, Observation, Page, PageLimits, Response, Window};
use inlet::value::json::lowercase_names;
use inlet::value::time::Time;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::response::{List, list};
use crate::canonical;

/// ZORT's maximum.
const PAGE_LIMITS: PageLimits = PageLimits { page_len: 500 };

/// The zone of the times in the responses, as in webhooks: the documentation pairs `/Date(1644944400000)/` with
/// `2022-02-16`.
const BANGKOK: Offset = jiff::tz::offset(7);

/// The zone of the filters is not documented: Bangkok's, UTC and the server's were all seen in clients. A lower bound
/// that is written in UTC is the earliest of them, so nothing is left out, and older objects are dropped here.
const FILTER_ZONE: TimeZone = TimeZone::UTC;

/// Bounds are exact to the minute, and whether they are inclusive is not documented.
const A_MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// One day more, for the lists that are filtered by day.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);

/// The depth of names that are put in lower case, as ZORT mixes its casing: the object's own.
const LEVELS: usize = 1;

/// The place in one list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    window: Window,
    list: Listed,
    pages: NumberedPages,
}

/// The lists that can be read by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Listed {
    Orders,
    ReturnOrders,
    PurchaseOrders,
    Products,
}

impl Walk {
    pub(super) fn begin(kind: Kind, window: Window) -> Option<Self> {
        let list = match kind {
            Kind::Order => Listed::Orders,
            Kind::ReturnOrder => Listed::ReturnOrders,
            Kind::PurchaseOrder => Listed::PurchaseOrders,
            Kind::Product => Listed::Products,
            _ => return None,
        };
        Some(Self { window, list, pages: NumberedPages::first() })
    }

    /// Returns path and query of the next page.
    ///
    /// No page documents that a list without `status` contains voided orders, so all eight statuses are requested.
    pub(super) fn path(&self) -> String {
        let minute = || {
            let since = self.window.since.saturating_sub(A_MINUTE).unwrap_or(Timestamp::MIN);
            since.to_zoned(FILTER_ZONE).strftime("updatedatetimeafter=%Y-%m-%d%%20%H:%M").to_string()
        };
        let day = || {
            let since = self.window.since.saturating_sub(A_DAY).unwrap_or(Timestamp::MIN);
            since.to_zoned(FILTER_ZONE).strftime("updatedafter=%Y-%m-%d").to_string()
        };
        let list = match self.list {
            Listed::Orders => format!("/Order/GetOrders?{}&status=0,1,2,3,4,5,6,7", minute()),
            Listed::ReturnOrders => format!("/ReturnOrder/GetReturnOrders?{}", minute()),
            Listed::PurchaseOrders => format!("/PurchaseOrder/GetPurchaseOrders?{}", minute()),
            Listed::Products => format!("/Product/GetProducts?{}", day()),
        };
        format!("{list}&page={}&limit={}", self.pages.page, PAGE_LIMITS.page_len)
    }

    pub(super) fn read(&self, response: &Response) -> Result<Page<Self>, Failure> {
        let List { objects, count } = list(response)?;
        let ids = objects.iter().filter_map(|object| text_at(object, "id")).collect();
        let then = self.pages.after(ids, count, PAGE_LIMITS).map(|pages| Self { pages, ..self.clone() });
        let observations = objects.into_iter().filter_map(|object| self.list.observe(object));
        let in_window = |observed: &Observation| self.window.contains(observed.changed_at);
        Ok(Page { observations: observations.filter(in_window).collect(), then })
    }
}

/// The parts of an object that are compared.
struct Compared {
    kind: Kind,
    updated_at: Option<Time>,
    data: Canonical,
    state: Vec<(&'static str, Option<String>)>,
}

impl Listed {
    /// Returns an object as observed; `None` without an id.
    fn observe(self, object: Value) -> Option<Observation> {
        let entity = text_at(&object, "id").filter(|id| !id.trim().is_empty())?;
        let Compared { kind, updated_at, data, state } =
            self.compared(&lowercase_names(object.clone(), LEVELS))?;
        Some(Observation {
            kind,
            entity,
            changed_at: updated_at.as_ref().and_then(instant),
            comparison: Comparison::Newest,
            state: state.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
            history: Vec::new(),
            data,
            object,
        })
    }

    /// Reads an object whose names are in lower case.
    fn compared(self, object: &Value) -> Option<Compared> {
        let read = match self {
            Self::Orders => canonical::order(object),
            Self::ReturnOrders => canonical::return_order(object),
            Self::PurchaseOrders => canonical::purchase_order(object),
            Self::Products => canonical::product(object),
        };
        let read = read?;
        let data = read.clone();
        Some(match read {
            Canonical::Order(order) => Compared {
                kind: Kind::Order,
                updated_at: order.updated_at,
                data,
                state: vec![
                    ("status", order.status),
                    ("payment_status", order.payment_status),
                    ("total", order.total.map(|total| total.amount.as_str().to_owned())),
                ],
            },
            Canonical::ReturnOrder(order) => Compared {
                kind: Kind::ReturnOrder,
                updated_at: order.updated_at,
                data,
                state: vec![("status", order.status), ("payment_status", order.payment_status)],
            },
            Canonical::PurchaseOrder(order) => Compared {
                kind: Kind::PurchaseOrder,
                updated_at: order.updated_at,
                data,
                state: vec![("status", order.status), ("payment_status", order.payment_status)],
            },
            Canonical::Product(product) => Compared {
                kind: Kind::Product,
                updated_at: product.updated_at,
                data,
                state: vec![
                    ("sku", product.sku),
                    ("barcode", product.barcode),
                    ("price", product.price.map(|price| price.amount.as_str().to_owned())),
                ],
            },
            _ => return None,
        })
    }
}

/// Returns the instant of a time. A local one is Bangkok's.
fn instant(time: &Time) -> Option<Timestamp> {
    match time {
        Time::Instant(instant) => instant.as_str().parse().ok(),
        Time::Local(local) => BANGKOK.to_timestamp(local.local.parse::<DateTime>().ok()?).ok(),
    }
}
