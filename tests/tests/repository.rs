//! Properties of the repository itself: every provider has the same files, alarms and documents agree.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use inlet::tools::registration::Registering;
use inlet_aws::telemetry::metrics;
use inlet_providers::{ToolsVisitor, for_each_with_tools};
use inlet_tests::{operations, repository, template};

/// The files of a provider, in reading order.
const SHAPE: [&str; 10] = [
    "src/main.rs",
    "src/lib.rs",
    "src/events.rs",
    "src/tools/profile.rs",
    "src/tools/credential.rs",
    "src/tools/payloads.rs",
    "src/tools/sender.rs",
    "src/tools/portal.rs",
    "src/tests.rs",
    "Cargo.toml",
];

fn providers() -> BTreeSet<String> {
    let folder = |path: &String| path.split('/').nth(1).map(str::to_owned);
    let with_events =
        repository::below("functions").into_iter().filter(|path| path.ends_with("/src/events.rs"));
    with_events.filter_map(|path| folder(&path)).collect()
}

#[test]
fn the_dashboard_draws_metrics_of_the_code_and_is_free() {
    let ours: BTreeSet<&str> = metrics::ALL.iter().map(|metric| metric.name).collect();
    let drawn = operations::drawn();
    let unknown: Vec<&String> = drawn
        .iter()
        .filter(|line| {
            line.strip_prefix("Inlet ").is_some_and(|rest| !ours.iter().any(|name| rest.starts_with(name)))
        })
        .collect();
    assert!(unknown.is_empty(), "no function emits {unknown:?}");
    assert!(drawn.len() > 30, "only {} metrics are drawn", drawn.len());
    assert!(drawn.len() <= operations::FREE_METRICS, "{} metrics are drawn: {drawn:?}", drawn.len());
}

#[test]
fn every_custom_alarm_is_on_a_metric_of_the_code() {
    let ours: BTreeSet<&str> = metrics::ALL.iter().map(|metric| metric.name).collect();
    let alarms = template::resources_of("AWS::CloudWatch::Alarm").map(|(_, alarm)| alarm);
    let custom = alarms.filter(|alarm| alarm["Namespace"] == metrics::NAMESPACE);
    let alarming: BTreeSet<&str> = custom.filter_map(|alarm| alarm["MetricName"].as_str()).collect();
    assert!(!alarming.is_empty());
    assert!(alarming.is_subset(&ours), "no function emits {:?}", &alarming - &ours);
}

#[test]
fn every_alarm_names_its_heading_in_the_runbook() {
    let runbook = repository::text("docs/runbook.md");
    let in_template = template::resources_of("AWS::CloudWatch::Alarm");
    let described: BTreeMap<&str, &str> = in_template
        .filter_map(|(name, alarm)| Some((name, alarm["AlarmDescription"]["Fn::Sub"].as_str()?)))
        .collect();
    assert_eq!(described.len(), operations::alarms().len(), "an alarm without a description, or not listed");
    for alarm in operations::alarms() {
        let description = alarm.description();
        assert!(
            description.ends_with(&format!("docs/runbook.md#{}", alarm.slug)),
            "{}: {description}",
            alarm.name
        );
        let written = description.replace("docs/runbook.md", "${RunbookUrl}");
        let name = format!("{}Alarm", alarm.name);
        assert_eq!(described.get(name.as_str()), Some(&written.as_str()), "{name}");
        let heading = format!("## {}", alarm.slug);
        assert!(runbook.lines().any(|line| line == heading), "the runbook has no heading {}", alarm.slug);
    }
}

#[test]
fn every_provider_has_one_layout_and_a_template_block() {
    let listed: BTreeSet<String> = inlet_providers::NAMES.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(providers(), listed, "the folders and the list in shared/inlet-providers");
    for provider in providers() {
        let there = |room: &str| repository::root().join(format!("functions/{provider}/{room}")).is_file();
        for room in SHAPE {
            assert!(there(room), "functions/{provider}/{room} is missing");
        }
        assert!(
            there("src/canonical.rs") != there("src/canonical/mod.rs"),
            "functions/{provider}/src/canonical must be one file or one folder"
        );
        let id = template::function_of(&provider);
        let function = template::properties(&id);
        assert_eq!(function["CodeUri"], format!("functions/{provider}"));
        let binary = &template::load()["Resources"][&id]["Metadata"]["BuildProperties"]["Binary"];
        assert_eq!(*binary, format!("inlet-{provider}"));
        let events = function["Events"].as_object().expect("routes").values();
        let paths: Vec<&str> = events.filter_map(|event| event["Properties"]["Path"].as_str()).collect();
        let wanted = format!("/{provider}/{{store}}");
        assert!(paths.iter().any(|path| path.starts_with(&wanted)), "{provider}: {paths:?}");
    }
}

