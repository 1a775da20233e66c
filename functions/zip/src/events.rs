//! The catalogue: one row per operation.

use inlet::canonical::Kind::Payment;
use inlet::provider::catalogue::Documented::{Full, Partial};
use inlet::provider::catalogue::{Entity, EventSpec};

use crate::canonical::{authorization, capture, redirect, refund, void};

/// Zip's order; the merchant's reference names the operation, not the order.
pub(crate) const ORDER: Entity = &[&["orderid"]];

/// Every operation with a callback. The name is the operation's where Zip documents one, else the URL's topic.
pub static EVENTS: &[EventSpec] = &[
    // Zip's sample has no operation; `AuthorizeOrder` is unconfirmed.
    row(
        "authorize",
        &["AuthorizeOrder"],
        &[("true", "authorized"), ("false", "authorization_failed")],
        "authorization_unknown",
    )
    .sent_when(
        "The shopper finished the checkout. An order above the merchant's maximum sends no callback at all.",
    )
    .payload(Full, authorization),
    row(
        "CaptureOrder",
        &["capture"],
        &[("true", "captured"), ("false", "capture_failed")],
        "capture_unknown",
    )
    .sent_when("A capture was processed: the merchant takes money that was authorised.")
    .payload(Full, capture),
    row("RefundOrder", &["refund"], &[("true", "refunded"), ("false", "refund_failed")], "refund_unknown")
        .sent_when("A refund was processed.")
        .payload(Full, refund),
    row("VoidOrder", &["void"], &[("true", "voided"), ("false", "void_failed")], "void_unknown")
        .sent_when("A void was processed: an authorised amount is given up.")
        .payload(Full, void),
    // The page of the deferred confirmation shows no sample; the callback body is the same for all operations.
    row("confirm", &[], &[("true", "confirmed"), ("false", "confirm_failed")], "confirm_unknown")
        .sent_when("A deferred order was confirmed.")
        .payload(Partial, authorization),
    // The shopper's browser comes with the authorisation's data in the query.
    row("redirect", &[], &[("true", "redirect_confirmed"), ("false", "redirect_failed")], "redirect_unknown")
        .sent_when("The shopper's browser comes back from Zip to the merchant's page.")
        .payload(Full, redirect),
];

/// Returns the row of an operation: each body has its order, its own time and the success of the operation.
const fn row(
    event: &'static str,
    aliases: &'static [&'static str],
    outcomes: &'static [(&'static str, &'static str)],
    otherwise: &'static str,
) -> EventSpec {
    EventSpec::new(event, Payment, "")
        .aliases(aliases)
        .verb_from("success", outcomes, otherwise)
        .closed_values(&[("success", &["true", "false"])])
        .entity(ORDER)
        .timestamp("timestamp")
}
