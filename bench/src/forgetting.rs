//! The cost of forgetting an entity, which depends on the entity's own events and on no others.

use serde::{Deserialize, Serialize};

use crate::backends::Units;
use crate::price::Prices;

/// The cost of forgetting an entity: a fixed part, and a part for each of its events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Forgetting {
    pub fixed: Cost,
    pub each: Cost,
}

/// A number of calls, and their units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    pub calls: f64,
    pub reads: f64,
    pub writes: f64,
}

impl From<Units> for Cost {
    fn from(units: Units) -> Self {
        Self { calls: units.calls as f64, reads: units.reads, writes: units.writes() as f64 }
    }
}

impl Forgetting {
    /// Returns both parts from the costs of two entities that have so many events.
    pub fn between((few, less): (usize, Cost), (many, more): (usize, Cost)) -> Self {
        let (few, many) = (few as f64, many as f64);
        let each = more.with(less, |more, less| (more - less) / (many - few));
        Self { fixed: less.with(each, |less, each| less - few * each), each }
    }

    /// Returns the cost of an entity with so many events.
    pub fn of(&self, events: f64) -> Cost {
        self.fixed.with(self.each, |fixed, each| fixed + events * each)
    }
}

impl Cost {
    /// Returns the price of the units in dollars.
    pub fn dollars(&self, prices: &Prices) -> f64 {
        let reads = self.reads * prices.dynamodb_per_million_read_units;
        (reads + self.writes * prices.dynamodb_per_million_write_units) / 1e6
    }

    fn with(self, other: Self, combine: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            calls: combine(self.calls, other.calls),
            reads: combine(self.reads, other.reads),
            writes: combine(self.writes, other.writes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_entities_give_the_fixed_part_and_the_part_of_an_event() {
        let cost = |calls, reads, writes| Cost { calls, reads, writes };
        let forgetting =
            Forgetting::between((100, cost(180.0, 120.0, 501.0)), (200, cost(280.0, 170.0, 1_001.0)));
        assert_eq!(forgetting, Forgetting { fixed: cost(80.0, 70.0, 1.0), each: cost(1.0, 0.5, 5.0) });
        assert_eq!(forgetting.of(1_000.0), cost(1_080.0, 570.0, 5_001.0));
    }
}
