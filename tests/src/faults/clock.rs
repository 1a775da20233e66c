//! A wall clock that is wrong: a library that is loaded into a function and moves the time that it reads.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use crate::repository;

/// Returns the variables that move a function's clock ahead by this many milliseconds. The C compiler that the local
/// stack needs anyway builds the library once.
///
/// # Panics
/// If it cannot be built.
pub fn ahead(ms: i64) -> [(String, String); 2] {
    let library = library().to_string_lossy().into_owned();
    [("LD_PRELOAD".to_owned(), library), ("CLOCK_AHEAD_MS".to_owned(), ms.to_string())]
}

fn library() -> &'static PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = repository::root().join(".local/faults");
        std::fs::create_dir_all(&folder).expect("a folder");
        // Test programs run at the same time, so none may see another's half.
        let (mine, library) =
            (folder.join(format!("{}.so", std::process::id())), folder.join("clock_ahead.so"));
        let source = repository::root().join("tests/src/faults/clock_ahead.c");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&mine).arg(source).arg("-ldl");
        assert!(compiler.status().expect("a C compiler").success(), "the library cannot be built");
        std::fs::rename(mine, &library).expect("a file that can be renamed");
        library
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the seconds since 1970 UTC by the clock of a program with these variables.
    fn seconds(variables: &[(String, String)]) -> i64 {
        let output = Command::new("date").arg("+%s").envs(variables.iter().cloned()).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
    }

    #[test]
    fn a_moved_clock_is_ahead_or_behind_by_that_much() {
        for ms in [59_000, -59_000, 300_000] {
            let moved = seconds(&ahead(ms)) - seconds(&[]);
            assert!((moved - ms / 1_000).abs() <= 1, "{ms}: {moved}");
        }
    }
}
