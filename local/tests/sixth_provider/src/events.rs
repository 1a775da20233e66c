//! The catalogue.

use inlet::canonical::Kind::Order;
use inlet::provider::catalogue::Documented::Full;
use inlet::provider::catalogue::EventSpec;

use crate::canonical::order;

/// Every event.
pub static EVENTS: &[EventSpec] = &[
    EventSpec::new("order.created", Order, "created")
        .timestamp("at")
        .sent_when("A customer placed an order.")
        .payload(Full, order),
    EventSpec::new("order.cancelled", Order, "cancelled")
        .timestamp("at")
        .sent_when("A customer cancelled an order.")
        .payload(Full, order),
];
