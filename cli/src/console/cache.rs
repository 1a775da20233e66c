//! A value that is read again in the background once it is old. A page gets the last one at once.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// The value, with the time of its last reading.
pub(crate) struct Cache<T> {
    fresh_for: Duration,
    current: watch::Sender<Option<Arc<T>>>,
    /// The start of the last reading; `None` before the first.
    started: Mutex<Option<Instant>>,
}

impl<T: Send + Sync + 'static> Cache<T> {
    /// Returns a cache whose value is read again after this time.
    pub(crate) fn new(fresh_for: Duration) -> Arc<Self> {
        Arc::new(Self { fresh_for, current: watch::Sender::new(None), started: Mutex::new(None) })
    }

    /// Returns the value. Waits at most `time_limit` for the first one; `None` if it is not there by then. If the value
    /// is old, starts `read` in the background.
    pub(crate) async fn get<F>(
        self: &Arc<Self>,
        time_limit: Duration,
        read: impl FnOnce() -> F,
    ) -> Option<Arc<T>>
    where
        F: Future<Output = T> + Send + 'static,
    {
        if self.begins() {
            let (cache, reading) = (Arc::clone(self), read());
            tokio::spawn(async move {
                let value = Arc::new(reading.await);
                cache.current.send_replace(Some(value));
            });
        }
        let mut current = self.current.subscribe();
        let first = current.wait_for(Option::is_some);
        tokio::time::timeout(time_limit, first).await.ok()?.ok()?.clone()
    }

    /// Returns true if the value is old, and notes that it is being read.
    fn begins(&self) -> bool {
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        let is_old = started.is_none_or(|started| started.elapsed() >= self.fresh_for);
        if is_old {
            *started = Some(Instant::now());
        }
        is_old
    }

    /// Makes the value old, after an action that changed it.
    pub(crate) fn expire(&self) {
        *self.started.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn a_fresh_value_is_not_read_again() {
        let cache = Cache::new(Duration::from_mins(1));
        assert_eq!(cache.get(SOON, || async { 1 }).await.as_deref(), Some(&1));
        assert_eq!(cache.get(SOON, || async { 2 }).await.as_deref(), Some(&1));
        cache.expire();
        assert!(cache.get(SOON, || async { 3 }).await.is_some(), "the old value, or the new one");
        while cache.get(SOON, || async { 4 }).await.as_deref() != Some(&3) {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_page_does_not_wait_for_a_slow_first_value() {
        let cache: Arc<Cache<u8>> = Cache::new(SOON);
        let got = cache.get(Duration::from_millis(10), std::future::pending).await;
        assert_eq!(got, None);
    }
}
