//! The dead-letter queue: looks at its letters, moves them back to the event queue, or discards them.
//!
//! SQS shows a message only by handing it out, and hides it meanwhile. So every walk over the queue gives back the
//! letters that it keeps as soon as it ends, however it ends: [`held`].

mod held;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::message::Message;
use inlet::process::Received;
use inlet::received_at::ReceivedAt;
use serde_json::Value;
use tokio::sync::watch;

use crate::client::clock;
use crate::client::rate_limit::RateLimiter;
use crate::dynamodb::attributes::Item;
use crate::dynamodb::by_entity::group_by_entity;
use crate::dynamodb::dynamo::Key;
use crate::dynamodb::forgotten::note_includes_message;
use crate::dynamodb::keys::{forgotten_key, parked_key};
use crate::dynamodb::table::Table;
use crate::dynamodb::time_index::Arrival;
use crate::history::event_status::{EventStatus, event_statuses};
use crate::operate::dead_letters::held::ReceivedLetters;
use crate::operate::in_order::each_in_order;
use crate::operate::selection::Selection;
use crate::sqs::{QueueDepth, SqsQueue};

pub use crate::operate::dead_letters::held::HeldLetters;

/// A dead letter. It has no `Debug`, because its text contains personal data.
#[derive(Clone)]
pub struct DeadLetter {
    /// Its id at SQS.
    pub message_id: String,
    /// Its event. `None` if its text is no message of Inlet.
    pub event: Option<Arrival>,
    /// When it was put on the dead-letter queue.
    pub since: ReceivedAt,
    /// True if it carries its whole event, which may not be in the table.
    pub is_whole: bool,
    /// The replay that it is part of.
    pub replay: Option<String>,
    /// The reason why its event is parked. Only [`DeadLetters::peek`] reads it.
    pub reason: Option<String>,
    /// When its event was processed, if it was, and is not parked: the letter is of no use any more. Only
    /// [`DeadLetters::peek`] reads it. `None` for a letter of a replay, whose event may have been processed before.
    pub processed: Option<ReceivedAt>,
    /// The message: the CloudEvents JSON object that consumers read.
    pub text: String,
}

/// Selects dead letters. A filter without a field selects all of them.
#[derive(Clone, Debug, Default)]
pub struct LetterFilter {
    /// Ids of events, beginnings of their digests of at least [`LetterFilter::MIN_DIGEST_LEN`] characters, or SQS's ids
    /// of messages; one of them must match. Empty for every letter.
    pub ids: Vec<String>,
    /// The events. Their state and content are not checked.
    pub events: Option<Selection>,
}

/// The letters that a peek found.
#[derive(Clone, Default)]
pub struct PeekedLetters {
    /// The letters, those that wait longest first.
    pub letters: Vec<DeadLetter>,
    /// The number of selected letters that were seen and are over the limit, and the approximate number of letters that
    /// SQS did not hand out: not looked at, hidden by another look or redrive, or behind ten others of their entity.
    pub hidden: u32,
}

/// The action of a run on a letter that its filter selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Moves it to the event queue.
    Redrive,
    /// Deletes it. Its event stays in the table.
    Discard,
}

/// The progress of a run, also when it ends in a fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LettersDone {
    /// The number of letters that were moved to the event queue.
    pub moved: u32,
    /// The number of letters that were discarded.
    pub discarded: u32,
    /// The number of letters that were deleted, because their entity was forgotten.
    pub forgotten: u32,
    /// The number of letters that the filter did not select.
    pub kept: u32,
    /// The approximate number of letters that SQS did not hand out.
    pub hidden: u32,
}

/// The dead-letter queue of a deployment.
#[derive(Clone, Debug)]
pub struct DeadLetters {
    /// The dead-letter queue.
    pub dead_letters: SqsQueue,
    /// The event queue.
    pub queue: SqsQueue,
    /// The event table.
    pub table: Table,
    /// The letters that are held. A process that ends waits for their return.
    pub held: HeldLetters,
}

