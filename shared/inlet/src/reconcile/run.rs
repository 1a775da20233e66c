//! One run over one kind of object: read, judge, publish what is missed, and count.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fetched::{Fetched, Missed};
use super::history::{EventLog, Publication};
use super::judge::{Judgement, Verdict, is_same_state, judge};
use super::observation::{Comparison, Coverage, Observation, Then, Window};
use super::reader::{Api, Detail, MOST_PAGES, Reader, Session, Unread};
use super::response::Failure;
use super::source::Source;
use crate::canonical::{Kind, StoreDefaults};
use crate::event::EventId;
use crate::fault::Fault;
use crate::proof::Verified;
use crate::received_at::ReceivedAt;
use crate::store::StoreName;

/// The inputs of a run.
#[derive(Debug)]
pub struct Run<'a> {
    /// The store.
    pub store: &'a StoreName,
    /// Its settings, by which the objects are completed.
    pub defaults: &'a StoreDefaults,
    /// The kind of object.
    pub kind: Kind,
    /// The begin of the window. It ends when the run begins.
    pub since: Timestamp,
    /// True if what is missed is published, false if it is only counted.
    pub publishes: bool,
    /// The objects that are read whole.
    pub details: Details,
}

/// The objects that are read whole, where the list lacks a part of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Details {
    /// Only those whose state is missed.
    OfMissed,
    /// All: one request for each changed object. It finds missed states of an object whose last state arrived.
    OfAll,
}

/// The number of entities, by their verdict. Each entity counts once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Webhooks brought the state.
    pub arrived: u64,
    /// An earlier run published the state.
    pub reconciled: u64,
    /// The state was not published before this run.
    pub missed: u64,
    /// The change is so young that its webhook may still arrive, whether it did or not.
    pub young: u64,
    /// The state cannot be compared.
    pub unknown: u64,
    /// The entity was forgotten after the change.
    pub forgotten: u64,
}

/// An entity whose state was not published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MissedEntity {
    /// The path of the entity.
    pub entity: String,
    /// The time of the change at the provider, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<String>,
    /// The fields that no event carries.
    pub fields: Vec<&'static str>,
    /// The number of earlier states in the provider's history that no event carries.
    pub earlier_states: usize,
    /// The number of events that were published. Zero if a run only counts.
    pub published: usize,
}

/// The result of a run over one kind.
#[derive(Debug)]
pub struct Outcome {
    /// The kind.
    pub kind: Kind,
    /// The counts.
    pub counts: Counts,
    /// The number of entities whose state was published again, because an older state had arrived after it.
    pub corrected: u64,
    /// The entities whose state was not published.
    pub missed: Vec<MissedEntity>,
    /// The share of the window that was seen, or the reason why it could not be read.
    pub coverage: Result<Coverage, Unread>,
    /// The oldest change that could not be judged although its webhook would have arrived: an event came after the read,
    /// or the object could not be read whole. The next run has to see it again.
    pub unsettled: Option<Timestamp>,
    /// The number of requests to the provider.
    pub requests: u64,
}

impl Outcome {
    /// Returns the share of the changed entities whose state webhooks brought, in thousandths, rounded down. `None`
    /// unless the whole window was read and at least one entity could be judged.
    pub fn arrived_per_mille(&self) -> Option<u64> {
        let Ok(Coverage::Complete) = self.coverage else { return None };
        let Counts { arrived, reconciled, missed, unknown, .. } = self.counts;
        let all = [arrived, reconciled, missed, unknown].into_iter().fold(0, u64::saturating_add);
        arrived.saturating_mul(1000).checked_div(all)
    }
}

/// The place that a run reached in a list that it did not read to its end. It can be stored, and a later run goes on
/// there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    walk: Value,
    /// The verdict of each object so far; `None` if they were too many to be stored.
    verdicts: Option<BTreeMap<String, Counted>>,
    /// The oldest change so far that could not be judged, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unsettled_ms: Option<i64>,
}

