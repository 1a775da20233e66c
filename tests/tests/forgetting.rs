//! Properties of forgetting: everything is deleted, and no message on its way brings it back. Needs `make up`.

use std::time::Duration;

use inlet::event::EventId;
use inlet::message::Message;
use inlet::process::{ProcessingStore as _, Received, Stored};
use inlet::receive::{Recorded, WriteToken};
use inlet::received_at::ReceivedAt;
use inlet_aws::dynamodb::journal::StoredEvent;
use inlet_aws::dynamodb::record::{Origin, Record};
use inlet_aws::dynamodb::table::Table;
use inlet_aws::lambda::ledger::TableLedger;
use inlet_aws::operate::forget::{DeletionCounts, Entity, Forget};
use inlet_tests::deliveries::{given, received_without};
use inlet_tests::stack::{Stack, eventually};
use inlet_zid::Zid;
use inlet_zort::Zort;

/// No other program stores anything meanwhile.
const SETTLED: Duration = Duration::from_secs(1);

/// Long enough for another step in between, on a busy machine too.
const LONG: Duration = Duration::from_secs(6);

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
    stack.table().park(&id, "for a test", inlet_aws::client::clock::now()).await.unwrap();

    let forget = forget(stack.table());
    let traces = DeletionCounts { events: 1, notes: 2, pieces: 0, shared: 0 };
    assert_eq!(
        forget.count(&entity_of(&id)).await.unwrap(),
        traces,
        "the event, its mark, and the latest delivery"
    );
    assert_eq!(stack.events("zort", &store).await, std::slice::from_ref(&id), "counting changes nothing");
    assert_eq!(forget.run(&entity_of(&id)).await.unwrap(), traces);

    let left: Vec<String> = sort_keys(&stack, &store).await;
    assert_eq!(left, ["forgotten", &format!("receipt/{}", id.digest())]);
    assert_eq!(
        forget.run(&entity_of(&id)).await.unwrap(),
        DeletionCounts::default(),
        "nothing is left to go"
    );

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
    table.put_event(&kept).await.unwrap();
    forget(table.clone()).run(&entity_of(&id)).await.unwrap();
    // A replay that was on its way passes the receipt and writes it again.
    let arrival = ReceivedAt::from_millis(kept.record.received_ms).unwrap();
    table.write_receipts(&[(&id, arrival)], &[], inlet_aws::client::clock::now()).await.unwrap();
    let moment_later = ReceivedAt::from_millis(inlet_aws::client::clock::now().millis() + 1).unwrap();
    assert!(table.is_processed(&id, arrival).await.unwrap(), "its own message meets a receipt");
    assert!(!table.is_processed(&id, moment_later).await.unwrap(), "what is sent anew is processed");
}

#[tokio::test]
async fn an_equal_delivery_while_an_entity_is_being_forgotten_takes_the_place_of_what_is_about_to_go() {
    let (stack, model) = stack_and_model().await;
    let table = stack.table_of_its_own().await;
    table.put_event(&model).await.unwrap();
    let id = EventId::parse(&model.record.id).unwrap();
    let first = ReceivedAt::from_millis(model.record.received_ms).unwrap();
    // Half-way: the last receipts are written, and the events are still there.
    let now = inlet_aws::client::clock::now();
    table.write_tombstones(std::slice::from_ref(&id), now).await.unwrap();
    assert!(table.is_processed(&id, first).await.unwrap(), "its own message meets a receipt");
    let mut again = model.clone();
    again.record.attempt = "another".to_owned();
    again.record.received_ms = now.millis() + 1_000;
    assert!(matches!(table.put_event(&again).await, Ok(Recorded::New)), "it is no repetition");
    assert_eq!(forget(table.clone()).run(&entity_of(&id)).await.unwrap().events, 0, "it came afterwards");
    let kept = table.stored_event(&id).await.unwrap().expect("it is kept");
    assert_eq!(kept.record.received_ms, again.record.received_ms);
    let later = ReceivedAt::from_millis(again.record.received_ms).unwrap();
    assert!(!table.is_processed(&id, later).await.unwrap(), "and will be processed");
}

