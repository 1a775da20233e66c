//! The consumer `function`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use inlet::process::Consumer as _;
use serde_json::{Value, json};

use super::stand_in::{ReceivedRequest, Reply, StandIn};
use super::{message, message_with, reason, words};
use crate::function::Function;

const ARN: &str = "arn:aws:lambda:ap-southeast-1:123456789012:function:orders:live";

fn function(stand_in: &StandIn) -> Function {
    // Long enough for a busy machine.
    Function::new(ARN, Duration::from_secs(20), &stand_in.sdk_config())
}

/// Returns the ids of the events in an invocation.
pub(super) fn ids(request: &ReceivedRequest) -> Vec<String> {
    let payload: Value = serde_json::from_str(&request.body).unwrap();
    let ids = payload["events"].as_array().unwrap().iter().map(|event| event["id"].as_str().unwrap());
    ids.map(str::to_owned).collect()
}

/// Returns Lambda's response to an invocation that it refuses.
fn refused(status: u16, code: &str) -> Reply {
    Reply::Response { status, headers: Vec::new(), body: r#"{"message":"as planned"}"#.into() }
        .with("x-amzn-errortype", code)
        .with("content-type", "application/json")
}

/// Returns the outcomes of three events that get this reply, and the reason of the first.
async fn outcomes_after(reply: Reply) -> (Vec<String>, String) {
    let stand_in = StandIn::start(move |_| reply.clone());
    let outcomes = function(&stand_in).consume(&[message("1", 1), message("2", 1), message("3", 1)]).await;
    (words(&outcomes), reason(&outcomes[0]))
}

#[tokio::test]
async fn an_invocation_contains_the_events_unchanged() {
    let stand_in = StandIn::start(|_| Reply::json("null"));
    let messages = [message("1", 1), message("2", 1).replayed("r")];
    assert_eq!(words(&function(&stand_in).consume(&messages).await), ["processed", "processed"]);
    let requests = stand_in.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].body, format!("{{\"events\":[{},{}]}}", messages[0].json(), messages[1].json()));
    let path = requests[0].path.replace("%3A", ":");
    assert_eq!(path, format!("/2015-03-31/functions/{ARN}/invocations"));
    assert!(
        requests[0].headers["authorization"].contains("/ap-southeast-1/lambda/"),
        "the function's region"
    );
}

#[tokio::test]
async fn nothing_null_and_an_empty_object_mean_all_done() {
    for response in ["", " ", "null", "{}", r#"{"failures":[]}"#] {
        assert_eq!(outcomes_after(Reply::json(response)).await.0, ["processed"; 3], "{response}");
    }
}

#[tokio::test]
async fn failures_are_those_that_the_function_names() {
    let failures = json!({"failures": [
        {"id": message("1", 1).id().as_str(), "kind": "transient", "reason": "the stock is down"},
        {"id": message("3", 1).id().as_str(), "kind": "permanent"},
    ]});
    let (words, reason) = outcomes_after(Reply::json(&failures.to_string())).await;
    assert_eq!(words, ["transient", "processed", "permanent"]);
    assert_eq!(reason, "the function did not process the event: the stock is down");
}

#[tokio::test]
async fn a_response_in_another_form_is_a_crash() {
    let id = message("1", 1).id().to_string();
    for response in [
        json!("ok"),
        json!([]),
        json!(true),
        json!({"statusCode": 500}),
        json!({"batchItemFailures": [{"itemIdentifier": id}]}),
        json!({"failures": null}),
        json!({"failures": [id]}),
        json!({"failures": [{"id": id}]}),
        json!({"failures": [{"id": id, "kind": "Permanent"}]}),
        json!({"failures": [{"id": id, "kind": "permanent", "reason": 7}]}),
        json!({"failures": [{"id": "zid/a/order/9/0000000000000001", "kind": "permanent"}]}),
    ] {
        let (words, reason) = outcomes_after(Reply::json(&response.to_string())).await;
        assert_eq!(words, ["crashed"; 3], "{response}");
        assert!(reason.contains("its response") && !reason.contains("order/"), "{response}: {reason}");
    }
    assert_eq!(outcomes_after(Reply::json("no JSON")).await.0, ["crashed"; 3]);
}

#[tokio::test]
async fn an_unhandled_error_is_a_crash_without_its_message() {
    let error = r#"{"errorMessage": "no customer Layla", "errorType": "KeyError", "stackTrace": ["secret"]}"#;
    for kind in ["Unhandled", "Handled"] {
        let reply = Reply::json(error).with("x-amz-function-error", kind).with("x-amzn-requestid", "7b1e");
        let (words, reason) = outcomes_after(reply).await;
        assert_eq!(words, ["crashed"; 3]);
        assert_eq!(
            reason,
            "the function did not process the event: an unhandled error: KeyError, request 7b1e"
        );
    }
}

