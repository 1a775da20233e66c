//! A stored event, and the bytes of its item: body and message in one gzip stream.

use inlet::event::Event;
use inlet::fault::Fault;
use inlet::message::CloudEvent;
use inlet::proof::Verified;
use inlet::receive::WriteToken;

use crate::dynamodb::attributes::Item;
use crate::dynamodb::chunks::{BlobField, ChunkOwner, DAMAGED};
use crate::dynamodb::dynamo::Dynamo;
use crate::dynamodb::gzip::{Effort, gunzip, gzip};
use crate::dynamodb::record::Record;

/// The body, and behind it the message that the sweeper or a replay sends again, as one gzip stream. The message repeats
/// most of the body, so it adds little to the stream. The first `size` bytes are the body. With this limit an item stays
/// below DynamoDB's 400 KB: API Gateway keeps query and headers below 10 KB each.
pub(crate) const GZIP: BlobField = BlobField { name: "gzip", inline_len: 360_000 };

/// Body and message in the layout of version 0.2: two attributes, each with its encoding. Such events stay readable.
pub(crate) const OLD_BODY: BlobField = BlobField { name: "body", inline_len: 300_000 };
pub(crate) const OLD_MESSAGE: BlobField = BlobField { name: "message", inline_len: 60_000 };

/// The fields that may be in chunks.
pub(crate) const LARGE_FIELDS: [BlobField; 3] = [GZIP, OLD_BODY, OLD_MESSAGE];

/// A stored event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// All but the body and the message.
    pub record: Record,
    /// The message for the queue, as it was first written.
    pub message: String,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

impl StoredEvent {
    /// Returns the form in which an event is stored.
    pub(crate) fn of(event: &Verified<Event>, attempt: &WriteToken) -> Self {
        Self {
            record: Record::of(event, attempt, event.origin()),
            message: CloudEvent::text_of(event).to_owned(),
            body: event.delivery().body().to_vec(),
        }
    }
}

impl Dynamo {
    /// Writes a body and a message, and returns the attributes of the event's item that contain or name them.
    pub(crate) async fn write_body_and_message(
        &self,
        body: &[u8],
        message: &str,
        owner: ChunkOwner<'_>,
    ) -> Result<Item, Fault> {
        let stream = gzip(&[body, message.as_bytes()].concat(), Effort::Thorough);
        self.write_bytes(GZIP, stream, owner).await
    }
}

/// The bytes of an event's item in either layout.
pub(crate) enum StoredBytes {
    /// The bytes of the stream: the body, and behind it the message.
    Joined(Vec<u8>),
    /// The layout of version 0.2. Each part is read on its own.
    Separate { body: Result<Vec<u8>, Fault>, message: Result<Vec<u8>, Fault> },
}

impl StoredBytes {
    /// Reads the bytes that an event's item contains or names.
    ///
    /// # Errors
    /// If the stream cannot be read. The fault is [`Damaged`](inlet::fault::FaultKind::Damaged) if it is damaged; the
    /// source contains no byte of it.
    pub(crate) async fn read(dynamo: &Dynamo, item: &Item) -> Result<Self, Fault> {
        if item.contains_key("body_encoding") {
            let body = dynamo.read_blob(OLD_BODY, item).await;
            let message = dynamo.read_blob(OLD_MESSAGE, item).await;
            return Ok(Self::Separate { body, message });
        }
        let stream = dynamo.read_bytes(GZIP, item).await?;
        // Only receivers and the processor write the table, and a message has no limit of its own.
        let bytes = gunzip(&stream, usize::MAX);
        bytes.map(Self::Joined).map_err(|error| {
            Fault::damaged(DAMAGED, format!("its body and message cannot be decompressed: {error}"))
        })
    }
}
