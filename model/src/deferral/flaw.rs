//! Flaws that are built into the deferral on purpose, to see that the check finds them.

use super::scenario::Scenario;

/// One change that breaks the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The receiver counts the request on the marker, and then writes it.
    MarkerBeforeRequest,
    /// The receiver responds as soon as the request is written.
    NotCounted,
    /// The receiver responds, and then writes the request.
    ResponseBeforeRequest,
    /// The marker has the arrival of the last request instead of a number, and the sweeper deletes it if it is
    /// unchanged.
    MarkerOfArrival,
    /// The sweeper notes the count that it finds at the end, not the one that it read first.
    CountedLast,
    /// The sweeper deletes the request, and then stores its event.
    DeletedFirst,
    /// The sweeper does not list the event as pending, and deletes the request before it sends the event.
    DeletedUnsent,
    /// The sweeper deletes a request that does not verify, and then writes it among the refused ones.
    RefusedLast,
    /// The sweeper accepts a request without a check of its proof.
    VerificationSkipped,
}

impl Flaw {
    /// Every flaw.
    pub const ALL: [Self; 9] = [
        Self::MarkerBeforeRequest,
        Self::NotCounted,
        Self::ResponseBeforeRequest,
        Self::MarkerOfArrival,
        Self::CountedLast,
        Self::DeletedFirst,
        Self::DeletedUnsent,
        Self::RefusedLast,
        Self::VerificationSkipped,
    ];

    /// Bounds that are wide enough to show it.
    pub fn scenario(self) -> Scenario {
        match self {
            Self::NotCounted => Scenario::of("one delivery", "g", 0),
            Self::MarkerBeforeRequest | Self::CountedLast => Scenario::of("two deliveries", "gg", 0),
            // Two deliveries of one millisecond.
            Self::MarkerOfArrival => Scenario::of("two deliveries", "gg", 0),
            Self::ResponseBeforeRequest | Self::DeletedFirst | Self::DeletedUnsent => {
                Scenario::of("one delivery", "g", 1)
            }
            Self::RefusedLast => Scenario::of("a forged delivery", "f", 1),
            Self::VerificationSkipped => Scenario::of("a forged delivery", "f", 0),
        }
    }
}
