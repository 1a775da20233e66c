//! Replay: sends stored events again, so that the consumer processes them once more.
//!
//! A replayed message contains the replay's name. The processor ignores receipts for it, and a consumer can see that it
//! is a replay.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use inlet::event::EventId;
use inlet::fault::{Fault, FaultKind};
use inlet::received_at::ReceivedAt;
use tokio::sync::watch;

use crate::client::clock;
use crate::client::rate_limit::RateLimiter;
use crate::dynamodb::attributes::{Item, text, text_value};
use crate::dynamodb::by_entity::group_by_entity;
use crate::dynamodb::dynamo::{Expressions, Key};
use crate::dynamodb::forgotten::note_includes_message;
use crate::dynamodb::hours_to_read::HoursToRead;
use crate::dynamodb::keys::{REPLAY_PREFIX, forgotten_key, parked_key, replay_key};
use crate::dynamodb::table::Table;
use crate::dynamodb::time_index::{Arrival, INDEX, INDEX_UNREADABLE, before, hour, next_hour};
use crate::operate::in_order::each_in_order;
pub use crate::operate::selection::Selection;
use crate::sqs::SqsQueue;

/// Events that are sent in one step. Their notes are read first, in a few calls.
const STEP: usize = 250;

/// A replay's name: 1 to 36 of `A-Z`, `a-z`, `0-9`, `-` and `_`, so that it fits into a sort key and a deduplication
/// id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayId(String);

/// The text is not a replay's name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a replay is named by 1 to 36 of A-Z, a-z, 0-9, - and _")]
pub struct NotAReplayId;

impl ReplayId {
    const MAX_LEN: usize = 36;

    /// Parses a replay's name.
    ///
    /// # Errors
    /// [`NotAReplayId`] for anything but 1 to 36 of `A-Z`, `a-z`, `0-9`, `-` and `_`.
    pub fn parse(text: &str) -> Result<Self, NotAReplayId> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let fits = (1..=Self::MAX_LEN).contains(&text.len()) && text.bytes().all(allowed);
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAReplayId) }
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The progress of a replay, also when it ends in a fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// The number of messages that were sent.
    pub sent: u64,
    /// The events that cannot be sent.
    pub refused: Vec<Refused>,
    /// The number of events that were not sent, because their entity was forgotten since they arrived.
    pub forgotten: u64,
    /// The arrival up to which every event is done: a replay that ended in a fault can continue from here.
    pub reached: Option<ReceivedAt>,
}

/// An event that cannot be sent: it is damaged, or SQS never accepts its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The event's id.
    pub id: String,
    /// The reason.
    pub reason: String,
}

/// Replays stored events.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The event table.
    pub table: Table,
    /// The event queue.
    pub queue: SqsQueue,
}

