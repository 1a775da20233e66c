//! Replay: stored events are sent again on purpose, to be consumed once more.
//!
//! A replayed message carries the replay's id. It passes what stops duplicates, the receipt included, and a
//! consumer can tell it from the first time.

use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::process::ConsumeError;
use inlet::received_at::ReceivedAt;
use inlet::store::StoreName;
use tokio::sync::watch;

use crate::client::clock;
use crate::client::rate_limit::RateLimiter;
use crate::dynamodb::arrivals::Arrival;
use crate::dynamodb::blob::DAMAGED;
use crate::dynamodb::table::Table;
use crate::sqs::SqsQueue;

/// Which events are replayed: those that fit everything that is named.
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
    /// What arrived at this time or later.
    pub from: ReceivedAt,
    /// And before this.
    pub until: ReceivedAt,
}

/// A replay's name: 1 to 36 of `A-Z`, `a-z`, `0-9`, `-` and `_`, so that it fits wherever it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayId(String);

/// The text is not a replay's name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a replay is named by 1 to 36 of A-Z, a-z, 0-9, - and _")]
pub struct NotAReplayId;

impl ReplayId {
    const MAX_LEN: usize = 36;

    /// Reads a replay's name.
    ///
    /// # Errors
    /// [`NotAReplayId`] for anything but 1 to 36 of `A-Z`, `a-z`, `0-9`, `-` and `_`.
    pub fn parse(text: &str) -> Result<Self, NotAReplayId> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let fits = (1..=Self::MAX_LEN).contains(&text.len()) && text.bytes().all(allowed);
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAReplayId) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a replay has come to, also when it ends in a fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// How many messages were sent.
    pub sent: u64,
    /// What the queue will never take, and what is damaged.
    pub refused: Vec<Refused>,
    /// When the last one arrived that was looked at: a replay that ended in a fault goes on from here.
    pub reached: Option<ReceivedAt>,
}

/// An event that cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The event's id.
    pub id: String,
    /// Why.
    pub reason: String,
}

/// Sends stored events again.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The event table.
    pub table: Table,
    /// The event queue.
    pub queue: SqsQueue,
}

impl Replay {
    /// How many events a replay of this selection would send. Sends nothing.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn count(&self, selection: &Selection) -> Result<u64, Fault> {
        let mut count = 0_u64;
        let mut events = Events::new(&self.table, selection);
        while let Some(some) = events.next().await? {
            count = count.saturating_add(u64::try_from(some.len()).unwrap_or(u64::MAX));
        }
        Ok(count)
    }

    /// Sends the events of this selection in the order of their arrival, at most `rate` a second. `replayed` can
    /// be watched, and says how far it came however it ends: done, failed, or dropped half-way.
    ///
    /// # Errors
    /// When the table or the queue does not do its part.
    pub async fn run(
        &self,
        selection: &Selection,
        replay: &ReplayId,
        rate: u32,
        replayed: &watch::Sender<Replayed>,
    ) -> Result<(), Fault> {
        let mut limiter = RateLimiter::per_second(rate);
        let mut events = Events::new(&self.table, selection);
        while let Some(some) = events.next().await? {
            for arrival in some {
                limiter.acquire().await;
                self.send(&arrival, replay, replayed).await?;
                replayed.send_modify(|replayed| replayed.reached = ReceivedAt::parse(&arrival.received));
            }
        }
        Ok(())
    }

    async fn send(
        &self,
        arrival: &Arrival,
        replay: &ReplayId,
        replayed: &watch::Sender<Replayed>,
    ) -> Result<(), Fault> {
        let id = &arrival.id;
        let message = match self.table.message(id).await {
            Ok(Some(message)) => message.replayed(replay.as_str()),
            // Its time was up since it was listed.
            Ok(None) => return Ok(()),
            Err(fault) => return refuse(id, fault, replayed),
        };
        // Whoever replays wants it tried again.
        self.table.unpark(id, &arrival.received, clock::now()).await?;
        match self.queue.send_message(&message, &format!("{id}/{}", replay.as_str())).await {
            Ok(()) => {
                replayed.send_modify(|replayed| replayed.sent = replayed.sent.saturating_add(1));
                self.table.note_replayed(id, replay, clock::now()).await
            }
            Err(ConsumeError::Permanent(fault)) => {
                note_refused(id, &fault, replayed);
                Ok(())
            }
            Err(ConsumeError::Transient(fault)) => Err(fault),
        }
    }
}

