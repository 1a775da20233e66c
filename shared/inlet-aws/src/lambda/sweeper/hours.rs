//! The hours of the stores: the sweeper marks them, and a reader of one store reads no others.

use std::collections::BTreeSet;
use std::time::Duration;

use inlet::event::ExistingEvent;
use tokio::sync::watch;

use super::*;
use crate::dynamodb::attributes::{Item, text_value};
use crate::dynamodb::dynamo::{Expressions, Key};
use crate::dynamodb::hours_to_read::HoursToRead;
use crate::fake_aws::{Call, FakeAws, arrival, stored_event};
use crate::operate::index_desc::NewestFirst;
use crate::operate::replay::{Replay, ReplayId, Replayed};
use crate::operate::selection::Selection;

const HOUR: usize = 60 * 60 * 1_000;

/// The hours of the tests, from nine o'clock, in which the store `busy` has events.
const HOURS: usize = 24;

/// The hours in which the store `quiet` has its events.
const QUIET: [usize; 3] = [5, 12, 20];

fn event_id(store: &str, n: usize) -> EventId {
    EventId::parse(&format!("acme/{store}/order/{n}/{n:016x}")).unwrap()
}

async fn store(aws: &FakeAws, store: &str, n: usize, ms: usize) -> EventId {
    let id = event_id(store, n);
    let (put, _) = aws.run(aws.table().events.put(&stored_event(&id, arrival(ms)))).await;
    put.unwrap();
    id
}

/// Returns a time of arrival: milliseconds after the beginning of an hour.
fn in_hour(hour: usize, ms: usize) -> usize {
    hour.saturating_mul(HOUR).saturating_add(ms)
}

/// A table with the events of both stores, which are processed and which the first pass has passed.
async fn stored() -> FakeAws {
    let aws = FakeAws::default();
    let end = arrival(HOURS * HOUR);
    let (table, mut processed) = (aws.table(), Vec::new());
    aws.run(table.pending.set_cursor(FIRST_PASS, end)).await.0.unwrap();
    for hour in 0..HOURS {
        for n in 0..3 {
            processed.push((
                store(&aws, "busy", hour.saturating_mul(10).saturating_add(n), in_hour(hour, n)).await,
                end,
            ));
        }
    }
    for hour in QUIET {
        processed.push((store(&aws, "quiet", hour, in_hour(hour, HOUR / 2)).await, end));
    }
    let processed: Vec<_> = processed.iter().map(|(id, at)| (id, *at)).collect();
    aws.run(table.receipts.write(&processed, &[], end)).await.0.unwrap();
    aws
}

fn sweeper(aws: &FakeAws) -> Sweeper {
    Sweeper { table: aws.table(), queue: aws.queue("events"), resend_after: RESEND_AFTER, budget: BUDGET }
}

async fn sweep_with(aws: &FakeAws, sweeper: &Sweeper, now: ReceivedAt) -> Option<Fault> {
    aws.run(sweeper.sweep_at_rate(now, Duration::from_mins(10), u32::MAX)).await.0.1
}

async fn sweep_at(aws: &FakeAws, sweeper: &Sweeper, now: ReceivedAt) {
    let fault = sweep_with(aws, sweeper, now).await;
    assert!(fault.is_none(), "{fault:?}");
}

/// Runs the sweeper at the end of the hours.
async fn sweep(aws: &FakeAws) {
    sweep_at(aws, &sweeper(aws), arrival(HOURS * HOUR)).await;
}

async fn set_cursor(aws: &FakeAws, through: ReceivedAt, marked_from: Option<ReceivedAt>) {
    let table = aws.table();
    aws.run(table.pending.set_cursor_item(SECOND_PASS, Cursor { through, marked_from })).await.0.unwrap();
}

/// A table whose sweeper has marked hours from the beginning.
async fn marked() -> FakeAws {
    let aws = stored().await;
    set_cursor(&aws, arrival(0), Some(arrival(0))).await;
    sweep(&aws).await;
    aws.forget_calls();
    aws
}

fn selection(store: &str) -> Selection {
    Selection {
        provider: Some("acme".into()),
        store: Some(inlet::store::StoreName::parse(store).unwrap()),
        ..Selection::between(arrival(0), arrival(HOURS * HOUR))
    }
}

