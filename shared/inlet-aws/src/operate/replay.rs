//! Replay: sends stored events again, so that the consumer processes them once more.
//!
//! A replayed message contains the replay's name. The processor ignores receipts for it, and a consumer can see that it
//! is a replay.

use inlet::event::EventId;
use inlet::fault::{Fault, FaultKind};
use inlet::received_at::ReceivedAt;
use inlet::store::StoreName;
use tokio::sync::watch;

use crate::client::clock;
use crate::client::rate_limit::RateLimiter;
use crate::dynamodb::attributes::text_value;
use crate::dynamodb::dynamo::Expressions;
use crate::dynamodb::keys::replay_key;
use crate::dynamodb::table::Table;
use crate::dynamodb::time_index::Arrival;
use crate::sqs::SqsQueue;

/// The events of a replay: those that match every given field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The provider's name.
    pub provider: Option<String>,
    /// The store.
    pub store: Option<StoreName>,
    /// The provider's name of the event, or the message's type.
    pub event_type: Option<String>,
    /// The entity as in a message's `subject`: `{kind}/{entity}`.
    pub entity: Option<String>,
    /// The earliest arrival.
    pub from: ReceivedAt,
    /// The end of the arrivals, exclusive.
    pub until: ReceivedAt,
}

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
    /// The arrival of the last event: a replay that ended in a fault can continue from here.
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

    /// Sends the events of this selection in the order of their arrival, at most `rate` a second. `replayed` contains
    /// the progress at any time, also after a fault or if the future is dropped.
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
            for arrival in page {
                limiter.acquire().await;
                self.send(&arrival, replay, replayed).await?;
                replayed.send_modify(|replayed| replayed.reached = ReceivedAt::parse(&arrival.received));
            }
        }
        Ok(())
    }

    /// Sends these events in their order, at most `rate` a second. `replayed` contains the progress at any time.
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
        for arrival in events {
            limiter.acquire().await;
            self.send(arrival, replay, replayed).await?;
        }
        Ok(())
    }

    /// Sends one event as part of a replay.
    pub(crate) async fn send(
        &self,
        arrival: &Arrival,
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
        if self.table.forgotten.includes_message(&message).await? {
            replayed.send_modify(|replayed| replayed.forgotten = replayed.forgotten.saturating_add(1));
            return Ok(());
        }
        // A parked event is unparked, because a replay is an order to process it.
        self.table.receipts.unpark(id, &arrival.received, clock::now()).await?;
        match self.queue.send_message(&message, &format!("{id}/{}", replay.as_str())).await {
            Ok(()) => {
                replayed.send_modify(|replayed| replayed.sent = replayed.sent.saturating_add(1));
                record_replay(&self.table, id, replay, clock::now()).await
            }
            Err(fault) => skip_unsendable(id, fault, replayed),
        }
    }
}

/// Records that an operator sent an event again.
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
    let record = Expressions::update("SET replayed = :now, expires = :expires")
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
}

impl<'s> Events<'s> {
    fn new(table: &'s Table, selection: &'s Selection) -> Self {
        // The index has no earlier events, and reading it hour by hour from 1970 would take long.
        Self { table, selection, from: selection.from.max(table.time_index.oldest(clock::now())) }
    }

    async fn next_page(&mut self) -> Result<Option<Vec<Arrival>>, Fault> {
        let until = self.selection.until;
        if self.from >= until {
            return Ok(None);
        }
        let mut arrivals = if let Some(path) = self.selection.entity_path() {
            let from = std::mem::replace(&mut self.from, until);
            self.table.time_index.of_entity(&path, from, until).await?
        } else {
            let slice = self.table.time_index.slice(self.from, until).await?;
            self.from = slice.reached;
            slice.arrivals
        };
        arrivals.retain(|arrival| self.selection.fits(arrival));
        Ok(Some(arrivals))
    }
}

impl Selection {
    /// Returns the entity's partition if the selection names one entity: reading it is faster than the time index.
    pub fn entity_path(&self) -> Option<String> {
        let (provider, store, entity) =
            (self.provider.as_ref()?, self.store.as_ref()?, self.entity.as_ref()?);
        Some(format!("{provider}/{store}/{entity}"))
    }

    /// Returns true if an event matches every given field. The arrival is not checked.
    pub fn fits(&self, arrival: &Arrival) -> bool {
        let mut path = arrival.id.entity_path().splitn(3, '/');
        let (provider, store, entity) = (path.next(), path.next(), path.next());
        let matches = |wanted: Option<&str>, actual: Option<&str>| wanted.is_none() || wanted == actual;
        matches(self.provider.as_deref(), provider)
            && matches(self.store.as_ref().map(StoreName::as_str), store)
            && matches(self.entity.as_deref(), entity)
            && self
                .event_type
                .as_ref()
                .is_none_or(|wanted| *wanted == arrival.event_type || *wanted == arrival.canonical_type)
    }
}

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

    fn everything() -> Selection {
        let (from, until) = (ReceivedAt::EPOCH, ReceivedAt::from_millis(1).unwrap());
        Selection { provider: None, store: None, event_type: None, entity: None, from, until }
    }

    #[test]
    fn an_event_matches_by_every_given_field() {
        let arrival = Arrival {
            id: EventId::parse("zid/riyadh/order/8/0123456789abcdef").unwrap(),
            received: "1970-01-01T00:00:00.000Z".into(),
            event_type: "order.create".into(),
            canonical_type: "commerce.order.created".into(),
        };
        let provider = |name: &str| Selection { provider: Some(name.into()), ..everything() };
        let store = |name: &str| Selection { store: StoreName::parse(name).ok(), ..everything() };
        let event_type = |name: &str| Selection { event_type: Some(name.into()), ..everything() };
        let entity = |name: &str| Selection { entity: Some(name.into()), ..everything() };
        for (selection, fits) in [
            (everything(), true),
            (provider("zid"), true),
            (provider("zort"), false),
            (store("riyadh"), true),
            (store("jeddah"), false),
            (event_type("order.create"), true),
            (event_type("commerce.order.created"), true),
            (event_type("order.update"), false),
            (entity("order/8"), true),
            (entity("order/80"), false),
            (entity("product/8"), false),
            (Selection { store: StoreName::parse("jeddah").ok(), ..provider("zid") }, false),
        ] {
            assert_eq!(selection.fits(&arrival), fits, "{selection:?}");
        }
    }

    #[test]
    fn a_replays_name_is_short_and_plain() {
        for (text, is) in [("r-1_A", true), ("", false), ("a b", false), (&"x".repeat(37), false)] {
            assert_eq!(ReplayId::parse(text).is_ok(), is, "{text:?}");
        }
    }
}
