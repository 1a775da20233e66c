//! Questions to the person at the terminal.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::thread;

use tokio::sync::oneshot;

use crate::failure::Failure;
use crate::output::silence;
use crate::output::terminal::Shown;

/// Asks for confirmation. `yes` skips the question.
///
/// # Errors
/// [`Failure::Declined`] if the user declines, [`Failure::Unconfirmed`] if there is no terminal.
pub(crate) fn confirm(question: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    write_question(question)?;
    check_reply(&read_reply()?)
}

/// The same for a command that handles the stop signals itself, which then do not end the process: it can drop the
/// question.
///
/// # Errors
/// The errors of [`confirm`].
pub(crate) async fn confirm_until_dropped(question: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    write_question(question)?;
    let (sender, reply) = oneshot::channel();
    // A thread of its own: the runtime would wait for one of its threads when the process ends.
    thread::spawn(move || sender.send(read_reply()));
    check_reply(&reply.await.unwrap_or_else(|_| Ok(String::new()))?)
}

fn write_question(question: &str) -> Result<(), Failure> {
    if !is_possible() {
        return Err(Failure::Unconfirmed);
    }
    silence::end();
    let mut terminal = io::stderr();
    write!(terminal, "{} [y/N] ", Shown(question))?;
    Ok(terminal.flush()?)
}

fn read_reply() -> io::Result<String> {
    let mut reply = String::new();
    io::stdin().lock().read_line(&mut reply)?;
    Ok(reply)
}

/// Returns true if a person can be asked: there is a terminal for the question and for the reply.
pub(crate) fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

fn check_reply(reply: &str) -> Result<(), Failure> {
    let is_yes = matches!(reply.trim().to_lowercase().as_str(), "y" | "yes");
    if is_yes { Ok(()) } else { Err(Failure::Declined) }
}

/// Asks for a secret. The terminal does not show the input.
///
/// # Errors
/// If the terminal cannot be read.
pub(crate) fn secret(question: &str) -> Result<String, Failure> {
    silence::end();
    Ok(rpassword::prompt_password(Shown(question).to_string())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::DeploymentArgs;

    #[test]
    fn a_declined_question_does_not_hint_at_yes() {
        for yes in ["y", "Yes\n"] {
            assert!(check_reply(yes).is_ok(), "{yes}");
        }
        for no in ["n\n", "", "yeah"] {
            let failure = check_reply(no).unwrap_err();
            assert_eq!(
                (failure.to_string().as_str(), failure.exit_code()),
                ("nothing was changed", 1),
                "{no}"
            );
            assert!(!failure.hint(&DeploymentArgs::of_stack("inlet", None)).contains("--yes"), "{no}");
        }
    }
}