impl Replay {
    /// Returns the number of events that a replay of this selection would send. Sends nothing.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn count(&self, selection: &Selection) -> Result<u64, Fault> {
        let mut count = 0_u64;
        let mut events = Events::new(&self.table, selection);
        while let Some(page) = events.next_page().await? {
            count = count.saturating_add(u64::try_from(page.len()).unwrap_or(u64::MAX));
        }
        Ok(count)
    }

    /// Sends the events of this selection, those of an entity in the order of their arrival, at most `rate` a second.
    /// `replayed` contains the progress at any time, also after a fault or if the future is dropped.
    ///
    /// # Errors
    /// If the table cannot be read or written, or SQS does not accept a message now.
    pub async fn run(
        &self,
        selection: &Selection,
        replay: &ReplayId,
        rate: u32,
        replayed: &watch::Sender<Replayed>,
    ) -> Result<(), Fault> {
        let limiter = RateLimiter::per_second(rate);
        let mut events = Events::new(&self.table, selection);
        while let Some(page) = events.next_page().await? {
            for some in page.chunks(STEP) {
                let reached = Reached::new(some);
                let done = |place| {
                    let reached_at = reached.after(place);
                    replayed.send_modify(|replayed| replayed.reached = reached_at.or(replayed.reached));
                };
                self.send_step(some, (replay, &limiter), replayed, done).await?;
            }
        }
        Ok(())
    }

    /// Sends these events, those of an entity in the given order, at most `rate` a second. `replayed` contains the progress at any time.
    ///
    /// # Errors
    /// If the table cannot be read or written, or SQS does not accept a message now.
    pub async fn run_events(
        &self,
        events: &[Arrival],
        replay: &ReplayId,
        rate: u32,
        replayed: &watch::Sender<Replayed>,
    ) -> Result<(), Fault> {
        let limiter = RateLimiter::per_second(rate);
        for some in events.chunks(STEP) {
            self.send_step(some, (replay, &limiter), replayed, |_| ()).await?;
        }
        Ok(())
    }

    /// Sends a step's events as part of a replay. Calls `done` with the place of each event that needs nothing more.
    async fn send_step(
        &self,
        events: &[Arrival],
        (replay, limiter): (&ReplayId, &RateLimiter),
        replayed: &watch::Sender<Replayed>,
        done: impl Fn(usize) + Sync,
    ) -> Result<(), Fault> {
        // A message that is sent although its entity was forgotten after this read finds a tombstone.
        let keys = events.iter().flat_map(|event| [forgotten_key(&event.id), parked_key(&event.id)]);
        let notes = self.table.dynamo.batch_get(keys).await?;
        let (notes, done) = (&notes, &done);
        let by_entity = group_by_entity(events.iter().enumerate(), |(_, event)| event.id.entity_path());
        each_in_order(by_entity, |(place, event): (usize, &Arrival)| async move {
            limiter.acquire().await;
            self.send(event, notes, replay, replayed).await?;
            done(place);
            Ok(())
        })
        .await
    }

    /// Sends one event as part of a replay. `notes` has the notes of its entity and the marker of the event, if they
    /// exist.
    async fn send(
        &self,
        arrival: &Arrival,
        notes: &HashMap<Key, Item>,
        replay: &ReplayId,
        replayed: &watch::Sender<Replayed>,
    ) -> Result<(), Fault> {
        let id = &arrival.id;
        let message = match self.table.events.message(id).await {
            Ok(Some(message)) => message.replayed(replay.as_str()),
            // It has expired since it was listed.
            Ok(None) => return Ok(()),
            Err(fault) => return skip_unsendable(id, fault, replayed),
        };
        if notes.get(&forgotten_key(id)).is_some_and(|note| note_includes_message(note, &message)) {
            replayed.send_modify(|replayed| replayed.forgotten = replayed.forgotten.saturating_add(1));
            return Ok(());
        }
        match self.queue.send_message(&message, &format!("{id}/{}", replay.as_str())).await {
            Ok(()) => {
                if notes.contains_key(&parked_key(id)) {
                    // After the send: an event that was not sent stays parked, so that the same selection finds it
                    // again. If the message is parked once more before this, the note of `unpark` has the sweeper send
                    // it.
                    self.table.receipts.unpark(id, &arrival.received, clock::now()).await?;
                }
                replayed.send_modify(|replayed| replayed.sent = replayed.sent.saturating_add(1));
                record_replay(&self.table, id, replay, clock::now()).await
            }
            Err(fault) => skip_unsendable(id, fault, replayed),
        }
    }
}

/// The events of a step that are not done, by their places, and the arrivals of all.
struct Reached<'e> {
    events: &'e [Arrival],
    open: Mutex<BTreeSet<usize>>,
}

impl<'e> Reached<'e> {
    fn new(events: &'e [Arrival]) -> Self {
        Self { events, open: Mutex::new((0..events.len()).collect()) }
    }

    /// Returns the arrival of the last event before the first one that is not done, after this event was done. `None`
    /// if the first event of the step is not done.
    fn after(&self, done: usize) -> Option<ReceivedAt> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.remove(&done);
        let first_open = open.first().copied().unwrap_or(self.events.len());
        let last_done = self.events.get(first_open.checked_sub(1)?)?;
        ReceivedAt::parse(&last_done.received)
    }
}

/// Returns the partition of the time index for the replays of an hour. No reader of events reads it.
fn replay_bucket(replayed: &str) -> String {
    format!("{}#replay", hour(replayed))
}

/// A replay of an event in the time index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedReplay {
    /// The event.
    pub id: EventId,
    /// The replay's name.
    pub replay: String,
    /// When the operator sent the event again.
    pub at: ReceivedAt,
}

/// Returns the replays that operators sent at `from` or later and before `until`, oldest first. Reads an hour after the
/// other, so the time should be short.
///
/// # Errors
/// If the table cannot be read.
pub async fn replays_since(
    table: &Table,
    from: ReceivedAt,
    until: ReceivedAt,
) -> Result<Vec<IndexedReplay>, Fault> {
    let (last, mut replays) = (before(until).to_string(), Vec::new());
    let mut start = from;
    while start < until {
        let query = table
            .dynamo
            .query()
            .index_name(INDEX)
            .key_condition_expression("#bucket = :bucket AND arrival BETWEEN :first AND :last")
            .expression_attribute_names("#bucket", "bucket")
            .expression_attribute_values(":bucket", text_value(&replay_bucket(&start.to_string())))
            .expression_attribute_values(":first", text_value(&from.to_string()))
            .expression_attribute_values(":last", text_value(&last));
        let items = table.dynamo.all(query, INDEX_UNREADABLE).await?;
        replays.extend(items.iter().filter_map(IndexedReplay::read));
        start = next_hour(start);
    }
    Ok(replays)
}

impl IndexedReplay {
    fn read(item: &Item) -> Option<Self> {
        let (digest, replay) = text(item, "sk")?.strip_prefix(REPLAY_PREFIX)?.split_once('/')?;
        Some(Self {
            id: EventId::parse(&format!("{}/{digest}", text(item, "pk")?)).ok()?,
            replay: replay.to_owned(),
            at: ReceivedAt::parse(text(item, "arrival")?)?,
        })
    }
}

