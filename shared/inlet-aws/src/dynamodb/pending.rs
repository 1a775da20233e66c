//! The sweeper's own items: a cursor for each of its passes, and the list of pending events behind the cursors.
//!
//! A receiver may write none of them, because a receiver that was taken over could move a cursor or remove another
//! provider's event. It writes events for the list into a partition of its provider, and the sweeper takes them over.

use std::collections::HashSet;
use std::time::Duration;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::WriteRequest;
use inlet::event::{EventId, ExistingEvent};
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;

use crate::dynamodb::attributes::{Item, number, number_value, text, text_value};
use crate::dynamodb::dynamo::{Dynamo, Expressions, Key, UNREADABLE, delete_request, put_request};
use crate::dynamodb::store_hours::{StoreHours, store_of};
use crate::dynamodb::time_index::{Arrival, hour};

/// The partition of the sweeper's items. No entity has it: an entity's path starts with a provider and has slashes.
const SWEEPER: &str = "sweeper";

/// The sort key of the cursor of the sweeper's first pass. Stored data: it keeps its first name.
pub const FIRST_PASS: &str = "near";

/// The sort key of the cursor of the second pass. Stored data too.
pub const SECOND_PASS: &str = "late";

/// The delay of the second pass. The time index usually follows the table within a second, but AWS promises no limit.
pub(crate) const SECOND_PASS_DELAY: Duration = Duration::from_hours(6);

/// The beginning of a pending event's sort key. Stored data: it keeps its first name.
const PENDING_PREFIX: &str = "unproven/";

/// Pending events in one page.
const PAGE_LEN: i32 = 100;

/// Maximum number of pages that the sweeper takes over from a provider's receivers in one run.
const MAX_PAGES: usize = 10;

/// An event behind the sweeper's cursor that is neither processed nor parked. The sweeper checks it until it is
/// processed or parked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingEvent {
    /// The event's id.
    pub id: EventId,
    /// The time of arrival, RFC 3339 to the millisecond.
    pub received: String,
    /// The number of times that the sweeper sent it.
    pub times: u32,
    /// The time when it was last sent or seen on the queue, or when another component was about to send it.
    pub sent: ReceivedAt,
}

impl PendingEvent {
    /// An event that another component is about to send, behind the sweeper's cursor.
    pub fn unsent(id: &EventId, received: &str, now: ReceivedAt) -> Self {
        Self { id: id.clone(), received: received.to_owned(), times: 0, sent: now }
    }

    /// An event that the sweeper found at its cursor.
    pub fn found(arrival: &Arrival, now: ReceivedAt) -> Self {
        Self::unsent(&arrival.id, &arrival.received, now)
    }

    /// The same, seen on the queue now.
    #[must_use]
    pub fn postponed(&self, now: ReceivedAt) -> Self {
        Self { sent: now, ..self.clone() }
    }

    /// The same, sent once more.
    #[must_use]
    pub fn resent(&self, sent: ReceivedAt) -> Self {
        Self { times: self.times.saturating_add(1), sent, ..self.clone() }
    }

    /// An event that the sweeper sends in its next run, and that its cursor has passed.
    pub(crate) fn due(event: &ExistingEvent, now: ReceivedAt) -> Self {
        Self::unsent(&event.id, &event.received_at.to_string(), now.earlier(RESEND_DELAY))
    }

    /// Parses an item of the list; `None` if it has another form.
    fn read(item: &Item) -> Option<Self> {
        let (received, id) = text(item, "sk")?.strip_prefix(PENDING_PREFIX)?.split_once('/')?;
        Some(Self {
            id: EventId::parse(id).ok()?,
            received: received.to_owned(),
            times: u32::try_from(number(item, "times")?).ok()?,
            sent: ReceivedAt::from_millis(number(item, "sent_ms")?)?,
        })
    }
}

/// The delay before an event is sent a second time; each further delay is twice as long. It is longer than the five
/// minutes for which SQS would drop the message as a duplicate.
pub(crate) const RESEND_DELAY: Duration = Duration::from_mins(6);

