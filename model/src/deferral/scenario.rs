//! The deliveries to one store, and the number of faults.

use crate::world::Id;

/// The bounds of a check.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// A description.
    pub name: &'static str,
    /// For each delivery, in the order in which they are sent: true if it is genuine.
    pub genuine: Vec<bool>,
    /// Number of faults, of any kind, anywhere.
    pub faults: u8,
}

impl Scenario {
    /// Returns the scenarios of every test run.
    pub fn usual() -> Vec<Self> {
        Self::with_faults(0)
    }

    /// Returns the same with `more` faults each.
    pub fn with_faults(more: u8) -> Vec<Self> {
        let all = [
            Self::of("unreadable: one delivery", "g", 3),
            Self::of("unreadable: two deliveries", "gg", 2),
            Self::of("unreadable: a genuine and a forged one", "gf", 2),
            Self::of("unreadable: three deliveries", "ggg", 1),
        ];
        all.into_iter().map(|scenario| Self { faults: scenario.faults + more, ..scenario }).collect()
    }

    /// Returns a scenario; each `g` is a genuine delivery and each `f` a forged one.
    pub fn of(name: &'static str, deliveries: &str, faults: u8) -> Self {
        Self { name, genuine: deliveries.chars().map(|letter| letter == 'g').collect(), faults }
    }

    /// Returns the deliveries.
    pub fn ids(&self) -> impl Iterator<Item = Id> + use<> {
        0..Id::try_from(self.genuine.len()).unwrap_or(Id::MAX)
    }

    /// Returns true if a delivery is genuine.
    pub fn is_genuine(&self, id: Id) -> bool {
        self.genuine[usize::from(id)]
    }
}
