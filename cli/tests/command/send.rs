//! `inlet send` and `inlet sample-event`.

use std::os::unix::fs::PermissionsExt as _;

use inlet_tests::demo_credential;
use inlet_tests::repository;
use inlet_tests::stack::Stack;
use serde_json::{Value, json};

use crate::inlet::{bare, run, run_with, snapshot};

const PROVIDERS: [(&str, &str); 5] = [
    ("zort", "ADDORDER"),
    ("dealpos", "invoiceCreated"),
    ("zid", "order.create"),
    ("tiki", "order.status"),
    ("zip", "capture"),
];

/// Creates a store for one test, with these credentials in front of the demo credential.
async fn store(stack: &Stack, provider: &str) -> String {
    stack.store(provider, &json!([demo_credential(provider)])).await.to_string()
}

#[test]
fn one_delivery_is_printed_with_its_response() {
    snapshot("send-one", &run(&["send", "zid", "order.create"]).done());
}

#[tokio::test]
async fn each_of_many_deliveries_is_an_event() {
    let stack = Stack::up();
    for (provider, event) in PROVIDERS {
        let store = store(&stack, provider).await;
        let printed = run(&["--json", "send", provider, event, "--store", &store, "-n", "6"]).done().json();
        assert_eq!(
            (&printed["sent"], &printed["answers"]["200"]["count"]),
            (&json!(6), &json!(6)),
            "{printed}"
        );
        let name = inlet::store::StoreName::parse(&store).unwrap();
        assert_eq!(stack.events(provider, &name).await.len(), 6, "{provider}");
    }
}

#[tokio::test]
async fn an_event_without_a_documented_body_is_sent() {
    let stack = Stack::up();
    let store = store(&stack, "zort").await;
    run(&["send", "zort", "ADDTRANSFER", "--store", &store, "-n", "2"]).done();
    let name = inlet::store::StoreName::parse(&store).unwrap();
    let events = stack.events("zort", &name).await;
    assert_eq!(events.len(), 2);
    assert!(events.iter().all(|id| id.as_str().contains("/transfer/")), "{events:?}");
}

#[tokio::test]
async fn a_duplicate_is_not_an_event_but_a_returning_state_is() {
    let stack = Stack::up();
    let store = store(&stack, "zort").await;
    let name = inlet::store::StoreName::parse(&store).unwrap();
    let arguments = ["send", "zort", "UPDATEPRODUCTQUANTITY", "--store", &store];
    let printed = run(&[&["--json"], &arguments[..], &["--duplicate", "100"]].concat()).done().json();
    assert_eq!(printed["sent"], 2);
    assert_eq!(stack.events("zort", &name).await.len(), 1, "A, A is one event");
    let printed = run(&[&["--json"], &arguments[..], &["--flip-flop"]].concat()).done().json();
    assert_eq!(printed["sent"], 3);
    assert_eq!(stack.events("zort", &name).await.len(), 1 + 3, "A, B, A is three");
}

#[tokio::test]
async fn an_entity_goes_through_its_states() {
    let stack = Stack::up();
    let store = store(&stack, "zid").await;
    run(&["send", "zid", "order.status.update", "--store", &store, "--entity", "81230457", "-n", "3"]).done();
    let name = inlet::store::StoreName::parse(&store).unwrap();
    let events = stack.events("zid", &name).await;
    assert_eq!(events.len(), 3);
    assert!(events.iter().all(|id| id.entity_path().ends_with("/order/81230457")), "{events:?}");
}

#[tokio::test]
async fn a_wrong_credential_is_rejected_as_expected() {
    let stack = Stack::up();
    for (provider, event) in PROVIDERS {
        let store = store(&stack, provider).await;
        let printed =
            run(&["--json", "send", provider, event, "--store", &store, "--bad-signature"]).done().json();
        assert_eq!(printed["answers"]["401"]["count"], 1, "{provider}: {printed}");
    }
}