impl DeadLetters {
    /// Returns the approximate number of dead letters, as SQS counts them. Moves nothing.
    ///
    /// # Errors
    /// If the call of SQS fails.
    pub async fn count(&self) -> Result<u32, Fault> {
        self.dead_letters.depth().await.map(QueueDepth::total)
    }

    /// Returns up to `limit` dead letters that a filter selects, with the reasons why their events are parked. Changes
    /// nothing: the letters are given back, also if the look is dropped before it ends.
    ///
    /// # Errors
    /// If the queue or the table cannot be read.
    pub async fn peek(&self, filter: &LetterFilter, limit: usize) -> Result<PeekedLetters, Fault> {
        let mut walk = Walk::new(self, self.count().await?);
        let found = self.read(&mut walk, filter, limit).await;
        let left = walk.end().await;
        let mut letters = found?;
        let over = letters.len().saturating_sub(limit);
        letters.truncate(limit);
        self.add_reasons(&mut letters).await?;
        letters.sort_by_key(|letter| letter.since);
        let hidden = left.saturating_add(u32::try_from(over).unwrap_or(u32::MAX));
        Ok(PeekedLetters { letters, hidden })
    }

    /// Redrives or discards the letters that a filter selects, at most `rate` a second, those of an entity in their
    /// order. A letter that comes back during the run waits for the next one. A letter about an entity that was
    /// forgotten since is deleted in any case.
    ///
    /// The run ends soon after `stop` becomes true. However it ends, the letters that it did not act on are given back.
    /// `done` contains the progress at any time.
    ///
    /// An event that the sweeper parked has no dead letter; a replay sends it.
    ///
    /// # Errors
    /// If the table or a queue fails. A letter that was moved may then still be there; moved twice, it is processed
    /// once.
    pub async fn run(
        &self,
        action: Action,
        filter: &LetterFilter,
        rate: u32,
        stop: &watch::Receiver<bool>,
        done: &watch::Sender<LettersDone>,
    ) -> Result<(), Fault> {
        let mut walk = Walk::new(self, self.count().await?);
        let ended = self.act_on_each(&mut walk, action, filter, (rate, stop.clone()), done).await;
        let left = walk.end().await;
        if ended.is_ok() && !*stop.borrow() {
            done.send_modify(|done| done.hidden = left);
        }
        ended
    }

    /// Reads letters until there are enough of them; the last batch may bring more.
    async fn read(
        &self,
        walk: &mut Walk,
        filter: &LetterFilter,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, Fault> {
        let mut letters = Vec::new();
        while letters.len() < limit {
            let Some(batch) = walk.next_batch().await? else { break };
            letters.extend(batch.iter().map(DeadLetter::of).filter(|letter| filter.includes(letter)));
        }
        Ok(letters)
    }

    async fn add_reasons(&self, letters: &mut [DeadLetter]) -> Result<(), Fault> {
        let events = letters.iter().filter_map(|letter| letter.event.as_ref());
        let events: Vec<(&EventId, ReceivedAt)> =
            events.map(|event| (&event.id, event.received_at())).collect();
        let mut statuses = event_statuses(&self.table, &events).await?.into_iter();
        for letter in letters.iter_mut().filter(|letter| letter.event.is_some()) {
            let Some(EventStatus { parked, processed, .. }) = statuses.next() else { break };
            letter.processed = processed.filter(|_| parked.is_none() && letter.replay.is_none());
            letter.reason = parked.map(|parked| parked.reason);
        }
        Ok(())
    }

    async fn act_on_each(
        &self,
        walk: &mut Walk,
        action: Action,
        filter: &LetterFilter,
        (rate, stop): (u32, watch::Receiver<bool>),
        done: &watch::Sender<LettersDone>,
    ) -> Result<(), Fault> {
        let limiter = RateLimiter::per_second(rate);
        while !*stop.borrow() {
            let Some(batch) = walk.next_batch().await? else { break };
            let (selected, others): (Vec<Received>, Vec<Received>) =
                batch.into_iter().partition(|received| filter.includes(&DeadLetter::of(received)));
            let kept = u32::try_from(others.len()).unwrap_or(u32::MAX);
            done.send_modify(|done| done.kept = done.kept.saturating_add(kept));
            let letters: Vec<Letter> = selected.into_iter().map(Letter::new).collect();
            let notes = self.notes(&letters).await?;
            let acted = Mutex::new(Vec::new());
            let (limiter, notes, acted) = (&limiter, &notes, &acted);
            let ended =
                each_in_order(group_by_entity(letters, |letter| &letter.received.group), |letter: Letter| {
                    let mut stop = stop.clone();
                    async move {
                        // A letter that was begun is finished, so that it is not on both queues.
                        tokio::select! {
                            biased;
                            () = stopped(&mut stop) => return Ok(()),
                            () = limiter.acquire() => {}
                        }
                        self.act(&letter, notes, action, done).await?;
                        acted.lock().unwrap_or_else(PoisonError::into_inner).push(letter.received);
                        Ok(())
                    }
                })
                .await;
            for letter in acted.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                walk.letters.forget(letter);
            }
            ended?;
        }
        Ok(())
    }

