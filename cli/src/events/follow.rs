//! Follows new events: reads the time index every second and returns each event once.
//!
//! A failed read does not end it: it waits and reads on from the same place, so a lost connection loses no event either.
//!
//! An event appears in the index moments after it is stored, and an event from the queue appears late under its time
//! of arrival. So each pass starts a little before the newest event, and some passes start earlier. Seen events are
//! remembered. A pass never starts after the end of the previous one, so no pause loses an event.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use inlet::event::EventId;
use inlet::fault::{Fault, FaultKind};
use inlet::received_at::ReceivedAt;
use inlet_aws::client::aws_error::AwsErrorKind;
use inlet_aws::client::clock;
use inlet_aws::dynamodb::events::StoredEvent;
use inlet_aws::dynamodb::table::Table;
use inlet_aws::dynamodb::time_index::Arrival;
use inlet_aws::operate::replay::{IndexedReplay, replays_since};
use inlet_aws::operate::selection::Selection;

use crate::failure::Failure;
use crate::input::time_arg::now_plus_skew;
use crate::output::Output;
use crate::stop_signal::StopSignals;

/// Pause between two passes.
const PASS_INTERVAL: Duration = Duration::from_secs(1);

/// Shortest and longest time before a failed read is tried again.
const MIN_BACKOFF: Duration = Duration::from_secs(1);
const MAX_BACKOFF: Duration = Duration::from_secs(15);

/// Time by which a pass goes back behind the newest event. A receiver may take seconds, and the index too.
const OVERLAP: Duration = Duration::from_secs(30);

/// Time by which the first and each [`LONG_OVERLAP_EVERY`]th pass goes back.
const LONG_OVERLAP: Duration = Duration::from_mins(10);
const LONG_OVERLAP_EVERY: u32 = 15;

/// The state of following.
pub(crate) struct Follow<'t> {
    table: &'t Table,
    selection: Selection,
    seen: HashMap<EventId, ReceivedAt>,
    newest: ReceivedAt,
    /// The time when the table was last read to its end.
    ended: ReceivedAt,
    /// The position of the current pass. None between two passes.
    at: Option<ReceivedAt>,
    passes: u32,
    /// None if replays are not followed.
    replays: Option<Replays>,
}

impl<'t> Follow<'t> {
    /// Follows the selection from its beginning: existing events come first.
    pub(crate) fn from_start(table: &'t Table, selection: Selection) -> Self {
        let from = selection.from;
        Self {
            table,
            selection,
            seen: HashMap::new(),
            newest: from,
            ended: from,
            at: Some(from),
            passes: 0,
            replays: None,
        }
    }

