//! The command that a function runs under, if it is observed.

use std::path::PathBuf;

use crate::contender::Contender;

/// A command that runs a function, and the folder of the binaries that it runs.
#[derive(Debug)]
pub struct Wrapper {
    command: Vec<String>,
    folder: &'static str,
}

impl Wrapper {
    /// None: the deployed binary runs by itself.
    pub const NONE: &'static Self = &Self { command: Vec::new(), folder: "stripped" };

    /// Returns valgrind's command: it runs the binaries with their symbols.
    pub fn valgrind(command: Vec<String>) -> Self {
        Self { command, folder: "with-symbols" }
    }

    /// Returns QEMU's command: it runs the binaries for arm64.
    pub fn qemu(command: Vec<String>) -> Self {
        Self { command, folder: "arm64" }
    }

    /// Returns the command that starts a contender.
    pub fn words(&self, contender: Contender, provider: &str) -> Vec<PathBuf> {
        let program = contender.command_in(self.folder, provider);
        self.command.iter().map(PathBuf::from).chain(program).collect()
    }

    /// Returns true if another command runs the function. It has output of its own.
    pub fn is_any(&self) -> bool {
        !self.command.is_empty()
    }
}
