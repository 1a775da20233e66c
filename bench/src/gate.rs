//! The gate: compares values that are the same on every machine, and the CPU in proportion to a peer's, of the functions as
//! they are deployed, with the committed figures.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::process::Command;

use crate::callgrind;
use crate::contender::Contender::{Idiomatic, Inlet};
use crate::corpus::Body;
use crate::hostile;
use crate::measure::{Bench, counted, flows, warm};
use crate::place;

/// Growth of a figure that the gate accepts.
const TOLERANCE: f64 = 0.03;

/// Growth that the gate accepts of the CPU in proportion to the idiomatic peer's. Instructions cannot replace it: valgrind
/// counts SHA-256 as a quarter of them, for which a processor needs a thirtieth of the time. The machine slows both programs
/// of a ratio, and still two runs on a machine with other work differ by a tenth. The gate must not fail by chance, so it
/// detects what adds a quarter.
const TOLERANCE_OF_RATIO: f64 = 0.25;

/// The end of the name of a figure that is such a ratio.
const RATIO: &str = "CPU of an accepted webhook in proportion to R1";

/// Crates that no receiver may link.
const ABSENT: [&str; 3] = ["aws-lc-sys", "aws-config", "openssl-sys"];

/// Crates of which a receiver may link one version only.
const ONCE: [&str; 5] = ["hyper", "rustls", "sha2", "ring", "tokio"];

type Figures = BTreeMap<String, f64>;

/// Compares the current values with the committed figures.
pub fn compare() -> Result<(), Box<dyn Error>> {
    let mut wrong = wrong_dependencies()?;
    let committed: Figures = serde_json::from_str(&fs::read_to_string(file())?)?;
    let (figures, exceeded) = measured()?;
    wrong.extend(exceeded);
    for (name, now) in figures {
        let then = committed.get(&name).copied().unwrap_or(0.0);
        let grown = now > then * (1.0 + tolerance(&name));
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
    wrong.push("if the change is worth it, update bench/figures.json: inlet-bench gate --accept".to_owned());
    Err(wrong.join("\n").into())
}

fn tolerance(figure: &str) -> f64 {
    if figure.ends_with(RATIO) { TOLERANCE_OF_RATIO } else { TOLERANCE }
}

/// Replaces the committed figures by the measured ones. A ratio that was not measured stays.
pub fn accept() -> Result<(), Box<dyn Error>> {
    let committed: Figures = serde_json::from_str(&fs::read_to_string(file())?)?;
    let mut figures = measured()?.0;
    if !is_peer_built() {
        figures.extend(committed.into_iter().filter(|(name, _)| name.ends_with(RATIO)));
    }
    Ok(fs::write(file(), serde_json::to_string_pretty(&figures)? + "\n")?)
}

/// Returns true if R1 was built: it takes minutes, and nothing but the ratio needs it.
fn is_peer_built() -> bool {
    Idiomatic.file("").exists()
}

fn file() -> std::path::PathBuf {
    place::bench().join("figures.json")
}

/// Returns the figures, and what exceeds a limit of its own.
fn measured() -> Result<(Figures, Vec<String>), Box<dyn Error>> {
    let bench = Bench::start()?;
    let (mut figures, mut wrong) = (Figures::new(), Vec::new());
    if !is_peer_built() {
        println!("NOTICE: the CPU in proportion to R1 is not compared: `make bench` builds R1");
    }
    for body in [Body::Zip, Body::Zid10] {
        let provider = body.provider();
        if is_peer_built() {
            let ratio = warm::cpu_ratio(&bench, body)?;
            figures.insert(format!("inlet-{provider}: {RATIO}"), (ratio * 1e3).round() / 1e3);
        }
        let mut add =
            |what: &str, value: f64| figures.insert(format!("inlet-{provider}: {what}"), value.round());
        add("bytes of the binary", fs::metadata(Inlet.file(provider))?.len() as f64);
        bench.backends.empty();
        let start = callgrind::count(Inlet, provider, &[], &bench.certificates, &bench.backends)?;
        // Without the instructions up to the first `/next` and those of a forgery: the progress of a handshake and the
        // number of credential reads depend on the machine.
        add("instructions before connections are opened", start.before_warming as f64);
        let accepted = counted::of_webhook(&bench, Inlet, body, Body::delivery)?;
        add("instructions of an accepted webhook", accepted * 1e6);
    }
    for body in Body::counted() {
        let flow = flows::units(&bench, body)?;
        let mut add = |what: &str, value: f64| figures.insert(format!("{}: {what}", body.name()), value);
        add("AWS calls of an accepted webhook", flow.accepted.calls as f64);
        add("write units of an accepted webhook", flow.accepted.writes() as f64);
        add("AWS calls of a repeated webhook", flow.repeated.calls as f64);
        add("read units of a repeated webhook", flow.repeated.reads);
        add("write units of a repeated webhook", flow.repeated.writes() as f64);
    }
    for body in [Body::Zid1, Body::Sample("zort")] {
        let reads = flows::sweeper_reads(&bench, body)?;
        figures.insert(format!("{}: read units of the sweeper for a settled event", body.name()), reads);
    }
    for body in Body::of_each_provider() {
        // Not a figure: memory is measured in steps of 8 MB, and has a limit of its own.
        let worst = hostile::worst(&bench, Inlet, body)?;
        wrong.extend(hostile::exceeded(body.provider(), worst));
    }
    Ok((figures, wrong))
}

/// Measures the most expensive forged requests, and compares them with their limits.
pub fn hostile() -> Result<(), Box<dyn Error>> {
    let bench = Bench::start()?;
    let mut wrong = Vec::new();
    for body in Body::of_each_provider() {
        let worst = hostile::worst(&bench, Inlet, body)?;
        wrong.extend(hostile::exceeded(body.provider(), worst));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// Returns the forbidden and duplicate crates of the receivers.
fn wrong_dependencies() -> Result<Vec<String>, Box<dyn Error>> {
    let mut wrong = Vec::new();
    for receiver in inlet_providers::NAMES.iter().map(|name| format!("inlet-{name}")) {
        let made_of = dependencies(&receiver)?;
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

/// Returns the crates that are linked into a package's binary, with their versions.
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
