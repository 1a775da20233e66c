//! Runs long work: shows its progress, and ends it on Ctrl-C and the other stop signals. The work can be continued later.

use std::pin::pin;
use std::time::Duration;

use indicatif::ProgressBar;
use inlet::fault::Fault;
use tokio::sync::watch;

use crate::stop_signal::StopSignals;

/// Interval between updates of the progress bar.
const EVERY: Duration = Duration::from_millis(100);

/// The outcome of the work.
#[derive(Debug)]
pub(crate) enum RunOutcome {
    /// All of it is done.
    Done,
    /// Ctrl-C or another stop signal ended it.
    Stopped,
    /// An error ended it.
    Failed(Fault),
}

/// Runs work that ends by itself soon after `stop` becomes true, so that it can put things in order. A stop signal sets
/// it; a second one ends the work at once. `done` returns the number of finished items.
pub(crate) async fn run_to_stop<T>(
    work: impl Future<Output = Result<(), Fault>>,
    stop: &watch::Sender<bool>,
    state: &watch::Sender<T>,
    progress: &ProgressBar,
    done: impl Fn(&T) -> u64,
) -> RunOutcome {
    let mut work = pin!(work);
    let mut signals = StopSignals::new();
    let mut ticks = tokio::time::interval(EVERY);
    let ended = loop {
        tokio::select! {
            biased;
            () = signals.next() => {
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
    let mut signals = StopSignals::new();
    let mut ticks = tokio::time::interval(EVERY);
    let ended = loop {
        tokio::select! {
            biased;
            () = signals.next() => break RunOutcome::Stopped,
            ended = &mut work => break ended.map_or_else(RunOutcome::Failed, |()| RunOutcome::Done),
            _ = ticks.tick() => progress.set_position(done(&state.borrow())),
        }
    };
    progress.finish_and_clear();
    ended
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;

    use super::*;

    #[tokio::test]
    async fn every_stop_signal_lets_the_work_put_things_in_order() {
        for signal in ["INT", "TERM", "HUP"] {
            let (stop, state) = (watch::Sender::new(false), watch::Sender::new(0_u64));
            let mut stopped = stop.subscribe();
            let work = async {
                // The handlers are installed: the first poll of the work comes after them.
                tokio::time::sleep(EVERY).await;
                let pid = std::process::id().to_string();
                assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
                stopped.wait_for(|is_stopped| *is_stopped).await.unwrap();
                // Such as returning dead letters.
                tokio::time::sleep(EVERY).await;
                state.send_replace(1);
                Ok(())
            };
            let bar = ProgressBar::hidden();
            let ended = run_to_stop(work, &stop, &state, &bar, |done| *done).await;
            assert!(matches!(ended, RunOutcome::Stopped), "{signal}: {ended:?}");
            assert_eq!(*state.borrow(), 1, "{signal}: the work ended by itself");
        }
    }
}
