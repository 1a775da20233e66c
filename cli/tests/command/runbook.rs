//! Runs each of the runbook's commands on the local stack. Needs the AWS CLI.
//!
//! The sections about parts that are gone run on parts of the test's own, which are deleted before.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use inlet::received_at::ReceivedAt;
use inlet_aws::client::clock;
use inlet_aws::dynamodb::table::Table;
use inlet_aws::operate::replay::Selection;
use inlet_aws::operate::verify::{Verification, verify};
use inlet_tests::stack::Stack;
use inlet_tests::{repository, template};
use tokio::sync::watch;

use crate::given::{Given, orders};

/// The sections that create parts again.
const OF_GONE_PARTS: [&str; 3] =
    ["The table is gone", "Settings that a restored table lacks", "A queue or the bus is gone"];

/// The sections about the reconciler.
const OF_RECONCILER: [&str; 2] = ["completeness-low", "reconciler-stale"];

/// The parts that exist only with `Reconcile=on`, as a command of [`OF_RECONCILER`] names them. The local stack has none
/// of them, so these commands are not run. Each part has its resource in the template, and a property of it.
const WITH_RECONCILER: [(&str, &str, &str); 3] = [
    ("/inlet/{stage}/reconciler", "ReconcilerLog", "/LogGroupName"),
    // SAM makes the schedule's logical id of the function's and the event's name.
    ("{ReconcilerFunctionEveryQuarterHour}", "ReconcilerFunction", "/Events/EveryQuarterHour"),
    ("{ReconcilerFunction}", "ReconcilerFunction", ""),
];

#[test]
fn the_template_creates_the_parts_of_commands_that_are_not_run() {
    let lines: Vec<String> = OF_RECONCILER.iter().flat_map(|title| section(title)).collect();
    for (part, resource, property) in WITH_RECONCILER {
        assert!(lines.iter().any(|line| line.contains(part)), "no command names {part}");
        let properties = template::properties(resource);
        assert!(properties.pointer(property).is_some(), "{part}: {resource} has no {property}");
    }
}

#[tokio::test]
async fn a_table_that_is_gone_comes_back_by_the_runbook() {
    let stack = Stack::up();
    let name = stack.copy_of_table().await;
    let dynamodb = &stack.clients.dynamodb;
    let created = dynamodb.create_backup().table_name(&name).backup_name(&name).send().await.unwrap();
    let backup = created.backup_details.unwrap().backup_arn;
    let key = own_key(&stack);
    let arn = format!("arn:aws:dynamodb:{}:000000000000:table/{name}", stack.facts.region);
    let run = |line: &str| {
        let filled = line.replace("{EventTable}", &name).replace("{BackupArn}", &backup);
        let filled = filled.replace("{TableArn}", &arn).replace("{KmsKeyArn}", &key);
        let ran = shell(&filled, &stack.facts.endpoint, &stack.facts.region);
        let printed =
            String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success() || line == "inlet doctor", "{filled}\n{printed}");
        printed
    };
    let lines = section("The table is gone");
    let list = lines.iter().find(|line| line.contains("list-backups")).expect("the line that lists");
    assert!(run(list).contains(&backup), "the backup is listed");
    for create in ["restore-table-from-backup", "create-table"] {
        dynamodb.delete_table().table_name(&name).send().await.unwrap();
        run(lines.iter().find(|line| line.contains(create)).expect("the line that creates"));
        let table = Table::new(dynamodb.clone(), name.clone(), 90);
        let (from, until) = (ReceivedAt::EPOCH, clock::now());
        let selection = Selection::between(from, until);
        let sum = watch::Sender::new(Verification::default());
        verify(&table, &selection, &sum).await.unwrap();
        let events = sum.borrow().events;
        assert_eq!(events > 0, create == "restore-table-from-backup", "{create}: {events} events");
        table.time_index.slice(until.earlier(Duration::from_mins(1)), until).await.unwrap();
    }
    for line in section("Settings that a restored table lacks") {
        run(&line);
    }
    let described = dynamodb.describe_table().table_name(&name).send().await.unwrap().table.unwrap();
    assert_eq!(described.deletion_protection_enabled(), Some(true));
    let ttl = dynamodb.describe_time_to_live().table_name(&name).send().await.unwrap();
    assert_eq!(ttl.time_to_live_description.unwrap().attribute_name(), Some("expires"));
}

