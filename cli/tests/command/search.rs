//! The filters of `inlet list` and others: types, fields, text, trust, bare ids, times and zones.

use std::time::Duration;

use inlet::event::EventId;
use inlet_aws::client::clock;
use inlet_aws::operate::find::find_events;

use crate::given::{Given, order_with_two_states, orders};
use crate::inlet::{run, snapshot};

fn listed(given: &Given, filters: &[&str]) -> Vec<String> {
    let printed = run(&[&["list", "--json", "--store", &given.address], filters].concat()).done().json();
    let events = printed["events"].as_array().unwrap();
    events.iter().filter_map(|event| event["id"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn events_are_found_by_type_field_text_trust_and_origin() {
    let given = order_with_two_states().await;
    let (created, moved) = (&given.ids[0], &given.ids[1]);
    for (filters, found) in [
        (&["--type", "order.create,order.status.update"][..], vec![moved, created]),
        (&["--type", "order.status*"], vec![moved]),
        (&["--type", "order.created"], vec![created]),
        (&["--type", "product.*"], vec![]),
        (&["--where", "data.status=indelivery"], vec![moved]),
        (&["--where", "data.status!=indelivery"], vec![created]),
        (&["--where", "data.status=indelivery", "--where", "data.payment_state=open"], vec![]),
        (&["--grep", "JARI"], vec![]),
        (&["--grep", "جاري التوصيل"], vec![moved]),
        (&["--grep", "qx7lmt4vne"], vec![moved, created]),
        (&["--trust", "shared_secret"], vec![moved, created]),
        (&["--trust", "signed,url_token"], vec![]),
        (&["--origin", "webhook"], vec![moved, created]),
        (&["--origin", "quarantine"], vec![]),
        (&["--entity", "81230457", "--type", "order.create"], vec![created]),
        (&["--since", "2h30m"], vec![moved, created]),
        (&["--since", "yesterday", "--tz", "Asia/Riyadh"], vec![moved, created]),
    ] {
        let found: Vec<String> = found.into_iter().map(EventId::to_string).collect();
        assert_eq!(listed(&given, filters), found, "{filters:?}");
    }
}

#[tokio::test]
async fn an_entity_is_found_by_its_bare_number() {
    let given = orders(1).await;
    // The number of no other test's order.
    let number = given.ids[0].entity_path().rsplit('/').next().unwrap().to_owned();
    let printed = run(&["list", "--json", "--store", &given.address, "--entity", &number]).done().json();
    assert_eq!(printed["events"][0]["id"], given.ids[0].as_str());
    snapshot("timeline-no-number", &run(&["timeline", "no-such-number"]));
}

#[tokio::test]
async fn a_short_id_names_an_event() {
    let given = orders(1).await;
    let id = &given.ids[0];
    let shown = run(&["show", &id.digest()[..8], "--json"]).done().json();
    assert_eq!(shown["id"], id.as_str());
    let replayed = run(&["replay", &id.digest()[..8], "--yes", "--json"]).done();
    assert_eq!(replayed.json()["sent"], 1, "{replayed:?}");
    assert!(replayed.err.contains(&format!("inlet --local show {id}")), "{replayed:?}");
    snapshot("show-no-short-id", &run(&["show", "00c0ffee"]));
}

#[tokio::test]
async fn parked_and_unprocessed_events_are_replayed() {
    let given = orders(3).await;
    let now = inlet_aws::client::clock::now();
    given.stack.table().receipts.park(&given.ids[1], "for a test", now).await.unwrap();
    for (flag, count) in [("--parked", 1), ("--unprocessed", 1)] {
        let counted = run(&["replay", flag, "--dry-run", "--json", "--store", &given.address]).done().json();
        assert_eq!(counted["selected"], count, "{flag}: {counted}");
    }
    let sent = run(&["replay", "--parked", "--yes", "--json", "--store", &given.address]).done().json();
    assert_eq!(sent["sent"], 1, "{sent}");
    assert!(!given.stack.table().receipts.is_parked(&given.ids[1]).await.unwrap());
}

#[tokio::test]
async fn an_unknown_store_or_type_has_a_suggestion() {
    let given = orders(1).await;
    let mistyped = format!("{}x", given.store);
    let ran = run(&["list", "--store", &mistyped]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains(&format!("did you mean {}?", given.address)), "{ran:?}");
    snapshot("list-mistyped-type", &run(&["list", "--store", &given.address, "--type", "order.creat"]));
    for (types, meant) in [("order.create,ordr.create", "order.create"), ("ordr.*", "order.*")] {
        let ran = run(&["list", "--store", &given.address, "--type", types]);
        assert!(ran.code == 3 && ran.err.contains(&format!("did you mean {meant}")), "{types}: {ran:?}");
    }
    for command in ["verify", "stats"] {
        let ran = run(&[command, "--store", &mistyped]);
        assert!(ran.code == 3 && ran.err.contains("did you mean "), "{command}: {ran:?}");
    }
    snapshot("tail-mistyped-type", &run(&["tail", "--type", "order.creat"]));
}

#[tokio::test]
async fn times_are_local_and_name_their_zone() {
    let given = orders(1).await;
    let listed = run(&["list", "--store", &given.address, "--tz", "Asia/Riyadh"]).done().out;
    assert!(listed.starts_with("RECEIVED (ASIA/RIYADH)") && listed.contains("+03:00"), "{listed}");
    let shown = run(&["show", given.ids[0].as_str(), "--tz", "Asia/Riyadh"]).done().out;
    assert!(shown.contains("+03:00[Asia/Riyadh]"), "{shown}");
    let timeline = run(&["timeline", given.ids[0].entity_path(), "--tz", "Asia/Riyadh"]).done().out;
    assert!(timeline.contains("oldest first (Asia/Riyadh)"), "{timeline}");
    let json = run(&["list", "--store", &given.address, "--tz", "Asia/Riyadh", "--json"]).done().json();
    assert!(json["events"][0]["received"].as_str().unwrap().ends_with('Z'), "programs read UTC: {json}");
    snapshot("list-no-zone", &run(&["list", "--tz", "Asia/Riyad"]));
}

#[tokio::test]
async fn a_search_by_digest_ends_when_its_time_is_over() {
    let given = orders(1).await;
    let (table, now) = (given.stack.table(), clock::now());
    let (week, hour) = (now.earlier(Duration::from_hours(7 * 24)), now.earlier(Duration::from_hours(1)));
    let time_limit = Duration::from_mins(1);
    let found = find_events(&table, &given.ids[0].digest()[..8], (week, now), time_limit).await.unwrap();
    assert_eq!(found.arrivals[0].id, given.ids[0]);
    let none = find_events(&table, "ffffffffffffffff", (week, now), Duration::ZERO).await.unwrap();
    assert!(none.arrivals.is_empty() && none.searched_from > week, "{none:?}");
    let none = find_events(&table, "ffffffffffffffff", (hour, now), time_limit).await.unwrap();
    assert!(none.arrivals.is_empty() && none.searched_from == hour, "{none:?}");
}