/// Records that an operator sent an event again. The record is in the time index, so that `inlet forward` finds it.
///
/// # Errors
/// If the write fails.
pub async fn record_replay(
    table: &Table,
    id: &EventId,
    replay: &ReplayId,
    now: ReceivedAt,
) -> Result<(), Fault> {
    // An update, because the processor may have written its part of the record already.
    let record =
        Expressions::update("SET replayed = :now, expires = :expires, #bucket = :bucket, arrival = :now")
            .name("#bucket", "bucket")
            .value(":bucket", text_value(&replay_bucket(&now.to_string())))
            .value(":now", text_value(&now.to_string()))
            .value(":expires", table.dynamo.expires(now.millis()));
    let key = replay_key(id, replay.as_str());
    table.dynamo.update(key, record, "the record of a replay cannot be stored").await.map(|_| ())
}

/// Skips an event that can never be sent, so that the others are; fails on a fault that may be over later.
fn skip_unsendable(id: &EventId, fault: Fault, replayed: &watch::Sender<Replayed>) -> Result<(), Fault> {
    match fault.kind {
        FaultKind::Transient => Err(fault),
        FaultKind::Permanent | FaultKind::Damaged => {
            let refused = Refused { id: id.to_string(), reason: fault.chain() };
            replayed.send_modify(|replayed| replayed.refused.push(refused));
            Ok(())
        }
    }
}

/// The selected events in pages, in the order of their arrival.
struct Events<'s> {
    table: &'s Table,
    selection: &'s Selection,
    from: ReceivedAt,
    /// The hours to read. `None` before the first page.
    hours: Option<HoursToRead>,
}

impl<'s> Events<'s> {
    fn new(table: &'s Table, selection: &'s Selection) -> Self {
        // The index has no earlier events, and reading it hour by hour from 1970 would take long.
        Self {
            table,
            selection,
            from: selection.from.max(table.time_index.oldest(clock::now())),
            hours: None,
        }
    }

    async fn next_page(&mut self) -> Result<Option<Vec<Arrival>>, Fault> {
        let until = self.selection.until;
        if self.from >= until {
            return Ok(None);
        }
        let arrivals = if let Some(path) = self.selection.entity_path() {
            let from = std::mem::replace(&mut self.from, until);
            self.table.time_index.of_entity(&path, from, until).await?
        } else {
            let hours = match self.hours.take() {
                Some(hours) => hours,
                None => self.selection.hours_to_read(self.table).await,
            };
            let from = self.hours.insert(hours).next(self.from, until);
            if from >= until {
                return Ok(None);
            }
            let slice = self.table.time_index.slice(from, until).await?;
            self.from = slice.reached;
            slice.arrivals
        };
        self.selection.retain(self.table, arrivals).await.map(Some)
    }
}

#[cfg(test)]
mod calls;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_fault_that_may_be_over_later_ends_the_replay() {
        let id = EventId::parse("zid/riyadh/order/8/0123456789abcdef").unwrap();
        let (replayed, _) = watch::channel(Replayed::default());
        let damaged = Fault::damaged("the stored event is damaged", "its body is not whole");
        skip_unsendable(&id, damaged, &replayed).unwrap();
        let reason = "the stored event is damaged: its body is not whole".to_owned();
        let refused = vec![Refused { id: id.to_string(), reason }];
        assert_eq!(replayed.borrow().refused, refused, "it is reported");
        let unreadable = Fault::transient("the table cannot be read", "late");
        skip_unsendable(&id, unreadable, &replayed).unwrap_err();
        assert_eq!(replayed.borrow().refused, refused, "an event that may be whole is not refused");
    }

    #[test]
    fn a_replay_continues_at_the_first_event_that_is_not_done() {
        let arrival = |minute: u32| Arrival {
            id: EventId::parse(&format!("zid/riyadh/order/{minute}/0123456789abcdef")).unwrap(),
            received: format!("2025-06-12T08:0{minute}:00.000Z"),
            event_type: String::new(),
            canonical_type: String::new(),
        };
        let events = [arrival(1), arrival(2), arrival(3)];
        let reached = Reached::new(&events);
        let minute = |at: Option<ReceivedAt>| at.map(|at| at.to_string()[14..16].to_owned());
        assert_eq!(minute(reached.after(2)), None, "the first one is not done");
        assert_eq!(minute(reached.after(0)).as_deref(), Some("01"));
        assert_eq!(minute(reached.after(1)).as_deref(), Some("03"));
    }

    #[test]
    fn a_replays_name_is_short_and_plain() {
        for (text, is) in [("r-1_A", true), ("", false), ("a b", false), (&"x".repeat(37), false)] {
            assert_eq!(ReplayId::parse(text).is_ok(), is, "{text:?}");
        }
    }
}
