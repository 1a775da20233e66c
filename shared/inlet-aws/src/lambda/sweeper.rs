//! The sweeper: sends events again whose message was lost, oldest first.
//!
//! A run, once a minute:
//!
//! 1. Reads the queue's depth and the processor's position. They give the start of the backlog: the oldest event that
//!    may still wait on the queue.
//! 2. Checks the pending list: events that were sent again, or that other components put there.
//! 3. First pass: moves a cursor along the time index, up to events that are old enough. Sends every event that is
//!    neither processed nor parked and cannot be on the queue, and puts it on the pending list.
//! 4. Second pass: the same six hours later, because DynamoDB promises no time by which the index has an event. It also
//!    marks the hours in which each store has events, for readers of one store.
//! 5. Finds the oldest event that is neither processed nor parked, for the metric.
//!
//! An event that stays unprocessed is sent again after 6, 12, 24 and 48 minutes and then parked. An event that may
//! be on the queue, in a backlog or behind a message that fails, counts as sent: however long an outage lasts, the
//! sweeper adds nothing to the queue.

mod event_state;
mod report;
mod sender;

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;
use lambda_runtime::{Context, Error, LambdaEvent, service_fn};
use serde_json::Value;
use tokio::time::Instant;

use crate::client::clock;
use crate::client::config::Config;
use crate::client::connect::Clients;
use crate::client::rate_limit::RateLimiter;
use crate::dynamodb::by_entity::{CONCURRENT_ENTITIES, group_by_entity};
use crate::dynamodb::keys::forgotten_key;
use crate::dynamodb::pending::{
    Cursor, FIRST_PASS, Pending, PendingEvent, RESEND_DELAY, SECOND_PASS, SECOND_PASS_DELAY,
};
use crate::dynamodb::table::Table;
use crate::dynamodb::time_index::Arrival;
use crate::lambda::deferred::{DeferredVerifier, Services};
use crate::lambda::sweeper::event_state::{EventState, StateReader};
use crate::lambda::sweeper::report::line;
pub use crate::lambda::sweeper::report::{Oldest, SweepReport};
use crate::lambda::sweeper::sender::{Sender, Sending};
use crate::sqs::{QueueDepth, SqsQueue};
use crate::telemetry::log;

/// The age from which an event's message may be lost. The receiver sends it within seconds, and the processor receives
/// it immediately. Both together take less than two minutes in the worst case.
const RESEND_AFTER: Duration = Duration::from_mins(2);

/// Maximum difference between the clocks of a receiver and of DynamoDB, with a margin.
const MAX_CLOCK_SKEW: Duration = Duration::from_hours(1);

/// Maximum number of messages that are sent in a second. A high-throughput FIFO queue takes 2,400 in the smallest
/// regions, and the receivers need the larger part of them.
const RATE: u32 = 1_000;

/// Maximum number of messages that are sent in a run, less the queue's depth: the rate times the minute between two
/// runs.
pub const BUDGET: u32 = RATE * 60;

/// The number of times that an event is sent before it is parked.
const MAX_TIMES: u32 = 5;

/// Events that are checked in one step. Their receipts are ten requests of DynamoDB's limit of 100 keys.
const CHECK_BATCH: usize = 1_000;

/// Events whose state is read at a time while the oldest one is searched for: one request of four keys each.
const SEARCH_BATCH: usize = 25;

/// Events that are sent in one step; the pending list gets them after it.
const SEND_BATCH: usize = 250;

/// The part of an invocation's time that is kept for the last steps.
const RESERVE: Duration = Duration::from_secs(10);

/// Maximum time for one provider's deferred deliveries in a run.
const DEFERRED_TIME: Duration = Duration::from_secs(5);

/// The part of the reserve that the search for the oldest event may take.
const OLDEST_SEARCH: Duration = Duration::from_secs(4);

/// Runs the sweeper's function until Lambda ends it.
///
/// # Errors
/// If the configuration is incomplete or the Lambda runtime API cannot be reached.
pub async fn run(verifiers: &[DeferredVerifier]) -> Result<(), Error> {
    log::install_panic_hook();
    let config = Config::from_process()?;
    let clients = Clients::connected(&config).await?;
    let (stage, ssm) = (config.stage.clone(), clients.ssm.clone());
    let sweeper = Arc::new(Sweeper::new(clients, config));
    let services =
        Services { table: sweeper.table.clone(), queue: sweeper.queue.clone(), ssm, stage: stage.clone() };
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| {
        let (sweeper, stage, services) = (Arc::clone(&sweeper), stage.clone(), services.clone());
        async move {
            let now = clock::now();
            let deferred = verify_deferred(verifiers, &services).await;
            let now = now.max(clock::now());
            let (report, fault) = sweeper.sweep(now, time_left(&event.context, now)).await;
            let fault = fault.or(deferred);
            println!("{}", line(&report, fault.as_ref(), &stage, now));
            fault.map_or(Ok(()), |fault| Err(Error::from(fault)))
        }
    }))
    .await
}