impl Place {
    /// Returns the place without the verdicts of the objects before it. The run that goes on there counts a part of the
    /// window, so the window has no share.
    #[must_use]
    pub fn without_verdicts(self) -> Self {
        Self { verdicts: None, ..self }
    }
}

/// Reads the API for one kind of object, judges every observation, and publishes what is missed. `progress` is called
/// after each observation.
///
/// A failure of the provider ends the run: the coverage of the outcome has it, and what was counted before stays.
///
/// # Errors
/// If the events cannot be read or written.
pub async fn reconcile<S: Source, A: Api + Sync, L: EventLog + Sync>(
    run: &Run<'_>,
    api: &A,
    access: &S::Access,
    session: &mut Session,
    log: &L,
    progress: impl Fn(&Counts) + Send + Sync,
) -> Result<Outcome, Fault> {
    Ok(reconcile_from::<S, A, L>(run, None, api, access, session, log, progress).await?.0)
}

/// Does the same from a place that an earlier run over the same window reached. Returns the place that this run reached
/// if the list was not read to its end: `None` if a later run has to begin again.
///
/// # Errors
/// If the events cannot be read or written.
pub async fn reconcile_from<S: Source, A: Api + Sync, L: EventLog + Sync>(
    run: &Run<'_>,
    from: Option<&Place>,
    api: &A,
    access: &S::Access,
    session: &mut Session,
    log: &L,
    progress: impl Fn(&Counts) + Send + Sync,
) -> Result<(Outcome, Option<Place>), Fault> {
    // A walk of another version cannot be read: the run begins again.
    let resumed = from.and_then(|place| Some((S::Walk::deserialize(&place.walk).ok()?, place)));
    let verdicts = resumed.as_ref().map(|(_, place)| place.verdicts.clone());
    let has_all_verdicts = verdicts.as_ref().is_none_or(Option::is_some);
    let unsettled = resumed.as_ref().and_then(|(_, place)| place.unsettled_ms);
    let mut running = Running {
        run,
        reader: Reader::<S, A>::new(api, access, session),
        log,
        walk: resumed.map(|(walk, _)| walk),
        verdicts: verdicts.flatten().unwrap_or_default(),
        counts: Counts::default(),
        corrected: 0,
        missed: BTreeMap::new(),
        undated: Vec::new(),
        unsettled: unsettled.and_then(|at| Timestamp::from_millisecond(at).ok()),
        failed_details: 0,
        has_all_verdicts,
    };
    for verdict in running.verdicts.values() {
        running.counts.add(*verdict);
    }
    let mut coverage = running.read_all(&progress).await?;
    if let Ok(Coverage::Complete) = coverage
        && !running.has_all_verdicts
    {
        coverage = Ok(Coverage::Unknown);
    }
    let place = if coverage.is_err() { running.place() } else { None };
    let outcome = Outcome {
        kind: run.kind,
        counts: running.counts,
        corrected: running.corrected,
        missed: running.missed.into_values().collect(),
        coverage,
        unsettled: running.unsettled,
        requests: running.reader.requests(),
    };
    Ok((outcome, place))
}

/// The number of whole objects in a row that cannot be read, after which a run ends: then it is not the objects.
const MOST_FAILED_DETAILS: u32 = 5;

/// The verdict of an entity, as it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Counted {
    Arrived,
    Reconciled,
    Missed,
    Young,
    Unknown,
    Forgotten,
}

/// An observation's verdict.
struct Judged {
    verdict: Verdict,
    /// The newest event of the entity.
    newest: Option<EventId>,
    /// True if the webhook of the last change may still arrive.
    is_young: bool,
}

