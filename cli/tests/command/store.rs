//! `inlet store add`.

use inlet_tests::repository;
use inlet_tests::stand_in::{Behaviour, StandIn, ZID_ACCESS};
use serde_json::{Value, json};

use crate::inlet::{Running, bare, run, run_with, snapshot, typed_on_a_terminal, unheard_of};

/// Starts `inlet store add` for a new store, and returns it with the store's name.
fn add(wait: &str) -> (Running, String) {
    let store = unheard_of("zid");
    let mut adding = Running::start(&["store", "add", &store, "--generate", "--wait", wait]);
    adding.wait_for("Waiting for the first delivery");
    (adding, store)
}

fn retire(store: &str) {
    run(&["secret", "retire", store, "--all", "--yes"]).done();
}

fn send(store: &str, more: &[&str]) {
    let name = store.split_once('/').expect("two halves").1;
    run(&[&["send", "zid", "order.create", "--store", name], more].concat());
}

#[test]
fn a_new_store_is_ready_after_its_first_delivery() {
    let (mut adding, store) = add("2");
    send(&store, &[]);
    adding.wait_for(&format!("{store} works: commerce.order.created arrived"));
    assert_eq!(adding.end().0, 0);
    let again = run(&["store", "add", &store, "--wait", "0"]).done();
    assert!(again.err.contains("has a credential already"), "{again:?}");
    retire(&store);
}

#[test]
fn a_refused_first_delivery_is_explained() {
    let (mut adding, store) = add("2");
    send(&store, &["--bad-signature"]);
    let line = adding.wait_for("arrived and was refused");
    assert!(line.contains("no live credential matches the proof"), "{line}");
    adding.wait_for(&format!("inlet --local secret rotate {store}"));
    assert_eq!(adding.end().0, 4);
    retire(&store);
}

/// Returns the webhook URLs that a stand-in for Zid has.
fn registered(api: &StandIn) -> Vec<String> {
    api.state().zid.iter().map(|one| one["target_url"].as_str().expect("a URL").to_owned()).collect()
}

#[test]
fn the_command_registers_the_urls_of_a_new_store() {
    let (store, api) = (unheard_of("zid"), StandIn::start());
    let add =
        ["store", "add", &store, "--generate", "--yes", "--access", "-", "--api", &api.url, "--wait", "0"];
    let added = run_with(&add, ZID_ACCESS).done();
    assert!(!added.out.contains("acc3ss-") && !added.err.contains("acc3ss-"), "{added:?}");
    let urls = registered(&api);
    assert!(urls.len() > 5 && urls.iter().all(|url| url.contains(&format!("/{store}/"))), "{urls:?}");
    api.take_requests();
    run_with(&add, ZID_ACCESS).done();
    assert_eq!(api.take_requests(), ["GET /v1/managers/webhooks"], "a second run changes nothing");
    retire(&store);
}

#[test]
fn the_urls_are_registered_only_after_a_yes() {
    let (store, api) = (unheard_of("zid"), StandIn::start());
    let access = std::env::temp_dir().join(format!("inlet-access-{}", std::process::id()));
    std::fs::write(&access, ZID_ACCESS).unwrap();
    let (path, url) = (access.to_str().unwrap(), api.url.clone());
    let add = ["store", "add", &store, "--generate", "--access", path, "--api", &url, "--wait", "0"];
    let silent = run(&add).done();
    assert!(silent.err.contains(&format!("inlet --local webhook register {store}")), "{silent:?}");
    let declined = typed_on_a_terminal(100, &add, "n\n");
    assert!(declined.code == 0 && declined.out.contains("Register the URLs of"), "{declined:?}");
    assert_eq!(api.take_requests(), [""; 0], "nothing is sent without a yes");
    let agreed = typed_on_a_terminal(100, &add, "y\n");
    assert_eq!(agreed.code, 0, "{agreed:?}");
    assert!(registered(&api).len() > 5);
    std::fs::remove_file(access).unwrap();
    retire(&store);
}

