//! What must hold of forgetting: it is all gone, and nothing that is on its way brings it back. Needs `make up`.

use inlet::event::{EventId, ReceivedAt};
use inlet::receive::Attempt;
use inlet_aws::forget::{Entity, Forget, Traces};
use inlet_aws::journal::Kept;
use inlet_aws::record::{Origin, Record};
use inlet_tests::deliveries::{given, received_without};
use inlet_tests::stack::{Stack, eventually};
use inlet_zid::Zid;
use inlet_zort::Zort;

fn entity_of(id: &EventId) -> Entity {
    Entity::parse(id.entity_path()).expect("an entity")
}

#[tokio::test]
async fn a_forgotten_entity_is_gone_and_its_messages_stay_unread() {
    let stack = Stack::up();
    let (store, request) = given::<Zort>(&stack, "UPDATEORDER").await;
    let nowhere = stack.idle_queue().await;
    // Stored, never processed: its message is still on its way.
    received_without::<Zort>(&stack, &stack.facts.table, &nowhere, request).await;
    let id = stack.events("zort", &store).await[0].clone();
    let kept = stack.stored(&id).await;
    stack.table().park(&id, "for a test", inlet_aws::clock::now()).await.unwrap();

    let forget = Forget { table: stack.table() };
    let traces = Traces { events: 1, notes: 2, pieces: 0, shared: 0 };
    assert_eq!(
        forget.count(&entity_of(&id)).await.unwrap(),
        traces,
        "the event, its mark, and the latest delivery"
    );
    assert_eq!(stack.events("zort", &store).await, std::slice::from_ref(&id), "counting changes nothing");
    assert_eq!(forget.run(&entity_of(&id)).await.unwrap(), traces);

    let left: Vec<String> = sort_keys(&stack, &store).await;
    assert_eq!(left, ["forgotten", &format!("receipt/{}", id.digest())]);
    assert_eq!(forget.run(&entity_of(&id)).await.unwrap(), Traces::default(), "nothing is left to go");

    let queue = stack.impatient_queue().await;
    stack.enqueue(&queue, id.entity_path(), &kept.message, None).await;
    let record = Record { origin: Origin::Fallback, ..kept.record.clone() };
    let whole = record.packed(&kept.body);
    stack.enqueue(&queue, id.entity_path(), &kept.message, Some(&whole)).await;
    assert!(eventually(|| stack.waiting(&queue).is_empty().then_some(())).is_some(), "both are done");
    assert!(stack.published(&store).is_empty(), "nobody was told of it");
    assert_eq!(sort_keys(&stack, &store).await, left, "nothing came back");
}

#[tokio::test]
async fn a_delivery_after_it_was_forgotten_is_kept_like_any_other() {
    let stack = Stack::up();
    let (store, request) = given::<Zort>(&stack, "UPDATEORDER").await;
    assert_eq!(stack.send("zort", &request).status, 200);
    assert_eq!(stack.processed_once(1, "zort", &store).await, 1);
    let id = stack.events("zort", &store).await[0].clone();
    Forget { table: stack.table() }.run(&entity_of(&id)).await.unwrap();
    assert_eq!(stack.send("zort", &request).status, 200);
    assert_eq!(stack.processed_once(2, "zort", &store).await, 2, "processed like any other");
    assert_eq!(stack.events("zort", &store).await.len(), 1);
}

#[tokio::test]
async fn the_receipt_of_a_forgotten_event_is_not_one_for_an_equal_delivery_a_moment_later() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create").await;
    received_without::<Zid>(&stack, &stack.facts.table, &stack.idle_queue().await, request).await;
    let id = stack.events("zid", &store).await[0].clone();
    let kept = stack.stored(&id).await;
    let table = stack.table_of_its_own().await;
    table.keep(&kept).await.unwrap();
    table.write_receipts(std::slice::from_ref(&id), &[], inlet_aws::clock::now()).await.unwrap();
    Forget { table: table.clone() }.run(&entity_of(&id)).await.unwrap();
    let moment_later = ReceivedAt::from_millis(inlet_aws::clock::now().millis() + 1).unwrap();
    let first = ReceivedAt::from_millis(kept.record.received_ms).unwrap();
    assert!(table.is_processed(&id, first).await.unwrap(), "its own message meets a receipt");
    assert!(!table.is_processed(&id, moment_later).await.unwrap(), "what is sent anew is processed");
}

#[tokio::test]
async fn the_pieces_of_a_large_event_go_unless_another_entity_has_them_too() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create").await;
    received_without::<Zid>(&stack, &stack.facts.table, &stack.idle_queue().await, request).await;
    let model = stack.stored(&stack.events("zid", &store).await[0]).await;
    let table = stack.table_of_its_own().await;
    // Bytes that do not compress, so that they are in pieces; the first two are the same.
    for (n, seed) in [(1, 7), (2, 7), (3, 11)] {
        let id = format!("zid/shop/order/{n}/{n:016x}");
        let body = noise(seed);
        let message = model.message.replace(&model.record.id, &id);
        let record = Record { attempt: Attempt(id.clone()).0, id, ..model.record.clone() };
        table.keep(&Kept { record, message, body }).await.unwrap();
    }
    let entity = |n: u32| Entity::parse(&format!("zid/shop/order/{n}")).unwrap();
    let forget = Forget { table: table.clone() };
    let one = Traces { events: 1, ..Traces::default() };
    assert_eq!(forget.run(&entity(3)).await.unwrap(), Traces { pieces: 2, ..one.clone() });
    assert_eq!(forget.run(&entity(1)).await.unwrap(), Traces { shared: 2, ..one.clone() });
    let second = EventId::parse(&format!("zid/shop/order/2/{:016x}", 2)).unwrap();
    assert_eq!(
        table.kept(&second).await.unwrap().expect("the other's event").body,
        noise(7),
        "whole as it was"
    );
    assert_eq!(forget.run(&entity(2)).await.unwrap(), Traces { pieces: 2, ..one });
}

async fn sort_keys(stack: &Stack, store: &inlet::store::StoreName) -> Vec<String> {
    let items = stack.items("zort", store, "").await;
    let mut keys: Vec<String> = items.iter().map(|item| item["sk"].as_s().expect("text").clone()).collect();
    keys.sort();
    keys
}

/// 600 KB that look like chance, the same for the same seed.
fn noise(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(600_000).collect()
}
