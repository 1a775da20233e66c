//! The states of events in the table.

use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;

use crate::dynamodb::attempts::is_waiting;
use crate::dynamodb::keys::{attempts_key, parked_key, receipt_key};
use crate::dynamodb::pending::{PendingEvent, pending_key};
use crate::dynamodb::receipts::applies_to;
use crate::dynamodb::table::Table;
use crate::dynamodb::time_index::Arrival;

/// The state of an event in the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct EventState {
    /// It was processed or is parked: there is nothing to do.
    pub(super) is_settled: bool,
    /// It is on the pending list.
    pub(super) is_listed: bool,
    /// Its message is on the queue: a message of its entity was attempted recently, and this event's message is that
    /// one or waits behind it.
    pub(super) is_on_queue: bool,
}

/// Reads the states of events.
#[derive(Clone, Copy)]
pub(super) struct StateReader<'s> {
    pub(super) table: &'s Table,
    /// The time of the run.
    pub(super) now: ReceivedAt,
}

impl StateReader<'_> {
    /// Returns those of these events whose receipt an eventually consistent read does not find: a few, as a rule. The
    /// consistent read of [`Self::event_states`], with four keys for each event, is only for them.
    pub(super) async fn without_receipt<'a>(
        &self,
        arrivals: &'a [Arrival],
    ) -> Result<Vec<&'a Arrival>, Fault> {
        let events: Vec<_> = arrivals.iter().map(|it| (&it.id, it.received_at())).collect();
        let processed = self.table.receipts.surely_processed(&events).await?;
        Ok(arrivals.iter().filter(|arrival| !processed.contains(&arrival.id)).collect())
    }

    /// Returns the states of these pending events, in their order. Most of them were processed since the last run, and
    /// for those one eventually consistent read is enough.
    pub(super) async fn pending_states(&self, events: &[PendingEvent]) -> Result<Vec<EventState>, Fault> {
        let arrival = |event: &PendingEvent| ReceivedAt::parse(&event.received).unwrap_or(ReceivedAt::EPOCH);
        let asked: Vec<_> = events.iter().map(|event| (&event.id, arrival(event))).collect();
        let processed = self.table.receipts.surely_processed(&asked).await?;
        let others = events.iter().filter(|event| !processed.contains(&event.id));
        let others = others.map(|event| (&event.id, event.received.as_str()));
        let mut states = self.event_states(others).await?.into_iter();
        let settled = EventState { is_settled: true, is_listed: true, is_on_queue: false };
        let state = |event: &PendingEvent| {
            if processed.contains(&event.id) { Some(settled) } else { states.next() }
        };
        Ok(events.iter().filter_map(state).collect())
    }

    pub(super) async fn arrival_states(&self, arrivals: &[&Arrival]) -> Result<Vec<EventState>, Fault> {
        self.event_states(arrivals.iter().map(|it| (&it.id, it.received.as_str()))).await
    }

    /// Returns the states of these events, given with their arrivals, in their order.
    async fn event_states<'a>(
        &self,
        events: impl Iterator<Item = (&'a EventId, &'a str)> + Clone,
    ) -> Result<Vec<EventState>, Fault> {
        let keys = |(id, received): (&EventId, &str)| {
            [receipt_key(id), parked_key(id), pending_key(id, received), attempts_key(id)]
        };
        let items = self.table.dynamo.batch_get(events.clone().flat_map(keys)).await?;
        let state = |(id, received): (&EventId, &str)| {
            let arrival = ReceivedAt::parse(received).unwrap_or(ReceivedAt::EPOCH);
            let is_marked = |key| items.get(&key).is_some_and(|marker| applies_to(marker, arrival));
            EventState {
                is_settled: is_marked(receipt_key(id)) || is_marked(parked_key(id)),
                is_listed: items.contains_key(&pending_key(id, received)),
                is_on_queue: items.get(&attempts_key(id)).is_some_and(|item| is_waiting(item, self.now)),
            }
        };
        Ok(events.map(state).collect())
    }
}
