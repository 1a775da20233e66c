//! Events in the layout of version 0.2, written by hand as attributes: body and message apart, each with its encoding,
//! the hash as text, and every attribute, also those that repeat the key. Every reader still reads them.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use inlet::event::EventId;
use inlet::fault::FaultKind;
use inlet::receive::Recorded;
use inlet::received_at::ReceivedAt;
use inlet::store::StoreName;
use tokio::sync::watch;

use crate::dynamodb::attributes::{Item, number_value, text_value};
use crate::dynamodb::dynamo::{Expressions, Key};
use crate::dynamodb::events::{Put, StoredEvent};
use crate::dynamodb::gzip::{Effort, gzip};
use crate::dynamodb::integrity::Part;
use crate::dynamodb::keys::event_key;
use crate::dynamodb::record::sha256_hex;
use crate::dynamodb::table::Table;
use crate::dynamodb::time_index::{SHARDS, bucket};
use crate::fake_aws::{FakeAws, arrival, event_id, stored_event};
use crate::history;
use crate::operate::forget::Entity;
use crate::operate::replay::{Replay, ReplayId, Replayed};
use crate::operate::restore::{Mode, Restore, Restored};
use crate::operate::selection::Selection;
use crate::operate::verify::{Verification, verify};

/// The event, and the item that version 0.2 wrote for it. Its message is in a chunk that is named by its content.
fn old_event(id: &EventId, received_at: ReceivedAt) -> (StoredEvent, Vec<Item>) {
    let mut event = stored_event(id, received_at);
    event.record.content = "ab".repeat(32);
    let packed = gzip(event.message.as_bytes(), Effort::Fast);
    let digest = u32::from_str_radix(&id.digest()[..8], 16).unwrap();
    let received = received_at.to_string();
    let mut item = event_key(id).into_item();
    for (name, value) in [
        ("id", id.as_str()),
        ("type", "order.create"),
        ("canonical_type", "commerce.order.created"),
        ("received", &received),
        ("arrival", &received),
        ("bucket", &bucket(&received[..13], digest % SHARDS)),
        ("origin", "webhook"),
        ("trust", "signed"),
        ("attempt", id.as_str()),
        ("content", &event.record.content),
        ("method", "POST"),
        ("query", ""),
        ("sha256", &sha256_hex(&event.body)),
        ("body_encoding", "identity"),
        ("message_encoding", "gzip"),
        ("message_digest", "aa"),
    ] {
        item.insert(name.to_owned(), text_value(value));
    }
    item.insert("inferred".to_owned(), AttributeValue::Bool(false));
    item.insert("received_ms".to_owned(), number_value(received_at.millis()));
    item.insert("size".to_owned(), number_value(9));
    item.insert("expires".to_owned(), number_value(5_000_000_000));
    item.insert("headers".to_owned(), AttributeValue::M(Item::new()));
    item.insert("body".to_owned(), AttributeValue::B(Blob::new(event.body.clone())));
    item.insert("message_parts".to_owned(), number_value(1));
    let mut chunk = Key::new("part/aa/0", "part").into_item();
    chunk.insert("piece".to_owned(), AttributeValue::B(Blob::new(packed)));
    (event, vec![item, chunk])
}

/// Writes the old event into a table.
async fn write_old(aws: &FakeAws, id: &EventId) -> StoredEvent {
    let (event, items) = old_event(id, arrival(7));
    for item in items {
        let dynamo = aws.table().dynamo;
        aws.run(dynamo.put(item, Expressions::default(), "no item")).await.0.unwrap();
    }
    event
}

fn of_entity(id: &EventId) -> Selection {
    Selection {
        provider: Some("acme".to_owned()),
        store: Some(StoreName::parse("riyadh").unwrap()),
        entity: id.entity_path().splitn(3, '/').nth(2).map(str::to_owned),
        ..Selection::between(arrival(0), arrival(60 * 60 * 1_000))
    }
}

async fn verified(aws: &FakeAws, id: &EventId) -> Verification {
    let sum = watch::Sender::new(Verification::default());
    aws.run(verify(&aws.table(), &of_entity(id), &sum)).await.0.unwrap();
    sum.borrow().clone()
}

async fn read(aws: &FakeAws, table: &Table, id: &EventId) -> Option<StoredEvent> {
    aws.run(table.events.get(id)).await.0.unwrap()
}

/// Returns an event with the same id in the present layout.
fn same_in_present_layout(event: &StoredEvent) -> StoredEvent {
    let mut event = event.clone();
    event.record.content = String::new();
    event
}

#[tokio::test]
async fn an_event_of_version_0_2_is_read_and_found_whole() {
    let (aws, id) = (FakeAws::default(), event_id(1, 1));
    let event = write_old(&aws, &id).await;
    let table = aws.table();
    assert_eq!(read(&aws, &table, &id).await, Some(event.clone()));
    assert_eq!(verified(&aws, &id).await, Verification { events: 1, findings: Vec::new() });
    let history = aws.run(history::entity::load(&table, id.entity_path())).await.0.unwrap();
    assert_eq!(history.len(), 1);
    let entry = &history[0];
    assert_eq!((entry.message.clone(), entry.origin.as_str()), (Ok(event.message), "webhook"));
}

