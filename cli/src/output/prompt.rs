//! What is asked of the person at the terminal.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use crate::failure::Failure;

/// Asks whether to go on; `yes` answers for people who are not there.
///
/// # Errors
/// [`Failure::Declined`] when the answer is no, [`Failure::Unconfirmed`] when no terminal can ask.
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
    agreed(&answer)
}

fn agreed(answer: &str) -> Result<(), Failure> {
    let agreed = matches!(answer.trim().to_lowercase().as_str(), "y" | "yes");
    if agreed { Ok(()) } else { Err(Failure::Declined) }
}

/// Asks for a secret, which is not shown while it is typed.
///
/// # Errors
/// When the terminal does not answer.
pub(crate) fn secret(question: &str) -> Result<String, Failure> {
    Ok(rpassword::prompt_password(question)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_says_no_is_not_told_to_say_yes() {
        for yes in ["y", "Yes\n"] {
            assert!(agreed(yes).is_ok(), "{yes}");
        }
        for no in ["n\n", "", "yeah"] {
            let failure = agreed(no).unwrap_err();
            assert_eq!((failure.to_string().as_str(), failure.exit_code()), ("not done", 1), "{no}");
            assert!(!failure.next().contains("--yes"), "{no}");
        }
    }
}
