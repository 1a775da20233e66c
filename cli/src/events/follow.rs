//! Follows the stored stream: the time index, again and again, and each event once.
//!
//! The index shows an event some moments after it is stored, and what only the queue had is stored late under its
//! time of arrival. So each look goes back a little, and now and then further; what was seen is remembered. It goes
//! back from the end of the look before: however long nobody looked, nothing is passed over.

use std::collections::HashMap;
use std::time::Duration;

use inlet::event::EventId;
use inlet::received_at::ReceivedAt;
use inlet_aws::client::clock;
use inlet_aws::dynamodb::arrivals::Arrival;
use inlet_aws::dynamodb::table::Table;
use inlet_aws::operate::replay::Selection;

use crate::failure::Failure;
use crate::input::time_arg::now_plus_skew;

/// How long after a look the next one comes.
const EVERY: Duration = Duration::from_secs(1);

/// How far each look goes back behind the newest event: a receiver may take seconds, the index another.
const NEAR: Duration = Duration::from_secs(30);

/// How far each [`LOOKS`]th look goes back, and the first.
const FAR: Duration = Duration::from_mins(10);
const LOOKS: u32 = 15;

/// What is followed, and what was seen of it.
pub(crate) struct Follow<'t> {
    table: &'t Table,
    selection: Selection,
    seen: HashMap<EventId, ReceivedAt>,
    newest: ReceivedAt,
    /// When the table was last read to its end.
    ended: ReceivedAt,
    /// Where the current look goes on; nothing between two looks.
    at: Option<ReceivedAt>,
    looks: u32,
}

impl<'t> Follow<'t> {
    /// Follows what fits the selection, from its beginning on: what is there already comes first.
    pub(crate) fn from_its_beginning(table: &'t Table, selection: Selection) -> Self {
        let from = selection.from;
        Self { table, selection, seen: HashMap::new(), newest: from, ended: from, at: Some(from), looks: 0 }
    }

    /// Follows what comes from now on. What is there is seen: so no clock has to say when "now" is.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub(crate) async fn from_now(table: &'t Table, selection: Selection) -> Result<Self, Failure> {
        let from = clock::now().earlier(FAR);
        let mut follow = Self::from_its_beginning(table, Selection { from, ..selection });
        while follow.at.is_some() {
            follow.look().await?;
        }
        Ok(follow)
    }

    /// The next events, oldest first; at least one. Waits for it.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub(crate) async fn next(&mut self) -> Result<Vec<Arrival>, Failure> {
        loop {
            if self.at.is_none() {
                tokio::time::sleep(EVERY).await;
                self.looks = self.looks.wrapping_add(1);
                self.at = Some(self.behind());
            }
            let new = self.look().await?;
            if !new.is_empty() {
                return Ok(new);
            }
        }
    }

    /// Where a look begins; what no look reaches any more is forgotten.
    fn behind(&mut self) -> ReceivedAt {
        let (now, ended) = (clock::now(), self.ended);
        self.seen.retain(|_, at| *at >= reach(now, ended).earlier(FAR));
        beginning(now, ended, self.newest, self.looks).max(self.selection.from)
    }

    /// A part of a look: what of it is new.
    async fn look(&mut self) -> Result<Vec<Arrival>, Failure> {
        let Some(from) = self.at else { return Ok(Vec::new()) };
        let now = clock::now();
        let until = now_plus_skew(now);
        let slice = self.table.arrivals(from, until).await;
        let slice =
            slice.map_err(|fault| Failure::Inlet { doing: "the events cannot be followed", fault })?;
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

/// The furthest that a look goes back. The clock may have been set back since the last one ended.
fn reach(now: ReceivedAt, ended: ReceivedAt) -> ReceivedAt {
    now.min(ended).earlier(FAR)
}

/// Where the look of this number begins. After a pause it goes as far back as it can: what was stored late during
/// the pause would be out of every later look's reach.
fn beginning(now: ReceivedAt, ended: ReceivedAt, newest: ReceivedAt, look: u32) -> ReceivedAt {
    let far = reach(now, ended);
    if look.is_multiple_of(LOOKS) || now.since(ended) > NEAR {
        return far;
    }
    newest.min(now).min(ended).earlier(NEAR).max(far)
}

/// Whether the person at the terminal has had enough (Ctrl-C), or `next` comes first.
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
    fn a_look_goes_back_from_the_end_of_the_last_one_however_long_ago_that_was() {
        for (now, ended, newest, look, begins) in [
            ("08:00:01", "08:00:00", "07:59:59", 1, "07:59:29"),
            ("08:00:01", "08:00:00", "08:00:30", 1, "07:59:30"),
            ("08:00:01", "08:00:00", "06:00:00", 1, "07:50:00"),
            ("08:00:01", "08:00:00", "07:59:59", LOOKS, "07:50:00"),
            ("11:00:00", "08:00:00", "07:59:59", 1, "07:50:00"),
            ("11:00:00", "08:00:00", "10:59:59", 1, "07:50:00"),
            ("07:00:00", "08:00:00", "07:59:59", 1, "06:59:30"),
        ] {
            let begun = beginning(at(now), at(ended), at(newest), look);
            assert_eq!(begun, at(begins), "now {now}, last look {ended}, newest event {newest}, look {look}");
        }
    }

    #[test]
    fn no_look_begins_before_what_is_remembered() {
        for (now, ended) in [("08:00:01", "08:00:00"), ("11:00:00", "08:00:00"), ("07:00:00", "08:00:00")] {
            for look in [1, LOOKS] {
                let begun = beginning(at(now), at(ended), at("06:00:00"), look);
                assert!(begun >= reach(at(now), at(ended)), "now {now}, last look {ended}, look {look}");
            }
        }
    }
}