/// Verifies the deferred deliveries of all providers. Returns the first fault.
///
/// A fault of Parameter Store fails the run, so that its alarm rings while deliveries wait for credentials.
async fn verify_deferred(verifiers: &[DeferredVerifier], services: &Services) -> Option<Fault> {
    let mut failed = None;
    for verifier in verifiers {
        // A run that is stopped continues in the next minute.
        let done = tokio::time::timeout(DEFERRED_TIME, verifier.verify(services.clone())).await;
        failed = failed.or(done.ok().and_then(|(_, fault)| fault));
    }
    failed
}

/// Returns the time that an invocation has left for work.
fn time_left(context: &Context, now: ReceivedAt) -> Duration {
    let now_ms = u64::try_from(now.millis()).unwrap_or_default();
    Duration::from_millis(context.deadline.saturating_sub(now_ms)).saturating_sub(RESERVE)
}

/// The sweeper with its services.
#[derive(Clone, Debug)]
pub struct Sweeper {
    /// The event table.
    pub table: Table,
    /// The event queue.
    pub queue: SqsQueue,
    /// The age at which an event's message may be lost.
    pub resend_after: Duration,
    /// Maximum number of messages that a run sends, less the queue's depth.
    pub budget: u32,
}

/// A pass along the time index.
struct Pass {
    /// The sort key of its cursor.
    name: &'static str,
    /// Minimum age of the events that it checks.
    delay: Duration,
    /// True if it marks the hours of the stores. Only the second pass: the index may lack events when the first one passes.
    marks_hours: bool,
}

/// One run of the sweeper.
struct Run<'s> {
    sweeper: &'s Sweeper,
    now: ReceivedAt,
    /// A message that was sent at this time or later may be on the queue.
    backlog_since: ReceivedAt,
    states: StateReader<'s>,
    sender: Sender<'s>,
    budget: u32,
    /// The ends of three periods: for the pending list, for all work, and for the search for the oldest event.
    recheck_until: Instant,
    work_until: Instant,
    search_until: Instant,
    report: SweepReport,
}

/// The action of the sweeper for a pending event.
enum SweepAction {
    /// Removes it from the list.
    Settle,
    /// Nothing: its delay is not over.
    Wait,
    /// Postpones it, because its message is on the queue.
    Postpone,
    /// Sends it again.
    Resend,
}

impl Sweeper {
    fn new(clients: Clients, config: Config) -> Self {
        let Config { table, queue_url, retention_days, resend_after_seconds, .. } = config;
        Self {
            table: Table::new(clients.dynamodb, table, retention_days),
            queue: SqsQueue::new(clients.sqs, queue_url),
            resend_after: resend_after_seconds
                .map_or(RESEND_AFTER, |seconds| Duration::from_secs(seconds.into())),
            budget: BUDGET,
        }
    }

    /// Runs once, for at most `time` and the search for the oldest event; the next run continues where it stopped.
    /// Returns its result and the first fault. A fault does not undo what was done before, and the oldest event is
    /// searched for in any case.
    pub async fn sweep(&self, now: ReceivedAt, time: Duration) -> (SweepReport, Option<Fault>) {
        self.sweep_at_rate(now, time, RATE).await
    }

