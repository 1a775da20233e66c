//! The states of an order that Zid delivers.

use inlet::tools::lifecycle::Lifecycle;

/// The fields of a state. Merchants may define a `display_status` of their own; a usual one equals `order_status`.
const fn state(code: &'static str, name: &'static str) -> [(&'static str, &'static str); 4] {
    [
        ("order_status.code", code),
        ("order_status.name", name),
        ("display_status.code", code),
        ("display_status.name", name),
    ]
}

/// From a new order to its delivery, in the order in which Zid lists the statuses of a webhook's conditions. An update is
/// about a change, so the first state is the one after `new`. The Arabic names are those in receivers of real deliveries.
pub(crate) const LIFECYCLES: &[Lifecycle] = &[Lifecycle {
    event: "order.status.update",
    created: "created_at",
    states: &[
        &state("preparing", "قيد التحضير"),
        &state("ready", "جاهز"),
        &state("indelivery", "جاري التوصيل"),
        &state("delivered", "تم التوصيل"),
    ],
}];
