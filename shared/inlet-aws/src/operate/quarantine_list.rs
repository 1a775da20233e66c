//! The quarantined requests of a store, as an operator may see them: arrival and reason, and of the sender's proof only
//! its form.

use std::cmp::Reverse;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Select};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{StreamExt as _, stream};
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;
use inlet::store::StoreName;

use crate::dynamodb::attributes::{Item, number, text, text_value};
use crate::dynamodb::dynamo::{Items, Key, fault};
use crate::dynamodb::quarantine::{DEFERRED_PREFIX, TableQuarantine, partition};
use crate::dynamodb::table::Table;

const UNREADABLE: &str = "the quarantine cannot be read";

/// Stores that are read at the same time.
const CONCURRENT_STORES: usize = 16;

/// A quarantined request without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantinedDelivery {
    /// The name of the request within its store: the time of arrival and a digest.
    pub key: String,
    /// The digest of the request, 16 hex digits: its name within the store.
    pub digest: String,
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
        .scan_index_forward(false)
        // An item has the body, and a projection does not make its read smaller: without a limit one request reads 1 MB.
        .limit(i32::try_from(limit.max(1)).unwrap_or(i32::MAX));
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

/// Returns the quarantined requests of several stores, each with the index of its store: the newest `limit`, newest
/// first. `on_store` is called after each store.
///
/// # Errors
/// If the table cannot be read.
pub async fn quarantined_in_stores(
    table: &Table,
    stores: &[(&str, &StoreName)],
    span: (ReceivedAt, ReceivedAt),
    limit: usize,
    on_store: impl Fn(),
) -> Result<Vec<(usize, QuarantinedDelivery)>, Fault> {
    // A list, because a lazy iterator of futures would not be `Send`.
    let reads: Vec<_> = stores
        .iter()
        .enumerate()
        .map(
            |(index, &store)| async move { (index, quarantined_deliveries(table, store, span, limit).await) },
        )
        .collect();
    let mut reads = stream::iter(reads).buffer_unordered(CONCURRENT_STORES);
    let mut deliveries = Vec::new();
    while let Some((index, of_store)) = reads.next().await {
        deliveries.extend(of_store?.into_iter().map(|delivery| (index, delivery)));
        on_store();
    }
    // By store too, because the stores respond in any order.
    deliveries.sort_by_key(|(index, delivery)| (Reverse(delivery.received), *index));
    deliveries.truncate(limit);
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

/// A quarantined request with the form of everything that was sent. It has no `Debug`, because the body is not verified
/// and may contain anything.
#[derive(Clone)]
pub struct OfferedRequest {
    /// The delivery.
    pub delivery: QuarantinedDelivery,
    /// The names of the query, each with the form of its value.
    pub query: Vec<(String, String)>,
    /// The headers, each with its value if it is public, else with the form of its value.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Headers whose values are no proof. All others are masked: a provider's proof may be in any of them.
const PUBLIC_HEADERS: [&str; 6] =
    ["accept", "accept-encoding", "content-length", "content-type", "host", "user-agent"];

/// Returns the quarantined requests of a store whose digest begins with this text, newest first.
///
/// # Errors
/// If the table cannot be read, or an item is damaged.
pub async fn offered_requests(
    table: &Table,
    (provider, store): (&'static str, &StoreName),
    digest_prefix: &str,
) -> Result<Vec<OfferedRequest>, Fault> {
    let keys = query(table, provider, store).key_condition_expression("pk = :pk").projection_expression("sk");
    let mut keys = Items::new(keys, UNREADABLE);
    let mut requests = Vec::new();
    while let Some(key) = keys.next().await? {
        let key = text(&key, "sk").unwrap_or_default();
        let digest = key.rsplit('/').next().unwrap_or_default();
        if digest.starts_with(digest_prefix) {
            // It may have been accepted since.
            requests.extend(offered_request(table, (provider, store), key).await?);
        }
    }
    requests.sort_by_key(|request| Reverse(request.delivery.received));
    Ok(requests)
}

/// Returns a quarantined request of a store by its key; `None` if there is none, for example because it has expired.
///
/// # Errors
/// If the table cannot be read, or the item is damaged.
pub async fn offered_request(
    table: &Table,
    (provider, store): (&'static str, &StoreName),
    key: &str,
) -> Result<Option<OfferedRequest>, Fault> {
    let Some(item) = table.dynamo.get(Key::new(partition(provider, store), key)).await? else {
        return Ok(None);
    };
    let Some(delivery) = read(&item) else { return Ok(None) };
    let request = TableQuarantine::new(table, provider).read(&item, store).await?.request;
    Ok(Some(OfferedRequest {
        delivery,
        query: request.query.split('&').filter(|pair| !pair.is_empty()).map(masked_pair).collect(),
        headers: request.headers.iter().map(masked_header).collect(),
        body: request.body,
    }))
}

/// Returns the name of a query's pair with the form of its value.
fn masked_pair(pair: &str) -> (String, String) {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    (name.to_owned(), form(value))
}

fn masked_header((name, value): (&str, &str)) -> (String, String) {
    let is_public = PUBLIC_HEADERS.iter().any(|public| public.eq_ignore_ascii_case(name));
    let shown = match value.split_once(' ') {
        _ if is_public => value.to_owned(),
        Some((scheme, credential)) if name.eq_ignore_ascii_case("authorization") => {
            masked_authorization(scheme, credential)
        }
        _ => form(value),
    };
    (name.to_owned(), shown)
}

/// Returns the scheme of an authorization with the form of its credential: of RFC 7617's Basic, of both halves.
fn masked_authorization(scheme: &str, credential: &str) -> String {
    let known = ["Basic", "Bearer", "Digest"].into_iter().find(|known| known.eq_ignore_ascii_case(scheme));
    let Some(scheme) = known else { return format!("an unknown scheme, {}", form(credential)) };
    let pair = STANDARD.decode(credential.trim()).ok().and_then(|pair| String::from_utf8(pair).ok());
    match pair.as_deref().and_then(|pair| pair.split_once(':')) {
        Some((user, password)) if scheme == "Basic" => {
            format!("Basic, user name of {}, password of {}", form(user), form(password))
        }
        _ => format!("{scheme}, {}", form(credential)),
    }
}

/// Returns the form of a value: its length.
fn form(value: &str) -> String {
    match value.chars().count() {
        1 => "1 character".to_owned(),
        count => format!("{count} characters"),
    }
}

fn query(table: &Table, provider: &str, store: &StoreName) -> QueryFluentBuilder {
    let query = table.dynamo.query().consistent_read(true);
    query.expression_attribute_values(":pk", AttributeValue::S(partition(provider, store)))
}

/// Reads an item of the quarantine; `None` if it has no time of arrival.
pub(crate) fn read(item: &Item) -> Option<QuarantinedDelivery> {
    let word = |name: &str| text(item, name).map(str::to_owned);
    let digest = text(item, "sk")?.rsplit('/').next()?.to_owned();
    Some(QuarantinedDelivery {
        key: word("sk").unwrap_or_default(),
        digest,
        received: ReceivedAt::from_millis(number(item, "received_ms")?)?,
        reason: word("reason").unwrap_or_default(),
        method: word("method").unwrap_or_default(),
        topic: word("topic"),
        size: u64::try_from(number(item, "size").unwrap_or_default()).unwrap_or_default(),
        expires: number(item, "expires").and_then(|s| ReceivedAt::from_millis(s.saturating_mul(1_000))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offered_proof_shows_its_form_only() {
        let basic = format!("Basic {}", STANDARD.encode("inlet:canary-password"));
        for (name, value, shown) in [
            ("Authorization", basic.as_str(), "Basic, user name of 5 characters, password of 15 characters"),
            ("authorization", "Bearer canary", "Bearer, 6 characters"),
            ("authorization", "canary canary", "an unknown scheme, 6 characters"),
            ("authorization", "canary", "6 characters"),
            ("authorization", "Basic not-base64", "Basic, 10 characters"),
            ("x-signature", "sha1=canary", "11 characters"),
            ("key1", "c", "1 character"),
            ("Content-Type", "application/json", "application/json"),
        ] {
            assert_eq!(masked_header((name, value)), (name.to_owned(), shown.to_owned()));
        }
        assert_eq!(masked_pair("token=canary"), ("token".to_owned(), "6 characters".to_owned()));
    }
}