    /// The same with at most `rate` messages a second.
    async fn sweep_at_rate(
        &self,
        now: ReceivedAt,
        time: Duration,
        rate: u32,
    ) -> (SweepReport, Option<Fault>) {
        let began = Instant::now();
        let after = |time| began.checked_add(time).unwrap_or(began);
        let (waiting, mut failed) = match self.queue.depth().await {
            Ok(waiting) => (Some(waiting), None),
            Err(fault) => (None, Some(fault)),
        };
        let backlog_since = match self.backlog_since(waiting, now).await {
            Ok(backlog_since) => backlog_since,
            Err(fault) => {
                failed.get_or_insert(fault);
                ReceivedAt::EPOCH
            }
        };
        let mut run = Run {
            sweeper: self,
            now,
            backlog_since,
            states: StateReader { table: &self.table, now },
            sender: Sender { table: &self.table, queue: &self.queue, limiter: RateLimiter::per_second(rate) },
            // Nothing is sent to a queue whose depth is unknown.
            budget: waiting.map_or(0, |waiting| self.budget.saturating_sub(waiting.total())),
            recheck_until: after(time.checked_div(2).unwrap_or_default()),
            work_until: after(time),
            search_until: after(time.saturating_add(OLDEST_SEARCH)),
            report: SweepReport { waiting, ..SweepReport::default() },
        };
        for done in [run.work().await, run.find_oldest_pending().await] {
            failed = failed.or(done.err());
        }
        (run.report, failed)
    }

    /// Returns the send time of the oldest message that may still wait on the queue: `now` if the queue is empty,
    /// `EPOCH` if its depth is unknown.
    ///
    /// A message in flight was received and does not count as backlog. If it was received for the first time in the
    /// last minutes, the processor's position covers it. If it was received before that, it fails, and the attempts of
    /// its entity show it; or its processor died, and then SQS drops what is sent again as a duplicate, or the
    /// processor finds the receipt.
    async fn backlog_since(&self, depth: Option<QueueDepth>, now: ReceivedAt) -> Result<ReceivedAt, Fault> {
        let without_position = match depth {
            Some(QueueDepth { visible: 0, in_flight: 0 }) => return Ok(now),
            Some(QueueDepth { visible: 0, .. }) => now,
            Some(_) => ReceivedAt::EPOCH,
            None => return Ok(ReceivedAt::EPOCH),
        };
        Ok(self.table.queue_positions.recent(now).await?.unwrap_or(without_position))
    }
}