    /// Reads the notes of the letters' entities, and the markers of their events.
    async fn notes(&self, letters: &[Letter]) -> Result<HashMap<Key, Item>, Fault> {
        let ids = letters.iter().filter_map(|letter| Some(letter.message.as_ref()?.id()));
        self.table.dynamo.batch_get(ids.flat_map(|id| [forgotten_key(id), parked_key(id)])).await
    }

    async fn act(
        &self,
        Letter { received, message }: &Letter,
        notes: &HashMap<Key, Item>,
        action: Action,
        done: &watch::Sender<LettersDone>,
    ) -> Result<(), Fault> {
        if let Some(message) = message
            && notes
                .get(&forgotten_key(message.id()))
                .is_some_and(|note| note_includes_message(note, message))
        {
            self.dead_letters.delete(received).await?;
            done.send_modify(|done| done.forgotten = done.forgotten.saturating_add(1));
            return Ok(());
        }
        if action == Action::Discard {
            self.dead_letters.delete(received).await?;
            done.send_modify(|done| done.discarded = done.discarded.saturating_add(1));
            return Ok(());
        }
        if let Some(message) = message
            && notes.contains_key(&parked_key(message.id()))
        {
            // The parked marker is deleted first: the sweeper would not look after a parked event whose message is lost.
            let receipts = &self.table.receipts;
            receipts.unpark(message.id(), message.received_time(), clock::now()).await?;
        }
        self.queue.forward(received).await?;
        self.dead_letters.delete(received).await?;
        done.send_modify(|done| done.moved = done.moved.saturating_add(1));
        Ok(())
    }
}

/// A letter and its message: `None` if its text is no message of Inlet.
struct Letter {
    received: Received,
    message: Option<Message>,
}

impl Letter {
    fn new(received: Received) -> Self {
        Self { message: Message::parse(received.text.clone()).ok(), received }
    }
}

/// Completes when `stop` becomes true.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|is_stopped| *is_stopped).await.is_err() {
        // The sender is gone, so it never becomes true.
        std::future::pending::<()>().await;
    }
}

/// A walk over the queue.
struct Walk {
    /// The letters that SQS hides because of it.
    letters: ReceivedLetters,
    /// The approximate number of letters that were not handed out yet.
    left: u32,
}

impl Walk {
    fn new(letters: &DeadLetters, count: u32) -> Self {
        Self { letters: ReceivedLetters::new(&letters.dead_letters, &letters.held), left: count }
    }

    /// Returns the next letters; `None` at the end of the walk: when as many letters were handed out as there were at
    /// its start, or SQS hands out no more.
    async fn next_batch(&mut self) -> Result<Option<Vec<Received>>, Fault> {
        if self.left == 0 {
            return Ok(None);
        }
        let new = self.letters.receive().await?;
        self.left = self.left.saturating_sub(u32::try_from(new.len()).unwrap_or(u32::MAX));
        Ok((!new.is_empty()).then_some(new))
    }

