//! What can be built wrongly on purpose in the deduplication, to see that the check finds it.

use super::scenario::Scenario;

/// One change that breaks the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Two equal deliveries of one millisecond share an id, and each marks it as a repeat.
    MarksItself,
    /// A repeat is not noted on `latest`.
    RepeatNotNoted,
    /// A repeat that turns out to be none is not listed as pending.
    RestoredNotPending,
    /// A delivery that is later than `latest` keeps its earlier arrival.
    NoClockRule,
    /// A repeat is marked before it is noted.
    MarkBeforeNote,
    /// `latest` moves on to a repeat that is none before its mark is taken away.
    RestoredLast,
    /// If the event is written and `latest` cannot be changed, the event is left to the sweeper.
    LatestLeftBehind,
}

impl Flaw {
    /// Every flaw.
    pub const ALL: [Self; 7] = [
        Self::MarksItself,
        Self::RepeatNotNoted,
        Self::RestoredNotPending,
        Self::NoClockRule,
        Self::MarkBeforeNote,
        Self::RestoredLast,
        Self::LatestLeftBehind,
    ];

    /// Bounds that are wide enough to show it.
    pub fn scenario(self) -> Scenario {
        match self {
            // The messages of both deliveries have to be lost, as only the sweeper asks for the mark.
            Self::MarksItself => Scenario::of("A, A in one millisecond", "AA", 2).at_once(),
            Self::NoClockRule => Scenario::of("A, B, the first clock ahead", "AB", 0).skewed(&[9, 0]),
            Self::RepeatNotNoted | Self::RestoredNotPending | Self::LatestLeftBehind => {
                Scenario::of("A, B, A after the first", "ABA", 1).after_the_first()
            }
            Self::MarkBeforeNote | Self::RestoredLast => {
                Scenario::of("A, B, A after the first", "ABA", 2).after_the_first()
            }
        }
    }
}