impl Run<'_> {
    /// Checks the pending list, then continues both passes.
    async fn work(&mut self) -> Result<(), Fault> {
        let resend_after = self.sweeper.resend_after;
        self.recheck_pending().await?;
        self.advance(&Pass { name: FIRST_PASS, delay: resend_after, marks_hours: false }).await?;
        let delay = resend_after.saturating_add(SECOND_PASS_DELAY);
        self.advance(&Pass { name: SECOND_PASS, delay, marks_hours: true }).await
    }

    fn may_send(&self) -> bool {
        self.budget > 0 && has_time(self.work_until)
    }

    /// Checks the pending list, for at most half of the run's time. The oldest events are checked in every run, the
    /// others when their delay is over.
    ///
    /// The oldest events are checked even if nothing may be sent, up to the first one that is not settled. Otherwise
    /// the metric could show the age of an event that was processed long ago.
    async fn recheck_pending(&mut self) -> Result<(), Fault> {
        let pending = &self.sweeper.table.pending;
        let mut last: Option<PendingEvent> = None;
        let mut are_oldest = true;
        while (are_oldest || self.budget > 0) && has_time(self.recheck_until) {
            let page = pending.list(last.as_ref()).await?;
            last = page.last().cloned();
            if last.is_none() {
                break;
            }
            let page: Vec<PendingEvent> =
                page.into_iter().filter(|event| are_oldest || self.is_due(event)).collect();
            let states = self.states.pending_states(&page).await?;
            are_oldest = are_oldest && states.iter().all(|state| state.is_settled);
            let mut writes = Vec::new();
            let mut due = Vec::new();
            for (event, state) in page.iter().zip(states) {
                match self.action(event, state) {
                    SweepAction::Settle => writes.push(Pending::delete_request(event)?),
                    SweepAction::Postpone => writes.push(pending.put_request(&event.postponed(self.now))?),
                    SweepAction::Resend => due.push(event.clone()),
                    SweepAction::Wait => {}
                }
            }
            pending.write(writes).await?;
            self.resend_or_park(due).await?;
        }
        Ok(())
    }

    fn action(&self, event: &PendingEvent, state: EventState) -> SweepAction {
        match state {
            EventState { is_settled: true, .. } => SweepAction::Settle,
            _ if !self.is_due(event) => SweepAction::Wait,
            EventState { is_on_queue: true, .. } => SweepAction::Postpone,
            _ => SweepAction::Resend,
        }
    }

    fn is_due(&self, event: &PendingEvent) -> bool {
        resend_delay(event.times) <= self.now.since(event.sent) && event.sent < self.backlog_since
    }

    /// Sends these events of a page of the pending list again, or parks those that were sent too often.
    async fn resend_or_park(&mut self, due: Vec<PendingEvent>) -> Result<(), Fault> {
        let pending = &self.sweeper.table.pending;
        let (spent, due): (Vec<_>, Vec<_>) = due.into_iter().partition(|event| event.times >= MAX_TIMES);
        for event in spent {
            self.park(&event.id, "it was sent again and again, and never processed").await?;
            pending.delete(&event).await?;
        }
        for some in due.chunks(SEND_BATCH) {
            if self.budget == 0 || !has_time(self.recheck_until) {
                return Ok(());
            }
            self.resend(some).await?;
        }
        Ok(())
    }

    /// Moves the cursor of a pass, and sends the lost events on its way.
    async fn advance(&mut self, pass: &Pass) -> Result<(), Fault> {
        let table = &self.sweeper.table;
        let cursor = self.start(pass.name).await?;
        let mut from = cursor.through;
        // The markers are complete from the first run that writes them: before it, components of an older version may have
        // stored events late and without a marker.
        let marked_from = pass.marks_hours.then(|| cursor.marked_from.unwrap_or(self.now));
        let until = self.now.min(self.backlog_since).earlier(pass.delay);
        while from < until && self.may_send() {
            let slice = table.time_index.slice(from, until).await?;
            if pass.marks_hours {
                // Before the cursor moves: a reader leaves out unmarked hours behind it.
                let events = slice.arrivals.iter().map(|arrival| (&arrival.id, &*arrival.received));
                table.store_hours.mark(events).await?;
            }
            let stopped = self.send_pending(&slice.arrivals).await?;
            from = stopped.unwrap_or(slice.reached);
            table.pending.set_cursor_item(pass.name, Cursor { through: from, marked_from }).await?;
        }
        Ok(())
    }

    /// Returns the cursor of a pass: before its first step, a time before the first event.
    async fn start(&self, pass: &str) -> Result<Cursor, Fault> {
        let table = &self.sweeper.table;
        match table.pending.cursor_item(pass).await? {
            Some(cursor) => Ok(cursor),
            None => {
                let through = table.time_index.created().await?.earlier(MAX_CLOCK_SKEW);
                Ok(Cursor { through, marked_from: None })
            }
        }
    }

    /// Sends the events whose message is lost. Adds them, and the events whose message is on the queue, to the pending
    /// list. Returns the arrival at which it stopped, if budget or time ended.
    async fn send_pending(&mut self, arrivals: &[Arrival]) -> Result<Option<ReceivedAt>, Fault> {
        let pending = &self.sweeper.table.pending;
        for some in arrivals.chunks(CHECK_BATCH) {
            for some in self.states.without_receipt(some).await?.chunks(SEND_BATCH) {
                let mut writes = Vec::new();
                let mut due = Vec::new();
                for (arrival, state) in some.iter().zip(self.states.arrival_states(some).await?) {
                    match state {
                        EventState { is_settled: true, .. } | EventState { is_listed: true, .. } => {}
                        EventState { is_on_queue: true, .. } => {
                            writes.push(pending.put_request(&PendingEvent::found(arrival, self.now))?);
                        }
                        _ => due.push(PendingEvent::found(arrival, self.now)),
                    }
                }
                pending.write(writes).await?;
                let sent = if self.may_send() { self.resend(&due).await? } else { 0 };
                if let Some(unsent) = due.get(sent) {
                    return Ok(ReceivedAt::parse(&unsent.received));
                }
            }
            // This chunk is done, so the next run starts with the next one.
            if let (Some(last), false) = (some.last(), has_time(self.work_until)) {
                return Ok(ReceivedAt::parse(&last.received));
            }
        }
        Ok(None)
    }

    /// Sends the messages of the first of these events, as many as the budget allows, and adds what was sent to the
    /// pending list. Returns how many events were dealt with.
    ///
    /// The events of an entity are sent in their order, and those of several entities at the same time.
    async fn resend(&mut self, events: &[PendingEvent]) -> Result<usize, Fault> {
        let budget = usize::try_from(self.budget).unwrap_or(usize::MAX);
        let events = events.get(..budget).unwrap_or(events);
        // A message that is sent although its entity was forgotten after this read finds a tombstone.
        let notes = events.iter().map(|event| forgotten_key(&event.id));
        let notes = self.sweeper.table.dynamo.batch_get(notes).await?;
        let groups = group_by_entity(events, |event| event.id.entity_path());
        let sender = &self.sender;
        let mut sendings = Vec::with_capacity(groups.len());
        for events in groups {
            sendings.push(sender.send_in_order(events, &notes));
        }
        let sendings: Vec<_> = stream::iter(sendings).buffer_unordered(CONCURRENT_ENTITIES).collect().await;
        let mut writes = Vec::new();
        let mut failed = None;
        for (sent, fault) in sendings {
            failed = failed.or(fault);
            for (event, sending) in sent {
                match sending {
                    Sending::Sent => {
                        self.budget = self.budget.saturating_sub(1);
                        self.report.resent = self.report.resent.saturating_add(1);
                        writes.push(self.sweeper.table.pending.put_request(&event.resent(self.now))?);
                    }
                    Sending::Expired => writes.push(Pending::delete_request(event)?),
                    Sending::Forgotten { received } => match self.forget(&event.id, &received).await {
                        Ok(()) => writes.push(Pending::delete_request(event)?),
                        Err(fault) => failed = failed.or(Some(fault)),
                    },
                    Sending::Impossible(why) => match self.park(&event.id, &why).await {
                        Ok(()) => writes.push(Pending::delete_request(event)?),
                        Err(fault) => failed = failed.or(Some(fault)),
                    },
                }
            }
        }
        // Sent events are added to the list even if another step failed.
        self.sweeper.table.pending.write(writes).await?;
        failed.map_or(Ok(events.len()), Err)
    }

    /// Deletes an event of a forgotten entity, and leaves a tombstone for its messages.
    async fn forget(&self, id: &EventId, received: &str) -> Result<(), Fault> {
        let table = &self.sweeper.table;
        let arrival = ReceivedAt::parse(received).unwrap_or(ReceivedAt::EPOCH);
        table.receipts.write_tombstones(&[(id.clone(), arrival)], self.now).await?;
        table.events.delete(id, arrival).await.map(|_| ())
    }

    async fn park(&mut self, id: &EventId, why: &str) -> Result<(), Fault> {
        self.sweeper.table.receipts.park(id, why, self.now).await?;
        self.report.parked = self.report.parked.saturating_add(1);
        Ok(())
    }

    /// Finds the oldest of the pending list and of the events that the first pass has not reached.
    async fn find_oldest_pending(&mut self) -> Result<(), Fault> {
        let listed = self.sweeper.table.pending.list(None).await?;
        let listed = listed.first().and_then(|event| ReceivedAt::parse(&event.received));
        let oldest = listed.into_iter().chain(self.find_oldest_ahead().await?).min();
        self.report.oldest_unprocessed = oldest.map_or(Oldest::Nothing, Oldest::Arrived);
        Ok(())
    }

    /// Returns the arrival of the first event behind the first pass's cursor that is neither processed, parked nor
    /// listed. If time ends first, returns the arrival that the search reached: the event, if there is one, arrived
    /// later.
    async fn find_oldest_ahead(&self) -> Result<Option<ReceivedAt>, Fault> {
        let mut from = self.start(FIRST_PASS).await?.through;
        let until = self.now.earlier(self.sweeper.resend_after);
        while from < until {
            if !has_time(self.search_until) {
                return Ok(Some(from));
            }
            let slice = self.sweeper.table.time_index.slice(from, until).await?;
            for some in slice.arrivals.chunks(CHECK_BATCH) {
                for some in self.states.without_receipt(some).await?.chunks(SEARCH_BATCH) {
                    let states = self.states.arrival_states(some).await?;
                    let is_unprocessed =
                        |(_, state): &(&&Arrival, EventState)| !state.is_settled && !state.is_listed;
                    if let Some((first, _)) = some.iter().zip(states).find(is_unprocessed) {
                        return Ok(ReceivedAt::parse(&first.received));
                    }
                }
            }
            from = slice.reached;
        }
        Ok(None)
    }
}

fn has_time(until: Instant) -> bool {
    Instant::now() < until
}

/// Returns the delay after an event was sent this many times.
fn resend_delay(times: u32) -> Duration {
    RESEND_DELAY.saturating_mul(1_u32.checked_shl(times.saturating_sub(1)).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod calls;

#[cfg(test)]
#[cfg(feature = "operate")]
mod hours;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_delay_is_twice_as_long_as_the_one_before() {
        let minutes: Vec<u64> = (1..=MAX_TIMES).map(|times| resend_delay(times).as_secs() / 60).collect();
        assert_eq!(minutes, [6, 12, 24, 48, 96]);
    }
}
