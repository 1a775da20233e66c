//! The catalogue: one row an event. The events have no names of their own; these are the topic's and, for
//! tickets, the type's.

use inlet::canonical::Kind::{Order, ReturnOrder, Stock};
use inlet::catalogue::Documented::Full;
use inlet::catalogue::{Entity, Row};

use crate::canonical::{order, stock, ticket};

/// A ticket; the order that it belongs to has another code.
const TICKET: Entity = &[&["ref_code"]];

/// What nobody names. Tickets have an order's code too, so theirs comes first.
pub(crate) const ANY: Entity = &[&["ref_code"], &["order_code"], &["sku", "warehouse"]];

/// Every event. `date` is when the status changed, or when the data was pushed: each event moves it.
pub static EVENTS: &[Row] = &[
    Row::new("order.status", Order, "")
        .also(&["order"])
        .told_by("main_state", &[("canceled", "canceled")], "status_changed")
        .entity(&[&["order_code"]])
        .moved("date")
        .payload(Full, order),
    Row::new("stock.changed", Stock, "changed")
        .also(&["stock"])
        .entity(&[&["sku", "warehouse"]])
        .moved("date")
        .payload(Full, stock),
    // A customer's request to return something.
    Row::new("aftersale.cr", ReturnOrder, "status_changed")
        .entity(TICKET)
        .moved("date")
        .payload(Full, ticket),
    // A failed delivery on its way back. The list of its statuses is not readable.
    Row::new("aftersale.fd", ReturnOrder, "status_changed")
        .entity(TICKET)
        .moved("date")
        .payload(Full, ticket),
];
