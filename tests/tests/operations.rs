//! Operation on the local stack: lines that CloudWatch reads as metrics, alarms, a dashboard.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use inlet::request::{Headers, Method, Request};
use inlet::store::StoreName;
use inlet_aws::telemetry::metrics::{self, Metric};
use inlet_tests::operations;
use inlet_tests::stack::{Stack, eventually};
use serde_json::{Value, json};

const PAIR: (&str, &str) = ("inlet", "a-password-that-no-log-may-have");

/// Returns a delivery of Zid with this proof and this body.
fn delivery(store: &StoreName, password: &str, topic: &str, body: &Value) -> Request {
    let proof = format!("Basic {}", STANDARD.encode(format!("{}:{password}", PAIR.0)));
    Request {
        method: Method::Post,
        store: store.clone(),
        topic: Some(topic.to_owned()),
        query: String::new(),
        headers: Headers::from_iter([("content-type", "application/json"), ("authorization", &proof)]),
        body: body.to_string().into_bytes(),
    }
}

/// Calls a service by its JSON protocol.
fn call(stack: &Stack, service: &str, operation: &str, input: &Value) -> Value {
    let target = format!("{service}.{operation}");
    let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
    let response = stack.ask("POST", &stack.facts.endpoint, &headers, input.to_string().as_bytes());
    assert_eq!(response.status, 200, "{operation}: {}", response.body);
    response.body
}

/// Returns the lines of a provider's log that name the store.
fn lines(stack: &Stack, provider: &str, store: &StoreName) -> Vec<Value> {
    let group = format!("/inlet/{}/{provider}", stack.facts.stage);
    let input = json!({"logGroupName": group, "filterPattern": format!("\"{store}\""), "limit": 10_000});
    let found = call(stack, "Logs_20140328", "FilterLogEvents", &input);
    let events = found["events"].as_array().cloned().unwrap_or_default();
    let lines = events.iter().filter_map(|event| serde_json::from_str(event["message"].as_str()?).ok());
    lines.filter(|line: &Value| line["store"] == json!(store.as_str())).collect()
}

/// Checks a line against the embedded metric format and the names in the code. Returns the metrics.
fn counted(line: &Value) -> BTreeSet<String> {
    let header = &line["_aws"];
    assert!(header["Timestamp"].is_u64(), "no time: {line}");
    let directives = header["CloudWatchMetrics"].as_array().unwrap_or_else(|| panic!("no metrics: {line}"));
    let mut counted = BTreeSet::new();
    for directive in directives {
        assert_eq!(directive["Namespace"], json!(metrics::NAMESPACE), "{line}");
        for dimension in
            directive["Dimensions"].as_array().into_iter().flatten().flat_map(|set| set.as_array()).flatten()
        {
            let value = &line[dimension.as_str().expect("a dimension's name")];
            assert!(
                value.as_str().is_some_and(|value| !value.is_empty()),
                "{dimension} has no value: {line}"
            );
        }
        for metric in directive["Metrics"].as_array().into_iter().flatten() {
            let known = |known: &&Metric| metric == &json!({"Name": known.name, "Unit": known.unit.as_str()});
            let known =
                metrics::ALL.iter().find(known).unwrap_or_else(|| panic!("{metric} is not in the code"));
            assert!(line[known.name].is_u64(), "{} has no value: {line}", known.name);
            counted.insert(known.name.to_owned());
        }
    }
    counted
}

#[tokio::test]
async fn every_delivery_is_one_line_that_cloudwatch_reads_as_metrics() {
    let stack = Stack::up();
    let store = stack.store("zid", &json!([{"username": PAIR.0, "password": PAIR.1}])).await;
    let order = json!({"id": 7, "updated_at": "2026-01-31 10:00:00", "customer": {"name": "Marked Name"}});
    let drifting = json!({"id": "7", "loyalty_tier": "gold", "updated_at": "2026-01-31 10:00:01"});
    let cases = [
        (
            "accepted",
            delivery(&store, PAIR.1, "order.create", &order),
            vec!["Accepted", "JournalLatency", "QueueLatency"],
        ),
        ("repeated", delivery(&store, PAIR.1, "order.create", &order), vec!["Accepted", "Duplicate"]),
        (
            "unknown",
            delivery(&store, PAIR.1, "planet.discovered", &order),
            vec!["Accepted", "Unknown", "Drift"],
        ),
        (
            "drifting",
            delivery(&store, PAIR.1, "order.create", &drifting),
            vec!["Accepted", "Drift", "Undocumented"],
        ),
        (
            "refused",
            delivery(&store, "another", "order.create", &order),
            vec!["Rejected", "VerificationFailed", "CountedFailure", "Quarantined"],
        ),
    ];
    for (n, (case, request, expected)) in cases.iter().enumerate() {
        let response = stack.send("zid", request);
        let line = eventually(|| lines(&stack, "zid", &store).get(n).cloned());
        let line = line.unwrap_or_else(|| panic!("{case}: no line for a response of {}", response.status));
        let counted = counted(&line);
        for metric in expected {
            assert!(counted.contains(*metric), "{case}: {metric} is not counted: {line}");
        }
        assert_eq!(
            (&line["status"], &line["size"], &line["Provider"]),
            (&json!(response.status), &json!(request.body.len()), &json!("zid")),
            "{case}: {line}"
        );
        assert!(line["duration_ms"].is_u64() && line["request"].is_string(), "{case}: {line}");
        for secret in [PAIR.1, "Marked Name", "gold"] {
            assert!(!line.to_string().contains(secret), "{case}: the line contains {secret}: {line}");
        }
    }
    assert_eq!(lines(&stack, "zid", &store).len(), cases.len(), "one line a delivery");
}

