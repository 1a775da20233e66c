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

/// Returns the text of a file, or `None` if it does not exist.
pub fn existing(path: &str) -> Option<String> {
    fs::read_to_string(root().join(path)).ok()
}

/// Writes a file, and its folder if there is none.
pub fn write(path: &str, text: &str) {
    let file = root().join(path);
    fs::create_dir_all(file.parent().expect("a file in a folder")).expect("a folder that can be made");
    fs::write(file, text).expect("a file that can be written");
}

/// Removes a file.
pub fn remove(path: &str) {
    fs::remove_file(root().join(path)).expect("a file that can be removed");
}
