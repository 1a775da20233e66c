//! Properties of forgetting: everything is deleted, and no message on its way brings it back. Needs `make up`.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::primitives::{Blob, DateTime, DateTimeFormat};
use aws_sdk_dynamodb::types::AttributeValue;
use inlet::event::EventId;
use inlet::message::Message;
use inlet::process::{ProcessingStore as _, Received, Stored};
use inlet::receive::{Recorded, WriteToken};
use inlet::received_at::ReceivedAt;
use inlet_aws::client::config::Config;
use inlet_aws::client::connect::{Clients, sdk_config};
use inlet_aws::dynamodb::events::{Put, StoredEvent};
use inlet_aws::dynamodb::record::{Origin, Record};
use inlet_aws::dynamodb::table::Table;
use inlet_aws::lambda::processing_store::TableProcessingStore;
use inlet_aws::lambda::sweeper::Sweeper;
use inlet_aws::operate::forget::{DeletionCounts, Entity, Forget};
use inlet_tests::deliveries::{given, received_without, with_body};
use inlet_tests::faults::http::{Closed, Server, send, whole};
use inlet_tests::stack::{Stack, environment, eventually};
use inlet_zid::Zid;
use inlet_zort::Zort;

/// Longer than any function runs, in milliseconds: a chunk of this age whose event is missing is an orphan.
const OLD_MS: i64 = 120_000;

/// Returns a run on a table of the test, which does not wait and whose notices no consumer reads.
async fn forget(stack: &Stack, table: Table) -> Forget {
    Forget { table, queue: stack.queue(&stack.idle_queue().await), settle: Duration::ZERO }
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
    stack.table().receipts.park(&id, "for a test", inlet_aws::client::clock::now()).await.unwrap();

    let forget = forget(&stack, stack.table()).await;
    let traces = DeletionCounts { events: 1, notes: 2, ..DeletionCounts::default() };
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
    assert!(stack.published(&store).is_empty(), "it was not published");
    assert_eq!(sort_keys(&stack, &store).await, left, "nothing came back");
}

#[tokio::test]
async fn a_delivery_after_it_was_forgotten_is_kept_like_any_other() {
    let stack = Stack::up();
    let (store, request) = given::<Zort>(&stack, "UPDATEORDER").await;
    assert_eq!(stack.send("zort", &request).status, 200);
    assert_eq!(stack.processed_once(1, "zort", &store).await, 1);
    let id = stack.events("zort", &store).await[0].clone();
    forget(&stack, stack.table()).await.run(&entity_of(&id)).await.unwrap();
    assert_eq!(stack.send("zort", &request).status, 200);
    assert_eq!(stack.processed_once(2, "zort", &store).await, 2, "processed like any other");
    assert_eq!(stack.events("zort", &store).await.len(), 1);
}

#[tokio::test]
async fn a_forgotten_events_receipt_is_void_for_an_equal_delivery() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create").await;
    received_without::<Zid>(&stack, &stack.facts.table, &stack.idle_queue().await, request).await;
    let id = stack.events("zid", &store).await[0].clone();
    let kept = stack.stored(&id).await;
    let table = stack.table_of_its_own().await;
    table.events.put(&kept).await.unwrap();
    forget(&stack, table.clone()).await.run(&entity_of(&id)).await.unwrap();
    // A replay that was on its way passes the receipt and writes it again.
    let arrival = ReceivedAt::from_millis(kept.record.received_ms).unwrap();
    table.receipts.write(&[(&id, arrival)], &[], inlet_aws::client::clock::now()).await.unwrap();
    let moment_later = ReceivedAt::from_millis(inlet_aws::client::clock::now().millis() + 1).unwrap();
    assert!(table.receipts.is_processed(&id, arrival).await.unwrap(), "its own message meets a receipt");
    assert!(!table.receipts.is_processed(&id, moment_later).await.unwrap(), "a later delivery is processed");
}

