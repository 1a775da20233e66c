//! The calls to the event table: one client, one table name, one retention. Every owner of items uses these primitives,
//! so that only this file decides about errors, retries and time to live.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, DeleteRequest, KeysAndAttributes, PutRequest, ReturnValue,
    ReturnValuesOnConditionCheckFailure, WriteRequest,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;

use crate::client::aws_error::AwsError;
use crate::dynamodb::attributes::{Item, number_value, text};

/// Keys in one `BatchGetItem`: DynamoDB's limit.
const BATCH_GET_LEN: usize = 100;

/// Batches that are read or written at the same time. Four are enough to hide the latency of a request behind the
/// others, and keep the items in memory few.
const CONCURRENT_BATCHES: usize = 4;

/// Items in one `BatchWriteItem`: DynamoDB's limit is 25 items and 16 MB.
const BATCH_WRITE_LEN: usize = 25;

/// Attempts at what DynamoDB returned as unprocessed, and the first wait between two of them; each further wait is
/// twice as long, 0.6 s in all.
const BATCH_ATTEMPTS: u32 = 6;
const BATCH_WAIT_MS: u64 = 20;

/// The consistency of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consistency {
    /// Returns every write that was acknowledged before.
    Strong,
    /// May miss recent writes, usually for less than a second, and costs half as much.
    Eventual,
}

/// The key of an item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Key {
    /// The key of these two attributes.
    pub(crate) fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    /// Returns the item's key; `None` if it lacks one.
    pub(crate) fn of(item: &Item) -> Option<Self> {
        Some(Self::new(text(item, "pk")?, text(item, "sk")?))
    }

    /// Returns the key's two attributes as an item.
    pub(crate) fn into_item(self) -> Item {
        HashMap::from([
            ("pk".to_owned(), AttributeValue::S(self.pk)),
            ("sk".to_owned(), AttributeValue::S(self.sk)),
        ])
    }
}

/// The expressions of one write, with the values that they use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expressions {
    update: Option<&'static str>,
    condition: Option<&'static str>,
    values: HashMap<String, AttributeValue>,
    names: HashMap<String, String>,
}

impl Expressions {
    /// A write that succeeds only if this condition holds.
    pub(crate) fn condition(condition: &'static str) -> Self {
        Self { condition: Some(condition), ..Self::default() }
    }

    /// An update with this expression.
    pub(crate) fn update(update: &'static str) -> Self {
        Self { update: Some(update), ..Self::default() }
    }

    /// The same, only if this condition holds.
    #[must_use]
    pub(crate) fn only_if(self, condition: &'static str) -> Self {
        Self { condition: Some(condition), ..self }
    }

    /// The same, with the value of a placeholder `:name`.
    #[must_use]
    pub(crate) fn value(mut self, placeholder: &str, value: AttributeValue) -> Self {
        self.values.insert(placeholder.to_owned(), value);
        self
    }

    /// The same, with the name of a placeholder `#name`: an attribute whose name is a word of DynamoDB's language.
    #[must_use]
    pub(crate) fn name(mut self, placeholder: &str, name: &str) -> Self {
        self.names.insert(placeholder.to_owned(), name.to_owned());
        self
    }

    fn names(&self) -> Option<HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.clone())
    }

    fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }
}

/// The result of a conditional write.
#[derive(Debug)]
pub(crate) enum Written {
    /// The write succeeded.
    Done,
    /// The condition failed. This is the item that the write found.
    ConditionFailed(Item),
}

/// One page of a query.
pub(crate) struct Page {
    pub(crate) items: Vec<Item>,
    /// The key to continue from; `None` on the last page.
    pub(crate) next: Option<Item>,
}

/// The items of a query, read page by page.
pub(crate) struct Items {
    query: QueryFluentBuilder,
    context: &'static str,
    page: std::vec::IntoIter<Item>,
    start: Option<Item>,
    is_last_page: bool,
}

