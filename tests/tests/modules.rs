//! The modules of a crate depend on each other in one direction: no circle of files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The imports of each module, by path: `proof::verify`.
type Imports = BTreeMap<String, BTreeSet<String>>;

#[test]
fn no_crate_has_a_circle_of_modules() {
    for name in ["shared/inlet", "shared/inlet-aws", "cli"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src");
        let imports = imports(&root);
        let count: usize = imports.values().map(BTreeSet::len).sum();
        assert!(imports.len() > 20 && count > imports.len(), "{name}: the imports were not found");
        assert_eq!(circle(&imports), None, "{name}: these modules import each other");
    }
}

#[test]
fn a_circle_of_modules_is_found() {
    let imports = |pairs: &[(&str, &[&str])]| -> Imports {
        pairs
            .iter()
            .map(|(name, used)| ((*name).into(), used.iter().map(|m| (*m).into()).collect()))
            .collect()
    };
    assert_eq!(circle(&imports(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])])), None);
    let circular = imports(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"])]);
    assert_eq!(circle(&circular), Some(["b".to_owned(), "c".to_owned()].into()));
}

#[test]
fn a_path_is_found_in_every_form_of_use() {
    let known = ["a", "a::b", "a::c", "d", "me", "me::part"].map(str::to_owned).into();
    let text = "use crate::a::{b::X, c::{Y as Z, W}}; use std::io; // crate::d\n\
                pub use part::T; fn f() { crate::d::g(); }\n\
                #[cfg(test)]\nmod tests { use crate::a::Q; }";
    let found = used("me", text, &known);
    assert_eq!(found, ["a::b", "a::c", "d", "me::part"].map(str::to_owned).into());
}

/// Returns the modules that are left when every module without an import of another is removed, again and again; and
/// the same from the other end. They are on a circle, or between two of them.
fn circle(imports: &Imports) -> Option<BTreeSet<String>> {
    let mut left: BTreeSet<String> = imports.keys().cloned().collect();
    loop {
        let importing = |name: &&String| imports[*name].intersection(&left).next().is_some();
        let imported = |name: &&String| left.iter().any(|other| imports[other].contains(*name));
        let kept: BTreeSet<String> = left.iter().filter(importing).filter(imported).cloned().collect();
        if kept == left {
            return (!left.is_empty()).then_some(left);
        }
        left = kept;
    }
}

/// Returns the modules of a crate with their imports. Tests are not modules.
fn imports(root: &Path) -> Imports {
    let files = files(root);
    let name = |path: &PathBuf| {
        let path = path.strip_prefix(root).expect("a file of the crate").with_extension("");
        let parts = path.iter().map(|part| part.to_str().expect("a plain name"));
        parts.filter(|part| *part != "mod").collect::<Vec<_>>().join("::")
    };
    let modules: BTreeMap<String, PathBuf> = files.into_iter().map(|path| (name(&path), path)).collect();
    let is_code = |name: &String| !matches!(name.as_str(), "lib" | "main") && !name.ends_with("tests");
    let known: BTreeSet<String> = modules.keys().filter(|name| is_code(name)).cloned().collect();
    let text = |name: &String| std::fs::read_to_string(&modules[name]).expect("a readable file");
    known.iter().map(|name| (name.clone(), used(name, &text(name), &known))).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder of sources");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// Returns the known modules that a module's text names.
fn used(module: &str, text: &str, known: &BTreeSet<String>) -> BTreeSet<String> {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let code = code.join("\n");
    let parts: Vec<&str> = module.split("::").collect();
    let parent = parts[..parts.len() - 1].join("::");
    let mut paths = Vec::new();
    for (prefix, base) in [("crate::", ""), ("super::", parent.as_str()), ("pub use ", module)] {
        for (start, _) in code.match_indices(prefix) {
            let tree = &code[start + prefix.len()..];
            let base = if base.is_empty() { String::new() } else { format!("{base}::") };
            paths.extend(expanded(&base, tree));
        }
    }
    let deepest = |path: &String| {
        let parts: Vec<&str> = path.split("::").collect();
        (1..=parts.len()).rev().map(|end| parts[..end].join("::")).find(|name| known.contains(name))
    };
    paths.iter().filter_map(deepest).filter(|name| name != module).collect()
}

/// Returns the paths of the use tree that a text begins with: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn expanded(base: &str, text: &str) -> Vec<String> {
    let is_of_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let end = text.find(|c| !is_of_path(c)).unwrap_or(text.len());
    let (path, rest) = text.split_at(end);
    let Some(inner) = rest.strip_prefix('{').filter(|_| path.is_empty() || path.ends_with("::")) else {
        return vec![format!("{base}{path}")];
    };
    let mut depth = 0_u32;
    let mut parts = vec![String::new()];
    for c in inner.chars() {
        match c {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().expect("at least one part").push(c);
    }
    let base = format!("{base}{path}");
    parts.iter().flat_map(|part| expanded(&base, part.trim())).collect()
}
