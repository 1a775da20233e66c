//! The sweeper's own items: how far it has walked, and the events behind that point that are not proved yet.

use aws_sdk_dynamodb::types::{AttributeValue, WriteRequest};
use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;

use crate::client::connect::describe_sdk_error;
use crate::dynamodb::arrivals::Arrival;
use crate::dynamodb::attributes::{Item, number, text};
use crate::dynamodb::table::{Table, delete, key, put};

/// The partition key of the sweeper's items. No entity has it: those begin with a provider and have slashes.
const SWEEPER: &str = "sweeper";

/// How many are listed at once.
const PAGE_LEN: i32 = 100;

/// An event that the sweeper looks after although it has walked past it, until it is proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingEvent {
    /// The event's id.
    pub id: EventId,
    /// When the receiver had it, RFC 3339 to the millisecond.
    pub received: String,
    /// How often it was sent again.
    pub times: u32,
    /// When it was last sent again, seen to wait on the queue, or about to be sent by somebody else.
    pub sent: ReceivedAt,
}

impl PendingEvent {
    /// An event that somebody is about to send, and that the sweeper does not come by any more.
    pub fn unsent(id: &EventId, received: &str, now: ReceivedAt) -> Self {
        Self { id: id.clone(), received: received.to_owned(), times: 0, sent: now }
    }

    /// An event that the sweeper came by.
    pub fn found(arrival: &Arrival, now: ReceivedAt) -> Self {
        Self::unsent(&arrival.id, &arrival.received, now)
    }

    /// The same, and it need not be looked at for a while from now.
    #[must_use]
    pub fn postponed(&self, now: ReceivedAt) -> Self {
        Self { sent: now, ..self.clone() }
    }

    /// The same, sent once more.
    #[must_use]
    pub fn resent(&self, sent: ReceivedAt) -> Self {
        Self { times: self.times.saturating_add(1), sent, ..self.clone() }
    }
}

impl Table {
    /// How far a walk has come: all that arrived before this was looked at. Nothing before its first step.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn walked(&self, walk: &str) -> Result<Option<ReceivedAt>, Fault> {
        let item = self.item(SWEEPER, walk).await?;
        Ok(item.and_then(|item| ReceivedAt::parse(text(&item, "through")?)))
    }

    /// Notes how far a walk has come.
    ///
    /// # Errors
    /// When the table does not take it.
    pub async fn note_walked(&self, walk: &str, through: ReceivedAt) -> Result<(), Fault> {
        let mut item = key(SWEEPER, walk);
        item.insert("through".into(), AttributeValue::S(through.to_string()));
        self.write_all(vec![put(item)?]).await
    }

    /// Notes an event to look after.
    ///
    /// # Errors
    /// When the table does not take it.
    pub async fn put_pending(&self, pending: &PendingEvent) -> Result<(), Fault> {
        self.write_all(vec![self.pending_put(pending)?]).await
    }

    /// The note on an event to look after, to be written.
    pub(crate) fn pending_put(&self, pending: &PendingEvent) -> Result<WriteRequest, Fault> {
        let mut item = key(SWEEPER, &pending_sort_key(&pending.received, &pending.id));
        item.insert("times".into(), AttributeValue::N(pending.times.to_string()));
        item.insert("sent_ms".into(), AttributeValue::N(pending.sent.millis().to_string()));
        item.insert("expires".into(), self.expires(pending.sent.millis()));
        put(item)
    }

    /// Forgets an event.
    ///
    /// # Errors
    /// When the table does not do it.
    pub async fn remove_pending(&self, pending: &PendingEvent) -> Result<(), Fault> {
        self.remove(SWEEPER, &pending_sort_key(&pending.received, &pending.id)).await
    }

    /// The events to look after, oldest first, some of those behind `after`.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn list_pending(&self, after: Option<&PendingEvent>) -> Result<Vec<PendingEvent>, Fault> {
        let start = after.map(|last| key(SWEEPER, &pending_sort_key(&last.received, &last.id)));
        let query = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("pk = :sweeper AND begins_with(sk, :prefix)")
            .expression_attribute_values(":sweeper", AttributeValue::S(SWEEPER.into()))
            .expression_attribute_values(":prefix", AttributeValue::S(PENDING_PREFIX.into()))
            .limit(PAGE_LEN)
            .set_exclusive_start_key(start)
            .consistent_read(true);
        let output = query
            .send()
            .await
            .map_err(|error| Fault::new("the table cannot be read", describe_sdk_error(&error)))?;
        Ok(output.items().iter().filter_map(pending).collect())
    }
}

/// The beginning of a pending event's sort key. The value is stored data: it keeps its first name.
const PENDING_PREFIX: &str = "unproven/";

/// The note on an event that nobody has to look after any more, to be removed.
pub(crate) fn delete_pending(pending: &PendingEvent) -> Result<WriteRequest, Fault> {
    delete(key(SWEEPER, &pending_sort_key(&pending.received, &pending.id)))
}

/// Sorted by arrival.
pub(crate) fn pending_sort_key(received: &str, id: &EventId) -> String {
    format!("{PENDING_PREFIX}{received}/{id}")
}

/// The key of the note on an event to look after.
pub(crate) fn pending_key(id: &EventId, received: &str) -> (String, String) {
    (SWEEPER.to_owned(), pending_sort_key(received, id))
}

fn pending(item: &Item) -> Option<PendingEvent> {
    let (received, id) = text(item, "sk")?.strip_prefix(PENDING_PREFIX)?.split_once('/')?;
    Some(PendingEvent {
        id: EventId::parse(id).ok()?,
        received: received.to_owned(),
        times: u32::try_from(number(item, "times")?).ok()?,
        sent: ReceivedAt::from_millis(number(item, "sent_ms")?)?,
    })
}