impl Items {
    /// The items of this query.
    pub(crate) fn new(query: QueryFluentBuilder, context: &'static str) -> Self {
        Self { query, context, page: Vec::new().into_iter(), start: None, is_last_page: false }
    }

    /// Returns the next item; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Item>, Fault> {
        loop {
            if let Some(item) = self.page.next() {
                return Ok(Some(item));
            }
            if self.is_last_page {
                return Ok(None);
            }
            let query = self.query.clone().set_exclusive_start_key(self.start.take());
            let output = query.send().await.map_err(|error| fault(self.context, &error))?;
            self.page = output.items.unwrap_or_default().into_iter();
            self.start = output.last_evaluated_key;
            self.is_last_page = self.start.is_none();
        }
    }
}

/// The event table in DynamoDB.
#[derive(Clone, Debug)]
pub(crate) struct Dynamo {
    pub(crate) client: Client,
    pub(crate) table: Arc<str>,
    retention: Duration,
}

impl Dynamo {
    /// The table of this name, which keeps items for `retention`.
    pub(crate) fn new(client: Client, table: impl Into<Arc<str>>, retention: Duration) -> Self {
        Self { client, table: table.into(), retention }
    }

    /// Returns how long the table keeps items.
    pub(crate) fn retention(&self) -> Duration {
        self.retention
    }

    /// Returns the `expires` attribute of an item from this time, in seconds since 1970 UTC.
    pub(crate) fn expires(&self, ms: i64) -> AttributeValue {
        let retention = i64::try_from(self.retention.as_secs()).unwrap_or(i64::MAX);
        number_value(ms.div_euclid(1_000).saturating_add(retention))
    }

    /// Returns the time when the table was created: `EPOCH` if DynamoDB does not return it.
    pub(crate) async fn created(&self) -> Result<ReceivedAt, Fault> {
        let described = self.client.describe_table().table_name(&*self.table).send().await;
        let described = described.map_err(|error| fault("the table cannot be described", &error))?;
        let created = described.table.and_then(|table| table.creation_date_time);
        let created_ms = created.and_then(|created| created.to_millis().ok());
        Ok(created_ms.and_then(ReceivedAt::from_millis).unwrap_or(ReceivedAt::EPOCH))
    }

    /// Reads an item, strongly consistent.
    pub(crate) async fn get(&self, key: Key) -> Result<Option<Item>, Fault> {
        self.get_with(key, Consistency::Strong).await
    }

    /// Reads an item with this consistency.
    pub(crate) async fn get_with(&self, key: Key, consistency: Consistency) -> Result<Option<Item>, Fault> {
        let get = self.client.get_item().table_name(&*self.table).set_key(Some(key.into_item()));
        let output = get.consistent_read(consistency == Consistency::Strong).send().await;
        output.map(|output| output.item).map_err(|error| fault(UNREADABLE, &error))
    }

