//! What must hold of forgetting: it is all gone, and nothing that is on its way brings it back. Needs `make up`.

use std::time::Duration;

use inlet::event::{EventId, ReceivedAt};
use inlet::receive::{Attempt, Recorded};
use inlet_aws::forget::{Entity, Forget, Traces};
use inlet_aws::journal::Kept;
use inlet_aws::record::{Origin, Record};
use inlet_aws::table::Table;
use inlet_tests::deliveries::{given, received_without};
use inlet_tests::stack::{Stack, eventually};
use inlet_zid::Zid;
use inlet_zort::Zort;

/// Nobody is about to store anything, unless the test does it.
const SETTLED: Duration = Duration::from_secs(1);

fn forget(table: Table) -> Forget {
    Forget { table, settled: SETTLED }
}

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

    let forget = forget(stack.table());
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
    forget(stack.table()).run(&entity_of(&id)).await.unwrap();
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
    forget(table.clone()).run(&entity_of(&id)).await.unwrap();
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
    for (n, seed) in [(1, 7), (2, 7), (3, 11)] {
        table.keep(&large(&model, n, n, seed)).await.unwrap();
    }
    let entity = |n: u32| Entity::parse(&format!("zid/shop/order/{n}")).unwrap();
    let forget = forget(table.clone());
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

#[tokio::test]
async fn equal_bytes_that_arrive_while_the_pieces_are_about_to_go_are_whole() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create").await;
    received_without::<Zid>(&stack, &stack.facts.table, &stack.idle_queue().await, request).await;
    let model = stack.stored(&stack.events("zid", &store).await[0]).await;
    let entity = Entity::parse("zid/shop/order/1").unwrap();
    // Of another entity, and of the same one; before the pieces are marked, while they wait, after they went.
    for (of, after) in [(2, SETTLED / 2), (1, Duration::ZERO), (1, SETTLED / 2), (1, SETTLED * 2)] {
        let table = stack.table_of_its_own().await;
        table.keep(&large(&model, 1, 1, 7)).await.unwrap();
        let (arrives, forget) = (large(&model, of, 2, 7), forget(table.clone()));
        let arrival = async {
            tokio::time::sleep(after).await;
            table.keep(&arrives).await
        };
        let (forgotten, arrived) = tokio::join!(forget.run(&entity), arrival);
        let Traces { events, pieces, shared, .. } = forgotten.unwrap();
        assert_eq!((events, pieces + shared), (1, 2), "order {of} after {after:?}");
        assert!(matches!(arrived, Ok(Recorded::New)), "order {of} after {after:?}: {arrived:?}");
        let id = EventId::parse(&arrives.record.id).unwrap();
        let kept = table
            .kept(&id)
            .await
            .unwrap_or_else(|fault| panic!("order {of} after {after:?}: {}", fault.story()));
        assert!(kept.expect("it is kept").body == noise(7), "order {of} after {after:?}: another body");
    }
}

#[tokio::test]
async fn a_piece_that_somebody_wrote_since_it_was_marked_stays_whoever_owns_it() {
    const LONG: Duration = Duration::from_secs(6);
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create").await;
    received_without::<Zid>(&stack, &stack.facts.table, &stack.idle_queue().await, request).await;
    let model = stack.stored(&stack.events("zid", &store).await[0]).await;
    let table = stack.table_of_its_own().await;
    let event = large(&model, 1, 1, 7);
    table.keep(&event).await.unwrap();
    let (entity, forget) =
        (Entity::parse("zid/shop/order/1").unwrap(), Forget { table: table.clone(), settled: LONG });
    // A repeated delivery writes its pieces and finds its event there: nothing but the pieces tells that it came.
    let repeat = async {
        tokio::time::sleep(LONG / 2).await;
        let record = Record { attempt: "another".to_owned(), ..event.record.clone() };
        table.keep(&Kept { record, ..event.clone() }).await
    };
    let (forgotten, repeated) = tokio::join!(forget.run(&entity), repeat);
    assert!(matches!(repeated, Ok(Recorded::Repeats { .. })), "{repeated:?}");
    assert_eq!(forgotten.unwrap(), Traces { events: 1, shared: 2, ..Traces::default() });
}

/// An event whose body does not compress, so that it is in pieces: the same for the same seed.
fn large(model: &Kept, entity: u32, digest: u32, seed: u64) -> Kept {
    let id = format!("zid/shop/order/{entity}/{digest:016x}");
    let message = model.message.replace(&model.record.id, &id);
    let record = Record { attempt: Attempt(id.clone()).0, id, ..model.record.clone() };
    Kept { record, message, body: noise(seed) }
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
