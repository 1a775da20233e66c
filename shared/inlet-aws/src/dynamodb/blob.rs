//! Bytes in the table: in their item where they fit, else in pieces that are written before it.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use inlet::fault::Fault;
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

use crate::client::connect::describe_sdk_error;
use crate::dynamodb::attributes::{Item, bytes, number, text};
use crate::dynamodb::record::{Encoding, hex};
use crate::dynamodb::table::{DELETING, Table, key, part_key};

/// The size of a piece, in bytes. DynamoDB takes items of 400 KB with their names and keys.
const CHUNK_LEN: usize = 390_000;

/// What is said of an event that cannot be read back, however often it is tried.
pub(crate) const DAMAGED: &str = "the stored event is damaged";

/// A blob's field among an item's attributes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlobField {
    /// The attribute's name; `{name}_encoding`, `{name}_parts` and `{name}_digest` belong to it.
    pub(crate) name: &'static str,
    /// The most bytes that stand in the item itself.
    pub(crate) inline_len: usize,
}

impl Table {
    /// The attributes that hold `bytes`. Pieces are written first, under their own digest, so that writing them
    /// again changes nothing and an event that is there is whole.
    pub(crate) async fn write_blob(
        &self,
        field: BlobField,
        whole: &[u8],
        received_ms: i64,
    ) -> Result<Item, Fault> {
        let (encoding, stored) = Encoding::smaller(whole);
        let named = |suffix: &str| format!("{}{suffix}", field.name);
        let mut item = Item::from([(named("_encoding"), AttributeValue::S(encoding.as_str().into()))]);
        if stored.len() <= field.inline_len {
            item.insert(named(""), AttributeValue::B(Blob::new(stored)));
            return Ok(item);
        }
        let digest = hex(&Sha256::digest(&stored));
        let parts: Vec<&[u8]> = stored.chunks(CHUNK_LEN).collect();
        self.write_chunks(&parts, &digest, received_ms).await?;
        item.insert(named("_parts"), AttributeValue::N(parts.len().to_string()));
        item.insert(named("_digest"), AttributeValue::S(digest));
        Ok(item)
    }

    /// The bytes that an item's attributes hold.
    pub(crate) async fn read_blob(&self, field: BlobField, item: &Item) -> Result<Vec<u8>, Fault> {
        let damaged = || Fault::new(DAMAGED, format!("its {} is not whole", field.name));
        let named = |suffix: &str| format!("{}{suffix}", field.name);
        let mut stored = Vec::new();
        if let Some(parts) = number(item, &named("_parts")) {
            let digest = text(item, &named("_digest")).ok_or_else(damaged)?;
            for part in 0..usize::try_from(parts).unwrap_or_default() {
                let (pk, sk) = part_key(digest, part);
                let piece = self.item(&pk, sk).await?.ok_or_else(damaged)?;
                stored.extend(bytes(&piece, "piece").ok_or_else(damaged)?);
            }
        } else {
            stored.extend(bytes(item, field.name).ok_or_else(damaged)?);
        }
        let encoding = text(item, &named("_encoding")).unwrap_or_default();
        Encoding::undone(encoding, stored).map_err(|error| Fault::new(DAMAGED, error))
    }

    /// Writes all pieces at once. Those that are there already belong to another event of the same bytes, too:
    /// they are kept for as long as the one that is kept longer.
    async fn write_chunks(&self, parts: &[&[u8]], digest: &str, received_ms: i64) -> Result<(), Fault> {
        let mut writing = JoinSet::new();
        for (n, piece) in parts.iter().enumerate() {
            let (pk, sk) = part_key(digest, n);
            let mut item = key(&pk, sk);
            item.insert("piece".into(), AttributeValue::B(Blob::new(*piece)));
            item.insert("expires".into(), self.expires(received_ms));
            let table = self.clone();
            writing.spawn(async move { table.write_chunk(item).await });
        }
        while let Some(written) = writing.join_next().await {
            written.map_err(|ended| Fault::new(CHUNK_NOT_STORED, ended))??;
        }
        Ok(())
    }

    /// Writes a piece, or sees to it that the one which is there stays.
    async fn write_chunk(&self, item: Item) -> Result<(), Fault> {
        for _ in 0..CHUNK_WRITE_ATTEMPTS {
            if self.put_chunk(item.clone()).await? || self.reclaim_chunk(&item).await? {
                return Ok(());
            }
        }
        Err(Fault::new(CHUNK_NOT_STORED, "somebody removes it again and again"))
    }

    /// Whether it was written: not where it is there already for at least as long.
    async fn put_chunk(&self, item: Item) -> Result<bool, Fault> {
        let expires = item.get("expires").cloned().unwrap_or(AttributeValue::Null(true));
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item));
        let put = put
            .condition_expression("attribute_not_exists(pk) OR expires < :expires")
            .expression_attribute_values(":expires", expires);
        let is_there = PutItemError::is_conditional_check_failed_exception;
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(is_there) => Ok(false),
            Err(error) => Err(Fault::new(CHUNK_NOT_STORED, describe_sdk_error(&error))),
        }
    }

    /// Takes the mark off a piece that somebody is about to remove; whether it is there still.
    async fn reclaim_chunk(&self, item: &Item) -> Result<bool, Fault> {
        let key = item.iter().filter(|(name, _)| ["pk", "sk"].contains(&name.as_str()));
        let key: Item = key.map(|(name, value)| (name.clone(), value.clone())).collect();
        let get = self.client.get_item().table_name(&self.name).set_key(Some(key.clone()));
        let get = get.consistent_read(true).projection_expression("pk, #leaving");
        let get = get.expression_attribute_names("#leaving", DELETING).send().await;
        let found =
            get.map_err(|error| Fault::new("the table cannot be read", describe_sdk_error(&error)))?.item;
        let Some(found) = found else { return Ok(false) };
        if !found.contains_key(DELETING) {
            return Ok(true);
        }
        let update = self.client.update_item().table_name(&self.name).set_key(Some(key));
        let update = update
            .condition_expression("attribute_exists(pk)")
            .update_expression("REMOVE #leaving")
            .expression_attribute_names("#leaving", DELETING);
        let is_gone = UpdateItemError::is_conditional_check_failed_exception;
        match update.send().await {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(is_gone) => Ok(false),
            Err(error) => Err(Fault::new(CHUNK_NOT_STORED, describe_sdk_error(&error))),
        }
    }
}

/// How often a piece is written that somebody else removes in the same moment.
const CHUNK_WRITE_ATTEMPTS: usize = 3;

/// What is said of a piece that is not there afterwards.
const CHUNK_NOT_STORED: &str = "a piece cannot be stored";
