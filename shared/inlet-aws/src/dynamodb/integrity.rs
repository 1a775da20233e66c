//! The integrity of stored events: an item's bytes and attributes, compared with the hashes and keys that were stored
//! with them.

use inlet::event::EventId;
use inlet::fault::{Fault, FaultKind};
use inlet::message::Message;
use inlet::received_at::ReceivedAt;

use crate::dynamodb::attributes::{Item, number, text};
use crate::dynamodb::dynamo::Dynamo;
use crate::dynamodb::record::{Record, sha256_hex};
use crate::dynamodb::record_item::{self, hash};
use crate::dynamodb::stored_event::{StoredBytes, StoredEvent};
use crate::dynamodb::time_index::bucket_of;

/// The attribute with the message's SHA-256. Events of version 0.2 have none. Stored data: the value must stay.
pub(crate) const MESSAGE_SHA256: &str = "message_sha256";

/// The part of a stored event that is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Its attributes: they cannot be read, or are those of another event.
    Attributes,
    /// Its body.
    Body,
    /// Its message.
    Message,
    /// The attributes that list it by arrival and by which it expires. The event itself can be read.
    Index,
}

impl Part {
    /// Returns the word in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Attributes => "attributes",
            Self::Body => "body",
            Self::Message => "message",
            Self::Index => "index",
        }
    }
}

/// A contradiction in a stored event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Damage {
    /// The damaged part.
    pub part: Part,
    /// The contradiction, without any value of the event.
    pub reason: String,
}

impl Damage {
    fn new(part: Part, reason: impl Into<String>) -> Self {
        Self { part, reason: reason.into() }
    }

    /// Returns true if the event must not be shown or sent, because its content differs from what was stored.
    pub fn is_of_content(&self) -> bool {
        match self.part {
            Part::Attributes | Part::Body | Part::Message => true,
            Part::Index => false,
        }
    }
}

/// A stored event as its item contains it, with its contradictions.
pub(crate) struct Examined {
    /// The event; `None` if a part of it cannot be read.
    pub(crate) event: Option<StoredEvent>,
    /// The contradictions; empty for an undamaged event. The item of a duplicate has one: no time index lists it.
    pub(crate) damages: Vec<Damage>,
}

impl Examined {
    /// Returns the event, unless its content is damaged.
    pub(crate) fn into_whole(self) -> Result<StoredEvent, Damage> {
        match (self.damages.into_iter().find(Damage::is_of_content), self.event) {
            (None, Some(event)) => Ok(event),
            (Some(damage), _) => Err(damage),
            (None, None) => Err(Damage::new(Part::Attributes, "a part of it cannot be read")),
        }
    }
}

/// Reads an event's item with its chunks, and compares its parts.
///
/// # Errors
/// If the table cannot be read. Damage is not an error.
pub(crate) async fn examine(dynamo: &Dynamo, id: &EventId, item: &Item) -> Result<Examined, Fault> {
    let record = record_item::from_item(item)
        .map_err(|error| Damage::new(Part::Attributes, format!("its attributes cannot be read: {error}")));
    let (body, message) = match or_damage(StoredBytes::read(dynamo, item).await, Part::Body)? {
        Ok(StoredBytes::Separate { body, message }) => {
            (or_damage(body, Part::Body)?, or_damage(message, Part::Message)?)
        }
        Ok(StoredBytes::Joined(bytes)) => match &record {
            Ok(record) => cut(bytes, record.size),
            // Only the size shows where the message begins.
            Err(damage) => return Ok(Examined { event: None, damages: vec![damage.clone()] }),
        },
        Err(damage) => return Ok(unreadable(id, item, record, damage)),
    };
    let message = message.and_then(|bytes| {
        String::from_utf8(bytes).map_err(|_| Damage::new(Part::Message, "its message is not text"))
    });
    let mut damages = Vec::new();
    if let Ok(record) = &record {
        damages.extend(attribute_damages(id, item, record));
    }
    if let (Ok(record), Ok(body)) = (&record, &body) {
        damages.extend(body_damage(record, body));
    }
    if let Ok(message) = &message {
        damages.extend(message_damage(id, item, message, record.as_ref().ok()));
    }
    let event = match (record, body, message) {
        (Ok(record), Ok(body), Ok(message)) => Some(StoredEvent { record, message, body }),
        (record, body, message) => {
            damages.extend([record.err(), body.err(), message.err()].into_iter().flatten());
            None
        }
    };
    damages.sort_by_key(|damage| damage.part);
    Ok(Examined { event, damages })
}

