//! Paths.

use std::path::{Path, PathBuf};

/// Returns this folder, which is committed.
pub fn bench() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the repository's folder.
pub fn root() -> &'static Path {
    bench().parent().expect("the bench is a folder of the repository")
}

/// Returns the folder of built files that are not committed.
pub fn state() -> PathBuf {
    root().join(".local/bench")
}

/// Returns the folder of a run's results.
pub fn results() -> PathBuf {
    bench().join("results")
}
