//! Zid's words for the state of an order, of its payment and of its shipment, in the common vocabulary.

use inlet::canonical::{State, StateWords};

/// Zid's codes of an order's state, in every documented spelling, and the Arabic names that public receivers list.
/// `processed`, `chargeback` and `canceledReversal` are documented without a meaning that the vocabulary has.
const ORDER: StateWords = &[
    ("initial", State::Draft),
    ("new", State::Open),
    ("preparing", State::InProgress),
    ("ready", State::InProgress),
    ("indelivery", State::InTransit),
    ("delivered", State::Fulfilled),
    ("cancelled", State::Cancelled),
    ("canceled", State::Cancelled),
    ("voided", State::Cancelled),
    // Zid's word for a return of the goods.
    ("reversed", State::Returned),
    ("reverse_in_progress", State::Returned),
    ("processingReverse", State::Returned),
    ("partially_reversed", State::PartiallyReturned),
    ("refunded", State::Refunded),
    ("failed", State::Failed),
    ("denied", State::Declined),
    ("expired", State::Expired),
    ("جديد", State::Open),
    ("قيد التحضير", State::InProgress),
    ("قيد التنفيذ", State::InProgress),
    ("جاهز", State::InProgress),
    ("جاري التوصيل", State::InTransit),
    ("تم التوصيل", State::Fulfilled),
    ("ملغي", State::Cancelled),
    ("مسترجع", State::Returned),
];

/// The states of a payment: docs.zid.sa/webhooks counts pending, refunded and voided as unpaid.
const PAYMENT: StateWords = &[
    ("paid", State::Paid),
    ("pending", State::Open),
    ("unpaid", State::Open),
    ("refunded", State::Refunded),
    ("voided", State::Cancelled),
];

/// The states of a shipment that samples show.
const SHIPMENT: StateWords =
    &[("Assigned", State::Open), ("Canceled", State::Cancelled), ("Cancelled", State::Cancelled)];

/// Returns the state of an order; `None` for a status that the merchant defined.
pub(crate) fn of_order(word: &str) -> Option<State> {
    State::of_word(ORDER, word)
}

/// Returns the state of a payment.
pub(crate) fn of_payment(word: &str) -> Option<State> {
    State::of_word(PAYMENT, word)
}

/// Returns the state of a shipment.
pub(super) fn of_shipment(word: &str) -> Option<State> {
    State::of_word(SHIPMENT, word)
}
