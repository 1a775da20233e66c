//! A night shift: an alarm at three, an order's number, and at most six commands.

use inlet_aws::client::clock;

use crate::given::orders;
use crate::inlet::{Ran, run, run_in};
use crate::redrive::folder;

/// The commands that were run, for their count.
#[derive(Default)]
struct Walk(Vec<String>);

impl Walk {
    fn run(&mut self, arguments: &[&str]) -> Ran {
        self.0.push(arguments.join(" "));
        run(arguments)
    }
}

#[tokio::test]
async fn an_order_is_found_fixed_and_checked_in_six_commands() {
    // The consumer refuses an order. Its event is parked, and its message is a dead letter.
    let given = orders(2).await;
    let (broken, table) = (&given.ids[1], given.stack.table());
    table.receipts.park(broken, "the consumer refuses it: no such product", clock::now()).await.unwrap();
    let mut walk = Walk::default();

    // 1. The alarm says that an event is parked: which ones?
    let parked = walk.run(&["list", "--parked", "--store", &given.address]).done().out;
    assert!(parked.contains(broken.as_str()) && parked.contains("no such product"), "{parked}");
    // 2. The shop asks for its order by number: what happened to it?
    let number = broken.entity_path().rsplit('/').next().unwrap();
    let history = walk.run(&["timeline", &format!("{}/order/{number}", given.address)]).done().out;
    assert!(history.contains("PARKED: the consumer refuses it: no such product"), "{history}");
    // 3. What did the consumer get?
    let short = &broken.digest()[..8];
    let shown = walk.run(&["show", short, "--message"]).done().out;
    assert!(shown.contains(number), "{shown}");
    // The fix is made outside of Inlet. 4. This event once more:
    let replayed = walk.run(&["replay", short, "--yes"]).done();
    assert!(replayed.out.starts_with("1 of 1 event sent again"), "{replayed:?}");
    assert_eq!(given.stack.published_once(3, &given.store).len(), 3);
    // 5. Did it work?
    let checked = walk.run(&["show", short]).done().out;
    assert!(!checked.contains("PARKED") && checked.contains("replayed"), "{checked}");
    // 6. Is anything left?
    let left = walk.run(&["list", "--unprocessed", "--json", "--store", &given.address]).done().json();
    assert_eq!(left["events"], serde_json::json!([]));
    assert!(walk.0.len() <= 6, "{:?}", walk.0);
}

#[tokio::test]
async fn a_dead_letter_is_found_fixed_and_checked_in_four_commands() {
    let given = orders(1).await;
    let dead_letters = given.stack.idle_queue().await;
    let id = &given.ids[0];
    let message = given.stack.stored(id).await.message;
    given.stack.enqueue(&dead_letters, id.entity_path(), &message, None).await;
    given.stack.table().receipts.park(id, "no such product", clock::now()).await.unwrap();
    let folder = folder(&given, &dead_letters);
    let short = &id.digest()[..8];
    let listed = run_in(&folder, &["dead-letters", "list"]).done().out;
    assert!(listed.contains(id.as_str()) && listed.contains("no such product"), "{listed}");
    run_in(&folder, &["dead-letters", "show", short]).done();
    run_in(&folder, &["dead-letters", "redrive", short, "--yes"]).done();
    let checked = run_in(&folder, &["dead-letters", "list"]).done();
    assert!(checked.err.contains("no dead letters"), "{checked:?}");
    std::fs::remove_dir_all(folder).unwrap();
}
