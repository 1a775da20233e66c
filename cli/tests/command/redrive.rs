//! `inlet redrive`, with a dead-letter queue for one test.

use std::fs;
use std::path::PathBuf;

use inlet_aws::client::clock;
use inlet_tests::repository;
use serde_json::{Value, json};

use crate::given::{Given, orders};
use crate::inlet::{run, run_in, snapshot};

/// A folder whose stack is this one but for its dead letters.
pub(crate) fn folder(given: &Given, dead_letters: &str) -> PathBuf {
    let mut facts: Value = serde_json::from_str(&repository::text(".local/stack.json")).unwrap();
    facts["dlq_url"] = json!(dead_letters);
    let folder = std::env::temp_dir().join(given.store.as_str());
    fs::create_dir_all(folder.join(".local")).unwrap();
    fs::write(folder.join(".local/stack.json"), facts.to_string()).unwrap();
    folder
}

#[tokio::test]
async fn a_dead_letter_of_a_forgotten_entity_is_deleted() {
    let given = orders(1).await;
    let dead_letters = given.stack.idle_queue().await;
    let id = &given.ids[0];
    let message = given.stack.stored(id).await.message;
    given.stack.enqueue(&dead_letters, id.entity_path(), &message, None).await;
    run(&["forget", id.entity_path(), "--yes", "--settle", "0"]).done();
    let folder = folder(&given, &dead_letters);
    let output = run_in(&folder, &["redrive", "--yes", "--json"]).done().json();
    assert_eq!(output, json!({"waiting": 1, "moved": 0, "forgotten": 1}));
    assert_eq!(given.stack.waiting(&dead_letters).len(), 0);
    fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn dead_letters_are_counted_first_and_then_moved() {
    let given = orders(1).await;
    let dead_letters = given.stack.idle_queue().await;
    let id = &given.ids[0];
    let message = given.stack.stored(id).await.message;
    given.stack.enqueue(&dead_letters, id.entity_path(), &message, None).await;
    given.stack.table().receipts.park(id, "for a test", clock::now()).await.unwrap();
    let folder = folder(&given, &dead_letters);

    snapshot("redrive-dry-run", &run_in(&folder, &["redrive", "--dry-run"]).done());
    snapshot("redrive-unconfirmed", &run_in(&folder, &["redrive"]));
    assert_eq!(given.stack.waiting(&dead_letters).len(), 1, "nothing was moved");
    let printed = run_in(&folder, &["redrive", "--yes", "--json"]).done().json();
    assert_eq!(printed, json!({"waiting": 1, "moved": 1, "forgotten": 0}));
    assert_eq!(given.stack.waiting(&dead_letters).len(), 0);
    assert!(!given.stack.table().receipts.is_parked(id).await.unwrap(), "it was tried again");
    snapshot("redrive-nothing", &run_in(&folder, &["redrive", "--yes"]).done());
    fs::remove_dir_all(folder).unwrap();
}
