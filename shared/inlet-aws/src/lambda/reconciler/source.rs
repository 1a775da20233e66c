//! The reconciler's work on the stores that share a limit of requests: each list from its cursor, until the list or the
//! time of the run ends.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use inlet::fault::Fault;
use inlet::provider::Provider;
use inlet::received_at::ReceivedAt;
use inlet::reconcile::{
    Api, CLOCK_SKEW, Coverage, Details, EXPIRY_MARGIN, Outcome, Place, Run, Session, Source, reconcile_from,
};
use jiff::Timestamp;
use serde::Deserialize as _;
use serde_json::Value;

use crate::dynamodb::reconciliation::{Cursor, ListName, OpenWindow};
use crate::history::event_log::TableEventLog;
use crate::lambda::reconciler::RUN_INTERVAL;
use crate::lambda::reconciler::access::StoreAccess;
use crate::lambda::reconciler::report::{ListReport, ListResult, Reading};
use crate::lambda::reconciler::time_limit::Limited;

/// The window of a list's first run. `inlet reconcile --since` reads older changes.
const FIRST_WINDOW: Duration = Duration::from_hours(24);

/// The time by which a window begins before the end of the last one, beside the provider's retry window. It covers clocks
/// that differ by five minutes, an API that shows a change late, and the time to the next run.
const OVERLAP: Duration = Duration::from_mins(21);

// Two runs judge a change, so that the second one corrects what a publication that was late hid from the first.
const _: () = assert!(OVERLAP.as_millis() > CLOCK_SKEW.as_millis() + RUN_INTERVAL.as_millis());

/// The time by which a cursor stays behind for a change that cannot be judged.
const LONGEST_HOLD: Duration = Duration::from_hours(12);

/// The age from which on a place in an open window is not used: objects before it may have changed since they were read.
const OLDEST_PLACE: Duration = Duration::from_hours(12);

/// The receiver of each list's report, when the list ends.
pub type OnList<'a> = &'a (dyn Fn(&ListReport) + Sync);

/// The inputs of the work on the stores that share a limit of requests. They are read one after the other.
pub(super) struct Work<'a, A> {
    pub(super) log: &'a TableEventLog,
    pub(super) api: &'a A,
    pub(super) stores: Vec<&'a StoreAccess>,
    /// The time at which the work ends.
    pub(super) until: ReceivedAt,
    pub(super) on_list: OnList<'a>,
}

/// The reconciliation of the stores of one provider.
pub struct SourceReconciler<A> {
    pub(super) name: &'static str,
    /// The time of the provider's limit: after it, none of a run's requests counts.
    pub(super) limit_time: Duration,
    /// Returns the account whose requests the provider counts together: [`Source::limit_scope`].
    pub(super) limit_scope: fn(&StoreAccess) -> Option<String>,
    pub(super) reconcile: for<'a> fn(Work<'a, A>) -> Reconciling<'a>,
}

/// The reports of the stores' lists.
pub(super) type Reconciling<'a> = Pin<Box<dyn Future<Output = Vec<ListReport>> + Send + 'a>>;

impl<A: Api + Sync> SourceReconciler<A> {
    /// Returns the reconciliation of this provider's stores.
    pub fn of<S: Source>() -> Self {
        Self {
            name: <S as Provider>::NAME,
            limit_time: S::LIMIT.every,
            limit_scope: |store| S::limit_scope(&usable_access::<S>(store).ok()?),
            reconcile: |work| Box::pin(reconcile_stores::<S, A>(work)),
        }
    }
}

impl<A> fmt::Debug for SourceReconciler<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Returns the access of a store, or the reason why it cannot be used.
fn usable_access<S: Source>(store: &StoreAccess) -> Result<S::Access, String> {
    // The error may quote the access.
    let parse = |access: &Value| S::Access::deserialize(access).ok();
    parse(store.access.as_ref().map_err(Clone::clone)?)
        .ok_or_else(|| "the stored access is unusable".to_owned())
}

async fn reconcile_stores<S: Source, A: Api + Sync>(work: Work<'_, A>) -> Vec<ListReport> {
    let mut session = Session::new(S::LIMIT);
    let mut reports = Vec::new();
    for store in &work.stores {
        let access = usable_access::<S>(store);
        for &kind in S::COMPARED {
            let list = ListName { provider: <S as Provider>::NAME, store: store.store.clone(), kind };
            let reading = reconcile_list::<S, A>(&work, store, &list, access.as_ref(), &mut session).await;
            let report = ListReport { list, reading };
            (work.on_list)(&report);
            reports.push(report);
        }
        session = session.for_next_store();
    }
    reports
}