#[tokio::test]
async fn queues_and_a_bus_that_are_gone_come_back_by_the_runbook() {
    let stack = Stack::up();
    let word = inlet_tests::stack::unique();
    let arn = format!("arn:aws:sqs:{}:000000000000:{word}-dead.fifo", stack.facts.region);
    for line in section("A queue or the bus is gone").iter().filter(|line| *line != "inlet doctor") {
        let filled = line.replace("{DeadLetterQueueName}", &format!("{word}-dead.fifo"));
        let filled = filled.replace("{EventQueueName}", &format!("{word}.fifo"));
        let filled = filled.replace("{DeadLetterQueueArn}", &arn).replace("{EventBusName}", &word);
        let ran = shell(&filled, &stack.facts.endpoint, &stack.facts.region);
        assert!(ran.status.success(), "{filled}\n{}", String::from_utf8_lossy(&ran.stderr));
    }
    let url = stack.clients.sqs.get_queue_url().queue_name(format!("{word}.fifo")).send().await.unwrap();
    let asked = stack.clients.sqs.get_queue_attributes().queue_url(url.queue_url().unwrap());
    let attributes = asked.attribute_names("All".into()).send().await.unwrap().attributes.unwrap();
    assert!(attributes[&"RedrivePolicy".into()].contains(&arn), "{attributes:?}");
    assert!(stack.bus.describe_event_bus().name(&word).send().await.is_ok());
}

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
        let found_failures = line == "inlet doctor" && printed.contains(" failed, ")
            || line.starts_with("inlet verify") && printed.contains(" damaged")
            || line.starts_with("inlet restore") && printed.contains("of the copy");
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

/// The lines of the runbook's code blocks, those about parts that are gone or only with `Reconcile=on` left out.
fn commands() -> Vec<String> {
    let runbook = repository::text("docs/runbook.md");
    let is_of_gone_part = |section: &&str| OF_GONE_PARTS.iter().any(|title| section.starts_with(title));
    let runnable = |section: &str| {
        let is_of_reconciler = OF_RECONCILER.iter().any(|title| section.starts_with(title));
        let is_absent = |line: &String| WITH_RECONCILER.iter().any(|(part, _, _)| line.contains(part));
        lines_of(section).into_iter().filter(move |line| !is_of_reconciler || !is_absent(line))
    };
    runbook.split("\n## ").filter(|section| !is_of_gone_part(section)).flat_map(runnable).collect()
}

/// The lines of the code blocks of one section.
fn section(title: &str) -> Vec<String> {
    let runbook = repository::text("docs/runbook.md");
    let section = runbook.split("\n## ").find(|section| section.starts_with(title));
    lines_of(section.unwrap_or_else(|| panic!("no section {title}")))
}

fn lines_of(section: &str) -> Vec<String> {
    let blocks = section.split("```").skip(1).step_by(2);
    blocks.flat_map(str::lines).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Runs a line as an operator would at a prompt, with this `inlet` and the machine's `aws`.
fn shell(line: &str, endpoint: &str, region: &str) -> Output {
    let inlet = Path::new(env!("CARGO_BIN_EXE_inlet")).parent().expect("a folder").display();
    let mut shell = Command::new("bash");
    // Older versions of the AWS CLI do not read the variable for every service.
    let aws = r#"aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }"#;
    shell.args(["-c", &format!("PATH={inlet}:$PATH\n{aws}\n{line}")]);
    shell.current_dir(repository::root()).env("INLET_LOCAL", "true");
    shell.env("AWS_ENDPOINT_URL", endpoint).env("AWS_REGION", region).env("AWS_DEFAULT_REGION", region);
    shell.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    shell.output().expect("a shell")
}
