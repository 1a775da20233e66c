//! Flaws that are built into the reconciler on purpose, to see that the check finds them.

use super::scenario::{Clock, Scenario};

/// One change that breaks the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A change counts as missed at once, not after the provider's retry window.
    NotWaited,
    /// An observation is judged although an event arrived after it was read.
    StaleReadJudged,
    /// The state is compared with the newest event in the order of arrival, not of the changes.
    JudgedByArrival,
    /// The id of a reconciled event has neither the state nor the time of the change.
    IdentityWithoutState,
    /// The id of a reconciled event lacks the newest event before.
    IdentityWithoutNewest,
    /// The id of a reconciled event has the time at which the API was read.
    IdentityWithReadTime,
    /// The arrival of a reconciled event is read from the clock of the machine that runs the command.
    ClockOfTheMachine,
    /// The arrival of a reconciled event is the time at which it is published.
    ArrivalOfPublishing,
    /// A webhook whose change was reconciled counts as a duplicate.
    LateWebhookDropped,
    /// A state that webhooks brought is not published again when an older one arrived after it.
    OvertakenLeft,
    /// The cursor is stored before the missed states are published.
    CursorBeforePublishing,
    /// A run begins although another one has the lease.
    LeaseIgnored,
    /// A run ends the lease that another run took after its own expired.
    LeaseOfAnotherEnded,
}

impl Flaw {
    /// Every flaw.
    pub const ALL: [Self; 13] = [
        Self::NotWaited,
        Self::StaleReadJudged,
        Self::JudgedByArrival,
        Self::IdentityWithoutState,
        Self::IdentityWithoutNewest,
        Self::IdentityWithReadTime,
        Self::ClockOfTheMachine,
        Self::ArrivalOfPublishing,
        Self::LateWebhookDropped,
        Self::OvertakenLeft,
        Self::CursorBeforePublishing,
        Self::LeaseIgnored,
        Self::LeaseOfAnotherEnded,
    ];

    /// Bounds that are wide enough to show it.
    pub fn scenario(self) -> Scenario {
        match self {
            Self::NotWaited => Scenario::of("one change", "a", 0).with_runs(1, 1),
            Self::StaleReadJudged | Self::JudgedByArrival => {
                Scenario::of("two changes", "ab", 0).with_runs(1, 1)
            }
            Self::OvertakenLeft => Scenario::of("two changes", "ab", 0).with_runs(0, 1),
            Self::IdentityWithoutState | Self::ArrivalOfPublishing => {
                Scenario::of("two changes, both lost", "ab", 2).with_runs(1, 1)
            }
            Self::IdentityWithoutNewest | Self::LateWebhookDropped => {
                Scenario::of("two changes, one lost, one late", "ab", 2).with_runs(1, 1)
            }
            Self::IdentityWithReadTime => Scenario::of("one change, two runs", "a", 1).with_runs(2, 2),
            Self::ClockOfTheMachine => {
                Scenario::of("two changes, a slow clock", "ab", 1).with_runs(0, 1).by(Clock::Slow)
            }
            Self::CursorBeforePublishing => {
                Scenario::of("one change, two runs that crash", "a", 3).with_runs(2, 1).scheduled()
            }
            Self::LeaseIgnored => Scenario::of("one change, no fault", "a", 0).with_runs(2, 2).scheduled(),
            Self::LeaseOfAnotherEnded => {
                Scenario::of("one change, a lease that expires", "a", 1).with_runs(3, 2).scheduled()
            }
        }
    }
}
