//! The changes of the object, the runs of the reconciler, and the number of faults.

use crate::world::Id;

/// The bounds of a check.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// A description.
    pub name: &'static str,
    /// The state after each change.
    pub states: Vec<char>,
    /// Number of runs that begin at any time. Two more follow at the end.
    pub runs: u8,
    /// Number of runs at the same time.
    pub side_by_side: u8,
    /// True if the runs are scheduled: they have a lease and a cursor.
    pub is_scheduled: bool,
    /// The clock of the machine that runs the command.
    pub clock: Clock,
    /// Number of faults: webhooks that are never sent, discarded, late or repeated, and calls that do not go well.
    pub faults: u8,
}

/// The clock of a machine, compared with that of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// It is right.
    Right,
    /// It is behind.
    Slow,
    /// It is ahead.
    Fast,
}

impl Clock {
    /// Returns its time when the service has this one. The difference is larger than any time of a check.
    pub fn read(self, now: i8) -> i8 {
        match self {
            Self::Right => now,
            Self::Slow => now - 50,
            Self::Fast => now + 50,
        }
    }
}

impl Scenario {
    /// Returns the scenarios of every test run.
    pub fn usual() -> Vec<Self> {
        Self::with_faults(0)
    }

    /// Returns the same with `more` faults each.
    pub fn with_faults(more: u8) -> Vec<Self> {
        let all = [
            Self::of("never sent: one change", "a", 4).with_runs(2, 2),
            Self::of("never sent: two changes", "ab", 4).with_runs(1, 1),
            Self::of("never sent: two changes, two runs", "ab", 3).with_runs(2, 2),
            Self::of("never sent: there and back", "aba", 3).with_runs(1, 1),
            Self::of("never sent: by a slow clock", "ab", 3).with_runs(1, 1).by(Clock::Slow),
            Self::of("never sent: by a fast clock", "ab", 3).with_runs(1, 1).by(Clock::Fast),
            Self::of("never sent: scheduled, one change", "a", 3).with_runs(3, 2).scheduled(),
            Self::of("never sent: scheduled, two changes", "ab", 3).with_runs(2, 2).scheduled(),
            Self::of("never sent: scheduled, there and back", "aba", 2).with_runs(2, 2).scheduled(),
        ];
        all.into_iter().map(|scenario| Self { faults: scenario.faults + more, ..scenario }).collect()
    }

    /// Returns a scenario with one change for each letter and one run; equal letters are equal states.
    pub fn of(name: &'static str, states: &str, faults: u8) -> Self {
        let states = states.chars().collect();
        Self { name, states, runs: 1, side_by_side: 1, is_scheduled: false, clock: Clock::Right, faults }
    }

    /// Returns the same with so many runs, of which so many take place at the same time.
    #[must_use]
    pub fn with_runs(self, runs: u8, side_by_side: u8) -> Self {
        Self { runs, side_by_side, ..self }
    }

    /// Returns the same with runs that have a lease and a cursor.
    #[must_use]
    pub fn scheduled(self) -> Self {
        Self { is_scheduled: true, ..self }
    }

    /// Returns the same on a machine with another clock.
    #[must_use]
    pub fn by(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Returns the changes.
    pub fn ids(&self) -> impl Iterator<Item = Id> + use<> {
        0..Id::try_from(self.states.len()).unwrap_or(Id::MAX)
    }

    /// Returns the state after a change.
    pub fn state(&self, change: Id) -> char {
        self.states[usize::from(change)]
    }
}
