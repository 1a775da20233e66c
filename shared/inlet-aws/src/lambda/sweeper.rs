//! The sweeper: what is stored and neither processed nor waiting is sent again, oldest first.
//!
//! It walks the time index from where it stopped. An event without a receipt whose message cannot be on the queue
//! any more is sent, and looked at again after a while, a few times; then it is parked. What waits on the queue
//! counts as sent, be it behind a backlog or behind a message that fails: neither is ever added to, however long an
//! outage lasts.

use std::sync::Arc;
use std::time::Duration;

use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::process::ConsumeError;
use inlet::received_at::ReceivedAt;
use lambda_runtime::{Context, Error, LambdaEvent, service_fn};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::client::clock;
use crate::client::config::Config;
use crate::client::connect::{Clients, sdk_config};
use crate::client::rate_limit::RateLimiter;
use crate::dynamodb::arrivals::Arrival;
use crate::dynamodb::attempts::{attempts_item_key, is_waiting};
use crate::dynamodb::blob::DAMAGED;
use crate::dynamodb::pending::{PendingEvent, delete_pending, pending_key};
use crate::dynamodb::receipts::{applies_to, parked_marker_key, receipt_item_key};
use crate::dynamodb::table::Table;
use crate::sqs::{QueueDepth, SqsQueue};
use crate::telemetry::log;
use crate::telemetry::metrics::{self, Measured};

/// How old an event is before its message is taken for lost: the receiver sends it within seconds, the processor
/// takes it at once, and two minutes are more than both together need in the worst case.
const SETTLED: Duration = Duration::from_mins(2);

/// How much later everything is looked at once more. The time index follows the table within a second as a rule,
/// but nothing promises when.
const SECOND_PASS_DELAY: Duration = Duration::from_hours(6);

/// The sort keys of the two passes' cursors. The values are stored data: they keep their first names.
const FIRST_PASS: &str = "near";
const SECOND_PASS: &str = "late";

/// How far the clocks of a receiver and of the table may be apart, generously.
const MAX_CLOCK_SKEW: Duration = Duration::from_hours(1);

/// How many messages are sent in a second, at most.
const RATE: u32 = 100;

/// How many in a run, less what waits on the queue: what the rate makes of the minute between two runs.
pub const BUDGET: u32 = RATE * 60;

/// How often an event is sent again before it is parked.
const MAX_TIMES: u32 = 5;

/// How long an event that was sent again is given, at first; twice as long each time after. Longer than the five
/// minutes for which the queue would take it for a duplicate.
const RESEND_DELAY: Duration = Duration::from_mins(6);

/// How many events are looked up at once: four keys each, and DynamoDB reads a hundred.
const LOOKED_UP_AT_ONCE: usize = 25;

/// What of an invocation's time is left for the last steps.
const RESERVE: Duration = Duration::from_secs(10);

/// What of that the look for the oldest event may take.
const LOOK: Duration = Duration::from_secs(4);

/// Runs the sweeper's function until Lambda ends it.
///
/// # Errors
/// When the config is incomplete or the runtime's interface cannot be reached.
pub async fn run() -> Result<(), Error> {
    log::install_panic_hook();
    let config = Config::from_process()?;
    let clients = Clients::new(&sdk_config(&config)?);
    let stage = config.stage.clone();
    let sweeper = Arc::new(Sweeper::new(clients, config));
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| {
        let (sweeper, stage) = (Arc::clone(&sweeper), stage.clone());
        async move {
            let now = clock::now();
            let (report, fault) = sweeper.sweep(now, time_left(&event.context, now)).await;
            println!("{}", line(&report, fault.as_ref(), &stage, now));
            fault.map_or(Ok(()), |fault| Err(Error::from(fault)))
        }
    }))
    .await
}

/// How long an invocation may still work.
fn time_left(context: &Context, now: ReceivedAt) -> Duration {
    let now_ms = u64::try_from(now.millis()).unwrap_or_default();
    Duration::from_millis(context.deadline.saturating_sub(now_ms)).saturating_sub(RESERVE)
}

/// The sweeper, with what it stands on.
#[derive(Clone, Debug)]
pub struct Sweeper {
    /// The event table.
    pub table: Table,
    /// The event queue.
    pub queue: SqsQueue,
    /// How old an event is before its message is taken for lost.
    pub settled: Duration,
    /// How many messages a run may send, less what waits on the queue.
    pub budget: u32,
}

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// How many events were sent again.
    pub resent: u32,
    /// How many were parked.
    pub parked: u32,
    /// What waited on the queue, where it said so.
    pub waiting: Option<QueueDepth>,
    /// Whether anything is old.
    pub oldest_unprocessed: Oldest,
}