/// Goes on past an event that is damaged: it must not keep the others from being sent.
fn refuse(id: &EventId, fault: Fault, replayed: &watch::Sender<Replayed>) -> Result<(), Fault> {
    if fault.context != DAMAGED {
        return Err(fault);
    }
    note_refused(id, &fault, replayed);
    Ok(())
}

fn note_refused(id: &EventId, fault: &Fault, replayed: &watch::Sender<Replayed>) {
    let refused = Refused { id: id.to_string(), reason: fault.chain() };
    replayed.send_modify(|replayed| replayed.refused.push(refused));
}

/// The selected events, some at a time, in the order of their arrival.
struct Events<'s> {
    table: &'s Table,
    selection: &'s Selection,
    from: ReceivedAt,
}

impl<'s> Events<'s> {
    fn new(table: &'s Table, selection: &'s Selection) -> Self {
        // Hour by hour from before there was anything would be a long way.
        Self { table, selection, from: selection.from.max(table.oldest(clock::now())) }
    }

    async fn next(&mut self) -> Result<Option<Vec<Arrival>>, Fault> {
        let until = self.selection.until;
        if self.from >= until {
            return Ok(None);
        }
        let mut arrivals = if let Some(path) = self.selection.entity_path() {
            let from = std::mem::replace(&mut self.from, until);
            self.table.history(&path, from, until).await?
        } else {
            let slice = self.table.arrivals(self.from, until).await?;
            self.from = slice.reached;
            slice.arrivals
        };
        arrivals.retain(|arrival| self.selection.fits(arrival));
        Ok(Some(arrivals))
    }
}

impl Selection {
    /// The entity's partition, where all is named that names it: it is a shorter way than the time index.
    pub fn entity_path(&self) -> Option<String> {
        let (provider, store, entity) =
            (self.provider.as_ref()?, self.store.as_ref()?, self.entity.as_ref()?);
        Some(format!("{provider}/{store}/{entity}"))
    }

    /// Whether an event is among the selected ones, by all but its time.
    pub fn fits(&self, arrival: &Arrival) -> bool {
        let mut path = arrival.id.entity_path().splitn(3, '/');
        let (provider, store, entity) = (path.next(), path.next(), path.next());
        let is = |wanted: Option<&str>, told: Option<&str>| wanted.is_none() || wanted == told;
        is(self.provider.as_deref(), provider)
            && is(self.store.as_ref().map(StoreName::as_str), store)
            && is(self.entity.as_deref(), entity)
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
    fn a_damaged_event_is_refused_and_a_fault_of_the_table_ends_the_replay() {
        let id = EventId::parse("zid/riyadh/order/8/0123456789abcdef").unwrap();
        let (replayed, _) = watch::channel(Replayed::default());
        refuse(&id, Fault::new(DAMAGED, "its body is not whole"), &replayed).unwrap();
        let reason = "the stored event is damaged: its body is not whole".to_owned();
        let refused = vec![Refused { id: id.to_string(), reason }];
        assert_eq!(replayed.borrow().refused, refused, "it is told");
        refuse(&id, Fault::new("the table cannot be read", "late"), &replayed).unwrap_err();
        assert_eq!(replayed.borrow().refused, refused, "what may be whole is not refused");
    }

    fn everything() -> Selection {
        let (from, until) = (ReceivedAt::EPOCH, ReceivedAt::from_millis(1).unwrap());
        Selection { provider: None, store: None, event_type: None, entity: None, from, until }
    }

    #[test]
    fn an_event_is_selected_by_everything_that_is_named() {
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
    fn a_replay_has_a_plain_name() {
        for (text, is) in [("r-1_A", true), ("", false), ("a b", false), (&"x".repeat(37), false)] {
            assert_eq!(ReplayId::parse(text).is_ok(), is, "{text:?}");
        }
    }
}
