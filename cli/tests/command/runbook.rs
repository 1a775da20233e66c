//! Runs each of the runbook's commands on the local stack. Needs the AWS CLI.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use inlet_tests::repository;
use inlet_tests::stack::Stack;

use crate::given::{Given, orders};

#[tokio::test]
async fn every_command_of_the_runbook_works() {
    let Given { stack, store, ids, .. } = orders(1).await;
    let lines = commands();
    assert!(lines.len() > 20, "only {} commands were found", lines.len());
    let run = |line: &str| shell(line, &stack.facts.endpoint, &stack.facts.region);
    let names =
        names(&run(lines.iter().find_map(|line| listing(line)).expect("the line that lists").as_str()));
    let key = own_key(&stack);
    for line in lines {
        let mut filled = line
            .replace("{stack}", STACK)
            .replace("{stage}", &stack.facts.stage)
            .replace("{store}", store.as_str())
            .replace("{entity}", ids[0].entity_path())
            .replace("{id}", ids[0].as_str())
            .replace("{KmsKeyArn}", &key);
        for (name, of_aws) in &names {
            filled = filled.replace(&format!("{{{name}}}"), of_aws);
        }
        let ran = run(&filled);
        let printed =
            String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
        // Other tests may leave real problems on the same stack.
        let found_failures = line == "inlet doctor" && printed.contains(" failed, ");
        assert!(ran.status.success() || found_failures, "{filled}\n{printed}");
    }
}

/// Returns the ARN of a new key, as a user has one of her own.
fn own_key(stack: &Stack) -> String {
    let headers =
        [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "TrentService.CreateKey")];
    let created = stack.ask("POST", &stack.facts.endpoint, &headers, b"{}");
    created.body["KeyMetadata"]["Arn"].as_str().expect("a key's ARN").to_owned()
}

/// The local stack's name.
const STACK: &str = "inlet-local";

/// Returns the line if it lists the physical names.
fn listing(line: &str) -> Option<String> {
    line.contains("list-stack-resources").then(|| line.replace("{stack}", STACK))
}

/// Returns the physical names by logical id.
fn names(listed: &Output) -> BTreeMap<String, String> {
    let printed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let pair = |line: &str| line.split_once('\t').map(|(ours, theirs)| (ours.to_owned(), theirs.to_owned()));
    let names: BTreeMap<String, String> = printed.lines().filter_map(pair).collect();
    assert!(
        names.contains_key("EventTable"),
        "no names in {printed}\n{}",
        String::from_utf8_lossy(&listed.stderr)
    );
    names
}

/// The lines of the runbook's code blocks.
fn commands() -> Vec<String> {
    let runbook = repository::text("docs/runbook.md");
    let blocks = runbook.split("```").skip(1).step_by(2);
    blocks.flat_map(str::lines).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Runs a line as an operator would at a prompt, with this `inlet` and the machine's `aws`.
fn shell(line: &str, endpoint: &str, region: &str) -> Output {
    let inlet = Path::new(env!("CARGO_BIN_EXE_inlet")).parent().expect("a folder").display();
    let mut shell = Command::new("bash");
    shell.args(["-c", &format!("PATH={inlet}:$PATH\n{line}")]);
    shell.current_dir(repository::root()).env("INLET_LOCAL", "true");
    shell.env("AWS_ENDPOINT_URL", endpoint).env("AWS_REGION", region).env("AWS_DEFAULT_REGION", region);
    shell.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    shell.output().expect("a shell")
}
