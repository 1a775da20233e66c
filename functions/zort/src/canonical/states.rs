//! ZORT's statuses: codes to words, words to the common states.

use inlet::canonical::{State, StateWords};

/// The codes of a status, each with its word.
pub(crate) type Codes = &'static [(&'static str, &'static str)];

/// The codes of an order's status: developers.zortout.com/api-reference/order.
pub(crate) const ORDER_STATUSES: Codes = &[
    ("0", "Pending"),
    ("1", "Success"),
    ("2", "Voided"),
    ("3", "Waiting"),
    ("4", "Returned"),
    ("5", "Packed"),
    ("6", "Shipping"),
    ("7", "Failed Shipment"),
];

/// The codes of a payment status, from the same page.
pub(crate) const PAYMENT_STATUSES: Codes =
    &[("0", "Pending"), ("1", "Paid"), ("2", "Voided"), ("3", "Partial"), ("4", "Overpaid")];

/// No codes: ZORT documents only words for purchases, returns and transfers.
pub(crate) const WORDS_ONLY: Codes = &[];

/// The states of the words that ZORT's documents have, orders and others alike.
const DOCUMENT_STATES: StateWords = &[
    ("Pending", State::Open),
    ("Waiting", State::Open),
    ("Packed", State::InProgress),
    ("Shipping", State::InTransit),
    ("Partial Transfer", State::PartiallyFulfilled),
    ("Success", State::Fulfilled),
    ("Voided", State::Cancelled),
    ("Returned", State::Returned),
    ("Failed Shipment", State::Failed),
];

/// The states of a payment status. `Partial Payment` and `Excess Payment` are the words of REST responses for the
/// codes 3 and 4.
const PAYMENT_STATES: StateWords = &[
    ("Pending", State::Open),
    ("Partial", State::PartiallyPaid),
    ("Partial Payment", State::PartiallyPaid),
    ("Paid", State::Paid),
    ("Overpaid", State::Paid),
    ("Excess Payment", State::Paid),
    ("Voided", State::Cancelled),
];

/// Returns the word of a code; any other text as sent.
pub(crate) fn status_word(codes: Codes, status: String) -> String {
    let known = codes.iter().find(|(code, _)| *code == status.trim());
    known.map_or(status, |(_, word)| (*word).to_owned())
}

/// Returns the state of a document with this status; `None` for a word that ZORT does not list.
pub(crate) fn document_state(status: &str) -> Option<State> {
    State::of_word(DOCUMENT_STATES, status)
}

/// Returns the state of a payment with this status; `None` for a word that ZORT does not list.
pub(crate) fn payment_state(status: &str) -> Option<State> {
    State::of_word(PAYMENT_STATES, status)
}