/// What is known of the oldest event that is neither processed nor parked, of those that are settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Oldest {
    /// Nothing: the table did not say.
    #[default]
    Unknown,
    /// There is none.
    Nothing,
    /// It arrived then; or later, where there was no time to look on from there.
    Arrived(ReceivedAt),
}

impl Oldest {
    /// How old it is at the most.
    fn age(self, now: ReceivedAt) -> Option<Duration> {
        match self {
            Self::Unknown => None,
            Self::Nothing => Some(Duration::ZERO),
            Self::Arrived(oldest) => Some(now.since(oldest)),
        }
    }
}

/// The run as a line of the log with what it measured, also of one that failed: what it did until then counts, and
/// how old the oldest event is matters most when something fails.
fn line(report: &SweepReport, fault: Option<&Fault>, stage: &str, now: ReceivedAt) -> Value {
    let mut measured = Measured::of_stage(stage);
    measured.measure(metrics::SWEEP_FAILED, fault.is_some().into());
    if let Some(age) = report.oldest_unprocessed.age(now) {
        measured.measure(metrics::OLDEST_UNPROCESSED_AGE, age.as_secs());
    }
    if let Some(waiting) = report.waiting {
        measured.measure(metrics::WAITING, waiting.all().into());
    }
    measured.measure(metrics::RESENT, report.resent.into());
    measured.measure(metrics::PARKED, report.parked.into());
    let line = match fault {
        None => json!({"level": "info", "message": "sweep", "outcome": "swept"}),
        Some(fault) => {
            json!({"level": "error", "message": "sweep", "outcome": "failed", "reason": fault.chain()})
        }
    };
    let members = line.as_object().cloned().into_iter().flatten();
    Value::Object(members.chain(measured.members(now)).collect())
}

/// A walk along the time index.
struct Walk {
    name: &'static str,
    behind: Duration,
}

/// What the table says of an event.
#[derive(Clone, Copy, Debug)]
struct EventState {
    /// It was processed, or is parked: nobody has to look after it.
    is_settled: bool,
    /// It is among those that are looked after behind the walk.
    is_listed: bool,
    /// Its message is on the queue: one of its entity was tried of late, and it is that one or waits behind it.
    is_on_queue: bool,
}

/// One run of the sweeper.
struct Run<'s> {
    sweeper: &'s Sweeper,
    now: ReceivedAt,
    /// What was sent at this time or later may be waiting on the queue.
    backlog_since: ReceivedAt,
    limiter: RateLimiter,
    budget: u32,
    /// Until when it may look after what it has walked past, until when it may work, and until when it may look for
    /// the oldest event.
    half: Instant,
    until: Instant,
    look_until: Instant,
    report: SweepReport,
}

/// What is done with an event that is looked after.
enum SweepAction {
    Settled,
    NotDue,
    OnQueue,
    Lost,
}

impl Sweeper {
    fn new(clients: Clients, config: Config) -> Self {
        let Config { table, queue_url, retention_days, settled_seconds, .. } = config;
        Self {
            table: Table::new(clients.dynamodb, table, retention_days),
            queue: SqsQueue::new(clients.sqs, queue_url),
            settled: settled_seconds.map_or(SETTLED, |seconds| Duration::from_secs(seconds.into())),
            budget: BUDGET,
        }
    }