#[tokio::test]
async fn a_wrong_secret_has_a_hint_and_an_exit_code() {
    let stack = Stack::up();
    let store = stack.store("zip", &json!([{"secret": "somebody-else"}])).await.to_string();
    let credential = demo_credential("zip").to_string();
    let sent = run_with(&["send", "zip", "capture", "--store", &store, "--credential", "-"], &credential);
    snapshot("send-wrong-secret", &sent);
}

#[test]
fn a_redirect_is_sent() {
    let printed = run(&["--json", "send", "zip", "redirect"]).done().json();
    assert_eq!(printed["answers"]["200"]["count"], 1, "{printed}");
}

#[test]
fn a_flash_sale_is_accepted_and_measured() {
    let arguments =
        ["--json", "send", "tiki", "--scenario", "flash-sale", "-n", "30", "--reorder", "--rate", "100"];
    let printed = run(&arguments).done().json();
    let (sent, latency) = (printed["sent"].as_u64().unwrap(), &printed["latency_ms"]);
    assert!(sent >= 30 && latency["p50"].as_f64() <= latency["max"].as_f64(), "{printed}");
}

#[test]
fn invalid_deliveries_have_hints() {
    snapshot("send-no-store", &run(&["send", "zid", "order.create", "--store", "nobodys"]));
    snapshot("send-no-event", &run(&["send", "tiki", "order.create"]));
    snapshot("send-no-response", &run(&["send", "zid", "order.create", "--to", "http://127.0.0.1:9"]));
    let canary = r#"{"passwort": "canary-canary"}"#;
    let refused = run_with(&["send", "zid", "order.create", "--credential", "-"], canary);
    assert!(!refused.err.contains("canary"), "{refused:?}");
    snapshot("send-no-credential", &refused);
}

#[test]
fn a_real_deployment_needs_a_confirmation() {
    let credential = demo_credential("zid").to_string();
    let elsewhere = ["send", "zid", "order.create", "--to", "http://inlet.invalid", "--credential", "-"];
    let unconfirmed = run_with(&elsewhere, &credential);
    assert!(unconfirmed.code == 2 && unconfirmed.err.contains("--yes"), "{unconfirmed:?}");
    let sent = run_with(&[&elsewhere[..], &["--yes"]].concat(), &credential);
    assert!(!sent.err.contains("--yes"), "it was tried: {sent:?}");
}

#[test]
fn an_event_file_equals_the_generated_sample() {
    for (provider, event) in
        PROVIDERS.into_iter().chain([("zip", "redirect"), ("zid", "order.create-marketplace")])
    {
        let wrote = run(&["sample-event", provider, event]).done().out;
        assert_eq!(wrote, repository::text(&format!("events/{provider}/{event}.json")), "{provider} {event}");
    }
}

#[test]
fn an_event_file_with_a_credential_needs_no_deployment() {
    let folder = std::env::temp_dir();
    let file = |name: &str| folder.join(format!("inlet-event-{}-{name}", std::process::id()));
    let (credential, body, wrote) = (file("credential"), file("body"), file("event"));
    std::fs::write(&credential, demo_credential("tiki").to_string()).unwrap();
    std::fs::write(&body, r#"{"data":{"order_code":"1"}}"#).unwrap();
    std::fs::write(&wrote, "readable by all users").unwrap();
    let path = |file: &std::path::Path| file.to_str().unwrap().to_owned();
    let (credential, body, wrote) = (path(&credential), path(&body), path(&wrote));
    let printed = bare(&[
        "sample-event",
        "tiki",
        "order.status",
        "--store",
        "hcm",
        "--credential",
        &credential,
        "--body",
        &body,
        "-o",
        &wrote,
    ]);
    assert_eq!(printed.done().out, "");
    let mode = std::fs::metadata(&wrote).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "the event holds a live proof: only its owner may read it");
    let event: Value = serde_json::from_str(&std::fs::read_to_string(&wrote).unwrap()).unwrap();
    assert_eq!(
        (&event["rawPath"], &event["body"]),
        (&json!("/tiki/hcm/order"), &json!(r#"{"data":{"order_code":"1"}}"#))
    );
    for file in [credential, body, wrote] {
        std::fs::remove_file(file).unwrap();
    }
}