#[test]
fn every_decision_has_a_number_of_its_own_and_a_date() {
    let decisions = repository::text("docs/decisions.md");
    let mut numbers = BTreeSet::new();
    for row in decisions.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| #")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let number: u32 = cells[1].parse().unwrap_or_else(|_| panic!("{row}"));
        assert!(numbers.insert(number), "two decisions have the number {number}");
        let digits = cells[2].split('-').map(|part| part.parse::<u32>().is_ok()).collect::<Vec<_>>();
        assert_eq!((cells[2].len(), digits), (10, vec![true; 3]), "{row}");
    }
    assert!(numbers.len() > 80, "only {} decisions were found", numbers.len());
}

#[test]
fn every_payload_file_is_embedded_where_the_provider_is_played() {
    for_each_with_tools(&mut Embedded);
}

/// Compares the embedded payloads with the files in the folder.
struct Embedded;

impl ToolsVisitor for Embedded {
    fn visit<P: Registering>(&mut self) {
        let folder = format!("functions/{}/payloads/", P::NAME);
        let present: BTreeSet<String> =
            repository::below(&folder).iter().map(|path| path.replacen(&folder, "", 1)).collect();
        let embedded = P::PAYLOADS.iter().map(|payload| payload.file.to_owned()).collect();
        assert_eq!(present, embedded, "functions/{}/src/tools/payloads.rs", P::NAME);
    }
}

#[test]
fn every_source_file_begins_with_its_purpose() {
    let rust: Vec<String> = ["cli", "shared", "functions", "tests"]
        .into_iter()
        .flat_map(repository::below)
        .filter(|path| path.ends_with(".rs"))
        .collect();
    assert!(rust.len() > 40, "only {} files were found", rust.len());
    for path in rust {
        let text = repository::text(&path);
        assert!(text.starts_with("//! "), "{path} does not begin with what it is for");
    }
}

#[test]
fn the_documents_consumer_compiles_and_has_ten_lines() {
    let example = repository::text("functions/processor/examples/stock.rs");
    let block = repository::block_behind("docs/consumers.md", "<!-- tested: rust consumer -->");
    let lines: Vec<&str> = block.lines().collect();
    assert_eq!(lines.len(), 10, "{block}");
    let mut rest = example.lines();
    for line in lines {
        assert!(rest.any(|other| other == line), "the example has no such line, or not there: {line}");
    }
}

#[test]
fn the_common_crates_name_no_provider_and_the_providers_no_aws() {
    let providers = providers();
    for path in repository::below("shared").into_iter().filter(|path| path.ends_with(".rs")) {
        let text = repository::text(&path);
        // A test may use a provider as an example, and an iterator's method is not a name.
        if path.ends_with("/tests.rs") {
            continue;
        }
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().replace(".zip(", "(");
        let code: String = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for provider in &providers {
            let named =
                code.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|word| word == provider);
            assert!(!named, "{path} names {provider}");
        }
    }
    let sources = providers.iter().flat_map(|provider| repository::below(&format!("functions/{provider}")));
    for path in sources.filter(|path| path.ends_with(".rs")) {
        let text = repository::text(&path);
        let wires = path.ends_with("/src/main.rs");
        assert!(wires || !text.contains("inlet_aws"), "{path} knows AWS");
    }
}

#[test]
fn every_documented_event_has_a_sample_and_every_kind_a_schema() {
    let events = repository::below("events");
    for path in repository::below("functions").into_iter().filter(|path| path.contains("/payloads/")) {
        let sample =
            path.replace("functions/", "events/").replace("/payloads/", "/").replace(".form", ".json");
        assert!(events.contains(&sample), "{path} has no sample {sample}");
    }
    let schemas = repository::below("schemas");
    for kind in inlet::canonical::Kind::ALL {
        let schema = format!("schemas/{}.schema.json", kind.as_str());
        assert!(schemas.contains(&schema), "{schema} is missing");
    }
}

#[test]
fn no_function_links_tools_or_operators_code() {
    let functions = inlet_providers::NAMES.iter().copied().chain(["processor", "sweeper", "reconciler"]);
    for function in functions.map(|name| format!("inlet-{name}")) {
        let arguments =
            ["tree", "--offline", "--edges", "normal,features", "--prefix", "none", "--package", &function];
        let output =
            Command::new("cargo").args(arguments).current_dir(repository::root()).output().expect("cargo");
        let features = String::from_utf8(output.stdout).expect("text");
        assert!(features.contains("inlet feature \"default\""), "{function}: {features}");
        assert!(!features.contains("inlet-twins"), "{function} links the twins");
        for feature in ["tools", "operate", "schema"] {
            assert!(
                !features.contains(&format!("feature \"{feature}\"")),
                "{function} has the feature {feature}"
            );
        }
    }
}

#[test]
fn the_readme_shows_the_timeline_of_the_commands_test() {
    let snapshot = repository::text("cli/tests/command/snapshots/timeline.snap");
    let mut lines = snapshot.lines();
    let shown = repository::block_behind("README.md", "<!-- tested: timeline -->");
    for line in shown.lines().filter(|line| *line != "  …") {
        assert!(lines.any(|printed| printed == line), "not printed, or in another order: {line}");
    }
}
