//! A stored event, and the fields of its item that may be large.

use inlet::event::Event;
use inlet::message::CloudEvent;
use inlet::proof::Verified;
use inlet::receive::WriteToken;

use crate::dynamodb::chunks::BlobField;
use crate::dynamodb::record::Record;

/// The raw body, and the message that the sweeper or a replay sends again. With these limits an item stays below
/// DynamoDB's 400 KB: API Gateway keeps query and headers below 10 KB each.
pub(crate) const BODY: BlobField = BlobField { name: "body", inline_len: 300_000 };
pub(crate) const MESSAGE: BlobField = BlobField { name: "message", inline_len: 60_000 };

/// The fields that may be in chunks.
pub(crate) const LARGE_FIELDS: [BlobField; 2] = [BODY, MESSAGE];

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
            message: CloudEvent::of(event).to_json(),
            body: event.delivery().body().to_vec(),
        }
    }
}
