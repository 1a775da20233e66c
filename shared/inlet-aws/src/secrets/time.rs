//! The clocks and pauses of an instance, as an argument: a test has its own.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use inlet::received_at::ReceivedAt;

use crate::client::clock;

/// The clocks and pauses of an instance.
pub(super) trait Time: Send + Sync {
    /// Returns the time of the instance's monotonic clock.
    fn instant(&self) -> Instant;

    /// Returns the time of day, which other instances may read.
    fn now(&self) -> ReceivedAt;

    /// Waits.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// Those of the process.
pub(super) struct ProcessTime;

impl Time for ProcessTime {
    fn instant(&self) -> Instant {
        Instant::now()
    }

    fn now(&self) -> ReceivedAt {
        clock::now()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(duration))
    }
}
