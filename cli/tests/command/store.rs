//! `inlet store add`.

use serde_json::json;

use crate::inlet::{Running, run, snapshot, unheard_of};

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
    assert_eq!(statuses, ["indelivery", "delivered", "canceled"]);
    retire(&store);
}
