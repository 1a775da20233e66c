//! Properties of the time index read backwards, as the command does. Needs `make up`.

use std::time::Duration;

use inlet::event::EventId;
use inlet::received_at::ReceivedAt;
use inlet_aws::client::clock;
use inlet_aws::dynamodb::events::StoredEvent;
use inlet_aws::dynamodb::record::{Origin, Record};
use inlet_aws::dynamodb::table::Table;
use inlet_aws::operate::index_desc::NewestFirst;
use inlet_tests::stack::Stack;

/// Stores the nth event, with a small body, that arrived at this time. All are in one shard, so that a
/// few hundred fill its pages.
async fn store(table: &Table, n: u32, received_at: ReceivedAt) -> (String, EventId) {
    let id = EventId::parse(&format!("zid/shop/order/{n}/{n:016x}")).unwrap();
    let record = Record {
        id: id.to_string(),
        event_type: "order.create".into(),
        canonical_type: "commerce.order.created".into(),
        inferred: false,
        time: None,
        received_ms: received_at.millis(),
        received: received_at.to_string(),
        origin: Origin::Webhook,
        trust: "signed".into(),
        attempt: id.to_string(),
        content: "c".into(),
        window_ms: None,
        updates_latest: false,
        supersedes: None,
        method: "POST".into(),
        topic: None,
        query: String::new(),
        headers: [].into(),
        size: 2,
        sha256: String::new(),
    };
    table.events.put(&StoredEvent { record, message: "{}".into(), body: b"{}".to_vec() }).await.unwrap();
    (received_at.to_string(), id)
}

#[tokio::test]
async fn the_newest_come_first_each_once_and_no_millisecond_is_split() {
    let table = Stack::up().table_of_its_own().await;
    let (now, hours) = (clock::now(), |n| Duration::from_hours(n));
    let mut stored = Vec::new();
    for n in 0..130 {
        // More of one millisecond than a page holds.
        stored.push(store(&table, n, now.earlier(hours(3))).await);
    }
    for n in 130..350 {
        let by = hours(3).saturating_add(Duration::from_millis(u64::from(n)));
        stored.push(store(&table, n, now.earlier(by)).await);
    }
    for n in 350..353 {
        stored.push(store(&table, n, now.earlier(hours(u64::from(n) - 310))).await);
    }
    stored.push(store(&table, 353, now.earlier(Duration::from_secs(1))).await);
    stored.sort();
    stored.reverse();

    let mut newest = NewestFirst::new(&table, now.earlier(hours(100)), now);
    let (mut listed, mut chunks) = (Vec::new(), 0);
    while let Some(some) = newest.next().await.unwrap() {
        let ends_before = |last: &(String, EventId)| some.first().is_none_or(|first| first.received < last.0);
        assert!(listed.last().is_none_or(ends_before), "a millisecond is split");
        chunks += usize::from(!some.is_empty());
        listed.extend(some.into_iter().map(|arrival| (arrival.received, arrival.id)));
    }
    assert_eq!(listed.len(), stored.len());
    assert!(listed == stored, "not in their order");
    assert!(chunks > 4, "{chunks} lists: no page was full");
}

#[tokio::test]
async fn a_list_begins_at_from_and_ends_before_until() {
    let table = Stack::up().table_of_its_own().await;
    let at = |ms: i64| ReceivedAt::from_millis(1_749_715_272_000 + ms).unwrap();
    for n in 0..4 {
        store(&table, n, at(n.into())).await;
    }
    let mut newest = NewestFirst::new(&table, at(1), at(3));
    let mut listed = Vec::new();
    while let Some(some) = newest.next().await.unwrap() {
        listed.extend(some.into_iter().map(|arrival| arrival.received));
    }
    assert_eq!(listed, [at(2).to_string(), at(1).to_string()]);
    assert_eq!(NewestFirst::new(&table, at(3), at(3)).next().await.unwrap(), None, "no time, no events");
}
