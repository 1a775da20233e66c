//! A provider's API within the time of a run: when the time is over, no request is sent and no wait begins.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;
use inlet::reconcile::{Api, Request, Response};

/// An API that can be used until a time.
#[derive(Debug)]
pub(super) struct Limited<'a, A> {
    api: &'a A,
    until: ReceivedAt,
    is_over: AtomicBool,
}

impl<'a, A: Api> Limited<'a, A> {
    pub(super) fn new(api: &'a A, until: ReceivedAt) -> Self {
        let is_over = AtomicBool::new(api.now() >= until);
        Self { api, until, is_over }
    }

    /// Returns true if a request was not sent because the time was over.
    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

impl<A: Api + Sync> Api for Limited<'_, A> {
    fn now(&self) -> ReceivedAt {
        self.api.now()
    }

    async fn send(&self, request: &Request) -> Result<Response, Fault> {
        if self.now() >= self.until {
            self.end();
        }
        if self.is_over() {
            return Err(Fault::transient("no request was sent", "the time of the run is over"));
        }
        self.api.send(request).await
    }

    async fn pause(&self, time: Duration) {
        if time >= self.until.since(self.now()) {
            self.end();
        } else {
            self.api.pause(time).await;
        }
    }
}
