//! `inlet list`.

use inlet::event::EventId;
use inlet_aws::client::clock;
use serde_json::json;

use crate::given::{order_with_two_states, orders, unsent};
use crate::inlet::{bare, run, snapshot};

#[tokio::test]
async fn events_are_listed_newest_first_with_their_states() {
    let given = order_with_two_states().await;
    given
        .stack
        .table()
        .receipts
        .park(&given.ids[0], "the consumer refuses it: too large", clock::now())
        .await
        .unwrap();
    snapshot("list", &run(&["list", "--store", &given.address]).done());

    let listed = run(&["list", "--json", "--store", &given.address]).done().json();
    let events = listed["events"].as_array().unwrap();
    let ids: Vec<&str> = events.iter().filter_map(|event| event["id"].as_str()).collect();
    assert_eq!(ids, [given.ids[1].as_str(), given.ids[0].as_str()]);
    assert_eq!(events[0]["state"], "processed");
    assert_eq!(
        (&events[1]["state"], &events[1]["parked_because"]),
        (&json!("parked"), &json!("the consumer refuses it: too large"))
    );
    assert!(listed.get("older_before").is_none(), "{listed}");

    for (filter, ids) in [
        (vec!["--parked"], vec![&given.ids[0]]),
        (vec!["--unprocessed"], vec![&given.ids[0]]),
        (vec!["--type", "order.status.update"], vec![&given.ids[1]]),
        (vec!["--type", "commerce.order.created"], vec![&given.ids[0]]),
        (vec!["--entity", "order/81230457", "--limit", "1"], vec![&given.ids[1]]),
        (vec!["--entity", "order/1"], vec![]),
        (vec!["--until", "1h"], vec![]),
    ] {
        let arguments = [vec!["list", "--json", "--store", &given.address], filter.clone()].concat();
        let listed = run(&arguments).done().json();
        let listed = listed["events"].as_array().unwrap().iter().filter_map(|event| event["id"].as_str());
        assert!(listed.eq(ids.iter().map(|id| id.as_str())), "{filter:?}");
    }
}

#[tokio::test]
async fn a_cut_list_continues_without_a_gap() {
    let given = orders(5).await;
    let mut seen: Vec<String> = Vec::new();
    let mut until = Vec::new();
    loop {
        let mut arguments = vec!["list", "--json", "--limit", "2", "--store", &given.address];
        let before: String = until.last().cloned().unwrap_or_default();
        if !before.is_empty() {
            arguments.extend(["--until", &before]);
        }
        let listed = run(&arguments).done().json();
        let ids = listed["events"].as_array().unwrap().iter().filter_map(|event| event["id"].as_str());
        seen.extend(ids.map(str::to_owned));
        let Some(older) = listed["older_before"].as_str() else { break };
        until.push(older.to_owned());
    }
    let all: Vec<&str> = given.ids.iter().rev().map(EventId::as_str).collect();
    assert_eq!(seen, all, "each once, newest first, in pages that ended before {until:?}");
}

#[tokio::test]
async fn the_quarantine_is_listed_without_any_proof() {
    let (stack, store, request) = unsent("order.create").await;
    stack.set(&format!("zid/{store}"), r#"[{"username":"mistyped","password":"mistyped"}]"#).await;
    assert_eq!(stack.send("zid", &request).status, 401);
    let address = format!("zid/{store}");
    let listed = run(&["list", "--quarantine", "--store", &address]).done();
    snapshot("list-quarantine", &listed);
    let proof = request.headers.value("authorization").unwrap();
    let json = run(&["list", "--quarantine", "--json", "--store", &address]).done();
    assert_eq!(json.json()["quarantined"][0]["size"], request.body.len());
    assert!(!(listed.out + &json.out).contains(proof), "what was offered as proof is shown");
    assert!(run(&["list", "--store", &address]).done().err.contains("no events since"), "it is not an event");
}

#[test]
fn contradicting_filters_are_explained() {
    snapshot("list-two-stores", &run(&["list", "--store", "zid/a", "--entity", "zid/b/order/1"]));
    snapshot("list-no-entity", &bare(&["list", "--entity", "zid/riyadh/order/8/9f2c41d8a3b7e6f0"]));
    snapshot("list-no-time", &bare(&["list", "--since", "tomorrow"]));
}
