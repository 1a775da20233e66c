//! The time index: the events in the order of their arrival, some at a time.

use std::cmp::Ordering;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;

use crate::client::connect::describe_sdk_error;
use crate::dynamodb::attributes::{Item, text};
use crate::dynamodb::table::{SHARDS, Table, bucket, hour};

/// The index's name in the template.
const INDEX: &str = "arrivals";

/// How many events one request lists of a shard; DynamoDB stops at 1 MB, which is more.
const PAGE_LEN: i32 = 1_000;

pub(crate) const HOUR_MS: i64 = 60 * 60 * 1_000;

/// An event as the time index lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The event's id.
    pub id: EventId,
    /// When the receiver had it, RFC 3339 to the millisecond.
    pub received: String,
    /// The provider's name of the event.
    pub event_type: String,
    /// The message's type.
    pub canonical_type: String,
}

impl Arrival {
    /// When the receiver had it; long ago where that cannot be read.
    pub fn received_at(&self) -> ReceivedAt {
        ReceivedAt::parse(&self.received).unwrap_or(ReceivedAt::EPOCH)
    }
}

/// A part of the time index.
#[derive(Clone, Debug)]
pub struct Slice {
    /// The events, oldest first.
    pub arrivals: Vec<Arrival>,
    /// All that arrived before this is listed.
    pub reached: ReceivedAt,
}

/// What one shard lists, and where it goes on if there is more.
struct Page {
    arrivals: Vec<Arrival>,
    more_from: Option<String>,
}

impl Table {
    /// The events that arrived at `from` or later, and before `until`: those of the first hour, or as many of
    /// them as one look into every shard brings.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn arrivals(&self, from: ReceivedAt, until: ReceivedAt) -> Result<Slice, Fault> {
        let end = until.min(next_hour(from));
        let (first, last) = (from.to_string(), before(end).to_string());
        let mut arrivals = Vec::new();
        // The earliest point up to which some shard has told all that it has.
        let mut known: Option<String> = None;
        for shard in 0..SHARDS {
            let page = self.page(&bucket(hour(&first), shard), &first, &last).await?;
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
        arrivals.sort_by(by_arrival);
        Ok(Slice { arrivals, reached })
    }

    /// The events of one entity that arrived at `from` or later, and before `until`, oldest first.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn history(
        &self,
        entity_path: &str,
        from: ReceivedAt,
        until: ReceivedAt,
    ) -> Result<Vec<Arrival>, Fault> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("pk = :entity AND begins_with(sk, :event)")
            .filter_expression("arrival BETWEEN :first AND :last")
            .projection_expression("pk, sk, arrival, #type, canonical_type")
            .expression_attribute_names("#type", "type")
            .expression_attribute_values(":entity", AttributeValue::S(entity_path.to_owned()))
            .expression_attribute_values(":event", AttributeValue::S("event/".into()))
            .expression_attribute_values(":first", AttributeValue::S(from.to_string()))
            .expression_attribute_values(":last", AttributeValue::S(before(until).to_string()))
            .into_paginator()
            .items()
            .send();
        let mut arrivals = Vec::new();
        while let Some(item) = pages.next().await {
            let item =
                item.map_err(|error| Fault::new("the table cannot be read", describe_sdk_error(&error)))?;
            arrivals.extend(arrival(&item));
        }
        arrivals.sort_by(by_arrival);
        Ok(arrivals)
    }

    /// Asks for what a shard has from `first` to `last`.
    pub(crate) fn of_shard(&self, bucket: &str, first: &str, last: &str) -> QueryFluentBuilder {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        self.client
            .query()
            .table_name(&self.name)
            .index_name(INDEX)
            .key_condition_expression("#bucket = :bucket AND arrival BETWEEN :first AND :last")
            .expression_attribute_names("#bucket", "bucket")
            .expression_attribute_values(":bucket", text(bucket))
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":last", text(last))
    }

    /// What a shard has from `first` to `last`: a page, or more where a page would not get past `first`.
    async fn page(&self, bucket: &str, first: &str, last: &str) -> Result<Page, Fault> {
        let mut arrivals: Vec<Arrival> = Vec::new();
        let mut start = None;
        loop {
            let query =
                self.of_shard(bucket, first, last).limit(PAGE_LEN).set_exclusive_start_key(start.take());
            let output = query
                .send()
                .await
                .map_err(|error| Fault::new("the time index cannot be read", describe_sdk_error(&error)))?;
            arrivals.extend(output.items().iter().filter_map(arrival));
            start = output.last_evaluated_key;
            let reached = start.as_ref().and_then(|key| text(key, "arrival"));
            match reached {
                Some(reached) if reached > first => {
                    let more_from = Some(reached.to_owned());
                    return Ok(Page { arrivals, more_from });
                }
                Some(_) => {}
                None => return Ok(Page { arrivals, more_from: None }),
            }
        }
    }
}

/// An index entry as an arrival; nothing where it is none of ours.
pub(crate) fn arrival(item: &Item) -> Option<Arrival> {
    let digest = text(item, "sk")?.strip_prefix("event/")?;
    Some(Arrival {
        id: EventId::parse(&format!("{}/{digest}", text(item, "pk")?)).ok()?,
        received: text(item, "arrival")?.to_owned(),
        event_type: text(item, "type").unwrap_or_default().to_owned(),
        canonical_type: text(item, "canonical_type").unwrap_or_default().to_owned(),
    })
}

pub(crate) fn by_arrival(a: &Arrival, b: &Arrival) -> Ordering {
    (&a.received, &a.id).cmp(&(&b.received, &b.id))
}

/// The beginning of the hour after this.
fn next_hour(at: ReceivedAt) -> ReceivedAt {
    let hours = at.millis().div_euclid(HOUR_MS).saturating_add(1);
    ReceivedAt::from_millis(hours.saturating_mul(HOUR_MS)).unwrap_or(at)
}

/// The millisecond before this.
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