/// The state of a run.
struct Running<'a, S: Source, A, L> {
    run: &'a Run<'a>,
    reader: Reader<'a, S, A>,
    log: &'a L,
    /// The page that is read next; `None` before the first one.
    walk: Option<S::Walk>,
    verdicts: BTreeMap<String, Counted>,
    counts: Counts,
    corrected: u64,
    missed: BTreeMap<String, MissedEntity>,
    undated: Vec<Fetched<S>>,
    unsettled: Option<Timestamp>,
    /// The number of whole objects in a row that could not be read.
    failed_details: u32,
    /// False if the verdict of an object is absent, or is not the one that the whole object would have had.
    has_all_verdicts: bool,
}

/// The end of a run before its end.
enum Ended {
    /// The provider's API could not be read.
    Unread(Unread),
    /// The events could not be read or written.
    Fault(Fault),
}

impl From<Unread> for Ended {
    fn from(unread: Unread) -> Self {
        Self::Unread(unread)
    }
}

impl From<Fault> for Ended {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl<S: Source, A: Api + Sync, L: EventLog + Sync> Running<'_, S, A, L> {
    async fn read_all(
        &mut self,
        progress: &(impl Fn(&Counts) + Send + Sync),
    ) -> Result<Result<Coverage, Unread>, Fault> {
        let read = async {
            let coverage = self.walk(progress).await?;
            self.look_again(progress).await?;
            Ok(coverage)
        };
        match read.await {
            Ok(coverage) => Ok(Ok(coverage)),
            Err(Ended::Unread(unread)) => Ok(Err(unread)),
            Err(Ended::Fault(fault)) => Err(fault),
        }
    }

    /// Reads the list to its end.
    async fn walk(&mut self, progress: &(impl Fn(&Counts) + Send + Sync)) -> Result<Coverage, Ended> {
        let now = Timestamp::from_millisecond(self.reader.now().millis()).unwrap_or(Timestamp::MIN);
        let window = Window { since: self.run.since, now };
        let begun = self.walk.take().or_else(|| S::begin(self.run.kind, window));
        let Some(mut walk) = begun else { return Ok(Coverage::Unknown) };
        for _ in 0..MOST_PAGES {
            self.walk = Some(walk.clone());
            let page = self.reader.page(&walk).await?;
            for fetched in page.observations {
                self.judge(fetched, None).await?;
                progress(&self.counts);
            }
            match page.then {
                Then::Continue(next) => walk = next,
                Then::Done(coverage) => return Ok(coverage),
            }
        }
        Err(Unread::TooLong.into())
    }

    /// Returns the place of a run that ended before its end. Objects without a time of change need a second read by the
    /// same run, so a run that still has some begins again.
    fn place(&self) -> Option<Place> {
        let walk = self.walk.as_ref().filter(|_| self.undated.is_empty())?;
        let walk = serde_json::to_value(walk).ok()?;
        let verdicts = self.has_all_verdicts.then(|| self.verdicts.clone());
        Some(Place { walk, verdicts, unsettled_ms: self.unsettled.map(Timestamp::as_millisecond) })
    }

    /// Judges objects without a time of change again, from a second read after the provider's retry window.
    async fn look_again(&mut self, progress: &(impl Fn(&Counts) + Send + Sync)) -> Result<(), Ended> {
        let undated = std::mem::take(&mut self.undated);
        // The list is at its end: a run that is stopped from here on begins again.
        if !undated.is_empty() {
            self.walk = None;
        }
        for first in undated {
            let age = self.reader.now().since(first.at());
            self.reader.pause(S::RETRY_WINDOW.saturating_sub(age)).await;
            match self.detail(first.observation()).await? {
                Some(Detail::Whole(second)) if self.is_before_window(&first, &second) => {
                    self.uncount(first.observation());
                }
                Some(Detail::Whole(second)) if is_same_state(first.observation(), second.observation()) => {
                    self.judge(*second, Some(first.at())).await?;
                }
                // It changed meanwhile.
                Some(Detail::Whole(second)) => self.count(second.observation(), Counted::Young),
                Some(Detail::NoRequest | Detail::Gone) | None => {
                    self.count(first.observation(), Counted::Unknown);
                }
            }
            progress(&self.counts);
        }
        Ok(())
    }

