//! The goals: a value of ours, mostly relative to another contender's value from the same run.

use crate::contender::Contender::{self, Hello, Idiomatic, Inlet, Node, Python};
use crate::results::{Metric, Results};

/// A goal.
pub struct Goal {
    metric: Metric,
    at_most: f64,
    of: Of,
}

/// The reference value of a goal.
enum Of {
    /// The value itself.
    Itself,
    /// A contender's value of the same metric.
    Contender(Contender),
    /// Our own value of another metric.
    Metric(Metric),
    /// The sum of the backends' delays, in milliseconds.
    Backends(f64),
}

/// The result of a goal.
pub struct Outcome {
    /// The goal in words.
    pub words: String,
    /// The reached value; `None` if it was not measured.
    pub reached: Option<f64>,
    /// True if the goal is met.
    pub met: bool,
}

/// The goals.
pub const GOALS: [Goal; 22] = [
    goal(Metric::StartInstructions, 3.0, Of::Contender(Hello)),
    goal(Metric::StartInstructions, 0.08, Of::Contender(Idiomatic)),
    goal(Metric::StartWall, 1.3, Of::Contender(Hello)),
    goal(Metric::FirstCpu, 0.15, Of::Contender(Idiomatic)),
    goal(Metric::FirstCpu, 1.0 / 20.0, Of::Contender(Node)),
    goal(Metric::FirstCpu, 1.0 / 20.0, Of::Contender(Python)),
    goal(Metric::FirstThrottledWall, 0.1, Of::Contender(Idiomatic)),
    goal(Metric::WarmCpu, 0.6, Of::Contender(Idiomatic)),
    goal(Metric::WarmCpu, 1.0 / 6.0, Of::Contender(Node)),
    goal(Metric::WarmCpu, 1.0 / 12.0, Of::Contender(Python)),
    goal(Metric::ForgedCpu, 0.3, Of::Metric(Metric::WarmCpu)),
    goal(Metric::CallsOfForged, 0.0, Of::Itself),
    goal(Metric::ForgedSkew, 1.0, Of::Itself),
    goal(Metric::PeakMemory, 1.8, Of::Contender(Hello)),
    goal(Metric::PeakMemory, 1.0 / 8.0, Of::Contender(Node)),
    goal(Metric::Binary, 0.4, Of::Contender(Idiomatic)),
    goal(Metric::LatencyMiddle, 1.1, Of::Backends(10.0)),
    goal(Metric::LatencyTail, 1.3, Of::Metric(Metric::LatencyMiddle)),
    goal(Metric::Calls, 2.0, Of::Itself),
    goal(Metric::TableWrites, 2.0, Of::Itself),
    goal(Metric::IndexWrites, 1.0, Of::Itself),
    goal(Metric::Price, 4.0, Of::Itself),
];

const fn goal(metric: Metric, at_most: f64, of: Of) -> Goal {
    Goal { metric, at_most, of }
}

impl Goal {
    /// Returns the goal's result.
    pub fn outcome(&self, results: &Results) -> Outcome {
        let ours = results.of(self.metric, Inlet);
        let (by, whose) = match self.of {
            Of::Itself => (Some(1.0), String::new()),
            Of::Contender(contender) => {
                (results.of(self.metric, contender), format!(" x {}", contender.name()))
            }
            Of::Metric(metric) => (results.of(metric, Inlet), format!(" x {}", metric.words().0)),
            Of::Backends(ms) => (Some(ms), format!(" x {ms} ms")),
        };
        let reached = ours.zip(by).map(|(ours, by)| ours.abs() / by);
        let (name, unit) = self.metric.words();
        let unit = if whose.is_empty() { format!(" {unit}") } else { String::new() };
        let words = format!("{name}: at most {}{whose}{unit}", short(self.at_most));
        Outcome { words, reached, met: reached.is_some_and(|reached| reached <= self.at_most) }
    }
}

/// Returns the number with its significant digits.
pub fn short(number: f64) -> String {
    match number.abs() {
        n if n >= 100.0 => format!("{number:.0}"),
        n if n >= 10.0 => format!("{number:.1}"),
        n if n >= 1.0 || n == 0.0 => format!("{number:.2}"),
        _ => format!("{number:.3}"),
    }
}
