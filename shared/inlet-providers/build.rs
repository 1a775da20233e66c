//! Writes the lists of providers from the dependencies of this crate.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let manifest = fs::read_to_string("Cargo.toml")?;
    let crates = manifest.lines().filter_map(|line| {
        let (name, rest) = line.split_once(" =")?;
        let folder = rest.split('"').find(|part| part.starts_with("../../functions/"))?;
        Some((format!("{}::ThisProvider", name.replace('-', "_")), folder))
    });
    let crates: Vec<(String, &str)> = crates.collect();
    let providers: Vec<&str> = crates.iter().map(|(name, _)| name.as_str()).collect();
    // A provider whose API is read for reconciliation has a module for it.
    let has_api = |folder: &str| {
        ["src/api.rs", "src/api/mod.rs"].iter().any(|file| Path::new(folder).join(file).exists())
    };
    let sources = crates.iter().filter(|(_, folder)| has_api(folder));
    let sources: Vec<&str> = sources.map(|(name, _)| name.as_str()).collect();
    let lists = format!("providers! {{ {} }}\nsources! {{ {} }}\n", providers.join(", "), sources.join(", "));
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("Cargo sets OUT_DIR"))?;
    println!("cargo::rerun-if-changed=Cargo.toml");
    for (_, folder) in &crates {
        println!("cargo::rerun-if-changed={folder}/src");
    }
    fs::write(Path::new(&out).join("providers.rs"), lists)
}
