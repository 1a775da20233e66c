//! The deliveries and the number of faults: the bounds of a check.

use crate::world::Id;

/// The content of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// A body that verifies; equal numbers are equal bodies, of a retry or a duplicate.
    Genuine(u8),
    /// A body that does not verify.
    Forged,
}

/// The deduplication scope: `inlet::event::DedupScope`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Equal bodies have one id.
    PerBody,
    /// Every delivery has an id of its own, and one that equals the entity's latest is that event. All
    /// deliveries here fall into one window.
    Within,
}

/// The events that the sweeper sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// All stored events.
    All,
    /// The events ahead of its cursor, and its pending list: the time index is ordered by arrival, so an event that is
    /// stored late, or was parked, is behind its cursor.
    Walk,
    /// None: it never runs. Then the queue takes all messages of receivers, because only the sweeper repairs
    /// a failed send.
    Nothing,
}

/// The bounds of a check.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// A description.
    pub name: &'static str,
    /// The deliveries, each of which comes at any time after the one before, or never.
    pub arrivals: Vec<Arrival>,
    /// The deduplication scope.
    pub identity: Identity,
    /// Number of faults, of any kind, anywhere.
    pub faults: u8,
    /// Number of processors that run at the same time.
    pub processors: usize,
    /// Number of receives of a message before it goes to the dead-letter queue. Deployed: 5
    /// attempts of its own.
    pub receives: u8,
    /// Number of the sweeper's sends of an event before it parks it. Deployed: 5.
    pub resends: u8,
    /// The events that the sweeper sees.
    pub sight: Sight,
}

impl Scenario {
    /// Returns the scenarios of every test run.
    pub fn usual() -> Vec<Self> {
        Self::with_faults(0)
    }

    /// Returns the same with `more` faults each.
    pub fn with_faults(more: u8) -> Vec<Self> {
        use Arrival::{Forged, Genuine};
        let all = [
            Self::of("one delivery, never again", &[Genuine(0)], 3).worked_by(1),
            Self::of("the same, parked instead of sent again", &[Genuine(0)], 2)
                .worked_by(1)
                .resent(0)
                .seeing(Sight::Walk),
            Self::of("a delivery and an equal one", &[Genuine(0), Genuine(0)], 2),
            Self::of("the same, each with its own id", &[Genuine(0), Genuine(0)], 2).within(),
            Self::of("the same, late ones behind the sweeper's walk", &[Genuine(0), Genuine(0)], 2)
                .within()
                .worked_by(1)
                .seeing(Sight::Walk),
            Self::of("a delivery and an equal one, and no sweeper", &[Genuine(0), Genuine(0)], 2)
                .seeing(Sight::Nothing),
            Self::of("three equal deliveries", &[Genuine(0), Genuine(0), Genuine(0)], 1).within(),
            Self::of("two events of one entity", &[Genuine(0), Genuine(1)], 1),
            Self::of("a forged delivery and a genuine one", &[Forged, Genuine(0)], 2),
        ];
        all.into_iter().map(|scenario| Self { faults: scenario.faults + more, ..scenario }).collect()
    }

    /// Returns a scenario with one id for equal bodies, two processors, two receives, one re-send and a sweeper that
    /// sees all.
    pub fn of(name: &'static str, arrivals: &[Arrival], faults: u8) -> Self {
        Self {
            name,
            arrivals: arrivals.to_vec(),
            identity: Identity::PerBody,
            faults,
            processors: 2,
            receives: 2,
            resends: 1,
            sight: Sight::All,
        }
    }

    /// Returns the same with an id for each delivery.
    #[must_use]
    pub fn within(self) -> Self {
        Self { identity: Identity::Within, ..self }
    }

    /// Returns the same with another sweeper.
    #[must_use]
    pub fn seeing(self, sight: Sight) -> Self {
        Self { sight, ..self }
    }

    /// Returns the same with another number of processors.
    #[must_use]
    pub fn worked_by(self, processors: usize) -> Self {
        Self { processors, ..self }
    }

    /// Returns the same with another number of receives before the dead-letter queue.
    #[must_use]
    pub fn received(self, receives: u8) -> Self {
        Self { receives, ..self }
    }

    /// Returns the same with another number of times that the sweeper sends.
    #[must_use]
    pub fn resent(self, resends: u8) -> Self {
        Self { resends, ..self }
    }

    /// Returns the id of a delivery's event: `inlet::event::Event::new`.
    pub fn id_of(&self, arrival: usize) -> Id {
        let place = match self.identity {
            Identity::Within => arrival,
            Identity::PerBody => self.equal_to(arrival).next().unwrap_or(arrival),
        };
        u8::try_from(place).unwrap_or(Id::MAX)
    }

    /// Returns the deliveries that equal this one, itself among them.
    pub fn equal_to(&self, arrival: usize) -> impl Iterator<Item = usize> {
        let body = self.arrivals[arrival];
        (0..self.arrivals.len()).filter(move |&other| self.arrivals[other] == body)
    }

    /// Returns true if a delivery verifies.
    pub fn is_genuine(&self, arrival: usize) -> bool {
        matches!(self.arrivals[arrival], Arrival::Genuine(_))
    }
}