    /// One run, for no longer than `time` and a look for the oldest event; the next one goes on where it stopped.
    /// Says what it came to, and the first fault of the table or the queue that ended it. What was done until then
    /// counts, and the oldest event is looked for all the same.
    pub async fn sweep(&self, now: ReceivedAt, time: Duration) -> (SweepReport, Option<Fault>) {
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
            limiter: RateLimiter::per_second(RATE),
            // A queue that does not say what waits is sent nothing.
            budget: waiting.map_or(0, |waiting| self.budget.saturating_sub(waiting.all())),
            half: after(time.checked_div(2).unwrap_or_default()),
            until: after(time),
            look_until: after(time.saturating_add(LOOK)),
            report: SweepReport { waiting, ..SweepReport::default() },
        };
        for done in [run.work().await, run.find_oldest_pending().await] {
            failed = failed.or(done.err());
        }
        (run.report, failed)
    }

    /// Since when messages wait on the queue that are not done: not at all when it is empty, and for ever when nobody
    /// says.
    ///
    /// What is in flight is no backlog: it was received. When that was within the last minutes for the first time, the
    /// processor's position tells of it. What was received before fails, and the note `tried` of its entity tells of
    /// it; or its processor died with it, and then the queue takes what is sent again for a duplicate, or the
    /// processor finds its receipt.
    async fn backlog_since(&self, waiting: Option<QueueDepth>, now: ReceivedAt) -> Result<ReceivedAt, Fault> {
        let unless_told = match waiting {
            Some(QueueDepth { visible: 0, in_flight: 0 }) => return Ok(now),
            Some(QueueDepth { visible: 0, .. }) => now,
            Some(_) => ReceivedAt::EPOCH,
            None => return Ok(ReceivedAt::EPOCH),
        };
        Ok(self.table.position(now).await?.unwrap_or(unless_told))
    }
}

