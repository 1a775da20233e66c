//! `inlet timeline`.

use inlet_aws::client::clock;
use inlet_aws::operate::replay::{ReplayId, record_replay};

use crate::given::order_with_two_states;
use crate::inlet::{run, snapshot};

#[tokio::test]
async fn a_history_has_changes_and_states() {
    let given = order_with_two_states().await;
    let table = given.stack.table();
    let replay = ReplayId::parse("after-the-fix").unwrap();
    record_replay(&table, &given.ids[0], &replay, clock::now()).await.unwrap();
    table.receipts.park(&given.ids[1], "no such product", clock::now()).await.unwrap();
    let entity = given.ids[0].entity_path();
    snapshot("timeline", &run(&["timeline", entity]).done());

    let printed = run(&["timeline", entity, "--json"]).done().json();
    let events = printed["events"].as_array().unwrap();
    assert_eq!(events.len(), 2);
    assert_eq!(events[0]["replays"][0]["replay"], "after-the-fix");
    let changes = events[1]["changes"].as_array().unwrap();
    let status = changes.iter().find(|change| change["field"] == "status").unwrap();
    assert_eq!((status["before"].as_str(), status["after"].as_str()), (Some("new"), Some("indelivery")));
    assert!(changes.iter().all(|change| change["field"] != "id"), "an unchanged field is listed");
}

#[test]
fn an_unknown_entity_has_no_history() {
    snapshot("timeline-nothing", &run(&["timeline", "zid/demo/order/1"]));
}
