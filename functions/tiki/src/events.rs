//! The catalogue: one row an event. The events have no names of their own; these are the topic's and, for
//! tickets, the type's.

use inlet::canonical::Kind::{Order, ReturnOrder, Stock};
use inlet::provider::catalogue::Documented::Full;
use inlet::provider::catalogue::{Entity, EventSpec, Values};

use crate::canonical::{order, stock, ticket};

/// A ticket; the order that it belongs to has another code.
const TICKET: Entity = &[&["ref_code"]];

/// What nobody names. Tickets have an order's code too, so theirs comes first.
pub(crate) const ANY: Entity = &[&["ref_code"], &["order_code"], &["sku", "warehouse"]];

/// The status of a customer's ticket, all of them: the page of the aftersales service group.
const TICKET_STATUSES: &[&str] = &[
    "waiting_for_approve",
    "approved",
    "pickup_successful",
    "arrived_at_aftersales",
    "arrived_at_destination",
    "resolution_in_progress",
    "resolution_approved",
    "multiple_resolution",
    "refunded",
    "replaced",
    "warranted",
    "multiple_completion",
    "rejected",
    "canceled",
];

/// What the pages show of an order's states and of why a delivery failed: the one with the states could not be read,
/// and the one with the reasons breaks off.
const ORDER_VALUES: Values = &[
    ("main_state", &["new", "awaiting_confirmation", "processing", "shipping", "canceled"]),
    ("main_substate", &["ready_for_pickup", "delivery_failed_1", "delivery_failed_2", "delivery_failed_3"]),
    (
        "reason_code",
        &[
            "full",
            "transferred_to_afs",
            "contact",
            "receiver_reschedule",
            "wrong_address",
            "absence_of_receiver",
            "no_longer_needed",
            "order_amendment",
            "can_not_contact",
            "driver_reschedule",
            "handover",
            "canceled",
        ],
    ),
];

/// Every event. `date` is when the status changed, or when the data was pushed: each event moves it.
pub static EVENTS: &[EventSpec] = &[
    EventSpec::new("order.status", Order, "")
        .aliases(&["order"])
        .verb_from("main_state", &[("canceled", "canceled")], "status_changed")
        .entity(&[&["order_code"]])
        .timestamp("date")
        .open_values(ORDER_VALUES)
        .payload(Full, order),
    EventSpec::new("stock.changed", Stock, "changed")
        .aliases(&["stock"])
        .entity(&[&["sku", "warehouse"]])
        .timestamp("date")
        .payload(Full, stock),
    // A customer's request to return something.
    EventSpec::new("aftersale.cr", ReturnOrder, "status_changed")
        .entity(TICKET)
        .timestamp("date")
        .closed_values(&[("status", TICKET_STATUSES)])
        .payload(Full, ticket),
    // A failed delivery on its way back. The list of its statuses is not readable.
    EventSpec::new("aftersale.fd", ReturnOrder, "status_changed")
        .entity(TICKET)
        .timestamp("date")
        .payload(Full, ticket),
];
