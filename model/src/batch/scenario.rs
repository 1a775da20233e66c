//! The messages on the queue, and the number of faults.

/// The bounds of a check.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// A description.
    pub name: &'static str,
    /// Number of messages.
    pub messages: u8,
    /// True if the consumer keeps no order, so that receipts are written beside.
    pub is_beside: bool,
    /// Number of faults, of any kind, anywhere.
    pub faults: u8,
}

impl Scenario {
    /// The scenarios of every test run.
    pub fn usual() -> Vec<Self> {
        Self::with_faults(0)
    }

    /// The same with `more` faults each.
    pub fn with_faults(more: u8) -> Vec<Self> {
        let all = [
            Self { name: "batch: two messages", messages: 2, is_beside: true, faults: 4 },
            Self { name: "batch: three messages", messages: 3, is_beside: true, faults: 3 },
            Self { name: "batch: four messages", messages: 4, is_beside: true, faults: 2 },
            Self { name: "batch: three messages in order", messages: 3, is_beside: false, faults: 4 },
        ];
        all.into_iter().map(|scenario| Self { faults: scenario.faults + more, ..scenario }).collect()
    }
}
