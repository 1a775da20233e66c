//! The way of an event through receiver, processor and sweeper, with the work that each of them does for it.

use serde::{Deserialize, Serialize};

use crate::backends::Units;

/// The way of an event of one body.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Flow {
    /// The length of the body, in bytes.
    pub body_len: usize,
    /// The receiver's calls for a delivery that it accepts.
    pub accepted: Units,
    /// The write units of the event's own item and its chunks, a part of `accepted`.
    pub event_writes: u64,
    /// The receiver's calls for the same delivery again, after the event was processed.
    pub repeated: Units,
    /// The ways at both kinds of traffic; `None` if only units were counted.
    pub ways: Option<[Way; 2]>,
}

/// The kind of traffic: an index of [`Flow::ways`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traffic {
    /// Many events a second: the processor gets batches of ten, and a run of the sweeper sees many events.
    Busy = 0,
    /// A million events a month: the processor gets each event alone, and a run of the sweeper sees a few.
    Quiet = 1,
}

impl Traffic {
    /// Both kinds, in the order of [`Flow::ways`].
    pub const ALL: [Self; 2] = [Self::Busy, Self::Quiet];

    /// Returns the number of messages in a batch.
    pub fn batch(self) -> usize {
        match self {
            // The maximum of a FIFO queue.
            Self::Busy => 10,
            Self::Quiet => 1,
        }
    }

    /// Returns the number of events that arrive between two runs of the sweeper; `None` if there are many.
    pub fn events_of_a_run(self) -> Option<usize> {
        match self {
            Self::Busy => None,
            // A million in a month of 730 hours, each with 60 runs.
            Self::Quiet => Some(23),
        }
    }

    /// Returns the hours in which a million events arrive.
    pub fn hours_of_a_million(self) -> f64 {
        match self {
            // About a hundred events a second.
            Self::Busy => 3.0,
            Self::Quiet => 730.0,
        }
    }
}

/// The work for one event.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Way {
    pub receiver: Work,
    pub processor: Work,
    pub sweeper: Work,
    /// The events that EventBridge bills: one for each 64 KB of an entry.
    pub bus_events: f64,
    /// The length of the queue's message, in bytes.
    pub message_len: f64,
    /// The storage of everything that the table keeps for the event until it expires, in byte-months.
    pub stored_byte_months: f64,
    /// The part of it that is kept longer than the event itself: receipts of signed deliveries.
    pub stored_longer_byte_months: f64,
}

/// The work of one function.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Work {
    pub invocations: f64,
    pub calls: f64,
    pub reads: f64,
    pub writes: f64,
    pub queue_requests: f64,
    pub cpu_ms: f64,
    /// The time for which services held calls, at 5 ms a call.
    pub held_ms: f64,
    pub log_bytes: f64,
}

impl Work {
    /// Returns this work less another one, and at least none: the shares of a processor differ from run to run.
    pub fn less(self, other: Self) -> Self {
        self.with(other, |own, other| (own - other).max(0.0))
    }

    /// Returns the sum.
    pub fn and(self, other: Self) -> Self {
        self.with(other, |own, other| own + other)
    }

    /// Returns the part for one of so many events.
    pub fn for_each_of(self, events: usize) -> Self {
        self.with(self, |own, _| own / events.max(1) as f64)
    }

    fn with(self, other: Self, combine: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            invocations: combine(self.invocations, other.invocations),
            calls: combine(self.calls, other.calls),
            reads: combine(self.reads, other.reads),
            writes: combine(self.writes, other.writes),
            queue_requests: combine(self.queue_requests, other.queue_requests),
            cpu_ms: combine(self.cpu_ms, other.cpu_ms),
            held_ms: combine(self.held_ms, other.held_ms),
            log_bytes: combine(self.log_bytes, other.log_bytes),
        }
    }
}

/// The work of a deployment that receives nothing.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Idle {
    /// A run of the sweeper that finds nothing to do.
    pub run: Work,
    /// The number of metrics that such a run emits.
    pub metrics: usize,
    /// The number of metrics that receiver and processor emit for an accepted event of one provider.
    pub metrics_of_events: usize,
    /// The number of metrics that the alarms of a deployment with one provider read.
    pub alarm_metrics: usize,
    /// The length of a line of the API's log.
    pub api_log_bytes: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_for_an_event_is_never_negative() {
        let of = |reads, cpu_ms| Work { reads, cpu_ms, ..Work::default() };
        let each = of(110.0, 1.0).less(of(10.0, 2.0)).for_each_of(100);
        assert_eq!((each.reads, each.cpu_ms), (1.0, 0.0));
        let both = of(1.0, 2.0).and(of(3.0, 4.0));
        assert_eq!((both.reads, both.cpu_ms), (4.0, 6.0));
    }
}