impl Run<'_> {
    /// Looks after what it has walked past, and walks on.
    async fn work(&mut self) -> Result<(), Fault> {
        let settled = self.sweeper.settled;
        self.recheck_pending().await?;
        self.walk(&Walk { name: FIRST_PASS, behind: settled }).await?;
        self.walk(&Walk { name: SECOND_PASS, behind: settled.saturating_add(SECOND_PASS_DELAY) }).await
    }

    fn may_go_on(&self) -> bool {
        self.budget > 0 && has_time(self.until)
    }

    /// Looks after what it has walked past: the oldest at every run, the others when they are due. The oldest are
    /// looked at however little may be sent, as long as those before them are settled: they tell how old the oldest
    /// is. It takes half of the run's time at the most, the walks have the rest.
    async fn recheck_pending(&mut self) -> Result<(), Fault> {
        let mut last: Option<PendingEvent> = None;
        let mut are_oldest = true;
        while (are_oldest || self.budget > 0) && has_time(self.half) {
            let some = self.sweeper.table.list_pending(last.as_ref()).await?;
            last = some.last().cloned();
            if last.is_none() {
                break;
            }
            let some: Vec<PendingEvent> =
                some.into_iter().filter(|it| are_oldest || self.is_due(it)).collect();
            let event_states =
                self.event_states(some.iter().map(|it| (&it.id, it.received.as_str()))).await?;
            are_oldest = are_oldest && event_states.iter().all(|state| state.is_settled);
            let mut writes = Vec::new();
            let mut due = Vec::new();
            for (pending, state) in some.iter().zip(event_states) {
                match self.action(pending, state) {
                    SweepAction::Settled => writes.push(delete_pending(pending)?),
                    // Neither sent nor counted: it has its place on the queue.
                    SweepAction::OnQueue => {
                        writes.push(self.sweeper.table.pending_put(&pending.postponed(self.now))?)
                    }
                    SweepAction::Lost => due.push(pending),
                    SweepAction::NotDue => {}
                }
            }
            self.sweeper.table.write_all(writes).await?;
            for pending in due {
                if self.budget == 0 || !has_time(self.half) {
                    return Ok(());
                }
                self.resend_or_park(pending).await?;
            }
        }
        Ok(())
    }

    fn action(&self, pending: &PendingEvent, state: EventState) -> SweepAction {
        match state {
            EventState { is_settled: true, .. } => SweepAction::Settled,
            _ if !self.is_due(pending) => SweepAction::NotDue,
            EventState { is_on_queue: true, .. } => SweepAction::OnQueue,
            _ => SweepAction::Lost,
        }
    }

    fn is_due(&self, pending: &PendingEvent) -> bool {
        resend_delay(pending.times) <= self.now.since(pending.sent) && pending.sent < self.backlog_since
    }

    async fn resend_or_park(&mut self, pending: &PendingEvent) -> Result<(), Fault> {
        if pending.times >= MAX_TIMES {
            let why = "it was sent again and again, and never processed";
            self.park(&pending.id, why).await?;
            return self.sweeper.table.remove_pending(pending).await;
        }
        if self.resend(&pending.id).await? {
            self.sweeper.table.put_pending(&pending.resent(self.now)).await
        } else {
            self.sweeper.table.remove_pending(pending).await
        }
    }

    /// Walks on from where the walk stopped.
    async fn walk(&mut self, walk: &Walk) -> Result<(), Fault> {
        let table = &self.sweeper.table;
        let mut from = self.start(walk.name).await?;
        let until = self.now.min(self.backlog_since).earlier(walk.behind);
        while from < until && self.may_go_on() {
            let slice = table.arrivals(from, until).await?;
            let stopped = self.send_pending(&slice.arrivals).await?;
            from = stopped.unwrap_or(slice.reached);
            table.note_walked(walk.name, from).await?;
        }
        Ok(())
    }

    /// Where a walk goes on; the first time it goes on from before there was anything.
    async fn start(&self, walk: &str) -> Result<ReceivedAt, Fault> {
        match self.sweeper.table.walked(walk).await? {
            Some(through) => Ok(through),
            None => Ok(self.sweeper.table.created().await?.earlier(MAX_CLOCK_SKEW)),
        }
    }

    /// Sends those that are lost and were not sent again before, and notes those that wait. Says where it stopped,
    /// if it did.
    async fn send_pending(&mut self, arrivals: &[Arrival]) -> Result<Option<ReceivedAt>, Fault> {
        for some in arrivals.chunks(LOOKED_UP_AT_ONCE) {
            let event_states =
                self.event_states(some.iter().map(|it| (&it.id, it.received.as_str()))).await?;
            let mut writes = Vec::new();
            let mut due = Vec::new();
            for (arrival, state) in some.iter().zip(event_states) {
                match state {
                    EventState { is_settled: true, .. } | EventState { is_listed: true, .. } => {}
                    EventState { is_on_queue: true, .. } => {
                        writes.push(self.sweeper.table.pending_put(&PendingEvent::found(arrival, self.now))?);
                    }
                    _ => due.push(arrival),
                }
            }
            self.sweeper.table.write_all(writes).await?;
            for arrival in due {
                if !self.may_go_on() {
                    return Ok(ReceivedAt::parse(&arrival.received));
                }
                if self.resend(&arrival.id).await? {
                    let sent = PendingEvent::found(arrival, self.now).resent(self.now);
                    self.sweeper.table.put_pending(&sent).await?;
                }
            }
            // What waits is listed: the next chunk is the next run's, where this one has no time left.
            if let (Some(last), false) = (some.last(), has_time(self.until)) {
                return Ok(ReceivedAt::parse(&last.received));
            }
        }
        Ok(None)
    }

    /// What the table says of these events, told by their ids and arrivals.
    async fn event_states<'a>(
        &self,
        events: impl Iterator<Item = (&'a EventId, &'a str)> + Clone,
    ) -> Result<Vec<EventState>, Fault> {
        let keys = |(id, received): (&EventId, &str)| {
            [receipt_item_key(id), parked_marker_key(id), pending_key(id, received), attempts_item_key(id)]
        };
        let notes = self.sweeper.table.batch_get(events.clone().flat_map(keys)).await?;
        let state = |(id, received): (&EventId, &str)| {
            let arrived = ReceivedAt::parse(received).unwrap_or(ReceivedAt::EPOCH);
            let is_marked = |key| notes.get(&key).is_some_and(|mark| applies_to(mark, arrived));
            EventState {
                is_settled: is_marked(receipt_item_key(id)) || is_marked(parked_marker_key(id)),
                is_listed: notes.contains_key(&pending_key(id, received)),
                is_on_queue: notes.get(&attempts_item_key(id)).is_some_and(|note| is_waiting(note, self.now)),
            }
        };
        Ok(events.map(state).collect())
    }

    /// Sends an event's message. Nothing is sent of an event that is gone or that the queue will never take: the
    /// latter is parked.
    async fn resend(&mut self, id: &EventId) -> Result<bool, Fault> {
        let message = match self.sweeper.table.message(id).await {
            Ok(Some(message)) => message,
            Ok(None) => return Ok(false),
            // One event that cannot be read must not keep the others from being sent.
            Err(fault) if fault.context == DAMAGED => {
                self.park(id, DAMAGED).await?;
                return Ok(false);
            }
            Err(fault) => return Err(fault),
        };
        self.limiter.acquire().await;
        match self.sweeper.queue.send_message(&message, id.as_str()).await {
            Ok(()) => {
                self.budget = self.budget.saturating_sub(1);
                self.report.resent = self.report.resent.saturating_add(1);
                Ok(true)
            }
            Err(ConsumeError::Permanent(fault)) => self.park(id, &fault.chain()).await.map(|()| false),
            Err(ConsumeError::Transient(fault)) => Err(fault),
        }
    }

    async fn park(&mut self, id: &EventId, why: &str) -> Result<(), Fault> {
        self.sweeper.table.park(id, why, self.now).await?;
        self.report.parked = self.report.parked.saturating_add(1);
        Ok(())
    }

    /// The oldest of what was sent again, or of what the walk has not reached.
    async fn find_oldest_pending(&mut self) -> Result<(), Fault> {
        let listed = self.sweeper.table.list_pending(None).await?;
        let listed = listed.first().and_then(|pending| ReceivedAt::parse(&pending.received));
        let oldest = listed.into_iter().chain(self.look_ahead().await?).min();
        self.report.oldest_unprocessed = oldest.map_or(Oldest::Nothing, Oldest::Arrived);
        Ok(())
    }

    /// When the first pending event arrived that the walk has not reached. Where time is up before one is found,
    /// that is the place that it got to: any other arrived later.
    async fn look_ahead(&self) -> Result<Option<ReceivedAt>, Fault> {
        let mut from = self.start(FIRST_PASS).await?;
        let settled = self.now.earlier(self.sweeper.settled);
        while from < settled {
            if !has_time(self.look_until) {
                return Ok(Some(from));
            }
            let slice = self.sweeper.table.arrivals(from, settled).await?;
            for some in slice.arrivals.chunks(LOOKED_UP_AT_ONCE) {
                let event_states =
                    self.event_states(some.iter().map(|it| (&it.id, it.received.as_str()))).await?;
                let pending = |(_, state): &(&Arrival, EventState)| !state.is_settled && !state.is_listed;
                if let Some((first, _)) = some.iter().zip(event_states).find(pending) {
                    return Ok(ReceivedAt::parse(&first.received));
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

/// How long an event that was sent again so many times is given.
fn resend_delay(times: u32) -> Duration {
    RESEND_DELAY.saturating_mul(1_u32.checked_shl(times.saturating_sub(1)).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_an_event_is_given_twice_as_long() {
        let minutes: Vec<u64> = (1..=MAX_TIMES).map(|times| resend_delay(times).as_secs() / 60).collect();
        assert_eq!(minutes, [6, 12, 24, 48, 96]);
    }

    #[test]
    fn a_run_is_a_line_that_cloudwatch_reads_as_metrics() {
        let now = ReceivedAt::from_millis(600_000).unwrap();
        let oldest_unprocessed = Oldest::Arrived(ReceivedAt::EPOCH);
        let report = SweepReport { resent: 2, oldest_unprocessed, ..SweepReport::default() };
        let line = line(&report, None, "prod", now);
        assert_eq!((&line["OldestUnprocessedAge"], &line["Resent"]), (&json!(600), &json!(2)));
        for directive in line["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
            assert_eq!(directive["Dimensions"], json!([["Stage"]]), "{directive}");
            for metric in directive["Metrics"].as_array().unwrap() {
                assert!(line[metric["Name"].as_str().unwrap()].is_u64(), "{metric}");
            }
        }
        assert_eq!((&line["SweepFailed"], &line["Stage"]), (&json!(0), &json!("prod")));
    }

    #[test]
    fn a_run_that_failed_says_so_beside_what_it_did_and_found() {
        let fault = Fault::new("the event cannot be enqueued", "no answer in time");
        let oldest_unprocessed = Oldest::Arrived(ReceivedAt::EPOCH);
        let report = SweepReport { parked: 1, oldest_unprocessed, ..SweepReport::default() };
        let line = line(&report, Some(&fault), "prod", ReceivedAt::from_millis(600_000).unwrap());
        assert_eq!((&line["SweepFailed"], &line["OldestUnprocessedAge"]), (&json!(1), &json!(600)), "{line}");
        assert_eq!((&line["Parked"], &line["Waiting"]), (&json!(1), &Value::Null), "{line}");
        assert_eq!(line["reason"], json!("the event cannot be enqueued: no answer in time"));
    }

    #[test]
    fn an_age_that_nobody_knows_is_not_told_as_none() {
        let age = |oldest_unprocessed| {
            let report = SweepReport { oldest_unprocessed, ..SweepReport::default() };
            line(&report, None, "prod", ReceivedAt::EPOCH)["OldestUnprocessedAge"].clone()
        };
        assert_eq!((age(Oldest::Unknown), age(Oldest::Nothing)), (Value::Null, json!(0)));
    }
}