#[tokio::test]
async fn what_a_processor_stored_and_died_with_while_its_entity_was_forgotten_goes_with_the_next_try() {
    let (stack, model) = stack_and_model().await;
    let table = stack.table_of_its_own().await;
    let id = EventId::parse(&model.record.id).unwrap();
    forget(table.clone()).run(&entity_of(&id)).await.unwrap();
    // It had read before, and its write arrives late.
    table.put_event(&model).await.unwrap();
    let queue = stack.queue(&stack.idle_queue().await);
    let ledger = TableLedger { table: table.clone(), queue: queue.clone(), dead_letters: queue };
    let again = Received {
        id: "1".to_owned(),
        group: id.entity_path().to_owned(),
        deduplication: id.to_string(),
        handle: String::new(),
        receives: 2,
        failing_for: Duration::ZERO,
        sent_ms: 0,
        age: Duration::ZERO,
        text: model.message.clone(),
        whole: Some(model.record.packed(&model.body)),
    };
    let message = Message::parse(model.message.clone()).unwrap();
    assert_eq!(ledger.store_event(&again, &message).await.unwrap(), Stored::EntityForgotten);
    assert_eq!(table.stored_event(&id).await.unwrap(), None, "it came back");
}

#[tokio::test]
async fn the_pieces_of_a_large_event_go_unless_another_entity_has_them_too() {
    let (stack, model) = stack_and_model().await;
    let table = stack.table_of_its_own().await;
    for (n, seed) in [(1, 7), (2, 7), (3, 11)] {
        table.put_event(&large(&model, n, n, seed)).await.unwrap();
    }
    let entity = |n: u32| Entity::parse(&format!("zid/shop/order/{n}")).unwrap();
    let forget = forget(table.clone());
    let one = DeletionCounts { events: 1, ..DeletionCounts::default() };
    assert_eq!(forget.run(&entity(3)).await.unwrap(), DeletionCounts { pieces: 2, ..one.clone() });
    assert_eq!(forget.run(&entity(1)).await.unwrap(), DeletionCounts { shared: 2, ..one.clone() });
    let second = EventId::parse(&format!("zid/shop/order/2/{:016x}", 2)).unwrap();
    assert_eq!(
        table.stored_event(&second).await.unwrap().expect("the other's event").body,
        noise(7),
        "whole as it was"
    );
    assert_eq!(forget.run(&entity(2)).await.unwrap(), DeletionCounts { pieces: 2, ..one });
}

#[tokio::test]
async fn equal_bytes_that_arrive_while_the_pieces_are_about_to_go_are_whole() {
    let (stack, model) = stack_and_model().await;
    // Of another entity, another event of the same one, and the very same event: while it is forgotten, and after.
    tokio::join!(
        arrives_whole(&stack, &model, (2, 2), LONG / 2),
        arrives_whole(&stack, &model, (1, 2), LONG / 2),
        arrives_whole(&stack, &model, (1, 1), LONG / 2),
        arrives_whole(&stack, &model, (1, 1), LONG * 2),
    );
}

/// Forgets order 1 while an event of the same bytes arrives.
async fn arrives_whole(stack: &Stack, model: &StoredEvent, (order, digest): (u32, u32), after: Duration) {
    let table = stack.table_of_its_own().await;
    table.put_event(&large(model, 1, 1, 7)).await.unwrap();
    let forget = Forget { table: table.clone(), settled: LONG };
    let mut arrives = large(model, order, digest, 7);
    let arrival = async {
        tokio::time::sleep(after).await;
        arrives.record.received_ms = inlet_aws::client::clock::now().millis();
        table.put_event(&arrives).await
    };
    let entity = Entity::parse("zid/shop/order/1").unwrap();
    let (forgotten, arrived) = tokio::join!(forget.run(&entity), arrival);
    let what = format!("{order}/{digest} after {after:?}");
    assert_eq!(forgotten.unwrap().events, 1, "{what}");
    assert!(matches!(arrived, Ok(Recorded::New)), "{what}: {arrived:?}");
    let kept = table.stored_event(&EventId::parse(&arrives.record.id).unwrap()).await;
    let kept = kept.unwrap_or_else(|fault| panic!("{what}: {}", fault.chain()));
    assert!(kept.expect("it is kept").body == noise(7), "{what}: another body");
}