#[tokio::test]
async fn an_equal_delivery_during_a_forget_run_is_kept() {
    let (stack, model) = stack_and_model().await;
    let table = stack.table_of_its_own().await;
    table.events.put(&model).await.unwrap();
    let id = EventId::parse(&model.record.id).unwrap();
    let first = ReceivedAt::from_millis(model.record.received_ms).unwrap();
    // Half-way: the last receipts are written, and the events are still there.
    let now = inlet_aws::client::clock::now();
    table.receipts.write_tombstones(&[(id.clone(), now)], now).await.unwrap();
    assert!(table.receipts.is_processed(&id, first).await.unwrap(), "its own message meets a receipt");
    let mut again = model.clone();
    again.record.attempt = "another".to_owned();
    again.record.received_ms = now.millis() + 1_000;
    assert!(
        matches!(table.events.put(&again).await, Ok(Put::Recorded(Recorded::New))),
        "it is not a repetition"
    );
    let later = ReceivedAt::from_millis(again.record.received_ms).unwrap();
    assert!(!table.receipts.is_processed(&id, later).await.unwrap(), "and will be processed");
}

#[tokio::test]
async fn a_crashed_processors_event_goes_with_the_next_attempt() {
    let (stack, model) = stack_and_model().await;
    let table = stack.table_of_its_own().await;
    let id = EventId::parse(&model.record.id).unwrap();
    forget(&stack, table.clone()).await.run(&entity_of(&id)).await.unwrap();
    // It had read before, and its write arrives late.
    table.events.put(&model).await.unwrap();
    let queue = stack.queue(&stack.idle_queue().await);
    let store = TableProcessingStore { table: table.clone(), queue: queue.clone(), dead_letters: queue };
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
    assert_eq!(store.store_event(&again, &message).await.unwrap(), Stored::EntityForgotten);
    assert_eq!(table.events.get(&id).await.unwrap(), None, "it came back");
}

#[tokio::test]
async fn the_chunks_of_a_large_event_go_and_equal_bytes_stay() {
    let (stack, model) = stack_and_model().await;
    let table = stack.table_of_its_own().await;
    for (n, seed) in [(1, 7), (2, 7), (3, 11)] {
        table.events.put(&large(&model, n, n, seed)).await.unwrap();
    }
    let entity = |n: u32| Entity::parse(&format!("zid/shop/order/{n}")).unwrap();
    let forget = forget(&stack, table.clone()).await;
    let gone = DeletionCounts { events: 1, chunks: 2, ..DeletionCounts::default() };
    assert_eq!(forget.count(&entity(3)).await.unwrap(), gone, "counting finds what a run deletes");
    assert_eq!(forget.run(&entity(3)).await.unwrap(), gone);
    assert_eq!(forget.run(&entity(1)).await.unwrap(), gone);
    let second = EventId::parse(&format!("zid/shop/order/2/{:016x}", 2)).unwrap();
    let event = table.events.get(&second).await.unwrap().expect("the other entity's event");
    assert!(event.body == noise(7), "the other entity's event has another body");
    assert_eq!(forget.run(&entity(2)).await.unwrap(), gone);
    assert_eq!(forget.run(&entity(2)).await.unwrap(), DeletionCounts::default(), "nothing is left");
}

#[tokio::test]
async fn a_large_delivery_after_a_run_is_whole() {
    let (stack, model) = stack_and_model().await;
    let table = stack.table_of_its_own().await;
    table.events.put(&large(&model, 1, 1, 7)).await.unwrap();
    let entity = Entity::parse("zid/shop/order/1").unwrap();
    forget(&stack, table.clone()).await.run(&entity).await.unwrap();
    let mut again = large(&model, 1, 1, 7);
    again.record.received_ms = inlet_aws::client::clock::now().millis();
    again.record.attempt = "another".to_owned();
    assert_eq!(table.events.put(&again).await.unwrap(), Put::Recorded(Recorded::New));
    let id = EventId::parse(&again.record.id).unwrap();
    assert!(table.events.get(&id).await.unwrap().expect("it is stored").body == noise(7));
}

