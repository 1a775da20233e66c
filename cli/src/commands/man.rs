//! `inlet man`: the manual pages, one of the whole and one a command.

use std::path::PathBuf;

use clap_mangen::{Man, generate_to};

use crate::failure::Failure;
use crate::output::Output;

/// What can be said to `inlet man`.
#[derive(Debug, clap::Args)]
#[command(after_help = "For example: inlet man ~/.local/share/man/man1, or inlet man | man -l -")]
pub(crate) struct Arguments {
    /// The folder for a page of each command; without it the first page goes to standard output
    folder: Option<PathBuf>,
}

/// Writes the pages.
pub(crate) fn run(
    arguments: &Arguments,
    command_line: clap::Command,
    output: &mut Output,
) -> Result<(), Failure> {
    match &arguments.folder {
        Some(folder) => {
            let failed = |error| Failure::file("the pages cannot be written", folder, error);
            std::fs::create_dir_all(folder).map_err(failed)?;
            generate_to(command_line, folder).map_err(failed)
        }
        None => {
            let mut page = Vec::new();
            Man::new(command_line).render(&mut page)?;
            output.bytes(&page)
        }
    }
}
