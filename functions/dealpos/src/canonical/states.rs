//! DealPOS's words for states, in the common vocabulary.

use inlet::canonical::State;

/// Words of one field (case is ignored), and the states that they mean.
type Words = &'static [(&'static str, State)];

/// Of goods: the invoice's `Delivery`, which newer pages call `Fulfillment`.
const DELIVERIES: Words = &[
    ("Sent", State::Fulfilled),
    ("Received", State::Fulfilled),
    ("Unsent", State::Open),
    ("Waiting", State::Open),
    ("AwaitingCollection", State::Open),
    ("Partial", State::PartiallyFulfilled),
    ("Returned", State::Returned),
];

/// Of payments: the invoice's `Payment`.
const PAYMENTS: Words = &[("Paid", State::Paid), ("Partial", State::PartiallyPaid), ("Unpaid", State::Open)];

/// Of transfers: `State`.
const TRANSFERS: Words =
    &[("Approved", State::InProgress), ("Dispatched", State::InTransit), ("Received", State::Fulfilled)];

/// Of adjustments: `State`. The numbers are the REST request's `StateID`.
const ADJUSTMENTS: Words = &[("Complete", State::Fulfilled), ("1", State::Draft), ("2", State::Open)];

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

fn state(words: Words, word: Option<&str>) -> Option<State> {
    let word = word?.trim();
    words.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, state)| *state)
}
