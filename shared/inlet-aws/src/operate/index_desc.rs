//! The time index backwards: the newest events first, as a stream of pages.

use std::pin::Pin;

use futures_util::future::try_join_all;
use futures_util::stream::{self, Stream, StreamExt as _, TryStreamExt as _};
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;

use crate::dynamodb::hours_to_read::HoursToRead;
use crate::dynamodb::table::Table;
use crate::dynamodb::time_index::{Arrival, HOUR_MS, Order, SHARDS, TimeIndex, before, bucket, hour};

/// Events that one request returns from a shard. A person reads few.
const PAGE_LEN: i32 = 100;

/// The number of times that the pages of a search that finds little become twice as long: up to 6,400 events. DynamoDB
/// stops at 1 MB, which is about as much.
const DOUBLINGS: usize = 6;

/// Hours that are read concurrently, eight shards each: 32 requests, which one connection pool takes without waiting.
const CONCURRENT_HOURS: usize = 4;

/// Pages of events, newest first.
pub struct NewestFirst(Pin<Box<dyn Stream<Item = Result<Vec<Arrival>, Fault>> + Send>>);

impl NewestFirst {
    /// The events that arrived at `from` or later and before `until`.
    pub fn new(table: &Table, from: ReceivedAt, until: ReceivedAt) -> Self {
        Self::with_page_len(table, (from, until), PAGE_LEN, HoursToRead::default())
    }

    /// The same with pages of about this many events of each shard, for a reader that needs few, and only of these hours.
    pub fn with_page_len(
        table: &Table,
        (from, until): (ReceivedAt, ReceivedAt),
        page_len: i32,
        hours: HoursToRead,
    ) -> Self {
        Self::with_page_lens(table, (from, until), hours, move |_| page_len)
    }

    /// The same for a reader that keeps few of the events, such as those of one store: the pages of each hour are twice
    /// as long as those of the hour before. The index has no store in its key, so the reader must get every event of
    /// these hours, but in few requests.
    pub fn searching(table: &Table, from: ReceivedAt, until: ReceivedAt, hours: HoursToRead) -> Self {
        Self::with_page_lens(table, (from, until), hours, |hour| {
            std::iter::successors(Some(PAGE_LEN), |len| len.checked_mul(2))
                .nth(hour.min(DOUBLINGS))
                .unwrap_or(PAGE_LEN)
        })
    }

    /// The same with the length of the pages of each hour that is read, counted from the newest one.
    fn with_page_lens(
        table: &Table,
        (from, until): (ReceivedAt, ReceivedAt),
        to_read: HoursToRead,
        page_len: impl Fn(usize) -> i32 + Send + 'static,
    ) -> Self {
        let index = table.time_index.clone();
        let hours = hours(from, until).filter(move |(first, last)| to_read.may_have(first, last));
        let pages = stream::iter(hours.enumerate())
            .map(move |(hour, (first, last))| {
                let (index, page_len) = (index.clone(), page_len(hour));
                async move {
                    let page = hour_page(&index, (&first, &last), page_len).await?;
                    Ok::<_, Fault>(pages_of_hour(index, first, page, page_len))
                }
            })
            .buffered(CONCURRENT_HOURS)
            .try_flatten();
        Self(Box::pin(pages))
    }

    /// Returns the next page; an empty one for an hour that was read and has no events, nothing at the end. No page ends
    /// within a millisecond.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn next(&mut self) -> Result<Option<Vec<Arrival>>, Fault> {
        self.0.next().await.transpose()
    }
}

/// A page of an hour: its newest events.
struct HourPage {
    arrivals: Vec<Arrival>,
    /// The arrival up to which the hour has more events; `None` if it has none.
    more_until: Option<String>,
}

/// Returns the first and last millisecond of each hour from `until` back to `from`.
fn hours(from: ReceivedAt, until: ReceivedAt) -> impl Iterator<Item = (String, String)> {
    let mut last = (until > from).then(|| before(until));
    std::iter::from_fn(move || {
        let end = last.filter(|end| *end >= from)?;
        let first = start_of_hour(end).max(from);
        last = Some(before(first));
        Some((first.to_string(), end.to_string()))
    })
}

