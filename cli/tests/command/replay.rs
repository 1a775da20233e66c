//! `inlet replay`.

use inlet_aws::client::clock;
use serde_json::{Value, json};

use crate::given::{Given, order_with_two_states, orders};
use crate::inlet::{Running, run, snapshot};

/// The replays under which a store's events were published again.
fn replays(given: &Given, count: usize) -> Vec<Value> {
    let published = given.stack.published_once(count, &given.store);
    published.into_iter().filter_map(|event| event.get("replayid").cloned()).collect()
}

#[tokio::test]
async fn a_replay_counts_first_and_sends_when_confirmed() {
    let given = orders(2).await;
    given.stack.table().receipts.park(&given.ids[0], "for a test", clock::now()).await.unwrap();
    let replay = |more: &[&str]| {
        let arguments = ["replay", "--since", "10m", "--store", &given.address];
        run(&[&arguments, more].concat())
    };
    snapshot("replay-dry-run", &replay(&["--dry-run"]).done());
    snapshot("replay-unconfirmed", &replay(&[]));
    assert_eq!(given.stack.published(&given.store).len(), 2, "nothing was sent");

    snapshot("replay", &replay(&["--id", "after-the-fix", "--yes"]).done());
    assert_eq!(replays(&given, 4), [json!("after-the-fix"), json!("after-the-fix")]);
    let printed = replay(&["--type", "commerce.order.created", "--yes", "--json"]).done().json();
    assert_eq!((&printed["selected"], &printed["sent"]), (&json!(2), &json!(2)));
    assert!(printed["replay"].as_str().unwrap().starts_with("replay-2"), "{printed}");
    assert_eq!(replays(&given, 6).len(), 4);
    let listed = run(&["list", "--json", "--parked", "--store", &given.address]).done().json();
    assert_eq!(listed["events"], json!([]), "it was tried again");
}

#[tokio::test]
async fn a_replay_is_listed_and_changes_no_delay() {
    let given = order_with_two_states().await;
    let shown = || run(&["show", given.ids[0].as_str(), "--json"]).done().json();
    let stats = || {
        let stats = run(&["stats", "--json", "--since", "10m", "--store", &given.address]).done().json();
        stats["stores"][0]["delay_ms"].clone()
    };
    let (first, delay) = (shown(), stats());
    assert_eq!(first.get("replays"), None);
    std::thread::sleep(std::time::Duration::from_secs(2));
    let replay = ["replay", "--since", "10m", "--store", &given.address, "--id", "after-the-fix", "--yes"];
    run(&replay).done();
    assert_eq!(replays(&given, 4).len(), 2);
    let listed = || {
        let shown = shown();
        shown["replays"][0].get("processed").is_some().then_some(shown)
    };
    let shown = inlet_tests::stack::eventually(listed).expect("a processed replay");
    assert_eq!(shown["replays"][0]["replay"], "after-the-fix");
    assert_eq!(shown["processed"], first["processed"], "the first receipt's time");
    assert_eq!(stats(), delay, "the replay is left out");
    let page = run(&["show", given.ids[0].as_str()]).done().out;
    assert!(page.contains(" as after-the-fix, processed "), "{page}");
}

#[tokio::test]
async fn a_stopped_replay_continues_with_its_hint() {
    let given = orders(3).await;
    let since = ["replay", "--since", "10m", "--store", &given.address, "--id", "in-two-parts"];
    let stopped = Running::start(&[&since[..], &["--rate", "1", "--yes"]].concat());
    while replays(&given, 4).is_empty() {}
    stopped.stop();
    let (code, said) = stopped.end();
    assert_eq!(code, 5, "{said:?}");
    let next =
        said.iter().find_map(|line| line.split_once('`')?.1.split_once('`')).expect("what to do next").0;
    let next = next.strip_prefix("inlet --local ").expect("the place that it was begun in");
    let arguments: Vec<&str> = next.split(' ').collect();
    run(&arguments).done();
    let replayed = replays(&given, 6);
    assert_eq!(replayed, [json!("in-two-parts"), json!("in-two-parts"), json!("in-two-parts")], "{next}");
}

#[tokio::test]
async fn a_replay_needs_a_start_or_an_entity() {
    snapshot("replay-everything", &run(&["replay", "--yes"]));
    let unknown = run(&["replay", "--yes", "--since", "1m", "--store", "zid/no-such-store"]);
    assert_eq!(unknown.code, 3, "{unknown:?}");
    assert!(unknown.err.contains("there is no store no-such-store with a secret"), "{unknown:?}");
    snapshot("replay-no-name", &run(&["replay", "--id", "a b"]));
}
