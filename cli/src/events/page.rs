//! One page of events, newest first, for the console and for agents: bounded in events and in time, so that a search
//! over a long time without a match returns too. It then names the time from which the search continues.

use std::time::{Duration, Instant};

use inlet::received_at::ReceivedAt;
use inlet_aws::dynamodb::table::Table;
use inlet_aws::dynamodb::time_index::Arrival;
use inlet_aws::history::event_status::event_statuses;
use inlet_aws::operate::index_desc;
use inlet_aws::operate::selection::Selection;

use crate::events::list::{Listed, State};
use crate::failure::Failure;

/// The parts of the time that are read one after the other: the first ones are short, because the newest events are
/// wanted most often. The last one is repeated: four hours are read at once.
const PARTS: [Duration; 4] =
    [Duration::from_mins(20), Duration::from_hours(1), Duration::from_hours(3), LAST_PART];
const LAST_PART: Duration = Duration::from_hours(4);

/// Maximum number of events of [`read_all`]: they are kept in memory until the user confirms.
const MAX_ALL: usize = 10_000;

/// Events of a page, and its time, in [`read_all`].
const ALL_AT_ONCE: usize = 1_000;
const ALL_TIME: Duration = Duration::from_secs(10);

/// The wanted events.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// The events by their keys and times.
    pub(crate) selection: Selection,
    /// Only events of entities with this id, of any kind.
    pub(crate) entity_id: Option<String>,
    /// Only events in this state.
    pub(crate) state: Option<State>,
    /// Number of events. The events of the last one's millisecond are all returned.
    pub(crate) limit: usize,
    /// The time after which the search pauses.
    pub(crate) time_limit: Duration,
}

/// A page of events.
#[derive(Debug, Default)]
pub(crate) struct EventPage {
    /// The events, newest first.
    pub(crate) events: Vec<Listed>,
    /// The page continues before this time; `None` if there are no older events in the selected time.
    pub(crate) older_before: Option<String>,
    /// True if the search paused before it found enough events.
    pub(crate) is_paused: bool,
}

/// Reads a page.
///
/// # Errors
/// If the table cannot be read.
pub(crate) async fn read(table: &Table, wanted: &Wanted) -> Result<EventPage, Failure> {
    let (from, until) = (wanted.selection.from, wanted.selection.until);
    let mut page = EventPage::default();
    if let Some(path) = wanted.selection.entity_path() {
        let mut arrivals = table.time_index.of_entity(&path, from, until).await.map_err(unlisted)?;
        arrivals.reverse();
        page.add(table, wanted, arrivals).await?;
        return Ok(page);
    }
    let started = Instant::now();
    let mut end = until;
    let hours = wanted.selection.hours_to_read(table).await;
    let mut parts = PARTS.into_iter().chain(std::iter::repeat(LAST_PART));
    while end > from {
        let start = end.earlier(parts.next().unwrap_or_default()).max(from);
        let mut newest = index_desc::NewestFirst::with_page_len(
            table,
            (start, end),
            page_len(wanted.limit),
            hours.clone(),
        );
        while let Some(arrivals) = newest.next().await.map_err(unlisted)? {
            let reached = arrivals.last().map(|arrival| arrival.received.clone());
            if page.add(table, wanted, arrivals).await? {
                return Ok(page);
            }
            if started.elapsed() > wanted.time_limit && reached.is_some() {
                page.older_before = reached;
                page.is_paused = true;
                return Ok(page);
            }
        }
        end = start;
        if started.elapsed() > wanted.time_limit && end > from {
            page.older_before = Some(end.to_string());
            page.is_paused = true;
            return Ok(page);
        }
    }
    Ok(page)
}

/// Reads all wanted events, oldest first, whatever the limits of a page.
///
/// # Errors
/// If the table cannot be read, or if more than [`MAX_ALL`] events match.
pub(crate) async fn read_all(table: &Table, wanted: Wanted) -> Result<Vec<Arrival>, Failure> {
    let mut wanted = Wanted { limit: ALL_AT_ONCE, time_limit: ALL_TIME, ..wanted };
    let mut events = Vec::new();
    loop {
        let EventPage { events: some, older_before, .. } = read(table, &wanted).await?;
        events.extend(some.into_iter().filter_map(Listed::into_arrival));
        if events.len() > MAX_ALL {
            return Err(Failure::Unusable {
                what: format!("more than {MAX_ALL} events match"),
                next: "choose a shorter time, or more filters".to_owned(),
            });
        }
        // A page contains all events of its last millisecond, so the next one continues before it.
        match older_before.as_deref().and_then(ReceivedAt::parse) {
            Some(until) if until < wanted.selection.until => wanted.selection.until = until,
            _ => break,
        }
    }
    events.sort_by(|a: &Arrival, b| (&a.received, &a.id).cmp(&(&b.received, &b.id)));
    Ok(events)
}

/// Returns the number of events to read of each shard at once. The shards share the events evenly, but not exactly.
fn page_len(limit: usize) -> i32 {
    let of_shard = limit.saturating_mul(2).div_ceil(8).max(16);
    i32::try_from(of_shard).unwrap_or(i32::MAX)
}

fn unlisted(fault: inlet::fault::Fault) -> Failure {
    Failure::Inlet { context: "the events cannot be listed", fault }
}

impl Wanted {
    fn fits(&self, arrival: &Arrival) -> bool {
        let id = arrival.id.entity_path().splitn(4, '/').nth(3);
        self.selection.fits(arrival)
            && self.entity_id.as_ref().is_none_or(|wanted| Some(wanted.as_str()) == id)
    }
}

impl EventPage {
    /// Adds the wanted ones of these arrivals. Returns true if the page is full.
    async fn add(
        &mut self,
        table: &Table,
        wanted: &Wanted,
        mut arrivals: Vec<Arrival>,
    ) -> Result<bool, Failure> {
        arrivals.retain(|arrival| wanted.fits(arrival));
        if wanted.selection.needs_reads() {
            let matching = wanted.selection.retain(table, arrivals).await;
            arrivals =
                matching.map_err(|fault| Failure::Inlet { context: "the events cannot be read", fault })?;
        }
        let found = arrivals.len();
        if wanted.state.is_none() {
            // The states of events that do not fit on the page are not read. No page of the index ends within a
            // millisecond, so a full page is complete.
            let left = wanted.limit.saturating_sub(self.events.len());
            let last =
                left.checked_sub(1).and_then(|last| arrivals.get(last)).map(|last| last.received.clone());
            let mut kept = 0_usize;
            arrivals.retain(|arrival| {
                kept = kept.saturating_add(1);
                kept <= left || Some(&arrival.received) == last.as_ref()
            });
        }
        let has_more = arrivals.len() < found;
        for some in arrivals.chunks(100) {
            let events: Vec<_> = some.iter().map(|arrival| (&arrival.id, arrival.received_at())).collect();
            let statuses = event_statuses(table, &events).await;
            let statuses =
                statuses.map_err(|fault| Failure::Inlet { context: "the receipts cannot be read", fault })?;
            for (arrival, status) in some.iter().zip(statuses) {
                let listed = Listed::new(arrival.clone(), status);
                if wanted.state.is_some_and(|state| state != listed.state) {
                    continue;
                }
                let last = self.events.last().map(|last| &last.received);
                if self.events.len() >= wanted.limit && last != Some(&listed.received) {
                    self.older_before = last.cloned();
                    return Ok(true);
                }
                self.events.push(listed);
            }
        }
        if has_more {
            self.older_before = self.events.last().map(|last| last.received.clone());
        }
        Ok(has_more)
    }
}
