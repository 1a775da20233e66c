//! Flaws that are built into the deduplication on purpose, to see that the check finds them.

use super::scenario::Scenario;

/// One change that breaks the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Two equal deliveries of one millisecond share an id, and each writes the receipt of a duplicate under it.
    MarksItself,
    /// A duplicate is not noted on `latest`.
    DuplicateNotNoted,
    /// A duplicate that turns out to be a new state is not listed as pending.
    RestoredNotPending,
    /// A delivery that is later than `latest` keeps its earlier arrival.
    NoClockRule,
    /// The receipt of a duplicate is written before the duplicate is noted.
    ReceiptBeforeNote,
    /// `latest` moves on to a duplicate that is a new state before its receipt is made void.
    RestoredLast,
    /// If the event is written and `latest` cannot be changed, the event is left to the sweeper.
    LatestLeftBehind,
    /// The processor takes an event that is stored for done, also if it was killed before `latest` named the event.
    StoredCountsAsDone,
}

impl Flaw {
    /// Every flaw.
    pub const ALL: [Self; 8] = [
        Self::MarksItself,
        Self::DuplicateNotNoted,
        Self::RestoredNotPending,
        Self::NoClockRule,
        Self::ReceiptBeforeNote,
        Self::RestoredLast,
        Self::LatestLeftBehind,
        Self::StoredCountsAsDone,
    ];

    /// Bounds that are wide enough to show it.
    pub fn scenario(self) -> Scenario {
        match self {
            Self::MarksItself => Scenario::of("A, A in one millisecond", "AA", 0).at_once(),
            Self::NoClockRule => Scenario::of("A, B, the first clock ahead", "AB", 0).skewed(&[9, 0]),
            Self::DuplicateNotNoted
            | Self::RestoredNotPending
            | Self::ReceiptBeforeNote
            | Self::LatestLeftBehind => Scenario::of("A, B, A after the first", "ABA", 1).after_the_first(),
            Self::RestoredLast | Self::StoredCountsAsDone => {
                Scenario::of("A, B, A after the first", "ABA", 2).after_the_first()
            }
        }
    }
}
