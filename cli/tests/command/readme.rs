//! Runs the README's tour, and compares the command's document with the help.

use std::path::Path;
use std::process::Command;

use inlet_tests::repository;

use crate::inlet::{bare, unheard_of};

#[test]
fn the_tour_of_the_readme_works() {
    let store = unheard_of("zid");
    let name = store.split_once('/').expect("two halves").1;
    let tour = repository::block_behind("README.md", "<!-- tested: tour -->").replace("riyadh", name);
    let beside = Path::new(env!("CARGO_BIN_EXE_inlet")).parent().expect("a folder").display().to_string();
    let script = format!("PATH={beside}:$PATH\n{tour}");
    let walked = Command::new("bash").args(["-euxc", &script]).current_dir(repository::root()).output();
    let walked = walked.expect("a shell");
    let printed =
        String::from_utf8_lossy(&walked.stdout).into_owned() + &String::from_utf8_lossy(&walked.stderr);
    assert!(walked.status.success(), "{printed}");
    crate::inlet::run(&["secret", "retire", &store, "--all", "--yes"]).done();
}

#[test]
fn the_commands_document_names_every_command() {
    let document = repository::text("docs/cli.md");
    let help = bare(&["--help"]).done().out;
    let listed = help.lines().take_while(|line| !line.starts_with("Options:")).filter_map(|line| {
        let command = line.strip_prefix("  ")?.split_whitespace().next()?;
        Some(command.to_owned())
    });
    let missing: Vec<String> = listed
        .filter(|command| {
            !document.contains(&format!("`inlet {command}`"))
                && !document.contains(&format!("`inlet {command} "))
        })
        .collect();
    assert_eq!(missing, [""; 0]);
}
