//! `inlet verify`, and how the commands that read events handle a damaged one.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use inlet_aws::dynamodb::gzip::{Effort, gzip};
use serde_json::{Value, json};

use crate::given::{Given, order_with_two_states, orders};
use crate::inlet::run;

/// Replaces an event's body and message as a bug or a person would: the item is complete, and its stream is readable.
async fn change(given: &Given, n: usize, body: &[u8], message: &str) {
    let stream = gzip(&[body, message.as_bytes()].concat(), Effort::Fast);
    given.stack.damage(&given.ids[n], "gzip", Some(AttributeValue::B(Blob::new(stream)))).await;
}

/// Replaces an event's body by another one of the same length.
async fn change_body(given: &Given, n: usize) {
    let stored = given.stack.stored(&given.ids[n]).await;
    let body = String::from_utf8(stored.body).unwrap().replace("SAR", "USD");
    change(given, n, body.as_bytes(), &stored.message).await;
}

/// Replaces an event's message.
async fn change_message(given: &Given, n: usize, message: &str) {
    let body = given.stack.stored(&given.ids[n]).await.body;
    change(given, n, &body, message).await;
}

#[tokio::test]
async fn every_kind_of_damage_is_found_and_nothing_else() {
    let given = orders(6).await;
    let verify = || run(&["verify", "--store", &given.address, "--since", "1h", "--json"]);
    let whole = verify().done().json();
    assert_eq!(whole, json!({"verified": 6, "damaged": 0, "findings": []}));

    let message = given.stack.stored(&given.ids[1]).await.message;
    let other = given.stack.stored(&given.ids[5]).await.message;
    change_body(&given, 0).await;
    change_message(&given, 1, &message.replace("SAR", "USD")).await;
    change_message(&given, 2, &other).await;
    given.stack.damage(&given.ids[3], "arrival", None).await;
    given.stack.damage(&given.ids[4], "gzip", None).await;
    let ran = verify();
    assert_eq!(ran.code, 1, "{ran:?}");
    let output = ran.json();
    assert_eq!((&output["verified"], &output["damaged"]), (&json!(6), &json!(5)), "{output}");
    let finding = |n: usize| {
        let of_event = |finding: &&Value| finding["id"] == given.ids[n].as_str();
        let found: Vec<&Value> = output["findings"].as_array().unwrap().iter().filter(of_event).collect();
        found.iter().map(|found| format!("{}: {}", found["part"], found["reason"])).collect::<Vec<_>>()
    };
    let expected = [
        r#""body": "its body has another SHA-256 than was stored""#,
        r#""message": "its message has another SHA-256 than was stored""#,
        r#""message": "its message has another id""#,
        r#""index": "the time index does not list it under its arrival""#,
        r#""body": "its gzip is not whole""#,
    ];
    for (n, reason) in expected.into_iter().enumerate() {
        assert_eq!(finding(n), [reason], "event {n}: {output}");
    }
    assert_eq!(finding(5), [""; 0]);

    let page = run(&["verify", "--store", &given.address]);
    assert_eq!(
        (page.code, page.out.lines().count()),
        (1, 6),
        "a line for each finding and one for all: {page:?}"
    );
    assert!(page.out.ends_with("6 events verified, 5 damaged\n"), "{page:?}");
    assert!(page.err.contains("docs/runbook.md#items-are-damaged"), "{page:?}");
    let one = run(&["verify", "--entity", given.ids[0].entity_path(), "--json"]);
    assert_eq!((one.code, &one.json()["verified"]), (1, &json!(1)), "one entity");
    let none = run(&["verify", "--store", &given.address, "--until", "1h", "--json"]).done().json();
    assert_eq!(none["verified"], 0, "they arrived later");
}

#[tokio::test]
async fn a_changed_event_is_neither_shown_nor_replayed() {
    let given = orders(2).await;
    change_body(&given, 0).await;
    for more in [&[][..], &["--raw"], &["--message"], &["--json"]] {
        let shown = run(&[&["show", given.ids[0].as_str()], more].concat());
        assert_eq!((shown.code, shown.out.as_str()), (1, ""), "{shown:?}");
        assert!(shown.err.contains("its body has another SHA-256 than was stored"), "{shown:?}");
    }
    let replayed = run(&["replay", "--since", "1h", "--store", &given.address, "--yes", "--json"]);
    let output = replayed.json();
    assert_eq!((replayed.code, &output["sent"]), (5, &json!(1)), "{replayed:?}");
    assert_eq!(output["refused"][0]["id"], given.ids[0].as_str());
    let published = given.stack.published_once(3, &given.store);
    assert_eq!(published.len(), 3, "two at first, and one of the replay");
    assert_eq!(published[2]["id"], given.ids[1].as_str());
}

#[tokio::test]
async fn a_timeline_shows_the_events_around_a_damaged_one() {
    let given = order_with_two_states().await;
    change_body(&given, 0).await;
    let timeline = run(&["timeline", given.ids[0].entity_path(), "--json"]).done().json();
    let events = timeline["events"].as_array().unwrap();
    assert_eq!(events.len(), 2, "{timeline}");
    assert_eq!(events[0]["damaged"], "its body has another SHA-256 than was stored");
    assert_eq!(events[0]["changes"], json!([]), "nothing of it is shown");
    assert!(events[1].get("damaged").is_none(), "{timeline}");
    assert!(!events[1]["changes"].as_array().unwrap().is_empty(), "{timeline}");
    let page = run(&["timeline", given.ids[0].entity_path()]).done();
    assert!(page.out.contains("DAMAGED: its body has another SHA-256 than was stored"), "{page:?}");
}
