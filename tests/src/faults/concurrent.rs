//! Runs many cases at the same time.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Runs the cases, at most this many at a time, and returns the results in the order of the cases.
///
/// # Panics
/// If a case panics.
pub async fn run_all<C, O, F>(at_once: usize, cases: Vec<C>, run: impl Fn(C) -> F) -> Vec<O>
where
    F: Future<Output = O> + Send + 'static,
    O: Send + 'static,
{
    let permits = Arc::new(Semaphore::new(at_once));
    let mut running = JoinSet::new();
    for (nth, case) in cases.into_iter().enumerate() {
        let (permits, result) = (Arc::clone(&permits), run(case));
        running.spawn(async move {
            let _permit = permits.acquire_owned().await.expect("an open semaphore");
            (nth, result.await)
        });
    }
    let mut results = running.join_all().await;
    results.sort_by_key(|(nth, _)| *nth);
    results.into_iter().map(|(_, result)| result).collect()
}
