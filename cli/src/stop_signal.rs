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
                // `nohup` wants the process to go on when the terminal closes.
                .filter(|kind| *kind != SignalKind::hangup() || !is_hangup_ignored())
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

/// Returns true if the process ignores SIGHUP from its start. Known on Linux only.
#[cfg(unix)]
fn is_hangup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    // Bit 0 is signal 1.
    ignored & 1 == 1
}
