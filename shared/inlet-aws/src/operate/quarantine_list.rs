//! What is held in quarantine, as a person may see it: when and why, and nothing of what was offered as proof.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Select};
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;
use inlet::store::StoreName;

use crate::client::connect::describe_sdk_error;
use crate::dynamodb::attributes::{Item, number, text};
use crate::dynamodb::table::Table;

/// A held delivery, in outline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldDelivery {
    /// When the receiver had it.
    pub received: ReceivedAt,
    /// Why it was refused.
    pub reason: String,
    /// The HTTP method.
    pub method: String,
    /// The last part of the URL's path.
    pub topic: Option<String>,
    /// The body's length in bytes.
    pub size: u64,
    /// When it is forgotten.
    pub expires: Option<ReceivedAt>,
}

impl Table {
    /// What is held of a store's deliveries that arrived at `from` or later, and before `until`: the newest ones,
    /// newest first, at most `limit`.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn quarantined_deliveries(
        &self,
        provider: &str,
        store: &StoreName,
        (from, until): (ReceivedAt, ReceivedAt),
        limit: usize,
    ) -> Result<Vec<HeldDelivery>, Fault> {
        let mut pages = self
            .held_of(provider, store)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :until")
            // A sort key begins with the time of arrival, and goes on with a slash.
            .expression_attribute_values(":from", AttributeValue::S(from.to_string()))
            .expression_attribute_values(":until", AttributeValue::S(until.to_string()))
            .projection_expression("sk, received_ms, #reason, #method, topic, #size, expires")
            .expression_attribute_names("#reason", "reason")
            .expression_attribute_names("#method", "method")
            .expression_attribute_names("#size", "size")
            .scan_index_forward(false)
            .into_paginator()
            .items()
            .send();
        let mut held = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item
                .map_err(|error| Fault::new("the quarantine cannot be read", describe_sdk_error(&error)))?;
            held.extend(outline(&item));
            if held.len() >= limit {
                break;
            }
        }
        Ok(held)
    }

    /// How many of a store's deliveries are held.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn count_quarantined(&self, provider: &str, store: &StoreName) -> Result<u64, Fault> {
        let counted =
            self.held_of(provider, store).key_condition_expression("pk = :pk").select(Select::Count);
        let mut pages = counted.into_paginator().send();
        let mut count = 0_u64;
        while let Some(page) = pages.next().await {
            let page = page
                .map_err(|error| Fault::new("the quarantine cannot be read", describe_sdk_error(&error)))?;
            count = count.saturating_add(u64::try_from(page.count()).unwrap_or_default());
        }
        Ok(count)
    }

    fn held_of(&self, provider: &str, store: &StoreName) -> QueryFluentBuilder {
        let partition = AttributeValue::S(format!("quarantine/{provider}/{store}"));
        let query = self.client.query().table_name(&self.name).consistent_read(true);
        query.expression_attribute_values(":pk", partition)
    }
}

fn outline(item: &Item) -> Option<HeldDelivery> {
    let word = |name: &str| text(item, name).map(str::to_owned);
    Some(HeldDelivery {
        received: ReceivedAt::from_millis(number(item, "received_ms")?)?,
        reason: word("reason").unwrap_or_default(),
        method: word("method").unwrap_or_default(),
        topic: word("topic"),
        size: u64::try_from(number(item, "size").unwrap_or_default()).unwrap_or_default(),
        expires: number(item, "expires").and_then(|s| ReceivedAt::from_millis(s.saturating_mul(1_000))),
    })
}