    /// Follows new events only. Existing events count as seen, so the result does not depend on a clock.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub(crate) async fn from_now(table: &'t Table, selection: Selection) -> Result<Self, Failure> {
        let from = clock::now().earlier(LONG_OVERLAP);
        let mut follow = Self::from_start(table, Selection { from, ..selection });
        while follow.at.is_some() {
            follow.pass(Seen::Skip).await?;
        }
        Ok(follow)
    }

    /// Follows also the replays that operators send from now on, by this machine's clock.
    pub(crate) fn with_replays(mut self, now: ReceivedAt) -> Self {
        self.replays = Some(Replays { start: now, seen: HashSet::new() });
        self
    }

    /// Waits for new events and replays and returns them. Never empty. Survives lost connections, and says so once.
    ///
    /// # Errors
    /// If the table cannot be read, for a reason that waiting does not change.
    pub(crate) async fn next_or_replay(&mut self, output: &mut Output) -> Result<Vec<Followed>, Failure> {
        let mut outage = Outage::default();
        loop {
            let new = match self.step().await {
                Ok(new) => new,
                Err(failure) => {
                    outage.wait(failure, output).await?;
                    continue;
                }
            };
            outage.end(output);
            if !new.is_empty() {
                return Ok(new);
            }
        }
    }

    /// Reads the next page of a pass, and at the end of a pass the new replays.
    async fn step(&mut self) -> Result<Vec<Followed>, Failure> {
        self.begin_pass().await;
        let new = self.pass(Seen::Return).await?;
        let replays = if self.at.is_none() { self.new_replays().await } else { Ok(Vec::new()) };
        join_replays(new, replays)
    }

    /// Returns the selected replays that were not seen yet.
    async fn new_replays(&mut self) -> Result<Vec<IndexedReplay>, Failure> {
        let Some(Replays { start, seen }) = &mut self.replays else { return Ok(Vec::new()) };
        let unreadable = |fault| Failure::Inlet { context: "the replays cannot be followed", fault };
        let now = clock::now();
        let from = now.earlier(LONG_OVERLAP).max(*start);
        let mut replays = replays_since(self.table, from, now_plus_skew(now)).await.map_err(unreadable)?;
        replays.retain(|replay| !seen.contains(&(replay.id.clone(), replay.replay.clone())));
        let mut selected = Vec::new();
        for replay in replays {
            let Some(arrival) = arrival_of(self.table, &replay.id).await.map_err(unreadable)? else {
                continue;
            };
            let is_selected =
                !self.selection.retain(self.table, vec![arrival]).await.map_err(unreadable)?.is_empty();
            seen.insert((replay.id.clone(), replay.replay.clone()));
            selected.extend(is_selected.then_some(replay));
        }
        Ok(selected)
    }

    /// Waits for the time of the next pass, unless one is under way.
    async fn begin_pass(&mut self) {
        if self.at.is_none() {
            tokio::time::sleep(PASS_INTERVAL).await;
            self.passes = self.passes.wrapping_add(1);
            self.at = Some(self.next_pass_start());
        }
    }

    /// Waits for new events and returns them, oldest first. Never empty, if replays are not followed. Survives lost
    /// connections, and says so once.
    ///
    /// # Errors
    /// If the table cannot be read, for a reason that waiting does not change.
    pub(crate) async fn next(&mut self, output: &mut Output) -> Result<Vec<Arrival>, Failure> {
        let followed = self.next_or_replay(output).await?;
        let event = |followed| match followed {
            Followed::Event(event) => Some(event),
            Followed::Replay(_) => None,
        };
        Ok(followed.into_iter().filter_map(event).collect())
    }

    /// Returns the start of the next pass. Forgets the events that no pass can reach any more.
    fn next_pass_start(&mut self) -> ReceivedAt {
        let (now, ended) = (clock::now(), self.ended);
        self.seen.retain(|_, at| *at >= reach(now, ended).earlier(LONG_OVERLAP));
        beginning(now, ended, self.newest, self.passes).max(self.selection.from)
    }

    /// Reads the next page of the pass and returns its new events.
    async fn pass(&mut self, new_events: Seen) -> Result<Vec<Arrival>, Failure> {
        let Some(from) = self.at else { return Ok(Vec::new()) };
        let unreadable = |fault| Failure::Inlet { context: "the events cannot be followed", fault };
        let now = clock::now();
        let until = now_plus_skew(now);
        let slice = self.table.time_index.slice(from, until).await;
        let slice = slice.map_err(unreadable)?;
        let mut new = Vec::new();
        for arrival in slice.arrivals {
            if !self.seen.contains_key(&arrival.id) {
                new.push(arrival);
            }
        }
        let arrived: Vec<_> = new.iter().map(|arrival| (arrival.id.clone(), arrival.received_at())).collect();
        let new = match new_events {
            Seen::Return => self.selection.retain(self.table, new).await.map_err(unreadable)?,
            Seen::Skip => Vec::new(),
        };
        // Only now: after a failed read the events are new once more.
        for (id, at) in arrived {
            self.newest = self.newest.max(at);
            self.seen.insert(id, at);
        }
        self.at = (slice.reached < until).then_some(slice.reached);
        if self.at.is_none() {
            self.ended = now;
        }
        Ok(new)
    }
}

/// A new event, or an event that an operator sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Followed {
    /// A new event.
    Event(Arrival),
    /// A replay.
    Replay(IndexedReplay),
}

/// Returns the events of a pass and the replays that were read after it. The events count as seen, so a failed read of
/// the replays must not drop them: the next pass meets the failure again.
fn join_replays(
    events: Vec<Arrival>,
    replays: Result<Vec<IndexedReplay>, Failure>,
) -> Result<Vec<Followed>, Failure> {
    let replays = match replays {
        Err(failure) if events.is_empty() => return Err(failure),
        replays => replays.unwrap_or_default(),
    };
    let events = events.into_iter().map(Followed::Event);
    Ok(events.chain(replays.into_iter().map(Followed::Replay)).collect())
}

/// Follows replays: reads their part of the time index after each pass.
struct Replays {
    /// Replays before this time are not read: they were sent before the command began.
    start: ReceivedAt,
    seen: HashSet<(EventId, String)>,
}

/// The use of the events that a pass sees for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// Returns those that are selected.
    Return,
    /// Skips all of them, without a read.
    Skip,
}

/// A time during which AWS cannot be read.
#[derive(Default)]
pub(crate) struct Outage {
    failures: u32,
}

impl Outage {
    /// Reports the first failure, and waits: longer after each further one.
    ///
    /// # Errors
    /// The failure, if waiting does not end it: expired credentials, a missing permission or table.
    pub(crate) async fn wait(&mut self, failure: Failure, output: &mut Output) -> Result<(), Failure> {
        if !is_temporary(&failure) {
            return Err(failure);
        }
        if self.failures == 0 {
            let causes = failure.causes().join(": ");
            let cause = if causes.is_empty() { String::new() } else { format!(": {causes}") };
            output.note(format_args!("{failure}{cause}; trying again until it works"));
        }
        let backoff = MIN_BACKOFF.saturating_mul(1 << self.failures.min(4)).min(MAX_BACKOFF);
        self.failures = self.failures.saturating_add(1);
        tokio::time::sleep(backoff).await;
        Ok(())
    }

