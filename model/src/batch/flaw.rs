//! Flaws that are built into the batch on purpose, to see that the check finds them.

use super::scenario::Scenario;

/// One change that breaks the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A message that was consumed gets its receipt although the one before it got none.
    ReceiptBehindMissing,
    /// A message that was consumed is done although the one before it is not.
    DoneBehindFailed,
    /// After a message that was not consumed, the next one is consumed.
    ConsumedBehindFailed,
    /// The receipt of a message is written while that message is consumed.
    ReceiptTooEarly,
    /// The receipt counts as written although writing it failed.
    DoneWithoutReceipt,
    /// Receipts are written beside although the consumer keeps the order.
    BesideInOrder,
}

impl Flaw {
    /// Every flaw.
    pub const ALL: [Self; 6] = [
        Self::ReceiptBehindMissing,
        Self::DoneBehindFailed,
        Self::ConsumedBehindFailed,
        Self::ReceiptTooEarly,
        Self::DoneWithoutReceipt,
        Self::BesideInOrder,
    ];

    /// Bounds that are wide enough to show it.
    pub fn scenario(self) -> Scenario {
        let is_beside = self != Self::BesideInOrder;
        Scenario { name: "batch: two messages", messages: 2, is_beside, faults: 2 }
    }
}