#[tokio::test]
async fn chunks_of_a_duplicate_go_once_no_function_can_need_them() {
    let (stack, model) = stack_and_model().await;
    let table = stack.table_of_its_own().await;
    let mut first = large(&model, 1, 1, 7);
    first.record.received_ms -= 2 * OLD_MS;
    table.events.put(&first).await.unwrap();
    // Each writes chunks of its own before it finds the first one.
    for received_ms in [first.record.received_ms + OLD_MS, model.record.received_ms + OLD_MS] {
        let mut duplicate = first.clone();
        duplicate.record.received_ms = received_ms;
        duplicate.record.attempt = received_ms.to_string();
        let recorded = table.events.put(&duplicate).await.unwrap();
        assert!(matches!(recorded, Put::Recorded(Recorded::Duplicate { .. })), "{recorded:?}");
    }
    let entity = Entity::parse("zid/shop/order/1").unwrap();
    let gone = DeletionCounts { events: 1, chunks: 4, ..DeletionCounts::default() };
    assert_eq!(forget(&stack, table.clone()).await.count(&entity).await.unwrap(), gone);
    assert_eq!(
        forget(&stack, table).await.run(&entity).await.unwrap(),
        gone,
        "the last delivery may still be stored"
    );
}

#[tokio::test]
async fn events_with_chunks_of_version_0_2_stay_readable() {
    let (stack, model) = stack_and_model().await;
    let (table, dynamodb) = (stack.table(), &stack.clients.dynamodb);
    let (path, _) = model.record.id.rsplit_once('/').unwrap();
    let id = EventId::parse(&format!("{path}/00000000000000ff")).unwrap();
    let record = Record { id: id.to_string(), attempt: id.to_string(), ..model.record.clone() };
    let message = model.message.replace(&model.record.id, id.as_str());
    let event = with_body(StoredEvent { record, message, body: Vec::new() }, noise(13));
    table.events.put(&event).await.unwrap();
    // The same bytes in the old layout, under a name that no other test has.
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let bytes = |bytes: &[u8]| AttributeValue::B(Blob::new(bytes));
    let key = |pk: &str, sk: &str| HashMap::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))]);
    let put = async |item: HashMap<String, AttributeValue>| {
        dynamodb.put_item().table_name(&stack.facts.table).set_item(Some(item)).send().await.unwrap();
    };
    let get = dynamodb.get_item().table_name(&stack.facts.table);
    let get = get.set_key(Some(key(path, "event/00000000000000ff")));
    let mut head = get.send().await.unwrap().item.unwrap();
    head.remove("gzip_chunk_key").unwrap();
    assert_eq!(head.remove("gzip_chunks"), Some(AttributeValue::N("2".to_owned())));
    let halves = event.body.split_at(event.body.len() / 2);
    for (n, half) in [halves.0, halves.1].into_iter().enumerate() {
        let mut chunk = key(&format!("part/{id}/{n}"), "part");
        chunk.insert("piece".to_owned(), bytes(half));
        put(chunk).await;
    }
    for (name, value) in [
        ("body_encoding", text("identity")),
        ("body_parts", AttributeValue::N("2".to_owned())),
        ("body_digest", text(id.as_str())),
        ("message_encoding", text("identity")),
        ("message", bytes(event.message.as_bytes())),
    ] {
        head.insert(name.to_owned(), value);
    }
    put(head).await;
    assert!(table.events.get(&id).await.unwrap().expect("it is stored").body == noise(13));
    let counts = forget(&stack, table).await.count(&entity_of(&id)).await.unwrap();
    assert_eq!((counts.events, counts.old_chunks), (2, 2), "{counts:?}");
}