    /// Judges one observation, reads the whole object where that is needed, and publishes what is missed.
    async fn judge(&mut self, fetched: Fetched<S>, seen_before: Option<ReceivedAt>) -> Result<(), Ended> {
        let path = self.path(fetched.observation());
        let Judged { verdict, newest, is_young } = self.verdict(&fetched, &path, seen_before).await?;
        let needs_detail = seen_before.is_none()
            && match verdict {
                Verdict::Missed(_) | Verdict::Overtaken { .. } => true,
                Verdict::Arrived | Verdict::Reconciled => self.run.details == Details::OfAll,
                _ => false,
            };
        let whole =
            if needs_detail { self.detail(fetched.observation()).await? } else { Some(Detail::NoRequest) };
        let (fetched, Judged { verdict, newest, is_young }) = match whole {
            Some(Detail::Whole(whole)) if self.is_before_window(&fetched, &whole) => {
                self.uncount(fetched.observation());
                return Ok(());
            }
            Some(Detail::Whole(whole)) => {
                // A webhook may have arrived while the object was read.
                let judged = self.verdict(&whole, &path, seen_before).await?;
                (*whole, judged)
            }
            Some(Detail::NoRequest) => (fetched, Judged { verdict, newest, is_young }),
            Some(Detail::Gone) => {
                self.count(fetched.observation(), Counted::Unknown);
                return Ok(());
            }
            None => {
                self.count(fetched.observation(), Counted::Unknown);
                self.hold(fetched.observation());
                return Ok(());
            }
        };
        let observed = fetched.observation();
        if verdict == Verdict::Young && !is_young {
            self.hold(observed);
        }
        let counted = match verdict {
            // Of young changes only those that arrived are known, so they would make the share too high.
            Verdict::Arrived | Verdict::Reconciled if is_young => Counted::Young,
            Verdict::Arrived => Counted::Arrived,
            Verdict::Reconciled => Counted::Reconciled,
            Verdict::Young => Counted::Young,
            Verdict::Unknown => Counted::Unknown,
            Verdict::Forgotten => Counted::Forgotten,
            Verdict::Undated => {
                self.count(observed, Counted::Young);
                self.undated.push(fetched);
                return Ok(());
            }
            Verdict::Overtaken { fields, by_webhook } => {
                let missed = Missed { fields, entries: Vec::new() };
                self.corrected = self
                    .corrected
                    .saturating_add(u64::from(self.publish(&fetched, &missed, newest).await? > 0));
                match by_webhook {
                    _ if is_young => Counted::Young,
                    true => Counted::Arrived,
                    false => Counted::Reconciled,
                }
            }
            Verdict::Missed(missed) => {
                let published = self.publish(&fetched, &missed, newest).await?;
                let entity = MissedEntity {
                    entity: path,
                    changed: observed.changed_at.map(|at| at.to_string()),
                    fields: missed.fields,
                    earlier_states: missed.entries.len(),
                    published,
                };
                self.missed.insert(key(observed), entity);
                Counted::Missed
            }
        };
        self.count(fetched.observation(), counted);
        Ok(())
    }

    /// Reads the whole object of an observation. A failure that may be of this object alone does not end the run: the
    /// result is `None`.
    async fn detail(&mut self, observed: &Observation) -> Result<Option<Detail<S>>, Unread> {
        match self.reader.detail(observed).await {
            Err(Unread::Failure(
                Failure::Unavailable { .. } | Failure::Unreadable { .. } | Failure::Refused { .. },
            )) if self.failed_details.saturating_add(1) < MOST_FAILED_DETAILS => {
                self.failed_details = self.failed_details.saturating_add(1);
                self.has_all_verdicts = false;
                Ok(None)
            }
            Ok(detail) => {
                self.failed_details = 0;
                Ok(Some(detail))
            }
            Err(unread) => Err(unread),
        }
    }

