//! `inlet doctor`.

use serde_json::json;

use inlet_tests::stack::Stack;

use crate::inlet::{run, run_in};

/// Returns the doctor's finding about a subject.
fn about(printed: &serde_json::Value, subject: &str) -> Vec<(String, String)> {
    let checks =
        printed["checks"].as_array().expect("checks").iter().filter(|check| check["subject"] == subject);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    checks.map(|check| (text(&check["status"]), text(&check["finding"]))).collect()
}

#[test]
fn every_part_is_checked_and_the_emulator_passes() {
    // The sweeper of a stack that has just been deployed runs within a minute.
    let printed = (0..9)
        .map(|_| run(&["--json", "doctor"]).json())
        .find(|printed| {
            let has_run = about(printed, "sweeper").iter().all(|(mark, _)| *mark == "pass");
            if !has_run {
                std::thread::sleep(std::time::Duration::from_secs(10));
            }
            has_run
        })
        .expect("a sweep within a minute and a half");
    for subject in [
        "stack",
        "resources",
        "bus",
        "receiver",
        "router",
        "clock",
        "table",
        "queue",
        "dead",
        "sweeper",
        "reconciler",
        "secrets",
        "alarms",
        "account",
        "api",
    ] {
        assert!(!about(&printed, subject).is_empty(), "{subject}: {printed}");
    }
    for subject in ["stack", "resources", "bus", "receiver", "router", "clock", "table", "queue", "sweeper"] {
        let bad: Vec<_> = about(&printed, subject).into_iter().filter(|(mark, _)| mark == "fail").collect();
        assert_eq!(bad, [], "{printed}");
    }
    assert_eq!(about(&printed, "receiver").len(), 5);
    let router = [
        "it forwards a slightly wrong path to the receiver",
        "none of its invocations failed within the last hour",
    ];
    assert_eq!(about(&printed, "router"), router.map(|finding| ("pass".to_owned(), finding.to_owned())));
    let off = "it is not deployed (Reconcile=off), so no run looks for webhooks that were never sent";
    assert_eq!(about(&printed, "reconciler"), [("pass".to_owned(), off.to_owned())]);
    // The age of the oldest message and the alarms come from CloudWatch, which the emulator plays with `cbor2` only.
    for subject in ["queue", "alarms", "router", "account", "api"] {
        let unknown: Vec<_> =
            about(&printed, subject).into_iter().filter(|(mark, _)| mark == "unknown").collect();
        assert_eq!(unknown, [], "{printed}");
    }
}

#[test]
fn a_missing_table_queue_or_bus_fails_with_advice_that_works() {
    let facts: serde_json::Value =
        serde_json::from_str(&inlet_tests::repository::text(".local/stack.json")).unwrap();
    let gone = |name: &str, value: &str| {
        let mut changed = facts.clone();
        let old = facts[name].as_str().unwrap();
        changed[name] = old.replace(old.rsplit('/').next().unwrap(), value).into();
        changed
    };
    for (name, value, subject, heading) in [
        ("table", "no-such-table", "table", "#the-table-is-gone"),
        ("queue_url", "no-such.fifo", "queue", "#a-queue-or-the-bus-is-gone"),
        ("dlq_url", "no-such.fifo", "dead", "#a-queue-or-the-bus-is-gone"),
        ("bus", "no-such-bus", "bus", "#a-queue-or-the-bus-is-gone"),
    ] {
        let folder = std::env::temp_dir().join(inlet_tests::stack::unique());
        std::fs::create_dir_all(folder.join(".local")).unwrap();
        std::fs::write(folder.join(".local/stack.json"), gone(name, value).to_string()).unwrap();
        let ran = run_in(&folder, &["--json", "doctor"]);
        std::fs::remove_dir_all(&folder).unwrap();
        let output = ran.json();
        let finding = ("fail".to_owned(), format!("{value} does not exist"));
        assert!(about(&output, subject).contains(&finding), "{name}: {output}");
        assert_eq!(ran.code, 1, "{name}");
        let checks = output["checks"].as_array().unwrap();
        let failed = checks.iter().find(|check| check["finding"] == finding.1).unwrap();
        let next = failed["next"].as_str().unwrap();
        assert!(next.contains(heading) && !next.contains("deploy again"), "{next}");
    }
}

#[tokio::test]
async fn an_invalid_secret_is_found_and_not_shown() {
    let stack = Stack::up();
    let store = stack.store("tiki", &json!([{"order": "canary-too-short"}])).await;
    let ran = run(&["--json", "doctor"]);
    let printed = ran.json();
    let found = about(&printed, "secrets").into_iter().find(|(_, printed)| printed.contains(store.as_str()));
    let (mark, words) = found.unwrap_or_else(|| panic!("{printed}"));
    assert!(mark == "fail" && words.contains("order has 16 characters and must have exactly 32"), "{words}");
    assert_eq!(ran.code, 1);
    assert!(!format!("{ran:?}").contains("canary"), "{ran:?}");
    run(&["secret", "retire", &format!("tiki/{store}"), "--all", "--yes"]).done();
}