/// Returns the events of a store as a list shows them, newest first.
async fn list(aws: &FakeAws, store: &str) -> Vec<EventId> {
    aws.forget_calls();
    let (table, selection) = (aws.table(), selection(store));
    let read = async {
        let hours = selection.hours_to_read(&table).await;
        let mut pages = NewestFirst::searching(&table, selection.from, selection.until, hours);
        let mut listed = Vec::new();
        while let Some(page) = pages.next().await.unwrap() {
            listed.extend(page.into_iter().filter(|it| selection.fits(it)).map(|it| it.id));
        }
        listed
    };
    aws.run(read).await.0
}

fn quiet_events() -> Vec<EventId> {
    QUIET.iter().rev().map(|hour| event_id("quiet", *hour)).collect()
}

/// Returns the hours of the time index that were read.
fn hours_read(aws: &FakeAws) -> BTreeSet<usize> {
    let queries = aws.calls("Query").into_iter().filter(|call| call.input["IndexName"].is_string());
    let hour = |call: Call| {
        let bucket = call.input["ExpressionAttributeValues"][":bucket"]["S"].as_str().unwrap().to_owned();
        let start = ReceivedAt::parse(&format!("{}:00:00.000Z", &bucket[..13])).unwrap();
        usize::try_from(start.since(arrival(0)).as_secs()).unwrap() / 3_600
    };
    queries.map(hour).collect()
}

/// Returns the places of the calls that write an item whose request contains a text.
fn places(aws: &FakeAws, text: &str) -> Vec<usize> {
    let calls = aws.calls("BatchWriteItem").into_iter().enumerate();
    calls.filter(|(_, call)| call.input.to_string().contains(text)).map(|(place, _)| place).collect()
}

/// Hours that the second pass has not reached at the end: six, and the two minutes before them.
fn recent() -> impl Iterator<Item = usize> {
    HOURS - 7..HOURS
}

#[tokio::test]
async fn a_quiet_store_is_read_only_in_its_hours() {
    let aws = marked().await;
    assert_eq!(list(&aws, "quiet").await, quiet_events());
    let expected: BTreeSet<usize> = [5, 12].into_iter().chain(recent()).collect();
    assert_eq!(hours_read(&aws), expected);
    // The cursor, the events that are handed over and the markers; then half a unit for each shard.
    let units = 3.0 + 9.0 * 8.0 * 0.5;
    assert!((aws.read_units() - units).abs() < 1e-9, "{} read units", aws.read_units());
    assert_eq!(aws.call_count(), 3 + 9 * 8);
}

#[tokio::test]
async fn a_replay_of_a_quiet_store_reads_only_its_hours() {
    let aws = marked().await;
    let replay = Replay { table: aws.table(), queue: aws.queue("replayed") };
    let (sum, name) = (watch::Sender::new(Replayed::default()), ReplayId::parse("r").unwrap());
    let selection = selection("quiet");
    aws.run(replay.run(&selection, &name, u32::MAX, &sum)).await.0.unwrap();
    assert_eq!(sum.borrow().sent, 3);
    let sent: Vec<String> = quiet_events().iter().rev().map(|id| format!("{id}/r")).collect();
    assert_eq!(aws.messages("replayed"), sent);
    assert_eq!(hours_read(&aws), [5, 12].into_iter().chain(recent()).collect());
}

#[tokio::test]
async fn a_store_with_events_in_every_hour_is_listed_whole() {
    let aws = marked().await;
    assert_eq!(list(&aws, "busy").await.len(), HOURS * 3);
    assert_eq!(hours_read(&aws), (0..HOURS).collect());
}

#[tokio::test]
async fn an_hour_of_the_index_costs_units_by_its_bytes() {
    let aws = FakeAws::default();
    aws.store_events(40, 50).await;
    let table = aws.table();
    let mut pages =
        NewestFirst::with_page_len(&table, (arrival(0), arrival(HOUR)), 6_400, HoursToRead::default());
    let (page, _) = aws.run(pages.next()).await;
    assert_eq!(page.unwrap().unwrap().len(), 2_000);
    let each = aws.read_units() / 2_000.0;
    // docs/scaling.md multiplies this by the events of an hour.
    assert!((0.019..0.021).contains(&each), "{each} units for an entry");
}

