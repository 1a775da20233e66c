//! `inlet show`.

use inlet_tests::deliveries::given;
use inlet_tests::stack::Stack;
use inlet_zip::Zip;
use serde_json::json;

use crate::given::order_with_two_states;
use crate::inlet::{bare, run, snapshot};

#[tokio::test]
async fn an_event_is_shown_raw_and_canonical() {
    let stack = Stack::up();
    let (store, request) = given::<Zip>(&stack, "capture").await;
    assert_eq!(stack.send("zip", &request).status, 200);
    assert_eq!(stack.processed_once(1, "zip", &store).await, 1);
    let id = stack.events("zip", &store).await.remove(0);
    snapshot("show", &run(&["show", id.as_str()]).done());
}

#[tokio::test]
async fn body_and_message_are_written_byte_for_byte() {
    let given = order_with_two_states().await;
    let id = given.ids[0].as_str();
    let kept = given.stack.stored(&given.ids[0]).await;
    assert_eq!(run(&["show", id, "--raw"]).done().out.as_bytes(), kept.body);
    assert_eq!(run(&["show", id, "--message"]).done().out, format!("{}\n", kept.message));

    let shown = run(&["show", id, "--json"]).done().json();
    assert_eq!(shown["body"], String::from_utf8(kept.body).unwrap());
    assert_eq!(shown["message"]["data"]["id"], "81230457");
    assert_eq!((&shown["state"], &shown["origin"]), (&json!("processed"), &json!("webhook")));
}

#[test]
fn a_missing_event_is_not_found() {
    snapshot("show-nothing", &run(&["show", "zid/demo/order/1/0123456789abcdef"]));
    snapshot("show-no-id", &bare(&["show", "zid/riyadh/order/1"]));
}
