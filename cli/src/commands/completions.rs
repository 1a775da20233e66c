//! `inlet completions`: writes completions for a shell.

use clap_complete::Shell;

use crate::failure::Failure;
use crate::output::Output;

/// The arguments of `inlet completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The shell
    shell: Shell,
}

/// Writes the completions to standard output.
pub(crate) fn run(
    arguments: &Arguments,
    command_line: &mut clap::Command,
    output: &mut Output,
) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, command_line, "inlet", &mut script);
    output.bytes(&script)
}