#[tokio::test]
async fn without_complete_markers_every_hour_is_read() {
    let late = Key::new("sweeper", "late");
    let damaged = |name: &str, other: &str| {
        let mut item: Item = late.clone().into_item();
        item.insert(name.into(), text_value("no time"));
        item.insert(other.into(), text_value(&arrival(18 * HOUR).to_string()));
        item
    };
    let aws = marked().await;
    for (name, operation, text) in [
        ("the cursor cannot be read", "GetItem", "late"),
        ("the markers cannot be read", "Query", "hours/acme/quiet"),
        ("the handed over events cannot be read", "Query", "acme/_pending"),
    ] {
        aws.fail(operation, text);
        assert_eq!(list(&aws, "quiet").await, quiet_events(), "{name}");
        assert_eq!(hours_read(&aws), (0..HOURS).collect(), "{name}");
        aws.fail_nothing();
    }
    for (name, item) in [
        ("the start is damaged", damaged("marked_from", "through")),
        ("the cursor is damaged", damaged("through", "marked_from")),
        ("the cursor is an older version's", damaged("other", "through")),
    ] {
        let (put, _) = aws.run(aws.table().dynamo.put(item, Expressions::default(), "a test")).await;
        put.unwrap();
        assert_eq!(list(&aws, "quiet").await, quiet_events(), "{name}");
        assert_eq!(hours_read(&aws), (0..HOURS).collect(), "{name}");
    }
    let never_swept = stored().await;
    assert_eq!(list(&never_swept, "quiet").await, quiet_events());
    assert_eq!(hours_read(&never_swept), (0..HOURS).collect());
}

#[tokio::test]
async fn hours_that_the_sweeper_has_not_reached_are_read() {
    let aws = stored().await;
    set_cursor(&aws, arrival(0), Some(arrival(0))).await;
    let now = arrival(16 * HOUR);
    sweep_at(&aws, &sweeper(&aws), now).await;
    assert_eq!(list(&aws, "quiet").await, quiet_events());
    assert_eq!(
        hours_read(&aws),
        [5].into_iter().chain(9..HOURS).collect(),
        "the cursor is at 9:58 after nine"
    );
}

#[tokio::test]
async fn hours_before_the_first_run_of_this_version_are_read() {
    let aws = stored().await;
    // An older version's sweeper passed seven hours.
    aws.run(aws.table().pending.set_cursor(SECOND_PASS, arrival(7 * HOUR))).await.0.unwrap();
    let first_run = arrival(14 * HOUR + HOUR / 4);
    sweep_at(&aws, &sweeper(&aws), first_run).await;
    // A processor of the older version stores an event late: it writes no marker.
    let id = store(&aws, "quiet", 1_000, 3 * HOUR).await;
    sweep(&aws).await;
    let mut expected = quiet_events();
    expected.push(id);
    assert_eq!(list(&aws, "quiet").await, expected);
    let expected: BTreeSet<usize> = (0..15).chain(recent()).collect();
    assert_eq!(hours_read(&aws), expected, "unmarked hours are left out from the first whole one on");
}

#[tokio::test]
async fn an_older_sweeper_in_between_makes_the_markers_void() {
    let aws = marked().await;
    let table = aws.table();
    let (cursor, _) = aws.run(table.pending.cursor_item(SECOND_PASS)).await;
    let cursor = cursor.unwrap().unwrap();
    assert_eq!(cursor.marked_from, Some(arrival(0)));
    aws.run(table.pending.set_cursor(SECOND_PASS, cursor.through)).await.0.unwrap();
    let now = arrival((HOURS + 1) * HOUR);
    sweep_at(&aws, &sweeper(&aws), now).await;
    let (cursor, _) = aws.run(table.pending.cursor_item(SECOND_PASS)).await;
    assert_eq!(cursor.unwrap().unwrap().marked_from, Some(now));
    list(&aws, "quiet").await;
    assert_eq!(hours_read(&aws), (0..HOURS).collect());
}

#[tokio::test]
async fn an_event_that_is_stored_late_is_listed_at_once() {
    let aws = marked().await;
    let id = event_id("quiet", 1_000);
    let table = aws.table();
    let pending = PendingEvent::unsent(&id, &arrival(8 * HOUR).to_string(), arrival(HOURS * HOUR));
    aws.run(table.pending.put(&pending)).await.0.unwrap();
    store(&aws, "quiet", 1_000, 8 * HOUR).await;
    let expected = [20, 12, 1_000, 5].map(|n| event_id("quiet", n));
    assert_eq!(list(&aws, "quiet").await, expected);
}

