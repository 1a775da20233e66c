//! The time index: events in the order of their arrival, in pages.
//!
//! The index `arrivals` has one partition for each hour and shard, and in it the events by arrival.

use std::cmp::Ordering;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use futures_util::future::try_join_all;
use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;

use crate::dynamodb::attributes::{Item, text, text_value};
use crate::dynamodb::dynamo::{Dynamo, UNREADABLE};
use crate::dynamodb::keys::EVENT_PREFIX;
use crate::dynamodb::record::Record;

/// The index's name in the template.
pub(crate) const INDEX: &str = "arrivals";

/// The number of partitions that share an hour, so that no single one takes all writes.
pub const SHARDS: u32 = 8;

/// Events that one request returns from a shard. DynamoDB stops at 1 MB, which is more.
const PAGE_LEN: i32 = 1_000;

/// Maximum time that DynamoDB keeps an expired item. DynamoDB's guide says "a few days".
pub(crate) const DELETED_WITHIN: std::time::Duration = std::time::Duration::from_hours(7 * 24);

pub(crate) const HOUR_MS: i64 = 60 * 60 * 1_000;

/// A failed read of the index.
pub(crate) const INDEX_UNREADABLE: &str = "the time index cannot be read";

/// An event in the time index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The event's id.
    pub id: EventId,
    /// The time of arrival, RFC 3339 to the millisecond.
    pub received: String,
    /// The provider's name of the event.
    pub event_type: String,
    /// The message's type.
    pub canonical_type: String,
}

impl Arrival {
    /// Returns the time of arrival: `EPOCH` if it cannot be parsed.
    pub fn received_at(&self) -> ReceivedAt {
        ReceivedAt::parse(&self.received).unwrap_or(ReceivedAt::EPOCH)
    }

    /// Reads an item of the index; `None` if the item is not an event.
    pub(crate) fn read(item: &Item) -> Option<Self> {
        let digest = text(item, "sk")?.strip_prefix(EVENT_PREFIX)?;
        Some(Self {
            id: EventId::parse(&format!("{}/{digest}", text(item, "pk")?)).ok()?,
            received: text(item, "arrival")?.to_owned(),
            event_type: text(item, "type").unwrap_or_default().to_owned(),
            canonical_type: text(item, "canonical_type").unwrap_or_default().to_owned(),
        })
    }

    /// Compares by arrival, then by id.
    pub(crate) fn cmp_by_arrival(&self, other: &Self) -> Ordering {
        (&self.received, &self.id).cmp(&(&other.received, &other.id))
    }
}

/// A part of the time index.
#[derive(Clone, Debug)]
pub struct Slice {
    /// The events, oldest first.
    pub arrivals: Vec<Arrival>,
    /// The end of the part: the slice contains every event that arrived before this.
    pub reached: ReceivedAt,
}

/// A page of one shard.
#[derive(Default)]
pub(crate) struct ShardPage {
    pub(crate) arrivals: Vec<Arrival>,
    /// The arrival from which the shard has more events; `None` if it has none.
    pub(crate) more_from: Option<String>,
}

/// The direction in which a shard is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    OldestFirst,
    #[cfg_attr(not(feature = "operate"), expect(dead_code, reason = "only operators read backwards"))]
    NewestFirst,
}

/// The reader of the time index. Events write it.
#[derive(Clone, Debug)]
pub struct TimeIndex {
    dynamo: Dynamo,
}

impl TimeIndex {
    pub(crate) fn new(dynamo: Dynamo) -> Self {
        Self { dynamo }
    }

    /// Returns the time when the table was created. No event is older, except those of a restored backup.
    ///
    /// # Errors
    /// If the table cannot be described.
    pub async fn created(&self) -> Result<ReceivedAt, Fault> {
        self.dynamo.created().await
    }

    /// Returns the earliest arrival that the index can contain: DynamoDB deletes expired items within a few days.
    pub fn oldest(&self, now: ReceivedAt) -> ReceivedAt {
        now.earlier(self.dynamo.retention().saturating_add(DELETED_WITHIN))
    }