    /// Writes an item, if its condition holds.
    pub(crate) async fn put(
        &self,
        item: Item,
        expressions: Expressions,
        context: &'static str,
    ) -> Result<Written, Fault> {
        let put = self.client.put_item().table_name(&*self.table).set_item(Some(item));
        let put = put
            .set_condition_expression(expressions.condition.map(str::to_owned))
            .set_expression_attribute_names(expressions.names())
            .set_expression_attribute_values(expressions.values())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match put.send().await {
            Ok(_) => Ok(Written::Done),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Written::ConditionFailed(failed.item().cloned().unwrap_or_default()))
                }
                _ => Err(fault(context, &error)),
            },
        }
    }

    /// Changes an item, if the condition holds.
    pub(crate) async fn update(
        &self,
        key: Key,
        expressions: Expressions,
        context: &'static str,
    ) -> Result<Written, Fault> {
        let update = self.client.update_item().table_name(&*self.table).set_key(Some(key.into_item()));
        let update = update
            .set_update_expression(expressions.update.map(str::to_owned))
            .set_condition_expression(expressions.condition.map(str::to_owned))
            .set_expression_attribute_names(expressions.names())
            .set_expression_attribute_values(expressions.values())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match update.send().await {
            Ok(_) => Ok(Written::Done),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Written::ConditionFailed(failed.item().cloned().unwrap_or_default()))
                }
                _ => Err(fault(context, &error)),
            },
        }
    }

    /// Deletes an item, if the condition holds. Returns the item that was deleted; `None` if there was none, or if
    /// the condition kept it.
    pub(crate) async fn delete(&self, key: Key, expressions: Expressions) -> Result<Option<Item>, Fault> {
        let delete = self.client.delete_item().table_name(&*self.table).set_key(Some(key.into_item()));
        let delete = delete
            .set_condition_expression(expressions.condition.map(str::to_owned))
            .set_expression_attribute_names(expressions.names())
            .set_expression_attribute_values(expressions.values())
            .return_values(ReturnValue::AllOld);
        match delete.send().await {
            Ok(output) => Ok(output.attributes),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(None),
                _ => Err(fault("an item cannot be deleted", &error)),
            },
        }
    }

    /// Returns a query of the table, to be completed and given to [`Dynamo::page`] or [`Dynamo::all`].
    pub(crate) fn query(&self) -> QueryFluentBuilder {
        self.client.query().table_name(&*self.table)
    }

    /// Runs a query for one page.
    pub(crate) async fn page(&self, query: QueryFluentBuilder, context: &'static str) -> Result<Page, Fault> {
        let output = query.send().await.map_err(|error| fault(context, &error))?;
        Ok(Page { items: output.items.unwrap_or_default(), next: output.last_evaluated_key })
    }

    /// Runs a query for all its items.
    pub(crate) async fn all(
        &self,
        query: QueryFluentBuilder,
        context: &'static str,
    ) -> Result<Vec<Item>, Fault> {
        let mut items = Items::new(query, context);
        let mut all = Vec::new();
        while let Some(item) = items.next().await? {
            all.push(item);
        }
        Ok(all)
    }

    /// Reads the items of these keys. Returns the existing ones by key.
    pub(crate) async fn batch_get(
        &self,
        keys: impl IntoIterator<Item = Key>,
    ) -> Result<HashMap<Key, Item>, Fault> {
        self.batch_get_with(keys, Consistency::Strong).await
    }

    /// Reads the items of these keys with this consistency, and returns the existing ones by key.
    pub(crate) async fn batch_get_with(
        &self,
        keys: impl IntoIterator<Item = Key>,
        consistency: Consistency,
    ) -> Result<HashMap<Key, Item>, Fault> {
        // DynamoDB refuses a request that names a key twice.
        let keys: HashSet<Key> = keys.into_iter().collect();
        let keys: Vec<Key> = keys.into_iter().collect();
        let batches: Vec<Vec<Key>> = keys.chunks(BATCH_GET_LEN).map(<[Key]>::to_vec).collect();
        let batches = batches.into_iter().map(|some| self.batch_get_some(some, consistency));
        let batches = stream::iter(batches).buffer_unordered(CONCURRENT_BATCHES);
        let found: Vec<Vec<Item>> = batches.try_collect().await?;
        Ok(found.into_iter().flatten().filter_map(|item| Some((Key::of(&item)?, item))).collect())
    }

    async fn batch_get_some(&self, keys: Vec<Key>, consistency: Consistency) -> Result<Vec<Item>, Fault> {
        let keys = keys.into_iter().map(Key::into_item).collect();
        let is_strong = consistency == Consistency::Strong;
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(is_strong);
        let mut wanted = Some(wanted.build().map_err(|error| Fault::permanent(UNREADABLE, error))?);
        let mut found = Vec::new();
        for wait in (0..BATCH_ATTEMPTS).map(|n| BATCH_WAIT_MS << n) {
            let Some(asked) = wanted.take() else { return Ok(found) };
            let get = self.client.batch_get_item().request_items(&*self.table, asked);
            let output = get.send().await.map_err(|error| fault(UNREADABLE, &error))?;
            found.extend(output.responses.unwrap_or_default().remove(&*self.table).unwrap_or_default());
            wanted = output.unprocessed_keys.unwrap_or_default().remove(&*self.table);
            if wanted.is_some() {
                tokio::time::sleep(Duration::from_millis(wait)).await;
            }
        }
        if wanted.is_none() {
            Ok(found)
        } else {
            Err(Fault::transient(UNREADABLE, "DynamoDB returned unprocessed keys after every attempt"))
        }
    }

    /// Writes and deletes items, in batches. They take effect one by one, in any order.
    pub(crate) async fn batch_write(&self, requests: Vec<WriteRequest>) -> Result<(), Fault> {
        let batches: Vec<Vec<WriteRequest>> = requests.chunks(BATCH_WRITE_LEN).map(<[_]>::to_vec).collect();
        let batches = batches.into_iter().map(|some| self.batch_write_some(some));
        let mut batches = stream::iter(batches).buffer_unordered(CONCURRENT_BATCHES);
        while batches.try_next().await?.is_some() {}
        Ok(())
    }

    async fn batch_write_some(&self, mut requests: Vec<WriteRequest>) -> Result<(), Fault> {
        for wait in (0..BATCH_ATTEMPTS).map(|n| BATCH_WAIT_MS << n) {
            let batch = self.client.batch_write_item().request_items(&*self.table, requests);
            let output = batch.send().await.map_err(|error| fault(UNWRITABLE, &error))?;
            requests =
                output.unprocessed_items.and_then(|mut left| left.remove(&*self.table)).unwrap_or_default();
            if requests.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
        Err(Fault::transient(UNWRITABLE, "DynamoDB returned unprocessed items after every attempt"))
    }
}

