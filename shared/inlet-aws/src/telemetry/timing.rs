//! How long one delivery waited, and for what: the ports it goes through, with a watch beside them.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use inlet::event::Event;
use inlet::proof::Verified;
use inlet::provider::Provider;
use inlet::receive::quarantine::{Quarantine, QuarantineOutcome, RejectedRequest};
use inlet::receive::{Fault, Journal, Queue, Receiver, Recorded, Secrets, Store, WriteToken};
use inlet::store::StoreName;

/// What a delivery waited for, step by step; nothing of a step that it did not come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    /// The store's secrets, all readings of them together.
    pub secrets: Option<Duration>,
    /// The table.
    pub journal: Option<Duration>,
    /// The queue.
    pub queue: Option<Duration>,
    /// The quarantine.
    pub quarantine: Option<Duration>,
}

/// The watch of one delivery.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch(Arc<Mutex<Waits>>);

impl Watch {
    /// What was waited for so far.
    pub(crate) fn waits(&self) -> Waits {
        // Whoever panicked with the lock had nothing half done.
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn over<T>(
        &self,
        step: fn(&mut Waits) -> &mut Option<Duration>,
        work: impl Future<Output = T>,
    ) -> T {
        let start = Instant::now();
        // In a box, or the receiver's own steps would hold every call's state twice.
        let done = Box::pin(work).await;
        let mut waits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = step(&mut waits);
        *waited = Some(waited.unwrap_or_default().saturating_add(start.elapsed()));
        done
    }
}

/// A port with a watch beside it.
#[derive(Debug)]
pub(crate) struct Watched<T> {
    port: Arc<T>,
    watch: Watch,
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
    /// A receiver for one delivery, whose waits the watch notes.
    pub(crate) fn watched(&self, watch: &Watch) -> Receiver<Watched<S>, Watched<J>, Watched<Q>, Watched<H>> {
        Receiver {
            secrets: beside(watch, &self.secrets),
            journal: beside(watch, &self.journal),
            queue: beside(watch, &self.queue),
            quarantine: beside(watch, &self.quarantine),
        }
    }
}

fn beside<T>(watch: &Watch, port: &Arc<T>) -> Watched<T> {
    Watched { port: Arc::clone(port), watch: watch.clone() }
}

impl<P: Provider, S: Secrets<P> + Send + Sync> Secrets<P> for Watched<S> {
    async fn store(&self, name: &StoreName) -> Result<Option<Arc<Store<P>>>, Fault> {
        self.watch.over(|waits| &mut waits.secrets, self.port.store(name)).await
    }

    async fn refresh(&self, name: &StoreName) -> Option<Arc<Store<P>>> {
        self.watch.over(|waits| &mut waits.secrets, self.port.refresh(name)).await
    }
}

impl<J: Journal + Send + Sync> Journal for Watched<J> {
    async fn record(&self, event: &Verified<Event>, attempt: &WriteToken) -> Result<Recorded, Fault> {
        self.watch.over(|waits| &mut waits.journal, self.port.record(event, attempt)).await
    }
}

impl<Q: Queue + Send + Sync> Queue for Watched<Q> {
    async fn send(&self, event: &Verified<Event>) -> Result<(), Fault> {
        self.watch.over(|waits| &mut waits.queue, self.port.send(event)).await
    }

    async fn send_with_event(&self, event: &Verified<Event>) -> Result<(), Fault> {
        self.watch.over(|waits| &mut waits.queue, self.port.send_with_event(event)).await
    }
}

impl<H: Quarantine + Send + Sync> Quarantine for Watched<H> {
    async fn store(&self, suspect: &RejectedRequest<'_>) -> Result<QuarantineOutcome, Fault> {
        self.watch.over(|waits| &mut waits.quarantine, self.port.store(suspect)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_step_taken_twice_is_the_sum_and_one_not_taken_is_absent() {
        let watch = Watch::default();
        let nap = Duration::from_millis(5);
        for _ in 0..2 {
            watch.over(|waits| &mut waits.secrets, tokio::time::sleep(nap)).await;
        }
        let waits = watch.waits();
        assert!(waits.secrets >= Some(nap * 2), "{waits:?}");
        assert_eq!((waits.journal, waits.queue, waits.quarantine), (None, None, None));
    }
}