    /// Reports that AWS can be read again, if it could not.
    pub(crate) fn end(&mut self, output: &mut Output) {
        if std::mem::take(&mut self.failures) > 0 {
            output.note("it works again; no event was missed");
        }
    }
}

/// Returns true for a failure that can be over later without the user.
pub(crate) fn is_temporary(failure: &Failure) -> bool {
    match failure.aws_kind() {
        Some(AwsErrorKind::Throttled | AwsErrorKind::Unreachable | AwsErrorKind::Other) => true,
        Some(AwsErrorKind::Denied | AwsErrorKind::Expired | AwsErrorKind::Skewed | AwsErrorKind::Missing) => {
            false
        }
        None => matches!(failure, Failure::Inlet { fault, .. } if fault.kind == FaultKind::Transient),
    }
}

/// Returns a stored event as the time index lists it. None if it has expired.
async fn arrival_of(table: &Table, id: &EventId) -> Result<Option<Arrival>, Fault> {
    let stored = table.events.get(id).await?;
    Ok(stored.map(|StoredEvent { record, .. }| Arrival {
        id: id.clone(),
        received: record.received,
        event_type: record.event_type,
        canonical_type: record.canonical_type,
    }))
}

/// Returns the earliest start of a pass. The clock may have been set back since the last pass.
fn reach(now: ReceivedAt, ended: ReceivedAt) -> ReceivedAt {
    now.min(ended).earlier(LONG_OVERLAP)
}

/// Returns the start of a pass. After a pause it is the earliest one: events that were stored late during the pause
/// would be out of reach of every later pass.
fn beginning(now: ReceivedAt, ended: ReceivedAt, newest: ReceivedAt, pass: u32) -> ReceivedAt {
    let far = reach(now, ended);
    if pass.is_multiple_of(LONG_OVERLAP_EVERY) || now.since(ended) > OVERLAP {
        return far;
    }
    newest.min(now).min(ended).earlier(OVERLAP).max(far)
}

/// Returns None if Ctrl-C or another stop signal comes before `next` completes.
pub(crate) async fn unless_stopped<T>(next: impl Future<Output = T>) -> Option<T> {
    let mut signals = StopSignals::new();
    tokio::select! {
        biased;
        () = signals.next() => None,
        next = next => Some(next),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> ReceivedAt {
        ReceivedAt::parse(&format!("2025-06-12T{time}Z")).unwrap()
    }

    #[test]
    fn a_failed_read_of_replays_drops_no_event() {
        let failed = || Err(Failure::Inlet { context: "x", fault: Fault::transient("x", "y") });
        let event = Arrival {
            id: EventId::parse("zid/riyadh/order/8/0123456789abcdef").unwrap(),
            received: "2025-06-12T08:00:00Z".into(),
            event_type: "order.create".into(),
            canonical_type: "commerce.order.created".into(),
        };
        assert_eq!(join_replays(vec![event.clone()], failed()).unwrap(), [Followed::Event(event)]);
        assert!(join_replays(Vec::new(), failed()).is_err(), "without an event the failure is reported");
    }

    #[test]
    fn a_pass_starts_before_the_end_of_the_previous_one() {
        for (now, ended, newest, pass, begins) in [
            ("08:00:01", "08:00:00", "07:59:59", 1, "07:59:29"),
            ("08:00:01", "08:00:00", "08:00:30", 1, "07:59:30"),
            ("08:00:01", "08:00:00", "06:00:00", 1, "07:50:00"),
            ("08:00:01", "08:00:00", "07:59:59", LONG_OVERLAP_EVERY, "07:50:00"),
            ("11:00:00", "08:00:00", "07:59:59", 1, "07:50:00"),
            ("11:00:00", "08:00:00", "10:59:59", 1, "07:50:00"),
            ("07:00:00", "08:00:00", "07:59:59", 1, "06:59:30"),
        ] {
            let begun = beginning(at(now), at(ended), at(newest), pass);
            assert_eq!(begun, at(begins), "now {now}, last pass {ended}, newest event {newest}, pass {pass}");
        }
    }

    #[test]
    fn no_pass_starts_before_the_remembered_events() {
        for (now, ended) in [("08:00:01", "08:00:00"), ("11:00:00", "08:00:00"), ("07:00:00", "08:00:00")] {
            for pass in [1, LONG_OVERLAP_EVERY] {
                let begun = beginning(at(now), at(ended), at("06:00:00"), pass);
                assert!(begun >= reach(at(now), at(ended)), "now {now}, last pass {ended}, pass {pass}");
            }
        }
    }
}