/// Reads a list from its cursor on, and stores where the next run goes on.
async fn reconcile_list<S: Source, A: Api + Sync>(
    work: &Work<'_, A>,
    store: &StoreAccess,
    list: &ListName,
    access: Result<&S::Access, &String>,
    session: &mut Session,
) -> Result<Reading, Fault> {
    let cursors = &work.log.table.reconciliations;
    let now = work.api.now();
    if let Some(field) = access.ok().and_then(|access| S::lacks(list.kind, access)) {
        let result = ListResult::NotConfigured(field);
        return Ok(Reading { since: now, until: now, age: Duration::ZERO, result });
    }
    let cursor = cursors.cursor(list).await?;
    let current_at = cursor.as_ref().map_or(now, |cursor| cursor.current_at);
    let window = Window::after::<S>(cursor.as_ref(), now, cursors.first_kept(now));
    let Window { since, until, .. } = window;
    let (outcome, place, is_over) = match access {
        Err(reason) => (Err(reason.clone()), None, false),
        Ok(access) => {
            let api = Limited::new(work.api, work.until);
            let run = Run {
                store: &list.store,
                defaults: &store.defaults,
                kind: list.kind,
                since: Timestamp::from_millisecond(since.millis()).unwrap_or(Timestamp::MIN),
                publishes: true,
                details: Details::OfMissed,
            };
            let from = window.place.as_ref();
            let reading = reconcile_from::<S, _, _>(&run, from, &api, access, session, work.log, |_| {});
            let (outcome, place) = Box::pin(reading).await?;
            (Ok(outcome), place, api.is_over())
        }
    };
    let is_read = outcome.as_ref().is_ok_and(is_read_to_its_end);
    let next = if is_read {
        let unsettled = outcome.as_ref().ok().and_then(|outcome| outcome.unsettled);
        Cursor { read_until: read_until(until, unsettled), current_at: until.max(current_at), open: None }
    } else {
        let read_until = cursor.map_or(since, |cursor| cursor.read_until);
        // After a failure of the API the window is read again: the API may be down for hours, and a new window ends later.
        let open = place.filter(|_| is_over).map(|place| OpenWindow { since, until, place });
        Cursor { read_until, current_at, open }
    };
    let current_at = next.current_at;
    cursors.store_cursor(list, next, work.api.now()).await?;
    Ok(Reading { since, until, age: work.api.now().since(current_at), result: result(outcome, is_over) })
}

/// Returns the end of what the next run need not see again: the oldest change that could not be judged, else the end of
/// the window. One that can never be judged does not hold the cursor for ever.
pub(super) fn read_until(until: ReceivedAt, unsettled: Option<Timestamp>) -> ReceivedAt {
    let unsettled = unsettled.and_then(|at| ReceivedAt::from_millis(at.as_millisecond()));
    unsettled.map_or(until, |at| at.clamp(until.earlier(LONGEST_HOLD), until))
}

/// Returns true if every page was read. A list that returns a page again may have more, which would never be read if
/// the cursor moved.
fn is_read_to_its_end(outcome: &Outcome) -> bool {
    matches!(outcome.coverage, Ok(Coverage::Complete | Coverage::Unknown))
}

/// The result of reading a list.
fn result(outcome: Result<Outcome, String>, is_over: bool) -> ListResult {
    match outcome {
        Err(reason) => ListResult::NoAccess(reason),
        Ok(outcome) if is_read_to_its_end(&outcome) => ListResult::Read(outcome),
        Ok(outcome) if outcome.coverage.is_err() && is_over => ListResult::Unfinished(outcome),
        Ok(outcome) => ListResult::Unread(outcome),
    }
}

/// The window of a run, and the place where the run begins in it.
pub(super) struct Window {
    pub(super) since: ReceivedAt,
    pub(super) until: ReceivedAt,
    pub(super) place: Option<Place>,
}

impl Window {
    /// Returns the window that the last run left open, or the one after the last run's.
    pub(super) fn after<S: Source>(cursor: Option<&Cursor>, now: ReceivedAt, first_kept: ReceivedAt) -> Self {
        let oldest = ReceivedAt::from_millis(
            first_kept.millis().saturating_add(i64::try_from(EXPIRY_MARGIN.as_millis()).unwrap_or(i64::MAX)),
        )
        .unwrap_or(now);
        let since = match cursor {
            Some(Cursor { open: Some(OpenWindow { since, until, place }), .. })
                if *since >= oldest && now.since(*until) < OLDEST_PLACE =>
            {
                return Self { since: *since, until: *until, place: Some(place.clone()) };
            }
            Some(cursor) => cursor.read_until.earlier(<S as Provider>::RETRY_WINDOW.saturating_add(OVERLAP)),
            None => now.earlier(FIRST_WINDOW),
        };
        Self { since: since.max(oldest), until: now, place: None }
    }
}
