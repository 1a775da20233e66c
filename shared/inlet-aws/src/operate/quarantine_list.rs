//! The quarantined requests of a store, as an operator may see them: arrival and reason, without the sender's proof.

use std::cmp::Reverse;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Select};
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;
use inlet::store::StoreName;

use crate::dynamodb::attributes::{Item, number, text, text_value};
use crate::dynamodb::dynamo::{Items, fault};
use crate::dynamodb::quarantine::{DEFERRED_PREFIX, partition};
use crate::dynamodb::table::Table;

const UNREADABLE: &str = "the quarantine cannot be read";

/// A quarantined request without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantinedDelivery {
    /// The name of the request within its store: the time of arrival and a digest.
    pub key: String,
    /// The time of arrival.
    pub received: ReceivedAt,
    /// Why verification failed.
    pub reason: String,
    /// The HTTP method.
    pub method: String,
    /// The last part of the URL's path.
    pub topic: Option<String>,
    /// The body's length in bytes.
    pub size: u64,
    /// When it expires.
    pub expires: Option<ReceivedAt>,
}

/// Returns the quarantined requests of a store that arrived at `from` or later and before `until`: the newest `limit`,
/// newest first.
///
/// # Errors
/// If the table cannot be read.
pub async fn quarantined_deliveries(
    table: &Table,
    (provider, store): (&str, &StoreName),
    (from, until): (ReceivedAt, ReceivedAt),
    limit: usize,
) -> Result<Vec<QuarantinedDelivery>, Fault> {
    let mut deliveries = Vec::new();
    for section in [DEFERRED_PREFIX, ""] {
        deliveries.extend(section_of(table, (provider, store), section, (from, until), limit).await?);
    }
    // Stable, so that deliveries of one millisecond keep their order.
    deliveries.sort_by_key(|delivery| Reverse(delivery.received));
    deliveries.truncate(limit);
    Ok(deliveries)
}

/// Returns the newest `limit` requests of a section of the quarantine, newest first.
async fn section_of(
    table: &Table,
    (provider, store): (&str, &StoreName),
    section: &str,
    (from, until): (ReceivedAt, ReceivedAt),
    limit: usize,
) -> Result<Vec<QuarantinedDelivery>, Fault> {
    let query = query(table, provider, store)
        .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :until")
        // A sort key has the arrival behind the section's prefix, followed by a slash.
        .expression_attribute_values(":from", text_value(&format!("{section}{from}")))
        .expression_attribute_values(":until", text_value(&format!("{section}{until}")))
        .projection_expression("sk, received_ms, #reason, #method, topic, #size, expires")
        .expression_attribute_names("#reason", "reason")
        .expression_attribute_names("#method", "method")
        .expression_attribute_names("#size", "size")
        .scan_index_forward(false);
    let mut items = Items::new(query, UNREADABLE);
    let mut deliveries = Vec::new();
    while let Some(item) = items.next().await? {
        deliveries.extend(read(&item));
        if deliveries.len() >= limit {
            break;
        }
    }
    Ok(deliveries)
}

/// Returns the number of quarantined requests of a store.
///
/// # Errors
/// If the table cannot be read.
pub async fn count_quarantined(table: &Table, provider: &str, store: &StoreName) -> Result<u64, Fault> {
    let query = query(table, provider, store).key_condition_expression("pk = :pk").select(Select::Count);
    let mut pages = query.into_paginator().send();
    let mut count = 0_u64;
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| fault(UNREADABLE, &error))?;
        count = count.saturating_add(u64::try_from(page.count()).unwrap_or_default());
    }
    Ok(count)
}

fn query(table: &Table, provider: &str, store: &StoreName) -> QueryFluentBuilder {
    let query = table.dynamo.query().consistent_read(true);
    query.expression_attribute_values(":pk", AttributeValue::S(partition(provider, store)))
}

/// Reads an item of the quarantine; `None` if it has no time of arrival.
pub(crate) fn read(item: &Item) -> Option<QuarantinedDelivery> {
    let word = |name: &str| text(item, name).map(str::to_owned);
    Some(QuarantinedDelivery {
        key: word("sk").unwrap_or_default(),
        received: ReceivedAt::from_millis(number(item, "received_ms")?)?,
        reason: word("reason").unwrap_or_default(),
        method: word("method").unwrap_or_default(),
        topic: word("topic"),
        size: u64::try_from(number(item, "size").unwrap_or_default()).unwrap_or_default(),
        expires: number(item, "expires").and_then(|s| ReceivedAt::from_millis(s.saturating_mul(1_000))),
    })
}
