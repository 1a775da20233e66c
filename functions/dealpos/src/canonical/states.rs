//! DealPOS's words for states, in the common vocabulary.

use inlet::canonical::{State, StateWords};

/// The states of goods: the invoice's `Delivery`, which newer pages call `Fulfillment`.
const DELIVERIES: StateWords = &[
    ("Sent", State::Fulfilled),
    ("Received", State::Fulfilled),
    ("Unsent", State::Open),
    ("Waiting", State::Open),
    ("AwaitingCollection", State::Open),
    ("Partial", State::PartiallyFulfilled),
    ("Returned", State::Returned),
];

/// The states of payments: the invoice's `Payment`.
const PAYMENTS: StateWords =
    &[("Paid", State::Paid), ("Partial", State::PartiallyPaid), ("Unpaid", State::Open)];

/// The states of transfers: `State`.
const TRANSFERS: StateWords =
    &[("Approved", State::InProgress), ("Dispatched", State::InTransit), ("Received", State::Fulfilled)];

/// The states of adjustments: `State`. The numbers are the REST request's `StateID`.
const ADJUSTMENTS: StateWords = &[("Complete", State::Fulfilled), ("1", State::Draft), ("2", State::Open)];

/// Returns the state of an invoice: cancelled if it is void, else the state of its goods.
pub(super) fn sale(voided: Option<bool>, status: Option<&str>, delivery: Option<&str>) -> Option<State> {
    let is_cancelled = status.is_some_and(|status| status.eq_ignore_ascii_case("Cancelled"));
    if voided == Some(true) || is_cancelled { Some(State::Cancelled) } else { self::delivery(delivery) }
}

/// Returns the state of goods.
pub(super) fn delivery(word: Option<&str>) -> Option<State> {
    state(DELIVERIES, word)
}

/// Returns the state of a payment.
pub(super) fn payment(word: Option<&str>) -> Option<State> {
    state(PAYMENTS, word)
}

/// Returns the state of a transfer.
pub(super) fn transfer(word: Option<&str>) -> Option<State> {
    state(TRANSFERS, word)
}

/// Returns the state of an adjustment.
pub(super) fn adjustment(word: Option<&str>) -> Option<State> {
    state(ADJUSTMENTS, word)
}

fn state(words: StateWords, word: Option<&str>) -> Option<State> {
    State::of_word(words, word?)
}
