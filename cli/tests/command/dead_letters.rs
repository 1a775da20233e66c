//! `inlet dead-letters`, with a dead-letter queue for one test.

use std::path::PathBuf;

use inlet_aws::client::clock;
use serde_json::json;

use crate::given::{Given, orders};
use crate::inlet::{Running, run_in, snapshot};
use crate::redrive::folder;

/// Orders whose events are parked, with a dead letter each.
async fn dead(count: usize) -> (Given, String, PathBuf) {
    let given = orders(count).await;
    let dead_letters = given.stack.idle_queue().await;
    for id in &given.ids {
        let message = given.stack.stored(id).await.message;
        given.stack.enqueue(&dead_letters, id.entity_path(), &message, None).await;
        given.stack.table().receipts.park(id, "no such product", clock::now()).await.unwrap();
    }
    let folder = folder(&given, &dead_letters);
    (given, dead_letters, folder)
}

#[tokio::test]
async fn dead_letters_are_listed_with_their_reasons_and_given_back() {
    let (given, dead_letters, folder) = dead(2).await;
    snapshot("dead-letters-list", &run_in(&folder, &["dead-letters", "list"]).done());
    let listed = run_in(&folder, &["dead-letters", "list", "--json"]).done().json();
    let ids: Vec<&str> =
        listed["letters"].as_array().unwrap().iter().filter_map(|letter| letter["id"].as_str()).collect();
    assert_eq!(
        ids,
        given.ids.iter().map(inlet::event::EventId::as_str).collect::<Vec<_>>(),
        "the first look gave them back"
    );
    let entity = given.ids[0].entity_path();
    let listed = run_in(&folder, &["dead-letters", "list", "--json", "--entity", entity]).done().json();
    assert_eq!(listed["letters"].as_array().map(Vec::len), Some(1));
    assert_eq!(given.stack.waiting(&dead_letters).len(), 2);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn one_dead_letter_is_shown_and_redriven_by_its_short_id() {
    let (given, dead_letters, folder) = dead(2).await;
    let short = &given.ids[1].digest()[..8];
    let shown = run_in(&folder, &["dead-letters", "show", short, "--json"]).done().json();
    assert_eq!((&shown["id"], &shown["reason"]), (&json!(given.ids[1].as_str()), &json!("no such product")));
    assert_eq!(shown["message"]["data"]["id"], "90001");
    let missing: [&[&str]; 3] =
        [&["redrive", short, "00000000"], &["redrive", "nosuch"], &["dead-letters", "discard", "00000000"]];
    for command in missing {
        let ran = run_in(&folder, &[command, &["--yes"]].concat());
        let id = command[command.len() - 1];
        assert_eq!(ran.code, 3, "{command:?}: {ran:?}");
        assert!(ran.err.contains(&format!("there is no dead letter {id}")), "{command:?}: {ran:?}");
    }
    assert_eq!(given.stack.waiting(&dead_letters).len(), 2, "nothing was moved or deleted");
    let moved = run_in(&folder, &["dead-letters", "redrive", short, "--yes", "--json"]).done().json();
    assert_eq!(moved, json!({"waiting": 1, "moved": 1, "forgotten": 0}));
    let left = given.stack.waiting(&dead_letters);
    assert_eq!((left.len(), left[0].body["id"].as_str()), (1, Some(given.ids[0].as_str())));
    assert!(!given.stack.table().receipts.is_parked(&given.ids[1]).await.unwrap());
    snapshot("dead-letters-no-letter", &run_in(&folder, &["dead-letters", "show", "00c0ffee"]));
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn discarded_letters_leave_their_events() {
    let (given, dead_letters, folder) = dead(1).await;
    snapshot("dead-letters-discard-nothing", &run_in(&folder, &["dead-letters", "discard", "--yes"]));
    snapshot("dead-letters-discard-unconfirmed", &run_in(&folder, &["dead-letters", "discard", "--all"]));
    assert_eq!(given.stack.waiting(&dead_letters).len(), 1);
    snapshot("dead-letters-discard", &run_in(&folder, &["dead-letters", "discard", "--all", "--yes"]).done());
    assert_eq!(given.stack.waiting(&dead_letters).len(), 0);
    assert_eq!(given.stack.events("zid", &given.store).await, given.ids);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_stopped_redrive_gives_the_other_letters_back_at_once() {
    let (given, dead_letters, folder) = dead(5).await;
    let running = Running::start_in(&folder, &["redrive", "--yes", "--rate", "1"]);
    while given.stack.waiting(&dead_letters).len() == 5 {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    running.stop();
    let (code, said) = running.end();
    assert_eq!(code, 5, "{said:?}");
    let said = said.join("\n");
    assert!(said.contains("given back") && said.contains("`inlet --local redrive --rate 1 --yes`"), "{said}");
    // Nothing is hidden: the next run moves all that is left.
    let left = given.stack.waiting(&dead_letters).len();
    assert!(left > 0, "{said}");
    let moved = run_in(&folder, &["redrive", "--yes", "--json"]).done().json();
    assert_eq!(moved["moved"], left, "{moved}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn hidden_letters_are_reported_and_not_called_done() {
    let (given, dead_letters, folder) = dead(1).await;
    let receive = given.stack.clients.sqs.receive_message().queue_url(&dead_letters).visibility_timeout(60);
    assert_eq!(receive.send().await.unwrap().messages().len(), 1);
    snapshot("redrive-hidden", &run_in(&folder, &["redrive", "--yes"]));
    std::fs::remove_dir_all(folder).unwrap();
}