#[test]
fn a_refused_registration_ends_the_command_with_the_reason() {
    let (store, api) = (unheard_of("zid"), StandIn::start());
    api.behaviours([Behaviour::Says(401, "{}")]);
    let add = ["store", "add", &store, "--generate", "--yes", "--access", "-", "--api", &api.url];
    let refused = run_with(&add, ZID_ACCESS);
    assert!(refused.code == 4 && refused.err.contains("check the access"), "{refused:?}");
    retire(&store);
}

#[test]
fn one_standard_input_is_not_read_twice() {
    let store = unheard_of("zid");
    let refused = run_with(&["store", "add", &store, "--yes", "--access", "-"], ZID_ACCESS);
    assert!(refused.code == 2 && refused.err.contains("--access FILE"), "{refused:?}");
}

/// Returns the words of every command, from the headings of the generated reference.
fn commands() -> Vec<String> {
    let reference = repository::text("docs/cli.md");
    let of_heading = |line: &str| {
        Some(line.trim_start_matches('#').trim().strip_prefix("`inlet ")?.strip_suffix('`')?.to_owned())
    };
    reference.lines().filter(|line| line.starts_with("##")).filter_map(of_heading).collect()
}

#[test]
fn every_command_reports_a_usage_error_as_json() {
    let commands = commands();
    assert!(commands.len() > 30, "{commands:?}");
    for command in commands {
        let line: Vec<&str> = command.split(' ').chain(["--no-such-option", "--json"]).collect();
        let ran = bare(&line);
        let error: Value =
            serde_json::from_str(&ran.err).unwrap_or_else(|error| panic!("{command}: {error}: {ran:?}"));
        assert_eq!((ran.code, &error["error"]["exit_code"]), (2, &json!(2)), "{command}: {ran:?}");
        assert!(
            error["error"]["message"].as_str().unwrap().contains("--no-such-option"),
            "{command}: {error}"
        );
        assert_eq!(ran.out, "", "{command}");
    }
}

#[test]
fn a_usage_error_in_json_names_what_is_missing_or_similar() {
    let error = |line: &[&str]| serde_json::from_str::<Value>(&bare(line).err).unwrap()["error"].clone();
    let missing = error(&["--json", "show"]);
    assert_eq!(missing["message"], "the following required arguments were not provided: <ID>");
    let mistyped = error(&["--json", "timelin"]);
    assert!(mistyped["next"].as_str().unwrap().contains("'timeline'"), "{mistyped}");
    let group = error(&["--json", "secret"]);
    assert!(group["message"].as_str().unwrap().contains("subcommand"), "{group}");
}

#[test]
fn usage_errors_are_json_if_asked_for() {
    let ran = run(&["--json", "list", "--limit", "many"]);
    let error: serde_json::Value = serde_json::from_str(&ran.err).unwrap();
    assert_eq!((ran.code, &error["error"]["exit_code"]), (2, &json!(2)));
    assert!(error["error"]["message"].as_str().unwrap().contains("invalid value 'many'"), "{error}");
    let text = run(&["list", "--limit", "many"]);
    assert!(text.err.starts_with("error: invalid value 'many'"), "{text:?}");
}

#[test]
fn send_without_an_event_lists_the_events() {
    let listed = run(&["send", "zip"]).done();
    snapshot("send-events", &listed);
    let json = run(&["send", "zid", "--json"]).done().json();
    let events = json["events"].as_array().unwrap();
    assert!(events.iter().any(|event| event["event"] == "order.create"), "{json}");
}

#[test]
fn an_order_walks_through_documented_states() {
    let store = unheard_of("zid");
    run(&["secret", "set", &store, "--generate"]).done();
    let name = store.split_once('/').expect("two halves").1;
    let order = ["send", "zid", "order.status.update", "--store", name, "--entity", "77001", "--count", "3"];
    run(&order).done();
    let entity = format!("{store}/order/77001");
    let timeline = run(&["timeline", &entity, "--json"]).done().json();
    let statuses: Vec<String> = timeline["events"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|event| event["changes"].as_array().unwrap())
        .filter(|change| change["field"] == "status")
        .map(|change| change["after"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(statuses, ["preparing", "ready", "indelivery"]);
    retire(&store);
}
