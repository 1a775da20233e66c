//! The time that each step of a delivery takes, and the limit within which it must end.
//!
//! A delivery runs in a task of its own with a `Stopwatch`. Every call to a service goes through `with_timeout`,
//! which adds its time to the task's stopwatch.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};
use inlet::fault::Fault;

use crate::client::timeouts;

/// The time that a delivery waited in each step; `None` for a step that it did not reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepTimings {
    /// All reads of the store's secrets.
    pub secrets: Option<Duration>,
    /// The event table.
    pub journal: Option<Duration>,
    /// The queue.
    pub queue: Option<Duration>,
    /// The quarantine.
    pub quarantine: Option<Duration>,
}

/// A step of a delivery that waits for a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Secrets,
    Reread,
    StoreNames,
    Journal,
    Queue,
    Quarantine,
    Deferral,
}

impl Step {
    /// Returns the time limit of one call of the step.
    fn limit(self) -> Duration {
        match self {
            Self::Secrets => timeouts::SECRETS,
            Self::Reread => timeouts::REREAD,
            Self::StoreNames => timeouts::STORE_NAMES,
            Self::Journal => timeouts::JOURNAL,
            Self::Queue => timeouts::QUEUE,
            Self::Quarantine => timeouts::QUARANTINE,
            Self::Deferral => timeouts::JOURNAL,
        }
    }

    fn timing(self, timings: &mut StepTimings) -> &mut Option<Duration> {
        match self {
            Self::Secrets | Self::Reread | Self::StoreNames => &mut timings.secrets,
            Self::Journal => &mut timings.journal,
            Self::Queue => &mut timings.queue,
            Self::Quarantine | Self::Deferral => &mut timings.quarantine,
        }
    }
}

/// The stopwatch of one delivery.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stopwatch(Arc<Mutex<StepTimings>>);

tokio::task_local! {
    /// The stopwatch of the delivery that the task works on. A task of an operator has none.
    static STOPWATCH: Stopwatch;
}

impl Stopwatch {
    /// Runs a delivery with this stopwatch.
    pub(crate) fn run<F: Future>(&self, delivery: F) -> impl Future<Output = F::Output> + use<F> {
        STOPWATCH.scope(self.clone(), delivery)
    }

    /// Returns the time of each step so far.
    pub(crate) fn timings(&self) -> StepTimings {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, step: Step, time: Duration) {
        let mut timings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let timing = step.timing(&mut timings);
        *timing = Some(timing.unwrap_or_default().saturating_add(time));
    }
}

/// Runs a part of a step, and adds its time to the task's stopwatch.
fn measure<T>(step: Step, work: impl Future<Output = T>) -> impl Future<Output = T> {
    // Boxed here, because the futures of the SDK's calls are large and the receiver's own would contain them.
    let work = Box::pin(work);
    async move {
        let start = Instant::now();
        let output = work.await;
        // Outside a delivery there is no stopwatch, and nothing to measure.
        let _ = STOPWATCH.try_with(|stopwatch| stopwatch.add(step, start.elapsed()));
        output
    }
}

/// Runs one call of a step within its limit, and adds its time to the task's stopwatch. The fault of a call that takes
/// longer has this context.
pub(crate) fn with_timeout<T>(
    step: Step,
    context: &'static str,
    call: impl Future<Output = Result<T, Fault>>,
) -> impl Future<Output = Result<T, Fault>> {
    within(step.limit(), step, context, call)
}

/// Runs one call of a step within a shorter limit.
pub(crate) fn within<T>(
    limit: Duration,
    step: Step,
    context: &'static str,
    call: impl Future<Output = Result<T, Fault>>,
) -> impl Future<Output = Result<T, Fault>> {
    let late = move |_| late(context, limit);
    let measured = measure(step, tokio::time::timeout(limit, call));
    async move { measured.await.map_err(late)? }
}

/// Runs one call of a step until `end`, which comes after this limit.
pub(crate) fn until<T>(
    (end, limit): (impl Future<Output = ()> + Unpin, Duration),
    step: Step,
    context: &'static str,
    call: impl Future<Output = Result<T, Fault>>,
) -> impl Future<Output = Result<T, Fault>> {
    let measured = measure(step, select(Box::pin(call), end));
    async move {
        match measured.await {
            Either::Left((result, _)) => result,
            Either::Right(_) => Err(late(context, limit)),
        }
    }
}

fn late(context: &'static str, limit: Duration) -> Fault {
    Fault::transient(context, format!("not done within {} s", limit.as_secs_f64()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_repeated_step_is_the_sum_and_an_unreached_one_is_absent() {
        let stopwatch = Stopwatch::default();
        let nap = Duration::from_millis(5);
        let delivery = async {
            for _ in 0..2 {
                measure(Step::Secrets, tokio::time::sleep(nap)).await;
            }
        };
        stopwatch.run(delivery).await;
        let timings = stopwatch.timings();
        assert!(timings.secrets >= Some(nap * 2), "{timings:?}");
        assert_eq!((timings.journal, timings.queue, timings.quarantine), (None, None, None));
    }

    #[tokio::test]
    async fn a_call_that_never_ends_is_a_fault_within_the_limit() {
        let never = std::future::pending::<Result<(), Fault>>();
        let limit = Duration::from_millis(20);
        let fault = within(limit, Step::Queue, "the work cannot be done", never).await.unwrap_err();
        assert_eq!(fault.chain(), "the work cannot be done: not done within 0.02 s");
    }

    #[tokio::test]
    async fn a_call_ends_with_its_limit_or_before() {
        let limit = Duration::from_millis(20);
        let end = || (Box::pin(tokio::time::sleep(limit)), limit);
        let never = std::future::pending::<Result<(), Fault>>();
        let fault = until(end(), Step::Secrets, "the names cannot be read", never).await.unwrap_err();
        assert_eq!(fault.chain(), "the names cannot be read: not done within 0.02 s");
        let done = async { Ok(7) };
        assert_eq!(until(end(), Step::Secrets, "the names cannot be read", done).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_call_that_ends_returns_its_result_also_without_a_delivery() {
        let done = async { Ok(7) };
        assert_eq!(with_timeout(Step::Queue, "the work cannot be done", done).await.unwrap(), 7);
    }
}
