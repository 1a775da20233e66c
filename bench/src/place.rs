//! Where things lie.

use std::path::{Path, PathBuf};

/// This folder, committed.
pub fn bench() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The repository.
pub fn root() -> &'static Path {
    bench().parent().expect("the bench is a folder of the repository")
}

/// What is made by the bench and not committed.
pub fn state() -> PathBuf {
    root().join(".local/bench")
}

/// What a run says.
pub fn results() -> PathBuf {
    bench().join("results")
}
