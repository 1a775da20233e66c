//! `inlet tail`.

use serde_json::Value;

use crate::given::{order_that_moved_on, unsent};
use crate::inlet::{Running, run, snapshot};

#[tokio::test]
async fn what_is_there_already_comes_first_and_each_once() {
    let given = order_that_moved_on().await;
    let tailed = run(&["tail", "--since", "10m", "--limit", "2", "--store", &given.address]).done();
    snapshot("tail", &tailed);
}

#[tokio::test]
async fn events_are_shown_as_they_come_until_somebody_has_enough() {
    let (stack, store, request) = unsent("order.create").await;
    let mut tail = Running::start(&["tail", "--json", "--store", &format!("zid/{store}")]);
    tail.says("waiting for events");
    assert_eq!(stack.send("zid", &request).status, 200);
    let id = stack.events("zid", &store).await.remove(0);
    let line: Value = serde_json::from_str(&tail.says("commerce.order.created")).unwrap();
    assert_eq!(line["id"], id.as_str());
    // A duplicate is not an event.
    assert_eq!(stack.send("zid", &request).status, 200);
    std::thread::sleep(std::time::Duration::from_secs(3));
    tail.stop();
    assert_eq!(tail.end(), (0, vec![]), "once, and Ctrl-C ends it well");
}