#[tokio::test]
async fn an_event_of_version_0_2_is_replayed_and_forgotten() {
    let (aws, id) = (FakeAws::default(), event_id(1, 1));
    let event = write_old(&aws, &id).await;
    let replay = Replay { table: aws.table(), queue: aws.queue("events") };
    let (replayed, name) = (watch::Sender::new(Replayed::default()), ReplayId::parse("r").unwrap());
    let whole = Selection::between(arrival(0), arrival(60 * 60 * 1_000));
    aws.run(replay.run(&whole, &name, u32::MAX, &replayed)).await.0.unwrap();
    assert_eq!(replayed.borrow().sent, 1);
    let sent = aws.calls("SendMessage");
    let sent: serde_json::Value =
        serde_json::from_str(sent[0].input["MessageBody"].as_str().unwrap()).unwrap();
    let written: serde_json::Value = serde_json::from_str(&event.message).unwrap();
    assert_eq!((&sent["id"], &sent["data"]), (&written["id"], &written["data"]));
    let forget = crate::operate::forget::Forget {
        table: aws.table(),
        queue: aws.queue("events"),
        settle: std::time::Duration::ZERO,
    };
    let counts = aws.run(forget.count(&Entity::parse(id.entity_path()).unwrap())).await.0.unwrap();
    assert_eq!((counts.events, counts.chunks, counts.old_chunks), (1, 0, 1), "{counts:?}");
}

#[tokio::test]
async fn an_event_of_version_0_2_is_restored_as_it_is() {
    let (copy, live, id) = (FakeAws::default(), FakeAws::default(), event_id(1, 1));
    let event = write_old(&copy, &id).await;
    let restore = Restore { copy: copy.table(), table: live.table() };
    let sum = watch::Sender::new(Restored::default());
    // The copy has a clock of its own, so nothing is simulated here.
    copy.run(live.run(restore.run(&of_entity(&id), Mode::Write, &sum))).await.0.0.unwrap();
    assert_eq!((sum.borrow().restored.len(), sum.borrow().unusable.len()), (1, 0));
    assert_eq!(read(&live, &live.table(), &id).await, Some(event));
}

#[tokio::test]
async fn an_equal_delivery_finds_the_event_of_version_0_2() {
    let (aws, id) = (FakeAws::default(), event_id(1, 1));
    let event = write_old(&aws, &id).await;
    let mut again = same_in_present_layout(&event);
    again.record.attempt = "another".to_owned();
    again.record.received_ms += 1;
    let put = aws.run(aws.table().events.put(&again)).await.0.unwrap();
    assert!(
        matches!(&put, Put::Recorded(Recorded::Duplicate { original, .. }) if original.received_at == arrival(7)),
        "{put:?}"
    );
}

#[tokio::test]
async fn a_damaged_stream_is_an_error_without_its_content() {
    let (aws, id) = (FakeAws::default(), event_id(1, 1));
    let event = stored_event(&id, arrival(7));
    let table = aws.table();
    aws.run(table.events.put(&event)).await.0.unwrap();
    assert_eq!(read(&aws, &table, &id).await, Some(event.clone()));
    let stream = |body: &[u8], message: &str| gzip(&[body, message.as_bytes()].concat(), Effort::Thorough);
    let whole = stream(&event.body, &event.message);
    let changed = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        bytes
    };
    let corrupt =
        "its body and message cannot be decompressed: corrupt gzip stream does not have a matching checksum";
    for (name, bytes, part, reason) in [
        ("the end is missing", whole[..whole.len() - 9].to_vec(), Part::Body, None),
        ("another byte", changed(20), Part::Body, None),
        ("another checksum", changed(whole.len() - 5), Part::Body, Some(corrupt)),
        (
            "another body",
            stream(br#"{"id": 2}"#, &event.message),
            Part::Body,
            Some("its body has another SHA-256 than was stored"),
        ),
        (
            "another message",
            stream(&event.body, &event.message.replace("{}", "[]")),
            Part::Message,
            Some("its message has another SHA-256 than was stored"),
        ),
        (
            "the message of another event",
            stream(&event.body, &event.message.replace("order/1", "order/2")),
            Part::Message,
            Some("its message has another id"),
        ),
    ] {
        let set =
            Expressions::update("SET gzip = :bytes").value(":bytes", AttributeValue::B(Blob::new(bytes)));
        aws.run(table.dynamo.update(event_key(&id), set, "no change")).await.0.unwrap();
        let fault = aws.run(table.events.get(&id)).await.0.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Damaged, "{name}");
        let found = verified(&aws, &id).await;
        assert_eq!(found.findings.len(), 1, "{name}: {found:?}");
        let finding = &found.findings[0];
        assert_eq!(finding.part, part, "{name}: {finding:?}");
        assert!(reason.is_none_or(|reason| finding.reason == reason), "{name}: {finding:?}");
        assert!(!finding.reason.contains("order"), "{name}: {finding:?}");
    }
    let remove = Expressions::update("REMOVE gzip");
    aws.run(table.dynamo.update(event_key(&id), remove, "no change")).await.0.unwrap();
    assert_eq!(verified(&aws, &id).await.findings[0].reason, "its gzip is not whole");
}
