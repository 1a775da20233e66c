//! Runs long work: shows its progress, and ends it on Ctrl-C. The work can be continued later.

use std::pin::pin;
use std::time::Duration;

use indicatif::ProgressBar;
use inlet::fault::Fault;
use tokio::sync::watch;

/// Interval between updates of the progress bar.
const EVERY: Duration = Duration::from_millis(100);

/// The outcome of the work.
#[derive(Debug)]
pub(crate) enum RunOutcome {
    /// All of it is done.
    Done,
    /// Ctrl-C ended it.
    Stopped,
    /// An error ended it.
    Failed(Fault),
}

/// Runs work that ends by itself soon after `stop` becomes true, so that it can put things in order. Ctrl-C sets it; a
/// second Ctrl-C ends the work at once. `done` returns the number of finished items.
pub(crate) async fn run_to_stop<T>(
    work: impl Future<Output = Result<(), Fault>>,
    stop: &watch::Sender<bool>,
    state: &watch::Sender<T>,
    progress: &ProgressBar,
    done: impl Fn(&T) -> u64,
) -> RunOutcome {
    let mut work = pin!(work);
    let mut ticks = tokio::time::interval(EVERY);
    let ended = loop {
        tokio::select! {
            biased;
            _ = tokio::signal::ctrl_c() => {
                if stop.send_replace(true) {
                    break RunOutcome::Stopped;
                }
            }
            ended = &mut work => break match ended {
                Ok(()) if *stop.borrow() => RunOutcome::Stopped,
                Ok(()) => RunOutcome::Done,
                Err(fault) => RunOutcome::Failed(fault),
            },
            _ = ticks.tick() => progress.set_position(done(&state.borrow())),
        }
    };
    progress.finish_and_clear();
    ended
}

/// Runs the work. `done` returns the number of finished items from the state that the work publishes.
pub(crate) async fn run<T>(
    work: impl Future<Output = Result<(), Fault>>,
    state: &watch::Sender<T>,
    progress: &ProgressBar,
    done: impl Fn(&T) -> u64,
) -> RunOutcome {
    let mut work = pin!(work);
    let mut stop = pin!(tokio::signal::ctrl_c());
    let mut ticks = tokio::time::interval(EVERY);
    let ended = loop {
        tokio::select! {
            biased;
            _ = &mut stop => break RunOutcome::Stopped,
            ended = &mut work => break ended.map_or_else(RunOutcome::Failed, |()| RunOutcome::Done),
            _ = ticks.tick() => progress.set_position(done(&state.borrow())),
        }
    };
    progress.finish_and_clear();
    ended
}
