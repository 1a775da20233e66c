//! What may not grow unseen: what is the same on every machine, of the receivers as the local stack builds them,
//! beside the committed figures.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::process::Command;

use crate::backends::Units;
use crate::callgrind;
use crate::contender::Contender::OfTheStack;
use crate::corpus::Body;
use crate::measure::{Bench, counted};
use crate::place;

/// By how much a figure may grow without being written anew.
const TOLERANCE: f64 = 0.03;

/// What no receiver is made of.
const ABSENT: [&str; 4] = ["aws-lc-sys", "aws-config", "openssl-sys", "lambda_http"];

/// What every receiver is made of once.
const ONCE: [&str; 5] = ["hyper", "rustls", "sha2", "ring", "tokio"];

type Figures = BTreeMap<String, f64>;

/// Compares with the committed figures.
pub fn compare() -> Result<(), Box<dyn Error>> {
    let mut wrong = wrong_dependencies()?;
    let committed: Figures = serde_json::from_str(&fs::read_to_string(file())?)?;
    for (name, now) in measured()? {
        let then = committed.get(&name).copied().unwrap_or(0.0);
        let grown = now > then * (1.0 + TOLERANCE);
        let change =
            if then > 0.0 { format!("{:+.1} %", (now / then - 1.0) * 100.0) } else { "new".to_owned() };
        println!("{name:<58} {then:>12} {now:>12}  {change}{}", if grown { "  <- grown" } else { "" });
        if grown {
            wrong.push(format!("{name} has grown from {then} to {now}"));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    wrong.push("where that is worth it, write bench/figures.json anew: inlet-bench gate --accept".to_owned());
    Err(wrong.join("\n").into())
}

/// Writes the figures anew.
pub fn accept() -> Result<(), Box<dyn Error>> {
    let json = serde_json::to_string_pretty(&measured()?)?;
    Ok(fs::write(file(), json + "\n")?)
}

fn file() -> std::path::PathBuf {
    place::bench().join("figures.json")
}

fn measured() -> Result<Figures, Box<dyn Error>> {
    let bench = Bench::start()?;
    let mut figures = Figures::new();
    for body in [Body::Zip, Body::Zid10] {
        let provider = body.provider();
        let mut add =
            |what: &str, value: f64| figures.insert(format!("inlet-{provider}: {what}"), value.round());
        add("bytes of the binary", fs::metadata(OfTheStack.file(provider))?.len() as f64);
        bench.backends.empty();
        let start = callgrind::count(OfTheStack, provider, &[], &bench.certificates, &bench.backends)?;
        // Not those to the first `/next`, nor those of a forgery: how far a handshake comes in time, and how often the
        // secrets are read again, depends on the machine.
        add("instructions before connections are opened", start.before_warming as f64);
        let accepted = counted::of_webhook(&bench, OfTheStack, body, Body::delivery)?;
        add("instructions of an accepted webhook", accepted * 1e6);
        let function = bench.function(OfTheStack, body)?;
        function.ready()?;
        bench.deliver(&function, OfTheStack, &body.delivery())?;
        let units = Units::of(&bench.deliver(&function, OfTheStack, &body.delivery())?.calls);
        add("AWS calls of an accepted webhook", units.calls as f64);
        add("write units of an accepted webhook", (units.table_writes + units.index_writes) as f64);
    }
    Ok(figures)
}

/// What receivers are made of and should not be.
fn wrong_dependencies() -> Result<Vec<String>, Box<dyn Error>> {
    let mut wrong = Vec::new();
    for receiver in ["inlet-dealpos", "inlet-tiki", "inlet-zid", "inlet-zip", "inlet-zort"] {
        let made_of = dependencies(receiver)?;
        for crate_name in ABSENT {
            if made_of.contains_key(crate_name) {
                wrong.push(format!("{receiver} is made of {crate_name}"));
            }
        }
        for crate_name in ONCE {
            let versions = made_of.get(crate_name).map_or(0, BTreeSet::len);
            if versions != 1 {
                wrong.push(format!("{receiver} has {versions} versions of {crate_name}"));
            }
        }
    }
    Ok(wrong)
}

/// The crates that are linked into a package's binary, with their versions.
fn dependencies(package: &str) -> Result<BTreeMap<String, BTreeSet<String>>, Box<dyn Error>> {
    let arguments = ["tree", "--locked", "--edges", "normal", "--prefix", "none", "--package", package];
    let output = Command::new("cargo").args(arguments).current_dir(place::root()).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        let mut words = line.split(' ');
        if let (Some(name), Some(version)) = (words.next(), words.next()) {
            found.entry(name.to_owned()).or_default().insert(version.to_owned());
        }
    }
    Ok(found)
}
