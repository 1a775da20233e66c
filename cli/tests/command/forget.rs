//! `inlet forget`.

use inlet_tests::demo_credential;
use inlet_tests::stack::Stack;
use serde_json::json;

use crate::given::{Given, orders, unsent};
use crate::inlet::{bare, run, snapshot};

#[tokio::test]
async fn an_entity_is_counted_first_and_then_deleted() {
    let Given { store, ids, .. } = orders(1).await;
    let entity = ids[0].entity_path();
    snapshot("forget-dry-run", &run(&["forget", entity, "--dry-run"]).done());
    snapshot("forget-unconfirmed", &run(&["forget", entity]));
    assert_eq!(Stack::up().events("zid", &store).await, ids, "nothing has gone");
    let printed = run(&["forget", entity, "--yes", "--json", "--settle", "0"]).done().json();
    assert_eq!((&printed["forgotten"], &printed["events"]), (&json!(true), &json!(1)), "{printed}");
    assert_eq!(printed["not_reached"].as_array().map(Vec::len), Some(5), "{printed}");
    assert!(Stack::up().events("zid", &store).await.is_empty(), "it has gone");
    snapshot("forget-nothing", &run(&["forget", entity, "--yes", "--settle", "0"]).done());
}

#[tokio::test]
async fn a_question_comes_after_the_places_that_are_not_reached() {
    let Given { ids, .. } = orders(1).await;
    let unconfirmed = run(&["forget", ids[0].entity_path()]);
    assert_eq!(unconfirmed.code, 2);
    for place in ["consumers", "dead-letter queue", "backups", "logs", "quarantine"] {
        assert!(unconfirmed.err.contains(place), "{place}: {unconfirmed:?}");
    }
}

#[tokio::test]
async fn a_delivery_in_quarantine_is_not_accepted_after_forgetting() {
    let (stack, store, request) = unsent("order.create").await;
    let parameter = format!("zid/{store}");
    stack.set(&parameter, r#"[{"username":"mistyped","password":"mistyped"}]"#).await;
    assert_eq!(stack.send("zid", &request).status, 401);
    run(&["forget", &format!("zid/{store}/order/81230457"), "--yes", "--settle", "0"]).done();
    stack.set(&parameter, &json!([demo_credential("zid")]).to_string()).await;
    let output = run(&["reverify", &parameter, "--yes", "--json"]).done().json();
    let counts = ["quarantined", "accepted", "still_failing", "forgotten"];
    assert_eq!(counts.map(|name| output["stores"][0][name].as_u64()), [1, 0, 0, 1].map(Some), "{output}");
    assert!(stack.events("zid", &store).await.is_empty(), "it came back");
    assert!(stack.held("zid", &store).await.is_empty(), "it left the quarantine");
    let published = stack.published(&store);
    assert!(published.iter().all(|event| event["type"] == "inlet.entity.forgotten"), "{published:?}");
}

#[tokio::test]
async fn a_replay_leaves_out_what_is_being_forgotten() {
    let given = orders(2).await;
    let now = inlet_aws::client::clock::now();
    // The note of a run whose deletions are still to come.
    given.stack.table().forgotten.put(given.ids[0].entity_path(), now).await.unwrap();
    let output =
        run(&["replay", "--since", "1h", "--store", &given.address, "--yes", "--json"]).done().json();
    assert_eq!((&output["sent"], &output["forgotten"]), (&json!(1), &json!(1)), "{output}");
    let published = given.stack.published_once(3, &given.store);
    assert_eq!(published.len(), 3, "two at first, and one of the replay");
    assert_eq!(published[2]["id"], given.ids[1].as_str());
}

#[test]
fn an_invalid_entity_is_rejected_before_any_call() {
    assert_eq!(bare(&["forget", "zid/riyadh"]).code, 2);
}
