//! `inlet forget`.

use inlet_tests::stack::Stack;
use serde_json::json;

use crate::given::{Given, orders};
use crate::inlet::{bare, run, snapshot};

#[tokio::test]
async fn an_entity_is_counted_first_and_then_deleted() {
    let Given { store, ids, .. } = orders(1).await;
    let entity = ids[0].entity_path();
    snapshot("forget-dry-run", &run(&["forget", entity, "--dry-run"]).done());
    snapshot("forget-unconfirmed", &run(&["forget", entity]));
    assert_eq!(Stack::up().events("zid", &store).await, ids, "nothing has gone");
    let printed = run(&["forget", entity, "--yes", "--json"]).done().json();
    assert_eq!((&printed["forgotten"], &printed["events"]), (&json!(true), &json!(1)), "{printed}");
    assert!(Stack::up().events("zid", &store).await.is_empty(), "it has gone");
    snapshot("forget-nothing", &run(&["forget", entity, "--yes"]).done());
}

#[test]
fn an_invalid_entity_is_rejected_before_any_call() {
    assert_eq!(bare(&["forget", "zid/riyadh"]).code, 2);
}