#[tokio::test]
async fn drift_is_logged_by_name_and_type_and_never_by_value() {
    let stack = Stack::up();
    let store = stack.store("zid", &json!([{"username": PAIR.0, "password": PAIR.1}])).await;
    // No other test sends this event, and each event has its own rate limit: other tests' drift cannot use it up.
    let drifting = json!({"id": "7", "loyalty_tier": "gold", "updated_at": "2026-01-31 10:00:01"});
    stack.send("zid", &delivery(&store, PAIR.1, "order.payment_status.update", &drifting));
    let line = eventually(|| lines(&stack, "zid", &store).first().cloned()).expect("the delivery's line");
    assert_eq!(line["Event"], "order.payment_status.update", "{line}");
    assert_eq!(line["drift"], json!(["type of id: string"]), "{line}");
    assert_eq!(line["undocumented"], json!(["new loyalty_tier: string"]), "{line}");
    assert!(!line.to_string().contains("gold"), "{line}");
}

#[tokio::test]
async fn a_sweep_is_a_line_that_cloudwatch_reads_as_metrics() {
    let stack = Stack::up();
    stack.sweep();
    let group = json!({"logGroupName": format!("/inlet/{}/sweeper", stack.facts.stage), "limit": 10_000});
    let line = eventually(|| {
        let found = call(&stack, "Logs_20140328", "FilterLogEvents", &group);
        let messages = found["events"].as_array()?.iter().filter_map(|event| event["message"].as_str());
        messages
            .filter_map(|text| serde_json::from_str(text).ok())
            .find(|line: &Value| line["message"] == "sweep")
    });
    let counted = counted(&line.expect("the line of a sweep"));
    for metric in ["OldestUnprocessedAge", "SweepFailed", "Resent", "Parked", "Waiting"] {
        assert!(counted.contains(metric), "{metric} is not measured");
    }
}

#[test]
fn every_alarm_and_the_dashboard_are_deployed() {
    let stack = Stack::up();
    let granite = |operation, input| call(&stack, "GraniteServiceVersion20100801", operation, &input);
    let alarms = granite("DescribeAlarms", json!({"MaxRecords": 100}));
    let named = |alarm: &Value| alarm["AlarmDescription"].as_str().unwrap_or_default().to_owned();
    let deployed: BTreeSet<String> =
        alarms["MetricAlarms"].as_array().into_iter().flatten().map(named).collect();
    // The stack has no reconciler.
    let alarms = operations::alarms().into_iter().filter(|alarm| !alarm.is_of_reconciler());
    let wanted: BTreeSet<String> = alarms.map(|alarm| alarm.description()).collect();
    assert_eq!(deployed, wanted);
    let board = granite("GetDashboard", json!({"DashboardName": format!("inlet-{}", stack.facts.stage)}));
    let body: Value = serde_json::from_str(board["DashboardBody"].as_str().expect("a body")).expect("JSON");
    let widgets = body["widgets"].as_array().expect("widgets");
    let alarms = widgets[0]["properties"]["alarms"].as_array().expect("the alarms' states");
    assert_eq!(alarms.len(), deployed.len());
    let titles: Vec<&str> =
        widgets.iter().filter_map(|widget| widget["properties"]["title"].as_str()).collect();
    let first = ["Alarms", "Accepted", "Rejected", "Waiting on the queue"];
    assert_eq!(titles[..4], first, "{titles:?}");
    assert!(!body.to_string().contains("${"), "a placeholder is left: {body}");
}