/// The place of a pass in the time index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The sweeper has checked all events that arrived before this.
    pub(crate) through: ReceivedAt,
    /// The hours of the stores are marked for all events that arrived from here to the cursor. `None` if the pass marks
    /// none, or if an older version moved the cursor.
    pub(crate) marked_from: Option<ReceivedAt>,
}

/// The owner of the cursors and the pending list.
#[derive(Clone, Debug)]
pub struct Pending {
    dynamo: Dynamo,
    hours: StoreHours,
}

impl Pending {
    pub(crate) fn new(dynamo: Dynamo) -> Self {
        let hours = StoreHours::new(dynamo.clone());
        Self::with_hours(dynamo, hours)
    }

    pub(crate) fn with_hours(dynamo: Dynamo, hours: StoreHours) -> Self {
        Self { dynamo, hours }
    }

    /// Returns the cursor of a pass: the sweeper has checked all events that arrived before it. `None` before the first
    /// step.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn cursor(&self, pass: &str) -> Result<Option<ReceivedAt>, Fault> {
        Ok(self.cursor_item(pass).await?.map(|cursor| cursor.through))
    }

    /// Returns the cursor of a pass with all that its item has.
    pub(crate) async fn cursor_item(&self, pass: &str) -> Result<Option<Cursor>, Fault> {
        let item = self.dynamo.get(Key::new(SWEEPER, pass)).await?;
        Ok(item.and_then(|item| {
            let time = |name| ReceivedAt::parse(text(&item, name)?);
            Some(Cursor { through: time("through")?, marked_from: time("marked_from") })
        }))
    }

    /// Moves the cursor of a pass.
    ///
    /// # Errors
    /// If the write fails.
    pub async fn set_cursor(&self, pass: &str, cursor: ReceivedAt) -> Result<(), Fault> {
        self.set_cursor_item(pass, Cursor { through: cursor, marked_from: None }).await
    }

    /// Replaces the item of a pass's cursor. A batch, because it replaces the item as a whole.
    pub(crate) async fn set_cursor_item(&self, pass: &str, cursor: Cursor) -> Result<(), Fault> {
        let mut item = Key::new(SWEEPER, pass).into_item();
        item.insert("through".into(), text_value(&cursor.through.to_string()));
        if let Some(marked_from) = cursor.marked_from {
            item.insert("marked_from".into(), text_value(&marked_from.to_string()));
        }
        self.dynamo.batch_write(vec![put_request(item)?]).await
    }

    /// Adds an event that another component is about to store or send to the list, or replaces it. Marks the hour of the
    /// event too: the sweeper's cursors may have passed it.
    ///
    /// # Errors
    /// If the write fails.
    pub async fn put(&self, event: &PendingEvent) -> Result<(), Fault> {
        self.hours.mark_with([(&event.id, &*event.received)], vec![self.put_request(event)?]).await
    }

    /// Returns the request of a batch that adds an event to the list, or replaces it.
    pub(crate) fn put_request(&self, event: &PendingEvent) -> Result<WriteRequest, Fault> {
        let mut item = pending_key(&event.id, &event.received).into_item();
        item.insert("times".into(), number_value(event.times.into()));
        item.insert("sent_ms".into(), number_value(event.sent.millis()));
        item.insert("expires".into(), self.dynamo.expires(event.sent.millis()));
        put_request(item)
    }

    /// Hands an event over to the sweeper, which adds it to the list in its next run and sends it.
    ///
    /// # Errors
    /// If the write fails.
    pub(crate) async fn hand_over(&self, event: &ExistingEvent, now: ReceivedAt) -> Result<(), Fault> {
        let partition = handed_over(provider_of(&event.id));
        let mut item = Key::new(partition, format!("{}/{}", event.received_at, event.id)).into_item();
        item.insert("expires".into(), self.dynamo.expires(now.millis()));
        self.dynamo.batch_write(vec![put_request(item)?]).await
    }

    /// Takes over the events of a provider that were handed over: marks their hours and adds each to the list, then deletes
    /// it from the provider's partition. The next run takes over the rest, if there are too many.
    ///
    /// # Errors
    /// If the table cannot be read, or a write fails.
    pub async fn take_over(&self, provider: &str, now: ReceivedAt) -> Result<(), Fault> {
        for _ in 0..MAX_PAGES {
            let query = self.handed_over_query(provider).limit(PAGE_LEN);
            let items = self.dynamo.page(query, UNREADABLE).await?.items;
            if items.is_empty() {
                break;
            }
            // Only the key counts, and only events of this provider.
            let events = items.iter().filter_map(|item| {
                Some(PendingEvent::due(
                    &existing(item).filter(|event| provider_of(&event.id) == provider)?,
                    now,
                ))
            });
            let events: Vec<PendingEvent> = events.collect();
            let puts = events.iter().map(|event| self.put_request(event)).collect::<Result<_, _>>()?;
            self.hours.mark_with(events.iter().map(|event| (&event.id, &*event.received)), puts).await?;
            let keys = items.iter().filter_map(Key::of);
            self.dynamo.batch_write(keys.map(delete_request).collect::<Result<_, _>>()?).await?;
        }
        Ok(())
    }

    /// Returns the hours of the events of a store, `{provider}/{store}`, that are handed over and not taken over.
    pub(crate) async fn handed_over_hours(&self, store: &str) -> Result<HashSet<String>, Fault> {
        let provider = store.split('/').next().unwrap_or_default();
        let items = self.dynamo.all(self.handed_over_query(provider), UNREADABLE).await?;
        let events = items.iter().filter_map(existing);
        let events = events.filter(|event| store_of(event.id.entity_path()) == store);
        Ok(events.map(|event| hour(&event.received_at.to_string()).to_owned()).collect())
    }

    fn handed_over_query(&self, provider: &str) -> QueryFluentBuilder {
        self.dynamo
            .query()
            .key_condition_expression("pk = :handed_over")
            .expression_attribute_values(":handed_over", text_value(&handed_over(provider)))
            .consistent_read(true)
    }

    /// Removes an event from the list.
    ///
    /// # Errors
    /// If a write fails.
    pub async fn delete(&self, event: &PendingEvent) -> Result<(), Fault> {
        let key = pending_key(&event.id, &event.received);
        self.dynamo.delete(key, Expressions::default()).await.map(|_| ())
    }

    /// Returns the request of a batch that removes an event from the list.
    pub(crate) fn delete_request(event: &PendingEvent) -> Result<WriteRequest, Fault> {
        delete_request(pending_key(&event.id, &event.received))
    }

    /// Writes several requests.
    pub(crate) async fn write(&self, requests: Vec<WriteRequest>) -> Result<(), Fault> {
        self.dynamo.batch_write(requests).await
    }

    /// Returns a page of the list, oldest arrival first, after `after` if it is given.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn list(&self, after: Option<&PendingEvent>) -> Result<Vec<PendingEvent>, Fault> {
        let start = after.map(|last| pending_key(&last.id, &last.received).into_item());
        let query = self
            .dynamo
            .query()
            .key_condition_expression("pk = :sweeper AND begins_with(sk, :prefix)")
            .expression_attribute_values(":sweeper", text_value(SWEEPER))
            .expression_attribute_values(":prefix", text_value(PENDING_PREFIX))
            .limit(PAGE_LEN)
            .set_exclusive_start_key(start)
            .consistent_read(true);
        let page = self.dynamo.page(query, UNREADABLE).await?;
        Ok(page.items.iter().filter_map(PendingEvent::read).collect())
    }
}

/// Returns the key of an event in the pending list. The list is sorted by arrival.
pub(crate) fn pending_key(id: &EventId, received: &str) -> Key {
    Key::new(SWEEPER, format!("{PENDING_PREFIX}{received}/{id}"))
}

/// Returns the partition of the events that a provider's receivers hand over. No store's name has an underscore. Stored
/// data: the value must stay.
fn handed_over(provider: &str) -> String {
    format!("{provider}/_pending")
}

/// Reads an event that was handed over; `None` if its key has another form.
fn existing(item: &Item) -> Option<ExistingEvent> {
    let (received, id) = text(item, "sk")?.split_once('/')?;
    Some(ExistingEvent { id: EventId::parse(id).ok()?, received_at: ReceivedAt::parse(received)? })
}

fn provider_of(id: &EventId) -> &str {
    id.as_str().split('/').next().unwrap_or_default()
}
