//! The catalogue: one row per event. The events have no names of their own; these are the topic's and, for tickets, the
//! type's.

use inlet::canonical::Kind::{Order, ReturnOrder, Shipment, Stock};
use inlet::provider::catalogue::Documented::{Full, Partial};
use inlet::provider::catalogue::{Entity, EventSpec, Values};
use inlet::provider::families::{Families, Family};

use crate::canonical::{fee, order, shipment, stock, ticket};

/// A ticket; the order that it belongs to has another code.
const TICKET: Entity = &[&["ref_code"]];

/// Undocumented events. Tickets have an order's code too, so theirs comes first.
pub(crate) const ANY: Entity = &[&["ref_code"], &["order_code"], &["sku", "warehouse"], &["tracking_id"]];

/// Every status of a customer's ticket: the page of the aftersales service group.
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

/// The status that means a cancellation, in both spellings.
const CANCELLED: &[(&str, &str)] = &[("canceled", "cancelled"), ("cancelled", "cancelled")];

/// Every status of a last-mile shipment: lastmile-service/order-status.
const SHIPMENT_STATUSES: &[&str] = &[
    "new",
    "allocating",
    "picking",
    "picked",
    "storing",
    "delivering",
    "delivery_failed",
    "successful_delivery",
    "failed_shipment",
    "canceled",
    "returning",
    "returned",
    "return_failed",
];

/// The documented states of an order and reasons of failed deliveries: the page with the states could not be read,
/// and the one with the reasons is incomplete.
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

/// Every event. `date` is the time of the change or of the push: each event has a new one.
pub static EVENTS: &[EventSpec] = &[
    EventSpec::new("order.status", Order, "").sent_when("A fulfilment order changed its state.")
        .aliases(&["order"])
        .verb_from("main_state", CANCELLED, "status_changed")
        .entity(&[&["order_code"]])
        .timestamp("date")
        .open_values(ORDER_VALUES)
        .payload(Full, order),
    EventSpec::new("stock.changed", Stock, "changed").sent_when("The salable quantity of a product in a warehouse changed.")
        .aliases(&["stock"])
        .entity(&[&["sku", "warehouse"]])
        .timestamp("date")
        .payload(Full, stock),
    // A customer's request to return something.
    EventSpec::new("aftersale.cr", ReturnOrder, "").sent_when("A customer's request to return something changed its status.")
        .verb_from("status", CANCELLED, "status_changed")
        .entity(TICKET)
        .timestamp("date")
        .closed_values(&[("status", TICKET_STATUSES)])
        .payload(Full, ticket),
    // A failed delivery on its way back. The list of its statuses is not readable.
    EventSpec::new("aftersale.fd", ReturnOrder, "").sent_when("The ticket of a delivery that failed changed its status.")
        .verb_from("status", CANCELLED, "status_changed")
        .entity(TICKET)
        .timestamp("date")
        .payload(Full, ticket),
    // The last-mile service sends two flat bodies. No page shows how their URLs are registered or what signs them.
    EventSpec::new("lastmile.shipment", Shipment, "").sent_when("A last-mile shipment changed its status. A failed delivery is tried up to three times, then the goods come back.")
        .verb_from("status", CANCELLED, "status_changed")
        .entity(&[&["tracking_id"]])
        .timestamp("timestamp")
        .closed_values(&[("status", SHIPMENT_STATUSES)])
        .payload(Full, shipment),
    // The list of fees is incomplete.
    EventSpec::new("lastmile.fee", Shipment, "fee_charged").sent_when("A fee of a last-mile order was charged.")
        .entity(&[&["tnsl_order_id"], &["client_order_id"]])
        .payload(Partial, fee),
];

/// Events that no page names: a ticket of another type, or a name in the URL.
pub(crate) const FAMILIES: Families = Families {
    families: &[
        Family { name: "order", kind: Order, entity: &[&["order_code"]], mapping: Some(order) },
        Family { name: "stock", kind: Stock, entity: &[&["sku", "warehouse"]], mapping: Some(stock) },
        Family { name: "aftersale", kind: ReturnOrder, entity: TICKET, mapping: Some(ticket) },
        Family { name: "lastmile", kind: Shipment, entity: &[&["tracking_id"]], mapping: Some(shipment) },
    ],
    verbs: &[],
    leading: &[],
};
