//! Follows new events: reads the time index every second and returns each event once.
//!
//! An event appears in the index moments after it is stored, and an event from the queue appears late under its time
//! of arrival. So each pass starts a little before the newest event, and some passes start earlier. Seen events are
//! remembered. A pass never starts after the end of the previous one, so no pause loses an event.

use std::collections::HashMap;
use std::time::Duration;

use inlet::event::EventId;
use inlet::received_at::ReceivedAt;
use inlet_aws::client::clock;
use inlet_aws::dynamodb::table::Table;
use inlet_aws::dynamodb::time_index::Arrival;
use inlet_aws::operate::replay::Selection;

use crate::failure::Failure;
use crate::input::time_arg::now_plus_skew;

/// Pause between two passes.
const EVERY: Duration = Duration::from_secs(1);

/// Time by which a pass goes back behind the newest event. A receiver may take seconds, and the index too.
const NEAR: Duration = Duration::from_secs(30);

/// Time by which the first and each [`FAR_EVERY`]th pass goes back.
const FAR: Duration = Duration::from_mins(10);
const FAR_EVERY: u32 = 15;

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
}

impl<'t> Follow<'t> {
    /// Follows the selection from its beginning: existing events come first.
    pub(crate) fn from_start(table: &'t Table, selection: Selection) -> Self {
        let from = selection.from;
        Self { table, selection, seen: HashMap::new(), newest: from, ended: from, at: Some(from), passes: 0 }
    }

    /// Follows new events only. Existing events count as seen, so the result does not depend on a clock.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub(crate) async fn from_now(table: &'t Table, selection: Selection) -> Result<Self, Failure> {
        let from = clock::now().earlier(FAR);
        let mut follow = Self::from_start(table, Selection { from, ..selection });
        while follow.at.is_some() {
            follow.pass().await?;
        }
        Ok(follow)
    }

    /// Waits for new events and returns them, oldest first. Never empty.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub(crate) async fn next(&mut self) -> Result<Vec<Arrival>, Failure> {
        loop {
            if self.at.is_none() {
                tokio::time::sleep(EVERY).await;
                self.passes = self.passes.wrapping_add(1);
                self.at = Some(self.behind());
            }
            let new = self.pass().await?;
            if !new.is_empty() {
                return Ok(new);
            }
        }
    }

    /// Returns the start of the next pass. Forgets the events that no pass can reach any more.
    fn behind(&mut self) -> ReceivedAt {
        let (now, ended) = (clock::now(), self.ended);
        self.seen.retain(|_, at| *at >= reach(now, ended).earlier(FAR));
        beginning(now, ended, self.newest, self.passes).max(self.selection.from)
    }

    /// Reads the next page of the pass and returns its new events.
    async fn pass(&mut self) -> Result<Vec<Arrival>, Failure> {
        let Some(from) = self.at else { return Ok(Vec::new()) };
        let now = clock::now();
        let until = now_plus_skew(now);
        let slice = self.table.time_index.slice(from, until).await;
        let slice =
            slice.map_err(|fault| Failure::Inlet { context: "the events cannot be followed", fault })?;
        let mut new = Vec::new();
        for arrival in slice.arrivals {
            let at = arrival.received_at();
            if self.seen.insert(arrival.id.clone(), at).is_none() {
                self.newest = self.newest.max(at);
                new.extend(self.selection.fits(&arrival).then_some(arrival));
            }
        }
        self.at = (slice.reached < until).then_some(slice.reached);
        if self.at.is_none() {
            self.ended = now;
        }
        Ok(new)
    }
}

/// Returns the earliest start of a pass. The clock may have been set back since the last pass.
fn reach(now: ReceivedAt, ended: ReceivedAt) -> ReceivedAt {
    now.min(ended).earlier(FAR)
}

/// Returns the start of a pass. After a pause it is the earliest one: events that were stored late during the pause
/// would be out of reach of every later pass.
fn beginning(now: ReceivedAt, ended: ReceivedAt, newest: ReceivedAt, pass: u32) -> ReceivedAt {
    let far = reach(now, ended);
    if pass.is_multiple_of(FAR_EVERY) || now.since(ended) > NEAR {
        return far;
    }
    newest.min(now).min(ended).earlier(NEAR).max(far)
}

/// Returns None if Ctrl-C is pressed before `next` completes.
pub(crate) async fn unless_stopped<T>(next: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        _ = tokio::signal::ctrl_c() => None,
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
    fn a_pass_starts_before_the_end_of_the_previous_one() {
        for (now, ended, newest, pass, begins) in [
            ("08:00:01", "08:00:00", "07:59:59", 1, "07:59:29"),
            ("08:00:01", "08:00:00", "08:00:30", 1, "07:59:30"),
            ("08:00:01", "08:00:00", "06:00:00", 1, "07:50:00"),
            ("08:00:01", "08:00:00", "07:59:59", FAR_EVERY, "07:50:00"),
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
            for pass in [1, FAR_EVERY] {
                let begun = beginning(at(now), at(ended), at("06:00:00"), pass);
                assert!(begun >= reach(at(now), at(ended)), "now {now}, last pass {ended}, pass {pass}");
            }
        }
    }
}
