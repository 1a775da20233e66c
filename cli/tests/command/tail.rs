//! `inlet tail`.

use serde_json::Value;

use crate::given::{order_with_two_states, unsent};
use crate::inlet::{Running, run, snapshot};

#[tokio::test]
async fn existing_events_come_first_and_once() {
    let given = order_with_two_states().await;
    let tailed = run(&["tail", "--since", "10m", "--limit", "2", "--store", &given.address]).done();
    snapshot("tail", &tailed);
}

#[tokio::test]
async fn events_are_printed_until_ctrl_c() {
    let (stack, store, request) = unsent("order.create").await;
    let mut tail = Running::start(&["tail", "--json", "--store", &format!("zid/{store}")]);
    tail.wait_for("waiting for events");
    assert_eq!(stack.send("zid", &request).status, 200);
    let id = stack.events("zid", &store).await.remove(0);
    let line: Value = serde_json::from_str(&tail.wait_for("commerce.order.created")).unwrap();
    assert_eq!(line["id"], id.as_str());
    // A duplicate is not an event.
    assert_eq!(stack.send("zid", &request).status, 200);
    std::thread::sleep(std::time::Duration::from_secs(3));
    tail.stop();
    assert_eq!(tail.end(), (0, vec![]), "once, and Ctrl-C ends it well");
}
