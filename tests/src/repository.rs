//! The repository's own files, for tests and generators.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The wanted files, by path below the repository.
pub type Files = BTreeMap<String, String>;

/// Returns the repository's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace holds this package").to_owned()
}

/// Returns the text of a file.
pub fn text(path: &str) -> String {
    let file = root().join(path);
    fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

/// Returns the fenced block behind this line of a document.
pub fn block_behind(document: &str, line: &str) -> String {
    let text = text(document);
    let behind = text.split(line).nth(1).unwrap_or_else(|| panic!("{document} has no {line:?}"));
    let fenced = behind.split("```").nth(1).expect("a fenced block");
    fenced.split_once('\n').expect("a block of several lines").1.to_owned()
}

/// Returns the files below a folder, by path below the repository.
pub fn below(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let path = path.strip_prefix(root()).expect("a file below the root");
                found.push(path.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

/// Writes a file.
pub fn write(path: &str, text: &str) {
    fs::write(root().join(path), text).expect("a file that can be written");
}

/// Writes these files and removes every other one below the folder.
pub fn replace(folder: &str, files: &Files) {
    for stale in below(folder).iter().filter(|path| !files.contains_key(*path)) {
        fs::remove_file(root().join(stale)).expect("a file that can be removed");
    }
    for (path, text) in files {
        let file = root().join(path);
        fs::create_dir_all(file.parent().expect("a file in a folder")).expect("a folder that can be made");
        fs::write(file, text).expect("a file that can be written");
    }
}

/// Returns the differences between a folder and the wanted files, in words.
pub fn differences(folder: &str, files: &Files) -> Vec<String> {
    let there = below(folder);
    let stale =
        there.iter().filter(|path| !files.contains_key(*path)).map(|path| format!("{path} is left over"));
    let missing = files.keys().filter(|path| !there.contains(path)).map(|path| format!("{path} is missing"));
    let same = |path: &str, want: &str| fs::read_to_string(root().join(path)).is_ok_and(|text| text == want);
    let changed = files.iter().filter(|(path, want)| there.contains(path) && !same(path, want));
    stale.chain(missing).chain(changed.map(|(path, _)| format!("{path} is out of step"))).collect()
}