/// A failed read of the table.
pub(crate) const UNREADABLE: &str = "the table cannot be read";

/// A failed write of small items.
const UNWRITABLE: &str = "an item cannot be stored";

/// Returns the fault of a failed call: permanent if DynamoDB rejects the request itself, else transient.
pub(crate) fn fault<E: ProvideErrorMetadata, R>(context: &'static str, error: &SdkError<E, R>) -> Fault {
    if error.code() == Some("ValidationException") {
        Fault::permanent(context, AwsError::of(error))
    } else {
        Fault::transient(context, AwsError::of(error))
    }
}

/// Returns the request of a batch that writes an item.
pub(crate) fn put_request(item: Item) -> Result<WriteRequest, Fault> {
    let put = PutRequest::builder().set_item(Some(item)).build();
    let put = put.map_err(|error| Fault::permanent(UNWRITABLE, error))?;
    Ok(WriteRequest::builder().put_request(put).build())
}

/// Returns the request of a batch that deletes an item.
pub(crate) fn delete_request(key: Key) -> Result<WriteRequest, Fault> {
    let delete = DeleteRequest::builder().set_key(Some(key.into_item())).build();
    let delete = delete.map_err(|error| Fault::permanent(UNWRITABLE, error))?;
    Ok(WriteRequest::builder().delete_request(delete).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    use aws_sdk_dynamodb::error::ErrorMetadata;
    use inlet::fault::FaultKind;

    #[test]
    fn a_request_that_dynamodb_rejects_is_permanent() {
        for (code, kind) in [
            (Some("ValidationException"), FaultKind::Permanent),
            (Some("ProvisionedThroughputExceededException"), FaultKind::Transient),
            (None, FaultKind::Transient),
        ] {
            let metadata = ErrorMetadata::builder().message("no");
            let metadata = code.iter().fold(metadata, |metadata, code| metadata.code(*code));
            let error = PutItemError::generic(metadata.build());
            let error: SdkError<PutItemError, ()> = SdkError::service_error(error, ());
            assert_eq!(fault("the item cannot be stored", &error).kind, kind, "{code:?}");
        }
    }
}
