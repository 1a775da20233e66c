//! The words that every provider's own words are mapped to: states, and the direction and purpose of a payment.

use serde::Serialize;

/// Declares an enum whose variants are written as the given words.
macro_rules! words {
    ($(
        $(#[$about:meta])*
        pub enum $name:ident { $( $(#[$of_word:meta])* $variant:ident = $word:literal ),* $(,)? }
    )+) => {$(
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum $name {
            $( $(#[$of_word])* #[serde(rename = $word)] $variant, )*
        }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$( Self::$variant ),*];

            /// Returns the word that is written.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )* }
            }
        }
    )+};
}

words! {
    /// The state of an order, a payment, a delivery, a return, a document or a subscription, in one vocabulary for
    /// all providers. Absent where a provider's word has no documented meaning.
    pub enum State {
        /// Not confirmed yet.
        Draft = "draft",
        /// Confirmed, and nothing has been done yet. A payment: no money yet. A return: requested.
        Open = "open",
        /// Being worked on: prepared, packed, approved.
        InProgress = "in_progress",
        /// On the way to the recipient.
        InTransit = "in_transit",
        /// Some of the goods have arrived.
        PartiallyFulfilled = "partially_fulfilled",
        /// Done: delivered, received, completed.
        Fulfilled = "fulfilled",
        /// Money is reserved and not taken yet.
        Authorized = "authorized",
        /// Some of the amount was paid.
        PartiallyPaid = "partially_paid",
        /// The whole amount was paid, or more.
        Paid = "paid",
        /// Cancelled, canceled or voided.
        Cancelled = "cancelled",
        /// A request was turned down.
        Declined = "declined",
        /// Some of the goods came back, or are coming back.
        PartiallyReturned = "partially_returned",
        /// The goods came back, or are coming back.
        Returned = "returned",
        /// Some of the money went back.
        PartiallyRefunded = "partially_refunded",
        /// The money went back.
        Refunded = "refunded",
        /// It was tried and did not work.
        Failed = "failed",
        /// It ran out of time.
        Expired = "expired",
        /// A subscription or an app is in use.
        Active = "active",
        /// A subscription or an app is paused.
        Suspended = "suspended",
    }

    /// The direction of a payment, seen from the merchant.
    pub enum Direction {
        /// The merchant receives money.
        In = "in",
        /// The merchant pays money.
        Out = "out",
    }

    /// The purpose of a payment record.
    pub enum Purpose {
        /// Money moved, or was meant to.
        Payment = "payment",
        /// The debt was given up: no money moved.
        WriteOff = "write_off",
    }

    /// The unit of a discount's `value`.
    pub enum Unit {
        /// Money.
        Amount = "amount",
        /// Hundredths of the price.
        Percent = "percent",
    }
}

/// A provider's words for states, each with its state in the common vocabulary.
pub type StateWords = &'static [(&'static str, State)];

impl State {
    /// Returns the state that a provider's word means; `None` if the list does not have the word. Case and surrounding
    /// white space are ignored.
    pub fn of_word(words: StateWords, word: &str) -> Option<Self> {
        let word = word.trim();
        words.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, state)| *state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_a_state_in_any_case_and_only_if_listed() {
        let words: StateWords = &[("Paid", State::Paid), ("ملغي", State::Cancelled)];
        for (word, state) in [
            ("paid", Some(State::Paid)),
            (" PAID\n", Some(State::Paid)),
            ("ملغي", Some(State::Cancelled)),
            ("unpaid", None),
            ("", None),
        ] {
            assert_eq!(State::of_word(words, word), state, "{word:?}");
        }
    }
}
