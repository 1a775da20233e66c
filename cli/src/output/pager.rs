//! Shows a long text with a pager, as `git log` does.

use std::io::{self, Write as _};
use std::process::{Command, Stdio};

/// Runs the pager, a command with options separated by blanks, and waits until the user ends it.
///
/// # Errors
/// If it cannot be started.
pub(super) fn show(pager: &str, text: &str) -> io::Result<()> {
    let mut words = pager.split_whitespace();
    let program = words.next().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(program);
    if std::env::var_os("LESS").is_none() {
        // Show colours, and end at once if the text fits on one screen.
        command.env("LESS", "FRX");
    }
    let mut child = command.args(words).stdin(Stdio::piped()).spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // A pager that the user ended early closes the pipe.
        let _ = input.write_all(text.as_bytes());
    }
    child.wait().map(drop)
}