#[tokio::test]
async fn consumers_get_a_notice_with_the_entity_and_the_time_alone() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create").await;
    assert_eq!(stack.send("zid", &request).status, 200);
    assert_eq!(stack.processed_once(1, "zid", &store).await, 1);
    let id = stack.events("zid", &store).await[0].clone();
    let queue = stack.queue(&stack.facts.queue_url);
    let forget = Forget { table: stack.table(), queue, settle: Duration::ZERO };
    forget.run(&entity_of(&id)).await.unwrap();
    let published = stack.published_once(2, &store);
    let notice = published[1].as_object().expect("a notice").clone();
    let mut names: Vec<&str> = notice.keys().map(String::as_str).collect();
    names.sort_unstable();
    let envelope = "datacontenttype id provider providertype receivedtime source specversion store subject time trust type";
    let all: Vec<&str> = envelope.split(' ').collect();
    assert_eq!(names, all, "no data");
    assert_eq!(notice["type"], "inlet.entity.forgotten");
    assert_eq!(format!("zid/{store}/{}", notice["subject"].as_str().unwrap()), id.entity_path());
    assert!(notice["time"].as_str() > published[0]["receivedtime"].as_str(), "{notice:?}");
}

#[tokio::test]
async fn a_replay_on_its_way_is_not_published_after_forgetting() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create").await;
    assert_eq!(stack.send("zid", &request).status, 200);
    assert_eq!(stack.processed_once(1, "zid", &store).await, 1);
    let id = stack.events("zid", &store).await[0].clone();
    let message = Message::parse(stack.stored(&id).await.message).unwrap().replayed("before");
    forget(&stack, stack.table()).await.run(&entity_of(&id)).await.unwrap();
    let queue = stack.impatient_queue().await;
    stack.enqueue(&queue, id.entity_path(), message.json(), None).await;
    assert!(eventually(|| stack.waiting(&queue).is_empty().then_some(())).is_some(), "it is done");
    assert_eq!(stack.published(&store).len(), 1, "only before");
}

#[tokio::test]
async fn a_delivery_that_was_being_stored_meanwhile_goes_too() {
    let (stack, model) = stack_and_model().await;
    let table = stack.table_of_its_own().await;
    let id = EventId::parse(&model.record.id).unwrap();
    let forget = Forget { settle: Duration::from_secs(4), ..forget(&stack, table.clone()).await };
    let running = tokio::spawn(async move { forget.run(&entity_of(&id)).await });
    tokio::time::sleep(Duration::from_secs(2)).await;
    // Its receiver was slow; another delivery arrived after the run began.
    table.events.put(&model).await.unwrap();
    let now = inlet_aws::client::clock::now();
    let other =
        format!("{}/00000000000000aa", entity_of(&EventId::parse(&model.record.id).unwrap()).as_str());
    let record = Record {
        id: other.clone(),
        attempt: other.clone(),
        received_ms: now.millis(),
        received: now.to_string(),
        ..model.record.clone()
    };
    let message = model.message.replace(&model.record.id, &other);
    table.events.put(&StoredEvent { record, message, body: model.body.clone() }).await.unwrap();
    let later = EventId::parse(&other).unwrap();
    table.receipts.park(&later, "for a test", now).await.unwrap();
    assert_eq!(running.await.unwrap().unwrap().events, 1, "the one from before");
    let id = EventId::parse(&model.record.id).unwrap();
    assert_eq!(table.events.get(&id).await.unwrap(), None, "it came back");
    assert!(table.events.get(&later).await.unwrap().is_some(), "it arrived afterwards");
    assert!(table.receipts.is_parked(&later).await.unwrap(), "its note belongs to it");
}

