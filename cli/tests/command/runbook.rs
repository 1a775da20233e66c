//! The runbook's commands, each of them run against the local stack as it stands there.

use std::path::Path;
use std::process::Command;

use inlet_tests::repository;

use crate::given::{Given, orders};

#[tokio::test]
async fn every_command_of_the_runbook_does_its_work() {
    let Given { stack, store, ids, .. } = orders(1).await;
    let lines = commands();
    assert!(lines.len() > 20, "only {} commands were found", lines.len());
    for line in lines {
        let filled = line
            .replace("{stage}", &stack.facts.stage)
            .replace("{store}", store.as_str())
            .replace("{entity}", ids[0].entity_path())
            .replace("{id}", ids[0].as_str());
        let ran = shell(&filled, &stack.facts.endpoint, &stack.facts.region);
        let told = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
        // What other tests leave behind on the same stack may be wrong indeed.
        let found_trouble = line == "inlet doctor" && told.contains(" wrong, ");
        assert!(ran.status.success() || found_trouble, "{filled}\n{told}");
        // `sam logs` ends well even so.
        assert!(!told.contains("does not exist"), "{filled}\n{told}");
    }
}

/// The lines of the runbook's code blocks.
fn commands() -> Vec<String> {
    let runbook = repository::text("docs/runbook.md");
    let blocks = runbook.split("```").skip(1).step_by(2);
    blocks.flat_map(str::lines).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Runs a line as somebody would at a prompt, with this `inlet` and the local stack's `sam`.
fn shell(line: &str, endpoint: &str, region: &str) -> std::process::Output {
    let inlet = Path::new(env!("CARGO_BIN_EXE_inlet")).parent().expect("a folder").display();
    let sam = repository::root().join(".local/tools/python/bin");
    let mut shell = Command::new("bash");
    shell.args(["-c", &format!("PATH={inlet}:{}:$PATH\n{line}", sam.display())]);
    shell.current_dir(repository::root()).env("INLET_LOCAL", "true").env("SAM_CLI_TELEMETRY", "0");
    shell.env("AWS_ENDPOINT_URL", endpoint).env("AWS_REGION", region).env("AWS_DEFAULT_REGION", region);
    shell.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    shell.output().expect("a shell")
}
