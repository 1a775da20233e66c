//! Work that takes a while: its progress is seen, and Ctrl-C ends it where it can be taken up again.

use std::pin::pin;
use std::time::Duration;

use indicatif::ProgressBar;
use inlet::fault::Fault;
use tokio::sync::watch;

/// How often the progress is shown.
const EVERY: Duration = Duration::from_millis(100);

/// How work ended.
#[derive(Debug)]
pub(crate) enum RunOutcome {
    /// All of it is done.
    Done,
    /// The person at the terminal had enough.
    Stopped,
    /// It could not go on.
    Failed(Fault),
}

/// Sees the work to its end. `done` says how much of it is, by what the work tells.
pub(crate) async fn run<T>(
    work: impl Future<Output = Result<(), Fault>>,
    told: &watch::Sender<T>,
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
            _ = ticks.tick() => progress.set_position(done(&told.borrow())),
        }
    };
    progress.finish_and_clear();
    ended
}