#[tokio::test]
async fn an_event_that_is_handed_over_is_listed_at_once() {
    let aws = marked().await;
    let event = ExistingEvent { id: event_id("quiet", 1_000), received_at: arrival(8 * HOUR) };
    let table = aws.table();
    aws.run(table.pending.hand_over(&event, arrival(HOURS * HOUR))).await.0.unwrap();
    store(&aws, "quiet", 1_000, 8 * HOUR).await;
    let expected = [20, 12, 1_000, 5].map(|n| event_id("quiet", n));
    assert_eq!(list(&aws, "quiet").await, expected, "before it is taken over");
    // It stays in the provider's partition if its marker cannot be written.
    aws.fail("BatchWriteItem", "hours/acme/quiet");
    aws.run(table.pending.take_over("acme", arrival(HOURS * HOUR))).await.0.unwrap_err();
    aws.fail_nothing();
    assert_eq!(aws.sort_keys("acme/_pending").len(), 1);
    aws.run(table.pending.take_over("acme", arrival(HOURS * HOUR))).await.0.unwrap();
    assert!(aws.sort_keys("acme/_pending").is_empty());
    assert_eq!(list(&aws, "quiet").await, expected, "afterwards");
}

#[tokio::test]
async fn markers_are_written_before_the_cursor_moves() {
    let aws = stored().await;
    set_cursor(&aws, arrival(0), Some(arrival(0))).await;
    aws.forget_calls();
    sweep(&aws).await;
    let cursor = |hour| format!(r#""through":{{"S":"{}"}}"#, arrival(hour * HOUR));
    for hour in QUIET.into_iter().filter(|hour| *hour < HOURS - 7) {
        let marker = format!(
            r#""pk":{{"S":"hours/acme/quiet"}},"sk":{{"S":"{}""#,
            &arrival(hour * HOUR).to_string()[..13]
        );
        let (written, moved) = (places(&aws, &marker), places(&aws, &cursor(hour + 1)));
        let moved: Vec<usize> = moved
            .into_iter()
            .filter(|place| aws.calls("BatchWriteItem")[*place].input.to_string().contains(r#""S":"late""#))
            .collect();
        assert_eq!((written.len(), moved.len()), (1, 1), "hour {hour}");
        assert!(written[0] < moved[0], "hour {hour}: the cursor first");
    }
}

#[tokio::test]
async fn the_cursor_stays_if_a_marker_cannot_be_written() {
    let aws = stored().await;
    set_cursor(&aws, arrival(0), Some(arrival(0))).await;
    aws.fail("BatchWriteItem", "hours/acme/quiet");
    assert!(sweep_with(&aws, &sweeper(&aws), arrival(HOURS * HOUR)).await.is_some(), "a failed write");
    let (cursor, _) = aws.run(aws.table().pending.cursor_item(SECOND_PASS)).await;
    assert_eq!(cursor.unwrap().unwrap().through, arrival(5 * HOUR), "the first hour of the store");
    assert!(aws.sort_keys("hours/acme/quiet").is_empty());
    aws.fail_nothing();
    assert_eq!(list(&aws, "quiet").await, quiet_events());
}

#[tokio::test]
async fn a_warm_sweeper_writes_each_marker_once() {
    let aws = stored().await;
    set_cursor(&aws, arrival(0), Some(arrival(0))).await;
    aws.forget_calls();
    let sweeper = sweeper(&aws);
    // Two runs in each hour, so that an hour is passed in parts.
    for half in 12..HOURS * 2 {
        sweep_at(&aws, &sweeper, arrival(half * HOUR / 2)).await;
    }
    let marked: usize =
        ["hours/acme/busy", "hours/acme/quiet"].map(|pk| aws.sort_keys(pk).len()).iter().sum();
    let calls = aws.calls("BatchWriteItem");
    let written: usize =
        calls.iter().map(|call| call.input.to_string().matches(r#""hours/acme/"#).count()).sum();
    assert_eq!((written, marked), (HOURS - 6 + 2, HOURS - 6 + 2), "an hour of a store is one item");
    let of_markers = calls.iter().filter(|call| call.input.to_string().contains("hours/acme/"));
    let units: f64 = of_markers.map(|call| call.units).sum();
    assert!((units - 20.0).abs() < 1e-9, "{units} write units for {marked} markers");
}
