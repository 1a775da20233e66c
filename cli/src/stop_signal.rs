//! The signals that ask the command to stop: Ctrl-C, and on Unix SIGTERM and SIGHUP too, which a service manager and a
//! closed terminal send.

#[cfg(unix)]
use std::task::Poll;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Receives the signals from its creation on. The process does not end by itself any more when one comes.
pub(crate) struct StopSignals {
    #[cfg(unix)]
    signals: Vec<Signal>,
}

impl StopSignals {
    /// Starts to receive them. A signal whose handler cannot be installed keeps its default effect.
    pub(crate) fn new() -> Self {
        Self {
            #[cfg(unix)]
            signals: [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()]
                .into_iter()
                .filter_map(|kind| signal(kind).ok())
                .collect(),
        }
    }

    /// Waits for the next signal.
    #[cfg(unix)]
    pub(crate) async fn next(&mut self) {
        std::future::poll_fn(|context| {
            let is_received = self.signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
            if is_received { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Waits for the next signal.
    #[cfg(not(unix))]
    pub(crate) async fn next(&mut self) {
        drop(tokio::signal::ctrl_c().await);
    }
}