/// Returns the first page of an hour and all that follow it.
fn pages_of_hour(
    index: TimeIndex,
    first: String,
    page: HourPage,
    page_len: i32,
) -> impl Stream<Item = Result<Vec<Arrival>, Fault>> {
    let following =
        stream::try_unfold((index, first, page.more_until), move |(index, first, more)| async move {
            let Some(last) = more else { return Ok(None) };
            let page = hour_page(&index, (&first, &last), page_len).await?;
            Ok(Some((page.arrivals, (index, first, page.more_until))))
        });
    stream::iter([Ok(page.arrivals)]).chain(following)
}

/// Returns the newest events of an hour from `first` to `last`: as many as one page of every shard contains.
async fn hour_page(index: &TimeIndex, (first, last): (&str, &str), page_len: i32) -> Result<HourPage, Fault> {
    let pages = try_join_all((0..SHARDS).map(|shard| async move {
        let bucket = bucket(hour(last), shard);
        index.shard_page(&bucket, (first, last), Order::NewestFirst, page_len).await
    }))
    .await?;
    let mut arrivals = Vec::new();
    let mut more_until: Option<String> = None;
    for page in pages {
        arrivals.extend(page.arrivals);
        more_until = more_until.max(page.more_from);
    }
    if let Some(known) = &more_until {
        arrivals.retain(|arrival: &Arrival| arrival.received > *known);
    }
    arrivals.sort_by(|a, b| b.cmp_by_arrival(a));
    Ok(HourPage { arrivals, more_until })
}

/// Returns the start of the hour.
fn start_of_hour(at: ReceivedAt) -> ReceivedAt {
    let start = at.millis().div_euclid(HOUR_MS).saturating_mul(HOUR_MS);
    ReceivedAt::from_millis(start).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::fake_aws::{FakeAws, arrival};

    async fn calls(aws: &FakeAws, mut newest: NewestFirst) -> (usize, usize) {
        aws.forget_calls();
        let mut events = 0_usize;
        while let Some(page) = aws.run(newest.next()).await.0.unwrap() {
            events = events.saturating_add(page.len());
        }
        (events, aws.calls("Query").len())
    }

    #[tokio::test]
    async fn a_search_reads_the_same_events_in_fewer_calls() {
        let aws = FakeAws::default();
        // All of them arrived between nine o'clock and two seconds later.
        aws.store_events(40, 30).await;
        let (from, until) = (arrival(0), arrival(6 * 60 * 60 * 1_000));
        let (events, few_calls) =
            calls(&aws, NewestFirst::searching(&aws.table(), from, until, HoursToRead::default())).await;
        assert_eq!(events, 1_200);
        let (same, calls) = calls(&aws, NewestFirst::new(&aws.table(), from, until)).await;
        assert_eq!(same, 1_200);
        // Six hours of eight shards, of which the last one has about 150 events in each shard.
        assert_eq!(few_calls, 6 * 8, "a page of the sixth hour has 3,200 events");
        assert_eq!(calls, few_calls + 8, "a shard of more than 100 events has two pages");
    }

    #[test]
    fn hours_go_back_from_until_to_from_without_gap() {
        let at = |text: &str| ReceivedAt::parse(text).unwrap();
        let (from, until) = (at("2025-06-12T07:30:00.000Z"), at("2025-06-12T09:00:00.001Z"));
        let hours: Vec<(String, String)> = hours(from, until).collect();
        assert_eq!(
            hours,
            [
                ("2025-06-12T09:00:00.000Z", "2025-06-12T09:00:00.000Z"),
                ("2025-06-12T08:00:00.000Z", "2025-06-12T08:59:59.999Z"),
                ("2025-06-12T07:30:00.000Z", "2025-06-12T07:59:59.999Z"),
            ]
            .map(|(first, last)| (first.to_owned(), last.to_owned()))
        );
        assert_eq!(super::hours(from, from).count(), 0, "no time, no hours");
    }
}