    /// Returns true if an object of a list without times turns out to be older than the window.
    fn is_before_window(&self, listed: &Fetched<S>, whole: &Fetched<S>) -> bool {
        listed.observation().changed_at.is_none()
            && whole.observation().changed_at.is_some_and(|changed| changed < self.run.since)
    }

    /// Notes a change that the next run has to see again.
    fn hold(&mut self, observed: &Observation) {
        if let Some(changed) = observed.changed_at {
            self.unsettled = Some(self.unsettled.map_or(changed, |oldest| oldest.min(changed)));
        }
    }

    /// Publishes what the entity's events lack, if the run publishes. Returns the number of new events.
    async fn publish(
        &self,
        fetched: &Fetched<S>,
        missed: &Missed,
        newest: Option<EventId>,
    ) -> Result<usize, Ended> {
        let mut published: usize = 0;
        let events = fetched.events(missed, newest.as_ref(), self.run.store, self.run.defaults);
        for event in events.into_iter().filter(|_| self.run.publishes) {
            match self.log.publish(Verified::observed(event)).await? {
                Publication::Published => published = published.saturating_add(1),
                Publication::Known | Publication::Forgotten => {}
            }
        }
        Ok(published)
    }

    /// Judges an observation by the events as they are now.
    async fn verdict(
        &self,
        fetched: &Fetched<S>,
        path: &str,
        seen_before: Option<ReceivedAt>,
    ) -> Result<Judged, Ended> {
        let history = self.log.history(path).await?;
        let facts = Judgement {
            observed: fetched.observation(),
            at: fetched.at(),
            since: self.run.since,
            retry_window: retry_window::<S>(),
            seen_before,
        };
        let newest = history.events.last().map(|event| event.id.clone());
        Ok(Judged { verdict: judge(&facts, &history), newest, is_young: facts.is_young() })
    }

    fn path(&self, observed: &Observation) -> String {
        EventId::path_of(S::NAME, self.run.store, observed.kind, &observed.entity)
    }

    /// Takes back that an observation was counted: it is not in the window.
    fn uncount(&mut self, observed: &Observation) {
        if let Some(before) = self.verdicts.remove(&key(observed)) {
            self.counts.remove(before);
        }
    }

    /// Counts an observation. One that was missed in this run stays so: a page that is read again shows it as published.
    fn count(&mut self, observed: &Observation, counted: Counted) {
        match self.verdicts.insert(key(observed), counted) {
            Some(Counted::Missed) => {
                self.verdicts.insert(key(observed), Counted::Missed);
            }
            Some(before) => {
                self.counts.remove(before);
                self.counts.add(counted);
            }
            None => self.counts.add(counted),
        }
    }
}

/// The time in which a provider may still deliver a change.
fn retry_window<S: Source>() -> Duration {
    <S as crate::provider::Provider>::RETRY_WINDOW
}

impl Counts {
    fn of(&mut self, verdict: Counted) -> &mut u64 {
        match verdict {
            Counted::Arrived => &mut self.arrived,
            Counted::Reconciled => &mut self.reconciled,
            Counted::Missed => &mut self.missed,
            Counted::Young => &mut self.young,
            Counted::Unknown => &mut self.unknown,
            Counted::Forgotten => &mut self.forgotten,
        }
    }

    fn add(&mut self, verdict: Counted) {
        let count = self.of(verdict);
        *count = count.saturating_add(1);
    }

    fn remove(&mut self, verdict: Counted) {
        let count = self.of(verdict);
        *count = count.saturating_sub(1);
    }
}

/// Returns the name under which an observation is counted: its entity, or itself if it is something that happened once.
fn key(observed: &Observation) -> String {
    let mut key = observed.entity.clone();
    if observed.comparison == Comparison::Any {
        for (_, value) in &observed.state {
            key.push('\n');
            key.push_str(value);
        }
    }
    key
}
