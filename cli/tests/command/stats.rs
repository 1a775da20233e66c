//! `inlet stats`.

use std::time::{Duration, Instant};

use inlet::request::{Headers, Request};
use inlet_tests::demo_credential;
use inlet_tests::stack::Stack;
use serde_json::{Value, json};

use crate::given::order_with_two_states;
use crate::inlet::{run, snapshot};

/// Returns the numbers of the one store, once this many of its deliveries are counted.
fn counted(address: &str, deliveries: u64) -> Value {
    let start = Instant::now();
    loop {
        let stats = run(&["stats", "--json", "--since", "10m", "--store", address]).done().json();
        let number = |name: &str| stats["stores"][0][name].as_u64().unwrap_or_default();
        if number("accepted") + number("rejected") >= deliveries || start.elapsed() > Duration::from_secs(30)
        {
            return stats;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[tokio::test]
async fn a_store_has_numbers_and_a_breaker_status() {
    let given = order_with_two_states().await;
    let again = crate::given::delivery(&given.store, "order.create");
    let forged =
        Request { headers: Headers::from_iter([("content-type", "application/json")]), ..again.clone() };
    assert_eq!(given.stack.send("zid", &again).status, 200);
    assert_eq!(given.stack.send("zid", &forged).status, 401);

    let stats = counted(&given.address, 4);
    let store = &stats["stores"][0];
    assert_eq!(store["store"], given.address.as_str());
    for (name, count) in
        [("accepted", 3), ("duplicates", 1), ("unknown", 0), ("rejected", 1), ("waiting", 0), ("parked", 0)]
    {
        assert_eq!(store[name], count, "{name} in {store}");
    }
    assert_eq!(store["rejected_by_reason"]["unauthenticated"], 1);
    assert!(store["delay_ms"]["p50"].as_u64() <= store["delay_ms"]["max"].as_u64(), "{store}");
    let breaker = &stats["breakers"][0]["breaker"];
    assert_eq!((breaker["warn_at"].as_u64(), breaker["disable_at"].as_u64()), (Some(10), Some(30)));
    assert_eq!(breaker["failures"][&given.address], 1);
    snapshot("stats", &run(&["stats", "--since", "10m", "--store", &given.address]).done());
}

#[tokio::test]
async fn an_undocumented_breaker_is_not_invented() {
    let store = Stack::up().store("zort", &json!([demo_credential("zort")])).await;
    snapshot("stats-nothing", &run(&["stats", "--store", &format!("zort/{store}")]).done());
}
