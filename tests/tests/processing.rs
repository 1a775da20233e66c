//! Properties behind the queue: the deployed processor, its bus, its receipts and its dead letters. Needs
//! `make up`.

use std::thread;
use std::time::Duration;

use inlet::event::EventId;
use inlet::receive::Recorded;
use inlet::received_at::ReceivedAt;
use inlet_aws::dynamodb::events::{Put, StoredEvent};
use inlet_aws::dynamodb::record::{Origin, Record};
use inlet_tests::deliveries::{given, received_without};
use inlet_tests::stack::{Stack, eventually};
use inlet_zid::Zid;
use inlet_zort::Zort;

/// Long enough for the processor to do the unwanted thing.
const A_WHILE: Duration = Duration::from_millis(1_500);

#[tokio::test]
async fn an_accepted_event_is_published_and_then_has_a_receipt() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create").await;
    assert_eq!(stack.send("zid", &request).status, 200);
    assert_eq!(stack.processed_once(1, "zid", &store).await, 1);
    let id = &stack.events("zid", &store).await[0];
    let received_at = ReceivedAt::parse(&stack.stored(id).await.record.received).unwrap();
    assert!(stack.table().receipts.is_processed(id, received_at).await.unwrap());
    let published = stack.published(&store);
    assert_eq!(published.len(), 1, "what has a receipt was published before");
    assert_eq!(published[0]["id"], id.as_str());
}

#[tokio::test]
async fn a_fallback_is_stored_and_published() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create").await;
    let queue = &stack.facts.queue_url;
    assert_eq!(received_without::<Zid>(&stack, "no-such-table", queue, request.clone()).await.0, 200);
    assert_eq!(stack.published_once(1, &store).len(), 1);
    assert_eq!(stack.processed_once(1, "zid", &store).await, 1);
    let stored = stack.stored(&stack.events("zid", &store).await[0]).await;
    assert_eq!((stored.record.origin, &stored.body), (Origin::Fallback, &request.body));
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&stored.message).unwrap(),
        stack.published(&store)[0],
        "the message that was enqueued"
    );
}

#[tokio::test]
async fn a_fallback_and_its_duplicate_are_one_event() {
    let stack = Stack::up();
    let (store, request) = given::<Zort>(&stack, "UPDATEPRODUCTQUANTITY").await;
    let queue = stack.impatient_queue().await;
    received_without::<Zort>(&stack, &stack.facts.table, &stack.facts.queue_url, request.clone()).await;
    // Its body has no time of its own, so that the second try has another id.
    received_without::<Zort>(&stack, "no-such-table", &queue, request).await;
    assert_eq!(stack.published_once(1, &store).len(), 1);
    thread::sleep(A_WHILE);
    assert_eq!(stack.published(&store).len(), 1);
    assert_eq!(stack.events("zort", &store).await.len(), 1);
    assert!(stack.waiting(&queue).is_empty(), "it is done");
}

#[tokio::test]
async fn a_message_that_comes_again_is_not_published_again() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create").await;
    assert_eq!(stack.send("zid", &request).status, 200);
    assert_eq!(stack.processed_once(1, "zid", &store).await, 1);
    let id = &stack.events("zid", &store).await[0];
    let message = stack.stored(id).await.message;
    let queue = stack.impatient_queue().await;
    stack.enqueue(&queue, id.entity_path(), &message, None).await;
    assert!(eventually(|| stack.waiting(&queue).is_empty().then_some(())).is_some(), "it is done");
    assert_eq!(stack.published(&store).len(), 1);
}

#[tokio::test]
async fn poison_is_dead_lettered_alone_and_its_entity_goes_on() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create").await;
    let nowhere = stack.idle_queue().await;
    received_without::<Zid>(&stack, &stack.facts.table, &nowhere, request).await;
    let good = stack.events("zid", &store).await[0].clone();
    let message = stack.stored(&good).await.message;
    let poison = EventId::parse(&format!("{}/{:016x}", good.entity_path(), 0xbad)).unwrap();
    let poisoned = message.replace(good.digest(), poison.digest());

    let queue = stack.impatient_queue().await;
    stack.enqueue(&queue, good.entity_path(), &poisoned, Some(b"no event")).await;
    stack.enqueue(&queue, good.entity_path(), &message, None).await;
    let published = stack.published_once(1, &store);
    assert_eq!(published.len(), 1, "{published:?}");
    assert_eq!(published[0]["id"], good.as_str());

    let dead = stack.waiting(&stack.facts.dlq_url);
    let dead: Vec<_> = dead.iter().filter(|message| message.group == good.entity_path()).collect();
    assert_eq!(dead.len(), 1, "{dead:?}");
    assert_eq!(dead[0].body["id"], poison.as_str());
    assert_eq!(dead[0].whole.as_deref(), Some(&b"no event"[..]), "with all that it carried");
    assert!(stack.table().receipts.is_parked(&poison).await.unwrap());
    assert!(!stack.table().receipts.is_processed(&poison, ReceivedAt::EPOCH).await.unwrap());
    assert!(!stack.table().receipts.is_parked(&good).await.unwrap());
    assert_eq!(stack.processed_once(1, "zid", &store).await, 1, "the good one has its receipt");
    assert!(stack.waiting(&queue).is_empty());
}

#[tokio::test]
async fn an_event_stored_late_does_not_hide_a_later_state() {
    let stack = Stack::up();
    let (store, request) = given::<Zort>(&stack, "UPDATEPRODUCTQUANTITY").await;
    let queue = stack.idle_queue().await;
    received_without::<Zort>(&stack, &stack.facts.table, &queue, request).await;
    let first = stack.stored(&stack.events("zort", &store).await[0]).await;
    let table = stack.table_of_its_own().await;
    let new = Put::Recorded(Recorded::New);
    assert_eq!(table.events.put(&first).await.unwrap(), new);
    // Another state of a second later, the first one again, and another one that arrived in between.
    let at = |content: &str, later_ms: i64, digest: u64, origin: Origin| {
        let record = first.record.clone();
        let path = EventId::parse(&record.id).unwrap().entity_path().to_owned();
        let received_ms = record.received_ms + later_ms;
        let received = ReceivedAt::from_millis(received_ms).unwrap().to_string();
        let id = format!("{path}/{digest:016x}");
        let content = content.to_owned();
        let attempt = id.clone();
        StoredEvent {
            record: Record { id, content, received_ms, received, attempt, origin, ..record },
            ..first.clone()
        }
    };
    let a = first.record.content.clone();
    let webhook = Origin::Webhook;
    assert_eq!(table.events.put(&at("b", 2_000, 2, webhook)).await.unwrap(), new);
    assert_eq!(table.events.put(&at("c", 1_000, 1, Origin::Fallback)).await.unwrap(), new, "stored late");
    let duplicate = at("b", 2_500, 4, webhook);
    assert!(
        matches!(table.events.put(&duplicate).await.unwrap(), Put::Recorded(Recorded::Duplicate { .. })),
        "b is still the latest"
    );
    assert_eq!(table.events.put(&at("c", 3_000, 3, webhook)).await.unwrap(), new, "c, b, c");
    assert_eq!(table.events.put(&at(&a, 4_000, 5, webhook)).await.unwrap(), new, "and back to the first");
    let path = EventId::parse(&first.record.id).unwrap().entity_path().to_owned();
    let always = ReceivedAt::from_millis(i64::from(i32::MAX) * 1_000).unwrap();
    assert_eq!(table.time_index.of_entity(&path, ReceivedAt::EPOCH, always).await.unwrap().len(), 5);
}