/// The result for an event whose stream of body and message cannot be read.
fn unreadable(id: &EventId, item: &Item, record: Result<Record, Damage>, stream: Damage) -> Examined {
    let mut damages = match record {
        Ok(record) => attribute_damages(id, item, &record),
        Err(damage) => vec![damage],
    };
    damages.push(stream);
    damages.sort_by_key(|damage| damage.part);
    Examined { event: None, damages }
}

/// Divides the bytes of a stream into the body, which has this length, and the message.
fn cut(mut bytes: Vec<u8>, size: usize) -> (Result<Vec<u8>, Damage>, Result<Vec<u8>, Damage>) {
    if bytes.len() < size {
        let damage = Damage::new(Part::Body, "its body has another length than was stored");
        return (Err(damage), Err(Damage::new(Part::Message, "its message is not whole")));
    }
    let message = bytes.split_off(size);
    (Ok(bytes), Ok(message))
}

/// Returns what was read, or the damage that keeps it from being read.
fn or_damage<T>(read: Result<T, Fault>, part: Part) -> Result<Result<T, Damage>, Fault> {
    match read {
        Ok(bytes) => Ok(Ok(bytes)),
        Err(fault) if fault.kind == FaultKind::Damaged => {
            Ok(Err(Damage::new(part, fault.source.to_string())))
        }
        Err(fault) => Err(fault),
    }
}

fn attribute_damages(id: &EventId, item: &Item, record: &Record) -> Vec<Damage> {
    let arrival = ReceivedAt::from_millis(record.received_ms).map(|at| at.to_string());
    let checks = [
        (record.id == id.as_str(), Part::Attributes, "its attributes are those of another event"),
        (arrival.as_ref() == Some(&record.received), Part::Index, "its two times of arrival differ"),
        (
            text(item, "arrival") == Some(&record.received),
            Part::Index,
            "the time index does not list it under its arrival",
        ),
        (
            text(item, "bucket") == Some(&bucket_of(record, id)),
            Part::Index,
            "the time index has it in another hour or shard",
        ),
        (number(item, "expires").is_some(), Part::Index, "it never expires"),
    ];
    let failed = checks.into_iter().filter(|(holds, ..)| !holds);
    failed.map(|(_, part, reason)| Damage::new(part, reason)).collect()
}

fn body_damage(record: &Record, body: &[u8]) -> Option<Damage> {
    if sha256_hex(body) != record.sha256 {
        return Some(Damage::new(Part::Body, "its body has another SHA-256 than was stored"));
    }
    (body.len() != record.size)
        .then(|| Damage::new(Part::Body, "its body has another length than was stored"))
}

fn message_damage(
    id: &EventId,
    item: &Item,
    text_of_message: &str,
    record: Option<&Record>,
) -> Option<Damage> {
    let damage = |reason: &str| Some(Damage::new(Part::Message, reason));
    let message = match Message::parse(text_of_message.to_owned()) {
        Ok(message) => message,
        Err(error) => return damage(&format!("its message cannot be read: {error}")),
    };
    if message.id() != id {
        return damage("its message has another id");
    }
    match hash(item, MESSAGE_SHA256) {
        Some(stored) if sha256_hex(text_of_message.as_bytes()) != stored => {
            damage("its message has another SHA-256 than was stored")
        }
        Some(_) => None,
        None => {
            let contradicts = record.is_some_and(|record| {
                message.canonical_type() != record.canonical_type
                    || message.received_time() != record.received
            });
            if contradicts { damage("its message contradicts its attributes") } else { None }
        }
    }
}
