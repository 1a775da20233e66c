//! Writes the list of providers from the dependencies of this crate.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let manifest = fs::read_to_string("Cargo.toml")?;
    let crates = manifest.lines().filter(|line| line.contains("path = \"../../functions/"));
    let types: Vec<String> = crates
        .filter_map(|line| line.split_once(" ="))
        .map(|(name, _)| format!("{}::ThisProvider", name.replace('-', "_")))
        .collect();
    let list = format!("providers! {{ {} }}\n", types.join(", "));
    let folder = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("Cargo sets OUT_DIR"))?;
    println!("cargo::rerun-if-changed=Cargo.toml");
    fs::write(Path::new(&folder).join("providers.rs"), list)
}
