//! The time index backwards: the newest events first, without walking through what came before them.

use std::future::Future;
use std::pin::Pin;

use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;
use tokio::task::JoinSet;

use crate::client::connect::describe_sdk_error;
use crate::dynamodb::arrivals::{Arrival, HOUR_MS, arrival, before, by_arrival};
use crate::dynamodb::attributes::text;
use crate::dynamodb::table::{SHARDS, Table, bucket, hour};

/// How many events one request lists of a shard. Whoever looks wants few.
const PAGE_LEN: i32 = 100;

/// How many hours are looked into at once where the last ones had nothing. Eight shards each: what a connection
/// pool takes without waiting.
const MOST_HOURS: usize = 8;

/// A walk through the time index, from the newest event to the oldest.
#[derive(Debug)]
pub struct Newest<'t> {
    table: &'t Table,
    from: ReceivedAt,
    /// All that arrived after this is listed.
    last: Option<ReceivedAt>,
    hours_at_once: usize,
}

/// What was found of an hour, and where it goes on if there is more.
#[derive(Default)]
struct Found {
    arrivals: Vec<Arrival>,
    more_up_to: Option<String>,
}

impl Table {
    /// The events that arrived at `from` or later, and before `until`, newest first.
    pub fn newest(&self, from: ReceivedAt, until: ReceivedAt) -> Newest<'_> {
        let last = (until > from).then(|| before(until));
        Newest { table: self, from, last, hours_at_once: 1 }
    }

    /// The last that one hour has from `first` to `last`.
    async fn newest_of_hour(&self, first: &str, last: &str) -> Result<Found, Fault> {
        let mut found = Found::default();
        for page in all_of((0..SHARDS).map(|shard| {
            let (table, bucket) = (self.clone(), bucket(hour(last), shard));
            let (first, last) = (first.to_owned(), last.to_owned());
            async move { table.newest_of_shard(&bucket, &first, &last).await }
        }))
        .await?
        {
            found.arrivals.extend(page.arrivals);
            found.more_up_to = found.more_up_to.max(page.more_up_to);
        }
        if let Some(known) = &found.more_up_to {
            found.arrivals.retain(|arrival| arrival.received > *known);
        }
        found.arrivals.sort_by(|a, b| by_arrival(b, a));
        Ok(found)
    }

    /// The last that a shard has from `first` to `last`: a page, or more where a page would not get before `last`.
    async fn newest_of_shard(&self, bucket: &str, first: &str, last: &str) -> Result<Found, Fault> {
        let mut arrivals: Vec<Arrival> = Vec::new();
        let mut start = None;
        loop {
            let query = self
                .of_shard(bucket, first, last)
                .scan_index_forward(false)
                .limit(PAGE_LEN)
                .set_exclusive_start_key(start.take());
            let output = query
                .send()
                .await
                .map_err(|error| Fault::new("the time index cannot be read", describe_sdk_error(&error)))?;
            arrivals.extend(output.items().iter().filter_map(arrival));
            start = output.last_evaluated_key;
            let reached = start.as_ref().and_then(|key| text(key, "arrival"));
            match reached {
                Some(reached) if reached < last => {
                    let more_up_to = Some(reached.to_owned());
                    return Ok(Found { arrivals, more_up_to });
                }
                Some(_) => {}
                None => return Ok(Found { arrivals, more_up_to: None }),
            }
        }
    }
}

impl Newest<'_> {
    /// The next events, newest first; an empty list where some hours had none, nothing at the end.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn next(&mut self) -> Result<Option<Vec<Arrival>>, Fault> {
        let mut hours = Vec::new();
        let mut last = self.last;
        while let Some(end) = last.filter(|end| *end >= self.from && hours.len() < self.hours_at_once) {
            let first = this_hour(end).max(self.from);
            hours.push((first.to_string(), end.to_string()));
            last = Some(before(first));
        }
        if hours.is_empty() {
            return Ok(None);
        }
        self.last = last;
        let looked = hours.into_iter().map(|(first, last)| {
            let table = self.table.clone();
            async move { table.newest_of_hour(&first, &last).await }
        });
        let mut arrivals = Vec::new();
        for found in all_of(looked).await? {
            arrivals.extend(found.arrivals);
            if let Some(known) = found.more_up_to {
                // What the earlier hours brought is asked for again, in its turn.
                self.last = ReceivedAt::parse(&known);
                break;
            }
        }
        let more = self.hours_at_once.saturating_mul(2).min(MOST_HOURS);
        self.hours_at_once = if arrivals.is_empty() { more } else { 1 };
        Ok(Some(arrivals))
    }
}

/// The results of all of these at once, in their order.
async fn all_of<T: Send + 'static>(
    asked: impl Iterator<Item = impl Future<Output = Result<T, Fault>> + Send + 'static>,
) -> Result<Vec<T>, Fault> {
    let mut set = JoinSet::new();
    for (n, one) in asked.enumerate() {
        // Boxed: such a future may hold others of its kind.
        let one: Pin<Box<dyn Future<Output = Result<T, Fault>> + Send>> = Box::pin(one);
        set.spawn(async move { (n, one.await) });
    }
    let mut results = Vec::new();
    while let Some(joined) = set.join_next().await {
        let (n, result) = joined.map_err(|error| Fault::new("the time index cannot be read", error))?;
        results.push((n, result?));
    }
    results.sort_by_key(|(n, _)| *n);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

/// The beginning of this hour.
fn this_hour(at: ReceivedAt) -> ReceivedAt {
    let start = at.millis().div_euclid(HOUR_MS).saturating_mul(HOUR_MS);
    ReceivedAt::from_millis(start).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_begins_where_its_bucket_does() {
        let at = ReceivedAt::parse("2025-06-12T08:59:59.999Z").unwrap();
        assert_eq!(this_hour(at).to_string(), "2025-06-12T08:00:00.000Z");
        assert_eq!(this_hour(this_hour(at)), this_hour(at));
        assert_eq!(before(this_hour(at)).to_string(), "2025-06-12T07:59:59.999Z");
    }
}
