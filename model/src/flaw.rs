//! Flaws that are built in on purpose, to see that the check finds them.

use crate::scenario::Arrival::{Forged, Genuine};
use crate::scenario::{Scenario, Sight};

/// One change that breaks the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The receiver responds to a duplicate without enqueueing it: an event that is stored counts as processed.
    EnqueueSkippedOnDuplicate,
    /// The processor writes the receipt, then publishes.
    ReceiptBeforePublish,
    /// The receiver responds 2xx, then stores.
    AnswerBeforeJournal,
    /// The receiver responds 503 as soon as the journal fails.
    NoFallback,
    /// The receiver accepts a delivery that does not verify.
    VerificationSkipped,
    /// The journal reads whether the event exists, and then writes, instead of one conditional write.
    LookThenWrite,
    /// The processor does not store an event that only the queue has.
    FallbackNotJournaled,
    /// The processor stores every fallback under the same attempt, so it mistakes another one's write for its own.
    FallbacksAllNamedAlike,
    /// The sweeper drops an event that it has sent often enough, instead of parking it.
    GivenUpWithoutParking,
    /// A redrive moves the messages of the dead-letter queue and ignores the events that the sweeper parked.
    RedriveOfTheDeadAlone,
    /// A redriven message keeps its deduplication id, so that the queue may drop it.
    RedriveUnderTheSameId,
    /// A redrive removes the parked marker and does not list the event as pending, behind the sweeper's cursor.
    UnparkedUnnoted,
    /// A redrive takes the message out of the dead-letter queue, then sends it.
    ExhumedBeforeSent,
}

impl Flaw {
    /// Every flaw.
    pub const ALL: [Self; 13] = [
        Self::EnqueueSkippedOnDuplicate,
        Self::ReceiptBeforePublish,
        Self::AnswerBeforeJournal,
        Self::NoFallback,
        Self::VerificationSkipped,
        Self::LookThenWrite,
        Self::FallbackNotJournaled,
        Self::FallbacksAllNamedAlike,
        Self::GivenUpWithoutParking,
        Self::RedriveOfTheDeadAlone,
        Self::RedriveUnderTheSameId,
        Self::UnparkedUnnoted,
        Self::ExhumedBeforeSent,
    ];

    /// Bounds that are wide enough to show it.
    pub fn scenario(self) -> Scenario {
        let one = |faults| Scenario::of("one delivery", &[Genuine(0)], faults);
        let two = |faults| Scenario::of("two equal deliveries", &[Genuine(0), Genuine(0)], faults);
        match self {
            // The sweeper would repair it, so it does not run here.
            Self::EnqueueSkippedOnDuplicate => two(1).seeing(Sight::Nothing),
            Self::ReceiptBeforePublish
            | Self::AnswerBeforeJournal
            | Self::NoFallback
            | Self::FallbackNotJournaled => one(1),
            Self::VerificationSkipped => Scenario::of("a forged delivery", &[Forged], 0),
            // A message that the sweeper sent waits on the queue until it is processed. The sweeper can park
            // an event only if it sends nothing.
            Self::GivenUpWithoutParking | Self::RedriveOfTheDeadAlone => one(1).resent(0),
            Self::UnparkedUnnoted => one(2).worked_by(1).resent(0).seeing(Sight::Walk),
            Self::LookThenWrite => two(0),
            Self::FallbacksAllNamedAlike => two(2).within().worked_by(1),
            Self::RedriveUnderTheSameId => one(2).received(1).worked_by(1).seeing(Sight::Nothing),
            Self::ExhumedBeforeSent => one(3).received(1).worked_by(1).seeing(Sight::Nothing),
        }
    }
}