    /// Gives the letters back. Returns the approximate number of letters that were not handed out.
    async fn end(self) -> u32 {
        self.letters.give_back().await;
        self.left
    }
}

impl DeadLetter {
    fn of(received: &Received) -> Self {
        let message = Message::parse(received.text.clone()).ok();
        let provider_type = |text: &str| {
            let message: Value = serde_json::from_str(text).unwrap_or_default();
            message.get("providertype").and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let event = message.as_ref().map(|message| Arrival {
            id: message.id().clone(),
            received: message.received_time().to_owned(),
            event_type: provider_type(message.json()),
            canonical_type: message.canonical_type().to_owned(),
        });
        Self {
            message_id: received.id.clone(),
            event,
            since: ReceivedAt::from_millis(received.sent_ms).unwrap_or(ReceivedAt::EPOCH),
            is_whole: received.whole.is_some(),
            replay: message.as_ref().and_then(Message::replay_id).map(str::to_owned),
            reason: None,
            processed: None,
            text: received.text.clone(),
        }
    }
}

impl LetterFilter {
    /// The shortest beginning of a digest that counts as an id.
    pub const MIN_DIGEST_LEN: usize = 6;

    /// Returns true if the filter selects every letter.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.events.is_none()
    }

    fn includes(&self, letter: &DeadLetter) -> bool {
        let is_named = self.ids.is_empty() || self.ids.iter().any(|id| letter.is(id));
        let is_selected = self.events.as_ref().is_none_or(|selection| {
            letter.event.as_ref().is_some_and(|event| {
                let at = event.received_at();
                selection.fits(event) && selection.from <= at && at < selection.until
            })
        });
        is_named && is_selected
    }
}

impl DeadLetter {
    /// Returns true if the text is its id at SQS, its event's id, or the beginning of the id's digest.
    pub fn is(&self, id: &str) -> bool {
        let is_event = |event: &Arrival| {
            event.id.as_str() == id
                || id.len() >= LetterFilter::MIN_DIGEST_LEN && event.id.digest().starts_with(id)
        };
        self.message_id == id || self.event.as_ref().is_some_and(is_event)
    }
}

#[cfg(test)]
mod calls;

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(id: &str) -> DeadLetter {
        DeadLetter {
            message_id: "5b1f".into(),
            event: Some(Arrival {
                id: EventId::parse(id).unwrap(),
                received: "2025-06-12T08:01:12.345Z".into(),
                event_type: "order.create".into(),
                canonical_type: "commerce.order.created".into(),
            }),
            since: ReceivedAt::EPOCH,
            is_whole: false,
            replay: None,
            reason: None,
            processed: None,
            text: String::new(),
        }
    }

    #[test]
    fn a_letter_is_selected_by_id_digest_or_filter() {
        let letter = letter("zid/riyadh/order/8/0123456789abcdef");
        let ids = |id: &str| LetterFilter { ids: vec![id.to_owned()], events: None };
        for (id, is) in [
            ("5b1f", true),
            ("zid/riyadh/order/8/0123456789abcdef", true),
            ("01234567", true),
            ("01234", false),
            ("fedcba98", false),
            ("zid/riyadh/order/8", false),
        ] {
            assert_eq!(ids(id).includes(&letter), is, "{id}");
        }
        let at = |text: &str| ReceivedAt::parse(text).unwrap();
        let all = Selection::between(at("2025-06-12T08:00:00Z"), at("2025-06-12T09:00:00Z"));
        let earlier = Selection::between(at("2025-06-12T07:00:00Z"), at("2025-06-12T08:00:00Z"));
        let other = Selection { provider: Some("zort".into()), ..all.clone() };
        for (events, is) in [(all, true), (earlier, false), (other, false)] {
            let filter = LetterFilter { ids: Vec::new(), events: Some(events) };
            assert_eq!(filter.includes(&letter), is, "{filter:?}");
        }
        assert!(LetterFilter::default().includes(&letter));
    }
}
