//! What is asked of the person at the terminal.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use crate::failure::Failure;

/// Asks whether to go on; `yes` answers for people who are not there.
///
/// # Errors
/// [`Failure::Unconfirmed`] when the answer is no, or when no terminal can ask.
pub(crate) fn confirm(question: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Failure::Unconfirmed);
    }
    let mut terminal = io::stderr();
    write!(terminal, "{question} [y/N] ")?;
    terminal.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    let agreed = matches!(answer.trim().to_lowercase().as_str(), "y" | "yes");
    if agreed { Ok(()) } else { Err(Failure::Unconfirmed) }
}

/// Asks for a secret, which is not shown while it is typed.
///
/// # Errors
/// When the terminal does not answer.
pub(crate) fn secret(question: &str) -> Result<String, Failure> {
    Ok(rpassword::prompt_password(question)?)
}
