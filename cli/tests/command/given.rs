//! The starting point of the tests that inspect and recover: events of a store of their own.

use std::time::{Duration, Instant};

use inlet::event::EventId;
use inlet::request::Request;
use inlet::store::StoreName;
use inlet_tests::deliveries;
use inlet_tests::stack::Stack;
use inlet_zid::Zid;

/// The time that a delivery may need on a busy machine.
const TIME_LIMIT: Duration = Duration::from_mins(1);

/// A store for one test, of which some orders were received and processed.
pub(crate) struct Given {
    /// The stack.
    pub(crate) stack: Stack,
    /// The store.
    pub(crate) store: StoreName,
    /// The store as an argument of the command.
    pub(crate) address: String,
    /// Its events, in the order of their arrival.
    pub(crate) ids: Vec<EventId>,
}

/// An order that is created, and then moves on.
pub(crate) async fn order_with_two_states() -> Given {
    let (stack, store, created) = unsent("order.create").await;
    let moved = delivery(&store, "order.status.update");
    received(stack, store, &[created, moved]).await
}

/// Returns this many orders, of different entities.
pub(crate) async fn orders(count: usize) -> Given {
    let (stack, store, request) = unsent("order.create").await;
    let other = |n: usize| {
        let body = String::from_utf8(request.body.clone()).expect("text");
        let body = body.replace("81230457", &format!("9000{n}")).into_bytes();
        Request { body, ..request.clone() }
    };
    let requests: Vec<Request> = (0..count).map(other).collect();
    received(stack, store, &requests).await
}

/// Returns a store, and a delivery to it that is not sent yet.
pub(crate) async fn unsent(event: &str) -> (Stack, StoreName, Request) {
    let stack = Stack::up();
    let (store, request) = deliveries::given::<Zid>(&stack, event).await;
    (stack, store, request)
}

/// Another delivery to the store.
pub(crate) fn delivery(store: &StoreName, event: &str) -> Request {
    let credential = inlet_tests::demo_credential("zid");
    let body = inlet_tests::repository::text(&format!("functions/zid/payloads/{event}.json")).into_bytes();
    let row = inlet::provider::catalogue::find(inlet_zid::EVENTS, event).expect("a row");
    inlet::tools::sender::delivery::<Zid>(store.clone(), row, body, &credential)
}

async fn received(stack: Stack, store: StoreName, requests: &[Request]) -> Given {
    let mut ids: Vec<EventId> = Vec::new();
    for request in requests {
        assert_eq!(stack.send("zid", request).status, 200);
        ids.push(stored_beside(&stack, &store, &ids).await);
    }
    assert_eq!(stack.processed_once(requests.len(), "zid", &store).await, requests.len());
    let address = format!("zid/{store}");
    Given { stack, store, address, ids }
}

/// Waits for an event of the store that is not among `known`: on a busy machine the receiver may have left it to the queue.
async fn stored_beside(stack: &Stack, store: &StoreName, known: &[EventId]) -> EventId {
    let start = Instant::now();
    loop {
        let stored = stack.events("zid", store).await;
        if let Some(id) = stored.into_iter().find(|id| !known.contains(id)) {
            return id;
        }
        assert!(start.elapsed() < TIME_LIMIT, "each delivery is an event of its own");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
