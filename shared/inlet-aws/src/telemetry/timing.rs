//! How long one delivery waited, and for what: the ports it goes through, with a stopwatch beside them.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use inlet::event::Event;
use inlet::fault::Fault;
use inlet::proof::Verified;
use inlet::provider::Provider;
use inlet::receive::quarantine::{Quarantine, QuarantineOutcome, RejectedRequest};
use inlet::receive::{Journal, Queue, Receiver, Recorded, Secrets, Store, WriteToken};
use inlet::store::StoreName;

/// What a delivery waited for, step by step; nothing of a step that it did not come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepTimings {
    /// The store's secrets, all readings of them together.
    pub secrets: Option<Duration>,
    /// The table.
    pub journal: Option<Duration>,
    /// The queue.
    pub queue: Option<Duration>,
    /// The quarantine.
    pub quarantine: Option<Duration>,
}

/// The stopwatch of one delivery.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stopwatch(Arc<Mutex<StepTimings>>);

impl Stopwatch {
    /// What was waited for so far.
    pub(crate) fn timings(&self) -> StepTimings {
        // Whoever panicked with the lock had nothing half done.
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn measure<T>(
        &self,
        step: fn(&mut StepTimings) -> &mut Option<Duration>,
        work: impl Future<Output = T>,
    ) -> T {
        let start = Instant::now();
        // In a box, or the receiver's own steps would hold every call's state twice.
        let done = Box::pin(work).await;
        let mut timings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = step(&mut timings);
        *waited = Some(waited.unwrap_or_default().saturating_add(start.elapsed()));
        done
    }
}

/// A port with a stopwatch beside it.
#[derive(Debug)]
pub(crate) struct Timed<T> {
    port: Arc<T>,
    stopwatch: Stopwatch,
}

/// The ports of a function, to be shared by its deliveries.
#[derive(Debug)]
pub(crate) struct Ports<S, J, Q, H> {
    pub(crate) secrets: Arc<S>,
    pub(crate) journal: Arc<J>,
    pub(crate) queue: Arc<Q>,
    pub(crate) quarantine: Arc<H>,
}

impl<S, J, Q, H> Ports<S, J, Q, H> {
    /// A receiver for one delivery, whose timings the stopwatch notes.
    pub(crate) fn timed(&self, stopwatch: &Stopwatch) -> Receiver<Timed<S>, Timed<J>, Timed<Q>, Timed<H>> {
        Receiver {
            secrets: timed_port(stopwatch, &self.secrets),
            journal: timed_port(stopwatch, &self.journal),
            queue: timed_port(stopwatch, &self.queue),
            quarantine: timed_port(stopwatch, &self.quarantine),
        }
    }
}

fn timed_port<T>(stopwatch: &Stopwatch, port: &Arc<T>) -> Timed<T> {
    Timed { port: Arc::clone(port), stopwatch: stopwatch.clone() }
}

impl<P: Provider, S: Secrets<P> + Send + Sync> Secrets<P> for Timed<S> {
    async fn store(&self, name: &StoreName) -> Result<Option<Arc<Store<P>>>, Fault> {
        self.stopwatch.measure(|timings| &mut timings.secrets, self.port.store(name)).await
    }

    async fn refresh(&self, name: &StoreName) -> Option<Arc<Store<P>>> {
        self.stopwatch.measure(|timings| &mut timings.secrets, self.port.refresh(name)).await
    }
}

impl<J: Journal + Send + Sync> Journal for Timed<J> {
    async fn record(&self, event: &Verified<Event>, attempt: &WriteToken) -> Result<Recorded, Fault> {
        self.stopwatch.measure(|timings| &mut timings.journal, self.port.record(event, attempt)).await
    }
}

impl<Q: Queue + Send + Sync> Queue for Timed<Q> {
    async fn send(&self, event: &Verified<Event>) -> Result<(), Fault> {
        self.stopwatch.measure(|timings| &mut timings.queue, self.port.send(event)).await
    }

    async fn send_with_event(&self, event: &Verified<Event>) -> Result<(), Fault> {
        self.stopwatch.measure(|timings| &mut timings.queue, self.port.send_with_event(event)).await
    }
}

impl<H: Quarantine + Send + Sync> Quarantine for Timed<H> {
    async fn store(&self, suspect: &RejectedRequest<'_>) -> Result<QuarantineOutcome, Fault> {
        self.stopwatch.measure(|timings| &mut timings.quarantine, self.port.store(suspect)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_step_taken_twice_is_the_sum_and_one_not_taken_is_absent() {
        let stopwatch = Stopwatch::default();
        let nap = Duration::from_millis(5);
        for _ in 0..2 {
            stopwatch.measure(|timings| &mut timings.secrets, tokio::time::sleep(nap)).await;
        }
        let timings = stopwatch.timings();
        assert!(timings.secrets >= Some(nap * 2), "{timings:?}");
        assert_eq!((timings.journal, timings.queue, timings.quarantine), (None, None, None));
    }
}
