//! The messages of events, sent again.

use std::collections::HashMap;

use inlet::event::EventId;
use inlet::fault::{Fault, FaultKind};
use inlet::message::Message;

use crate::client::rate_limit::RateLimiter;
use crate::dynamodb::attributes::Item;
use crate::dynamodb::dynamo::Key;
use crate::dynamodb::forgotten::note_includes_message;
use crate::dynamodb::keys::forgotten_key;
use crate::dynamodb::pending::PendingEvent;
use crate::dynamodb::table::Table;
use crate::sqs::SqsQueue;

/// Sends the messages of events, at a limited rate.
pub(super) struct Sender<'s> {
    pub(super) table: &'s Table,
    pub(super) queue: &'s SqsQueue,
    pub(super) limiter: RateLimiter,
}

/// The result of sending an event's message.
pub(super) enum Sending {
    /// SQS has the message.
    Sent,
    /// The event has expired.
    Expired,
    /// The entity was forgotten while the event was being stored, which arrived then.
    Forgotten {
        /// The arrival.
        received: String,
    },
    /// The event is damaged, or SQS never accepts its message: this is the reason.
    Impossible(String),
}

impl Sender<'_> {
    /// Sends the messages of events of one entity, one after another, up to the first that fails: a later event must not
    /// overtake it. The next message is read while one is sent.
    pub(super) async fn send_in_order<'a>(
        &self,
        events: Vec<&'a PendingEvent>,
        notes: &HashMap<Key, Item>,
    ) -> (Vec<(&'a PendingEvent, Sending)>, Option<Fault>) {
        let mut sent = Vec::with_capacity(events.len());
        let mut events = events.into_iter();
        let Some(mut event) = events.next() else { return (sent, None) };
        let mut message = self.message(&event.id).await;
        loop {
            let following = events.next();
            let read_next = async {
                match following {
                    Some(next) => Some((next, self.message(&next.id).await)),
                    None => None,
                }
            };
            let (sending, next) = tokio::join!(self.send(&event.id, message, notes), read_next);
            match sending {
                Ok(sending) => sent.push((event, sending)),
                Err(fault) => return (sent, Some(fault)),
            }
            let Some(next) = next else { return (sent, None) };
            (event, message) = next;
        }
    }

    async fn message(&self, id: &EventId) -> Result<Option<Message>, Fault> {
        self.table.events.message(id).await
    }

    /// Sends the message of an event.
    async fn send(
        &self,
        id: &EventId,
        message: Result<Option<Message>, Fault>,
        notes: &HashMap<Key, Item>,
    ) -> Result<Sending, Fault> {
        let message = match message {
            Ok(Some(message)) => message,
            Ok(None) => return Ok(Sending::Expired),
            // One event that cannot be read must not keep the others from being sent.
            Err(fault) if fault.kind == FaultKind::Damaged => {
                return Ok(Sending::Impossible(fault.chain()));
            }
            Err(fault) => return Err(fault),
        };
        if notes.get(&forgotten_key(id)).is_some_and(|note| note_includes_message(note, &message)) {
            return Ok(Sending::Forgotten { received: message.received_time().to_owned() });
        }
        self.limiter.acquire().await;
        match self.queue.send_message(&message, id.as_str()).await {
            Ok(()) => Ok(Sending::Sent),
            Err(fault) if fault.kind == FaultKind::Permanent => Ok(Sending::Impossible(fault.chain())),
            Err(fault) => Err(fault),
        }
    }
}