#[tokio::test]
async fn service_errors_and_the_network_are_transient() {
    for (status, code) in [
        (403, "AccessDeniedException"),
        (404, "ResourceNotFoundException"),
        (409, "ResourceConflictException"),
        (429, "TooManyRequestsException"),
        (500, "ServiceException"),
        (502, "EC2ThrottledException"),
        (502, "InvalidRuntimeException"),
        (503, "ServiceUnavailable"),
        (504, "x"),
    ] {
        assert_eq!(outcomes_after(refused(status, code)).await.0, ["transient"; 3], "{status} {code}");
    }
    assert_eq!(outcomes_after(Reply::Close).await.0, ["transient"; 3]);
}

#[tokio::test]
async fn a_function_without_a_response_in_time_is_late() {
    let stand_in = StandIn::start(|_| Reply::json("null").after(Duration::from_secs(5)));
    let hasty = Function::new(ARN, Duration::from_millis(300), &stand_in.sdk_config());
    assert_eq!(words(&hasty.consume(&[message("1", 1), message("2", 1)]).await), ["late"; 2]);
    assert_eq!(stand_in.requests().len(), 1, "the function may still be running");
}

#[tokio::test]
async fn of_two_failures_of_an_event_the_last_one_counts() {
    let id = message("1", 1).id().to_string();
    for (first, last) in [("permanent", "transient"), ("transient", "permanent")] {
        let failures = json!({"failures": [{"id": id, "kind": first}, {"id": id, "kind": last}]});
        let (words, _) = outcomes_after(Reply::json(&failures.to_string())).await;
        assert_eq!(words, [last, "processed", "processed"]);
    }
}

#[tokio::test]
async fn a_response_of_six_megabytes_is_read() {
    let reason = "x".repeat(6_000_000);
    let failures =
        json!({"failures": [{"id": message("1", 1).id().as_str(), "kind": "permanent", "reason": reason}]});
    let (words, reason) = outcomes_after(Reply::json(&failures.to_string())).await;
    assert_eq!(words, ["permanent", "processed", "processed"]);
    assert_eq!(reason.len(), "the function did not process the event: ".len() + 200, "it is cut");
    assert_eq!(
        outcomes_after(Reply::json(&format!("\"{}\"", "x".repeat(6_000_000)))).await.0,
        ["crashed"; 3]
    );
}

#[tokio::test]
async fn an_invocation_is_repeated_only_if_it_was_throttled() {
    let count = AtomicUsize::new(0);
    let stand_in = StandIn::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 | 1 => refused(429, "TooManyRequestsException"),
        _ => Reply::json(""),
    });
    assert_eq!(words(&function(&stand_in).consume(&[message("1", 1)]).await), ["processed"]);
    assert_eq!(stand_in.requests().len(), 3);

    let stand_in = StandIn::start(|_| refused(500, "ServiceException"));
    assert_eq!(words(&function(&stand_in).consume(&[message("1", 1)]).await), ["transient"]);
    assert_eq!(stand_in.requests().len(), 1, "the function may still be running");
}

#[tokio::test]
async fn a_payload_that_lambda_refuses_is_sent_as_a_reference() {
    let stand_in = StandIn::start(|request| {
        if request.body.contains("large") {
            refused(413, "RequestTooLargeException")
        } else {
            Reply::json("")
        }
    });
    let messages = [message("1", 1), message_with("2", 1, &"large".repeat(100))];
    assert_eq!(words(&function(&stand_in).consume(&messages).await), ["processed", "processed"]);
    let requests = stand_in.requests().clone();
    assert_eq!(
        (requests.len(), ids(&requests[0]).len()),
        (4, 2),
        "both, each alone, the second as a reference"
    );
    // Those alone are sent at the same time, so any of them can be the last.
    let bodies = requests.iter().map(|request| serde_json::from_str::<Value>(&request.body).unwrap());
    let references: Vec<Value> = bodies.map(|body| body["events"][0]["dataref"].clone()).collect();
    let references: Vec<&str> = references.iter().filter_map(Value::as_str).collect();
    assert_eq!(references, [messages[1].id().as_str()]);

    let stand_in = StandIn::start(|_| refused(413, "RequestTooLargeException"));
    assert_eq!(words(&function(&stand_in).consume(&messages[1..]).await), ["permanent"]);
}

#[tokio::test]
async fn a_payload_of_more_than_six_megabytes_is_split() {
    let stand_in = StandIn::start(|request| {
        assert!(request.body.len() <= 6 * 1024 * 1024, "{} bytes", request.body.len());
        Reply::json("")
    });
    let large = "x".repeat(1_000_000);
    let messages: Vec<_> = (0..8).map(|n| message_with(&n.to_string(), 1, &large)).collect();
    assert_eq!(words(&function(&stand_in).consume(&messages).await), ["processed"; 8]);
    let mut counts: Vec<usize> = stand_in.requests().iter().map(|request| ids(request).len()).collect();
    counts.sort_unstable();
    assert_eq!(counts, [3, 5]);
}