    /// Returns the events that arrived at `from` or later and before `until`: those of the first hour, or as many of
    /// them as one page of every shard contains.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn slice(&self, from: ReceivedAt, until: ReceivedAt) -> Result<Slice, Fault> {
        let end = until.min(next_hour(from));
        let (first, last) = (from.to_string(), before(end).to_string());
        let mut arrivals = Vec::new();
        // The earliest arrival from which some shard has more events than its page.
        let mut known: Option<String> = None;
        // All shards at once: an hour takes the time of one request.
        let pages = try_join_all((0..SHARDS).map(|shard| {
            let (bucket, first, last) = (bucket(hour(&first), shard), &first, &last);
            async move { self.shard_page(&bucket, (first, last), Order::OldestFirst, PAGE_LEN).await }
        }));
        for page in pages.await? {
            arrivals.extend(page.arrivals);
            known = [known, page.more_from].into_iter().flatten().min();
        }
        let reached = match known {
            None => end,
            Some(known) => {
                arrivals.retain(|arrival: &Arrival| arrival.received < known);
                ReceivedAt::parse(&known).unwrap_or(end)
            }
        };
        arrivals.sort_by(Arrival::cmp_by_arrival);
        Ok(Slice { arrivals, reached })
    }

    /// Returns the events of one entity that arrived at `from` or later and before `until`, oldest first.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn of_entity(
        &self,
        entity_path: &str,
        from: ReceivedAt,
        until: ReceivedAt,
    ) -> Result<Vec<Arrival>, Fault> {
        let query = self
            .dynamo
            .query()
            .key_condition_expression("pk = :entity AND begins_with(sk, :event)")
            .filter_expression("arrival BETWEEN :first AND :last")
            .projection_expression("pk, sk, arrival, #type, canonical_type")
            .expression_attribute_names("#type", "type")
            .expression_attribute_values(":entity", text_value(entity_path))
            .expression_attribute_values(":event", text_value(EVENT_PREFIX))
            .expression_attribute_values(":first", text_value(&from.to_string()))
            .expression_attribute_values(":last", text_value(&before(until).to_string()));
        let items = self.dynamo.all(query, UNREADABLE).await?;
        let mut arrivals: Vec<Arrival> = items.iter().filter_map(Arrival::read).collect();
        arrivals.sort_by(Arrival::cmp_by_arrival);
        Ok(arrivals)
    }

    /// Returns a page of the events that a shard has from `first` to `last`. The page is longer than `len` if it would
    /// end within the first millisecond that it contains.
    pub(crate) async fn shard_page(
        &self,
        bucket: &str,
        (first, last): (&str, &str),
        order: Order,
        len: i32,
    ) -> Result<ShardPage, Fault> {
        let mut arrivals: Vec<Arrival> = Vec::new();
        let mut start = None;
        loop {
            let query = self
                .shard_query(bucket, first, last)
                .scan_index_forward(order == Order::OldestFirst)
                .limit(len)
                .set_exclusive_start_key(start.take());
            let page = self.dynamo.page(query, INDEX_UNREADABLE).await?;
            arrivals.extend(page.items.iter().filter_map(Arrival::read));
            start = page.next;
            let Some(reached) = start.as_ref().and_then(|key| text(key, "arrival")) else {
                return Ok(ShardPage { arrivals, more_from: None });
            };
            let is_past_first_millisecond = match order {
                Order::OldestFirst => reached > first,
                Order::NewestFirst => reached < last,
            };
            if is_past_first_millisecond {
                let more_from = Some(reached.to_owned());
                return Ok(ShardPage { arrivals, more_from });
            }
        }
    }

    fn shard_query(&self, bucket: &str, first: &str, last: &str) -> QueryFluentBuilder {
        self.dynamo
            .query()
            .index_name(INDEX)
            .key_condition_expression("#bucket = :bucket AND arrival BETWEEN :first AND :last")
            .expression_attribute_names("#bucket", "bucket")
            .expression_attribute_values(":bucket", text_value(bucket))
            .expression_attribute_values(":first", text_value(first))
            .expression_attribute_values(":last", text_value(last))
    }
}

/// Returns the partition of the time index for an event: the hour of its arrival and a shard.
pub(crate) fn bucket_of(record: &Record, id: &EventId) -> String {
    let digest = u32::from_str_radix(id.digest().get(..8).unwrap_or_default(), 16).unwrap_or_default();
    bucket(hour(&record.received), digest.checked_rem(SHARDS).unwrap_or_default())
}

/// Returns a partition of the time index.
pub fn bucket(hour: &str, shard: u32) -> String {
    format!("{hour}#{shard}")
}

/// Returns the hour of an arrival: `2025-06-12T08`.
pub fn hour(received: &str) -> &str {
    received.get(.."2025-06-12T08".len()).unwrap_or(received)
}

/// Returns the beginning of the next hour.
pub(crate) fn next_hour(at: ReceivedAt) -> ReceivedAt {
    let hours = at.millis().div_euclid(HOUR_MS).saturating_add(1);
    ReceivedAt::from_millis(hours.saturating_mul(HOUR_MS)).unwrap_or(at)
}

/// Returns the millisecond before.
pub(crate) fn before(at: ReceivedAt) -> ReceivedAt {
    ReceivedAt::from_millis(at.millis().saturating_sub(1)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_ends_where_the_next_bucket_begins() {
        let at = ReceivedAt::parse("2025-06-12T08:59:59.999Z").unwrap();
        assert_eq!(next_hour(at).to_string(), "2025-06-12T09:00:00.000Z");
        assert_eq!(next_hour(next_hour(at)).to_string(), "2025-06-12T10:00:00.000Z");
        assert_eq!(before(next_hour(at)), at);
    }
}