#[tokio::test]
async fn an_event_of_a_receiver_whose_clock_is_ahead_goes_too() {
    let (stack, model) = stack_and_model().await;
    let table = stack.table_of_its_own().await;
    let ahead = ReceivedAt::from_millis(inlet_aws::client::clock::now().millis() + 60_000).unwrap();
    let record = Record { received_ms: ahead.millis(), received: ahead.to_string(), ..model.record.clone() };
    table.events.put(&StoredEvent { record, ..model.clone() }).await.unwrap();
    let id = EventId::parse(&model.record.id).unwrap();
    assert_eq!(forget(&stack, table.clone()).await.run(&entity_of(&id)).await.unwrap().events, 1);
    assert_eq!(table.events.get(&id).await.unwrap(), None, "it was stored before the run");
    assert!(table.receipts.is_processed(&id, ahead).await.unwrap(), "its message meets a tombstone");
}

#[tokio::test]
async fn the_sweeper_deletes_what_a_late_receiver_stored() {
    let (stack, model) = stack_and_model().await;
    let table = stack.table_of_its_own().await;
    let id = EventId::parse(&model.record.id).unwrap();
    forget(&stack, table.clone()).await.run(&entity_of(&id)).await.unwrap();
    table.events.put(&model).await.unwrap();
    let url = stack.idle_queue().await;
    let sweeper = Sweeper {
        table: table.clone(),
        queue: stack.queue(&url),
        resend_after: Duration::from_millis(1),
        budget: 10,
    };
    let now = inlet_aws::client::clock::now();
    let (report, fault) = sweeper.sweep(now, Duration::from_secs(40)).await;
    assert!(fault.is_none() && report.resent == 0, "{report:?} {fault:?}");
    assert!(stack.waiting(&url).is_empty(), "nothing was sent");
    assert_eq!(table.events.get(&id).await.unwrap(), None, "it came back");
}

#[tokio::test]
async fn the_cut_off_is_the_tables_clock() {
    let (stack, model) = stack_and_model().await;
    let table = stack.facts.table.clone();
    let upstream: std::net::SocketAddr =
        stack.facts.endpoint.trim_start_matches("http://").parse().expect("an address");
    // The responses are an hour ahead of this machine.
    let server = Server::start(move |request| async move {
        let Ok(mut response) = send(upstream, request).await else {
            return Err(Closed);
        };
        let hour = 60 * 60;
        let ahead = inlet_aws::client::clock::now().millis() / 1_000 + hour;
        let date = DateTime::from_secs(ahead).fmt(DateTimeFormat::HttpDate).expect("a date");
        response.headers_mut().insert("date", date.parse().expect("a header"));
        Ok(whole(response))
    });
    let server = server.await.expect("a proxy");
    let config = Config { endpoint: Some(format!("http://{}", server.address)), ..environment(&stack.facts) };
    let clients = Clients::new(&sdk_config(&config).expect("a configuration"));
    let id = EventId::parse(&model.record.id).unwrap();
    let before = inlet_aws::client::clock::now();
    forget(&stack, Table::new(clients.dynamodb, table, 1)).await.run(&entity_of(&id)).await.unwrap();
    let after = |minutes: i64| ReceivedAt::from_millis(before.millis() + minutes * 60_000).unwrap();
    assert!(stack.table().forgotten.includes(&id, after(59)).await.unwrap(), "by this machine's clock");
    assert!(!stack.table().forgotten.includes(&id, after(62)).await.unwrap());
}

/// Returns the stack, and an event as it is stored.
async fn stack_and_model() -> (Stack, StoredEvent) {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create").await;
    received_without::<Zid>(&stack, &stack.facts.table, &stack.idle_queue().await, request).await;
    let model = stack.stored(&stack.events("zid", &store).await[0]).await;
    (stack, model)
}

/// Returns an event whose body does not compress, so that it is in chunks: the same for the same seed.
fn large(model: &StoredEvent, entity: u32, digest: u32, seed: u64) -> StoredEvent {
    let id = format!("zid/shop/order/{entity}/{digest:016x}");
    let message = model.message.replace(&model.record.id, &id);
    let record = Record { attempt: WriteToken(id.clone()).0, id, ..model.record.clone() };
    with_body(StoredEvent { record, message, body: Vec::new() }, noise(seed))
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
