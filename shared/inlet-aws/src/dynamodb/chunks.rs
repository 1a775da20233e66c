//! Bytes in the table: in the event's item if they fit, else in chunks that are written before the item.
//!
//! A chunk belongs to one write of one event or of one quarantined request. Its key consists of the item's partition,
//! the number of the chunk, the item's name in the partition (an event's digest), the arrival and the SHA-256 of the
//! bytes, so that
//!
//! - no other event and no other arrival shares it: an event is deleted with its chunks;
//! - the same write, sent again, produces the same items, and different bytes never replace each other;
//! - one query for each number finds all chunks of an entity, even if their event was never written.
//!
//! The event's item contains `{field}_chunks`, their count, and `{field}_chunk_key`, their sort key. Version 0.2
//! named chunks by content instead (`{field}_parts` and `{field}_digest`); such events stay readable.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use inlet::event::EventId;
use inlet::fault::Fault;
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

use crate::dynamodb::attributes::{Item, bytes, number, number_value, text, text_value};
use crate::dynamodb::dynamo::{Dynamo, Expressions, Key};
use crate::dynamodb::gzip::{Effort, Encoding};
use crate::dynamodb::keys::QUARANTINE;
use crate::dynamodb::record::hex;

/// The size of a chunk in bytes. DynamoDB takes items of 400 KB with their names and keys.
const CHUNK_LEN: usize = 390_000;

/// Maximum number of chunks of one field: 25 MB. A body has at most 6 MB, and a message hardly more once it is
/// compressed.
pub(crate) const MAX_CHUNKS: usize = 64;

/// A stored event that can never be read.
pub(crate) const DAMAGED: &str = "the stored event is damaged";

/// A chunk that is not stored.
const CHUNK_NOT_STORED: &str = "a chunk cannot be stored";

/// A field of an event's item that may be large.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlobField {
    /// The attribute's name. `{name}_chunks` and `{name}_chunk_key` belong to it, and `{name}_encoding` if it is not
    /// always gzip.
    pub(crate) name: &'static str,
    /// Maximum number of bytes in the item itself.
    pub(crate) inline_len: usize,
}

/// The item that chunks belong to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChunkOwner<'e> {
    /// Its partition: an event's entity, or the quarantine of a store.
    pub(crate) partition: &'e str,
    /// Its name in the partition: an event's digest, or a request's sort key.
    pub(crate) name: &'e str,
    /// Its arrival.
    pub(crate) received_ms: i64,
}

impl<'e> ChunkOwner<'e> {
    /// The event of this id, with this arrival.
    pub(crate) fn event(id: &'e EventId, received_ms: i64) -> Self {
        Self { partition: id.entity_path(), name: id.digest(), received_ms }
    }
}

impl Dynamo {
    /// Compresses the bytes of a field and writes them as [`Self::write_bytes`] does. `{name}_encoding` has the encoding.
    pub(crate) async fn write_blob(
        &self,
        field: BlobField,
        blob: &[u8],
        effort: Effort,
        owner: ChunkOwner<'_>,
    ) -> Result<Item, Fault> {
        let (encoding, stored) = Encoding::smaller(blob, effort);
        let mut item = self.write_bytes(field, stored, owner).await?;
        item.insert(format!("{}_encoding", field.name), text_value(encoding.as_str()));
        Ok(item)
    }

    /// Writes bytes as they are, and returns the attributes of the item that contain them or name their chunks.
    pub(crate) async fn write_bytes(
        &self,
        field: BlobField,
        stored: Vec<u8>,
        owner: ChunkOwner<'_>,
    ) -> Result<Item, Fault> {
        if stored.len() <= field.inline_len {
            return Ok(Item::from([(field.name.to_owned(), AttributeValue::B(Blob::new(stored)))]));
        }
        let chunks: Vec<&[u8]> = stored.chunks(CHUNK_LEN).collect();
        if chunks.len() > MAX_CHUNKS {
            return Err(Fault::permanent(CHUNK_NOT_STORED, format!("{} is too large", field.name)));
        }
        let sk = chunk_sort_key(owner, &hex(&Sha256::digest(&stored)));
        self.write_chunks(&chunks, owner, &sk).await?;
        Ok(Item::from([
            (format!("{}_chunks", field.name), AttributeValue::N(chunks.len().to_string())),
            (format!("{}_chunk_key", field.name), AttributeValue::S(sk)),
        ]))
    }

    /// Reads the bytes that an item contains or names, and decompresses them.
    pub(crate) async fn read_blob(&self, field: BlobField, item: &Item) -> Result<Vec<u8>, Fault> {
        let stored = self.read_bytes(field, item).await?;
        let encoding = text(item, &format!("{}_encoding", field.name)).unwrap_or_default();
        Encoding::undone(encoding, stored).map_err(|error| Fault::damaged(DAMAGED, error))
    }