#[tokio::test]
async fn a_piece_that_somebody_met_since_it_was_marked_stays_for_as_long_as_it_would_have() {
    let (stack, model) = stack_and_model().await;
    let table = stack.table_of_its_own().await;
    table.put_event(&large(&model, 1, 1, 7)).await.unwrap();
    table.put_event(&large(&model, 2, 2, 11)).await.unwrap();
    let entity = Entity::parse("zid/shop/order/1").unwrap();
    let forget = Forget { table: table.clone(), settled: LONG };
    // It writes its chunks and finds its event there, with other bytes: only the chunks show that it came. It is
    // older than what is there.
    let repeat = async {
        tokio::time::sleep(LONG / 2).await;
        let mut repeat = large(&model, 2, 2, 7);
        repeat.record.attempt = "another".to_owned();
        repeat.record.received_ms -= 60_000;
        table.put_event(&repeat).await
    };
    let (forgotten, repeated) = tokio::join!(forget.run(&entity), repeat);
    assert!(matches!(repeated, Ok(Recorded::Duplicate { .. })), "{repeated:?}");
    assert_eq!(forgotten.unwrap(), DeletionCounts { events: 1, shared: 2, ..DeletionCounts::default() });
    // No run has deleted them since: they are deleted with the next entity that is forgotten.
    let entity = Entity::parse("zid/shop/order/2").unwrap();
    let forgotten = Forget { table, settled: SETTLED }.run(&entity).await.unwrap();
    assert_eq!(forgotten, DeletionCounts { events: 1, pieces: 4, ..DeletionCounts::default() });
}

#[tokio::test]
async fn what_a_run_that_broke_off_left_goes_with_the_next() {
    let (stack, model) = stack_and_model().await;
    let table = stack.table_of_its_own().await;
    table.put_event(&large(&model, 1, 1, 7)).await.unwrap();
    let entity = Entity::parse("zid/shop/order/1").unwrap();
    let slow = Forget { table: table.clone(), settled: Duration::from_mins(10) };
    // Its events are gone by then, and its pieces wait.
    let broke_off = tokio::time::timeout(LONG / 2, slow.run(&entity)).await;
    assert!(broke_off.is_err(), "it was not waiting: {broke_off:?}");
    let left = DeletionCounts { pieces: 2, ..DeletionCounts::default() };
    assert_eq!(
        slow.count(&entity).await.unwrap(),
        left,
        "who asks first is told that there is something left"
    );
    assert_eq!(forget(table.clone()).run(&entity).await.unwrap(), left);
    assert_eq!(forget(table).run(&entity).await.unwrap(), DeletionCounts::default(), "nothing is left to go");
}

#[tokio::test]
async fn two_who_forget_entities_of_the_same_bytes_at_once_leave_nothing() {
    let (stack, model) = stack_and_model().await;
    let table = stack.table_of_its_own().await;
    let entities = ["zid/shop/order/1", "zid/shop/order/2"].map(|path| Entity::parse(path).unwrap());
    for n in [1, 2] {
        table.put_event(&large(&model, n, n, 7)).await.unwrap();
    }
    let forget = Forget { table: table.clone(), settled: LONG };
    let (one, other) = tokio::join!(forget.run(&entities[0]), forget.run(&entities[1]));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!((one.events, other.events), (1, 1));
    // Each piece goes once; who comes second may find it gone, and counts it too.
    assert!((2..=4).contains(&(one.pieces + other.pieces)), "{one:?} {other:?}");
}

/// The stack, and an event as it is kept.
async fn stack_and_model() -> (Stack, StoredEvent) {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create").await;
    received_without::<Zid>(&stack, &stack.facts.table, &stack.idle_queue().await, request).await;
    let model = stack.stored(&stack.events("zid", &store).await[0]).await;
    (stack, model)
}

/// An event whose body does not compress, so that it is in pieces: the same for the same seed.
fn large(model: &StoredEvent, entity: u32, digest: u32, seed: u64) -> StoredEvent {
    let id = format!("zid/shop/order/{entity}/{digest:016x}");
    let message = model.message.replace(&model.record.id, &id);
    let record = Record { attempt: WriteToken(id.clone()).0, id, ..model.record.clone() };
    StoredEvent { record, message, body: noise(seed) }
}

async fn sort_keys(stack: &Stack, store: &inlet::store::StoreName) -> Vec<String> {
    let items = stack.items("zort", store, "").await;
    let mut keys: Vec<String> = items.iter().map(|item| item["sk"].as_s().expect("text").clone()).collect();
    keys.sort();
    keys
}

/// Returns 600 KB of noise, the same for the same seed.
fn noise(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(600_000).collect()
}
