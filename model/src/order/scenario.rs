//! The deliveries of one entity, and the number of faults.

use inlet::dedup::Candidate;

use crate::world::Id;

/// The time between two deliveries, by a correct clock.
const GAP: i64 = 4;

/// The bounds of a check.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// A description.
    pub name: &'static str,
    /// The contents of the deliveries, in the order in which the provider sends them.
    pub contents: Vec<char>,
    /// The lead of each delivery's receiver's clock.
    pub skews: Vec<i64>,
    /// Number of faults, of any kind, anywhere.
    pub faults: u8,
    /// True if all deliveries arrive in one millisecond.
    pub at_once: bool,
    /// True if the first delivery was answered, and its event processed, before everything else.
    pub first_is_done: bool,
}

impl Scenario {
    /// Returns the scenarios of every test run.
    pub fn usual() -> Vec<Self> {
        Self::with_faults(0)
    }

    /// Returns the same with `more` faults each.
    pub fn with_faults(more: u8) -> Vec<Self> {
        let all = [
            Self::of("A, A", "AA", 2),
            Self::of("A, A in one millisecond", "AA", 2).at_once(),
            Self::of("A, B, A", "ABA", 1),
            Self::of("A, B, A after the first", "ABA", 2).after_the_first(),
            Self::of("A, B, A, C after the first", "ABAC", 1).after_the_first(),
            Self::of("A, B, A, B after the first", "ABAB", 1).after_the_first(),
            Self::of("A, B, the first clock ahead", "AB", 2).skewed(&[9, 0]),
            Self::of("A, B, A, the first clock ahead", "ABA", 2).skewed(&[9, 0, 0]).after_the_first(),
            Self::of("A, B, A, the second clock ahead", "ABA", 2).skewed(&[0, 9, 0]).after_the_first(),
            Self::of("A, B, A, the second clock ahead a little", "ABA", 2)
                .skewed(&[0, 3, 0])
                .after_the_first(),
            Self::of("A, B, A, the last clock behind", "ABA", 2).skewed(&[0, 0, -9]).after_the_first(),
        ];
        all.into_iter().map(|scenario| Self { faults: scenario.faults + more, ..scenario }).collect()
    }

    /// Returns a scenario whose clocks are right.
    pub fn of(name: &'static str, contents: &str, faults: u8) -> Self {
        let contents: Vec<char> = contents.chars().collect();
        Self { name, skews: vec![0; contents.len()], contents, faults, at_once: false, first_is_done: false }
    }

    /// Returns the same scenario with clocks that are ahead by this much.
    #[must_use]
    pub fn skewed(self, skews: &[i64]) -> Self {
        Self { skews: skews.to_vec(), ..self }
    }

    /// Returns the same with all deliveries in one millisecond.
    #[must_use]
    pub fn at_once(self) -> Self {
        Self { at_once: true, ..self }
    }

    /// Returns the same after the first delivery.
    #[must_use]
    pub fn after_the_first(self) -> Self {
        Self { first_is_done: true, ..self }
    }

    /// Returns the number of deliveries.
    pub fn len(&self) -> usize {
        self.contents.len()
    }

    /// Returns true if there is no delivery.
    pub fn is_empty(&self) -> bool {
        self.contents.is_empty()
    }

    /// Returns the arrival of a delivery, by its receiver's clock.
    pub fn received(&self, delivery: usize) -> i64 {
        let place = if self.at_once { 1 } else { i64::try_from(delivery).unwrap_or(i64::MAX) + 1 };
        place * GAP + self.skews[delivery]
    }

    /// Returns the id of a delivery's event under its arrival by its receiver's clock: deliveries of one content and
    /// one arrival share it.
    pub fn id(&self, delivery: usize) -> Id {
        let is_same = |other: &usize| {
            self.contents[*other] == self.contents[delivery]
                && self.received(*other) == self.received(delivery)
        };
        id((0..self.len()).find(is_same).unwrap_or(delivery))
    }

    /// Returns the id of a delivery's event whose arrival was made later.
    pub fn later_id(&self, delivery: usize) -> Id {
        id(self.len() + delivery)
    }

    /// Returns the deliveries of an event.
    pub fn deliveries(&self, event: Id) -> impl Iterator<Item = usize> {
        (0..self.len())
            .filter(move |&delivery| self.id(delivery) == event || self.later_id(delivery) == event)
    }

    /// Returns an event to store: all equal deliveries fall into one retry window.
    pub fn candidate(&self, event: Id, received_ms: i64) -> Candidate<Id, char> {
        Candidate { digest: event, content: self.content(event), received_ms, window_ms: Some(i64::MAX) }
    }

    /// Returns the content of an event.
    pub fn content(&self, event: Id) -> char {
        self.contents[usize::from(event) % self.len()]
    }
}

fn id(place: usize) -> Id {
    Id::try_from(place).unwrap_or(Id::MAX)
}