    /// Reads the bytes that an item contains or names, as they are stored.
    pub(crate) async fn read_bytes(&self, field: BlobField, item: &Item) -> Result<Vec<u8>, Fault> {
        let damaged = || Fault::damaged(DAMAGED, format!("its {} is not whole", field.name));
        let keys = chunk_keys(field.name, item).or_else(|| old_chunk_keys(field.name, item));
        let Some(keys) = keys else {
            return bytes(item, field.name).map(<[u8]>::to_vec).ok_or_else(damaged);
        };
        let mut stored = Vec::new();
        for key in keys {
            let chunk = self.get(key).await?.ok_or_else(damaged)?;
            stored.extend(bytes(&chunk, PIECE).ok_or_else(damaged)?);
        }
        Ok(stored)
    }

    /// Writes all chunks concurrently: each is in another partition.
    async fn write_chunks(&self, chunks: &[&[u8]], owner: ChunkOwner<'_>, sk: &str) -> Result<(), Fault> {
        let mut writing = JoinSet::new();
        for (n, chunk) in chunks.iter().enumerate() {
            let mut item = chunk_key(owner.partition, n, sk).into_item();
            item.insert(PIECE.into(), AttributeValue::B(Blob::new(*chunk)));
            item.insert("received_ms".into(), number_value(owner.received_ms));
            item.insert("expires".into(), self.expires(owner.received_ms));
            let dynamo = self.clone();
            writing.spawn(async move { dynamo.put(item, Expressions::default(), CHUNK_NOT_STORED).await });
        }
        while let Some(written) = writing.join_next().await {
            written.map_err(|ended| Fault::transient(CHUNK_NOT_STORED, ended))??;
        }
        Ok(())
    }
}

/// The attribute with a chunk's bytes. Stored data: it keeps its first name.
const PIECE: &str = "piece";

/// Returns the key of a chunk.
fn chunk_key(partition: &str, n: usize, sk: &str) -> Key {
    Key::new(chunk_partition(partition, n), sk)
}

/// Returns the partition of all chunks of this number of an entity, or of the quarantine of a store. The latter stay
/// below `quarantine/`, so that a role without access to the quarantine cannot read them either. Stored data: the
/// values must stay.
pub(crate) fn chunk_partition(partition: &str, n: usize) -> String {
    if partition.starts_with(QUARANTINE) {
        format!("{partition}/_chunk/{n}")
    } else {
        format!("chunk/{partition}/{n}")
    }
}

fn chunk_sort_key(owner: ChunkOwner<'_>, sha256: &str) -> String {
    format!("{}/{}/{sha256}", owner.name, owner.received_ms)
}

/// Returns the keys of a field's chunks; `None` if the item names none.
pub(crate) fn chunk_keys(field: &str, item: &Item) -> Option<Vec<Key>> {
    let count = usize::try_from(number(item, &format!("{field}_chunks"))?).ok()?;
    let sk = text(item, &format!("{field}_chunk_key"))?;
    let partition = text(item, "pk")?;
    Some((0..count).map(|n| chunk_key(partition, n, sk)).collect())
}

/// Returns the keys of a field's chunks in the layout of version 0.2; `None` if the item names none.
pub(crate) fn old_chunk_keys(field: &str, item: &Item) -> Option<Vec<Key>> {
    let count = usize::try_from(number(item, &format!("{field}_parts"))?).ok()?;
    let sha256 = text(item, &format!("{field}_digest"))?;
    Some((0..count).map(|n| Key::new(format!("part/{sha256}/{n}"), "part")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(attributes: &[(&str, AttributeValue)]) -> Item {
        attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    #[test]
    fn chunks_of_two_arrivals_or_two_contents_never_share_a_key() {
        let id = EventId::parse("zid/riyadh/order/8/0123456789abcdef").unwrap();
        let at = |received_ms| ChunkOwner::event(&id, received_ms);
        let sk = chunk_sort_key(at(7), "aa");
        assert_eq!(sk, "0123456789abcdef/7/aa");
        assert_ne!(chunk_sort_key(at(8), "aa"), sk);
        assert_ne!(chunk_sort_key(at(7), "bb"), sk);
    }

    #[test]
    fn chunks_of_a_quarantined_request_are_in_the_quarantine() {
        let item = item(&[
            ("pk", text_value("quarantine/zid/riyadh")),
            ("body_chunks", number_value(1)),
            ("body_chunk_key", text_value("sk")),
        ]);
        let key = Key::new("quarantine/zid/riyadh/_chunk/0", "sk");
        assert_eq!(chunk_keys("body", &item), Some(vec![key]));
    }

    #[test]
    fn an_item_names_its_chunks_in_either_layout() {
        let new = item(&[
            ("pk", text_value("zid/riyadh/order/8")),
            ("body_chunks", number_value(2)),
            ("body_chunk_key", text_value("0123456789abcdef/7/aa")),
        ]);
        let key = |n| Key::new(format!("chunk/zid/riyadh/order/8/{n}"), "0123456789abcdef/7/aa");
        assert_eq!(chunk_keys("body", &new), Some(vec![key(0), key(1)]));
        assert_eq!(old_chunk_keys("body", &new), None);
        let old = item(&[("body_parts", number_value(1)), ("body_digest", text_value("aa"))]);
        assert_eq!(old_chunk_keys("body", &old), Some(vec![Key::new("part/aa/0", "part")]));
        assert_eq!(chunk_keys("body", &old), None);
    }
}
