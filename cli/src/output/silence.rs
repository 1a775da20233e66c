//! Notices that a command has written nothing for some seconds: it probably waits for AWS.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Time without any output after which a note says that the command waits.
const SILENCE: Duration = Duration::from_secs(3);

/// True after the first output of the process, on whatever stream.
static HAS_ENDED: AtomicBool = AtomicBool::new(false);

/// Remembers that something was written.
pub(super) fn end() {
    HAS_ENDED.store(true, Ordering::Relaxed);
}

/// Writes a note after some seconds of silence.
pub(super) fn report_later() {
    tokio::spawn(async {
        tokio::time::sleep(SILENCE).await;
        if !HAS_ENDED.load(Ordering::Relaxed) {
            // A note that cannot be written must not end the command.
            let _ = writeln!(io::stderr(), "waiting for a response from AWS; Ctrl-C ends");
        }
    });
}
