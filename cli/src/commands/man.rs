//! `inlet man`: writes the manual pages, one per command.

use std::path::PathBuf;

use clap_mangen::{Man, generate_to};

use crate::failure::Failure;
use crate::output::Output;

/// The arguments of `inlet man`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The folder; default: the main page to standard output
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
