//! The simulated time: it passes only while all work waits for calls.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// The simulated time of each call.
pub(crate) const LATENCY: Duration = Duration::from_millis(5);

/// The time, and the calls that wait for their end.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    now: Duration,
    waiting: BTreeMap<(Duration, u64), Waker>,
    calls: u64,
}

/// The end of a call: its time, and a number that no other call has.
pub(crate) type End = (Duration, u64);

impl Clock {
    /// Returns the time.
    pub(crate) fn now(&self) -> Duration {
        self.now
    }

    /// Returns true if a call or pause that takes so long has ended. One without an end begins.
    pub(crate) fn poll(&mut self, waker: &Waker, takes: Duration, end: &mut Option<End>) -> bool {
        self.calls = self.calls.saturating_add(1);
        let end = *end.get_or_insert((self.now.saturating_add(takes), self.calls));
        if end.0 <= self.now {
            return true;
        }
        self.waiting.insert(end, waker.clone());
        false
    }

    /// Moves on to the end of the next call. Returns false if there is none.
    pub(crate) fn advance(&mut self) -> bool {
        let Some((end, waker)) = self.waiting.pop_first() else { return false };
        self.now = self.now.max(end.0);
        waker.wake();
        true
    }
}

/// Waits until a call ends.
pub(crate) async fn wait(has_ended: impl Fn(&Waker, &mut Option<End>) -> bool) {
    let mut end = None;
    poll_fn(|context| if has_ended(context.waker(), &mut end) { Poll::Ready(()) } else { Poll::Pending })
        .await;
}

/// Runs work, and calls `advance` whenever it waits.
pub(crate) async fn run<T>(work: impl Future<Output = T>, advance: impl Fn() -> bool) -> T {
    // The work is polled many times in one turn, which would use up its budget at tokio.
    let mut work = pin!(tokio::task::unconstrained(work));
    let woken = Arc::new(Woken { is_set: AtomicBool::new(false), outer: Mutex::new(Waker::noop().clone()) });
    poll_fn(|context| {
        woken.outer.lock().unwrap_or_else(PoisonError::into_inner).clone_from(context.waker());
        let waker = Waker::from(Arc::clone(&woken));
        loop {
            woken.is_set.store(false, Ordering::SeqCst);
            if let Poll::Ready(output) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Poll::Ready(output);
            }
            if !woken.is_set.load(Ordering::SeqCst) && !advance() {
                return Poll::Pending;
            }
        }
    })
    .await
}

/// Knows if the work was woken since it was polled.
struct Woken {
    is_set: AtomicBool,
    outer: Mutex<Waker>,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.is_set.store(true, Ordering::SeqCst);
        self.outer.lock().unwrap_or_else(PoisonError::into_inner).wake_by_ref();
    }
}
