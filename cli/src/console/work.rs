//! The actions of the console: each is planned with a count first, then carried out once, in the background.
//!
//! 1. A form makes a [`Plan`]. It is counted, and kept under a random name.
//! 2. The page of the plan asks. Its form names the plan, and takes it: a repeated form finds none.
//! 3. A [`Job`] carries it out. Its page shows the progress, then the result.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use inlet::fault::Fault;
use inlet_aws::client::clock;
use inlet_aws::dynamodb::time_index::Arrival;
use inlet_aws::operate::dead_letters::{Action, LetterFilter, LettersDone};
use inlet_aws::operate::forget::{Entity, Forget, SETTLE};
use inlet_aws::operate::replay::{Replay, ReplayId, Replayed};
use inlet_aws::operate::selection::Selection;
use inlet_aws::reverify::Reverified;
use rand::distr::{Alphanumeric, SampleString as _};
use tokio::sync::watch;

use crate::commands::replay::id_from;
use crate::deployment::Deployment;
use crate::deployment::address::StoreAddress;
use crate::failure::Failure;
use crate::output::counted;
use crate::providers::Quarantined;

/// Plans and jobs that are kept: a person has a few open at once.
const KEPT: usize = 100;

/// Messages that an action sends a second: as `inlet replay` and `inlet redrive` without --rate.
const RATE: u32 = 50;

/// Interval between updates of a job's progress.
const TICK: Duration = Duration::from_millis(200);

/// A planned action.
#[derive(Clone)]
pub(crate) enum Plan {
    /// Sends these events again.
    ReplayEvents(Vec<Arrival>),
    /// Sends all events of a selection again.
    ReplaySelection(Box<Selection>),
    /// Moves the dead letters back to the queue.
    Redrive,
    /// Verifies the quarantined deliveries of these stores again.
    Reverify(Vec<StoreAddress>),
    /// Deletes all events of an entity.
    Forget(Entity),
}

/// A plan that was counted.
#[derive(Clone)]
pub(crate) struct Counted {
    /// The plan.
    pub(crate) plan: Plan,
    /// Number of events, letters or deliveries.
    pub(crate) count: u64,
}

/// A plan that is or was carried out.
pub(crate) struct Job {
    /// Its number in the address of its page.
    pub(crate) number: u64,
    /// The action in words.
    pub(crate) title: &'static str,
    /// The count of the plan.
    pub(crate) count: u64,
    done: AtomicU64,
    outcome: watch::Sender<Option<Outcome>>,
    /// Becomes true if the job should end early. A redrive gives back its letters then.
    stop: watch::Receiver<bool>,
}

/// The result of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// True if all of it was done.
    pub(crate) is_complete: bool,
    /// The results, a sentence each.
    pub(crate) lines: Vec<String>,
}

/// The plans and jobs of a console.
#[derive(Default)]
pub(crate) struct Work {
    plans: Mutex<VecDeque<(String, Counted)>>,
    jobs: Mutex<VecDeque<Arc<Job>>>,
    next: AtomicU64,
    stop: watch::Sender<bool>,
}

impl Plan {
    /// Returns the action in words.
    pub(crate) fn title(&self) -> &'static str {
        match self {
            Self::ReplayEvents(_) | Self::ReplaySelection(_) => "Replay",
            Self::Redrive => "Redrive",
            Self::Reverify(_) => "Reverify",
            Self::Forget(_) => "Forget",
        }
    }

    /// Returns the sentence that asks for the confirmation, and what happens then.
    pub(crate) fn question(&self, count: u64) -> (String, &'static str) {
        match self {
            Self::ReplayEvents(_) | Self::ReplaySelection(_) => (
                format!("Send {} to the consumers again?", counted(count, "event", "events")),
                "Consumers get each event once more, with a replay id. Parked events are unparked.",
            ),
            Self::Redrive => (
                format!("Move {} back to the queue?", counted(count, "dead letter", "dead letters")),
                "The processor tries each again. Repair the cause first, or the letters come back.",
            ),
            Self::Reverify(_) => (
                format!("Verify {} again?", counted(count, "quarantined delivery", "quarantined deliveries")),
                "A delivery that the store’s present credentials verify becomes an event. The others stay.",
            ),
            Self::Forget(entity) => (
                format!("Delete {} of {} permanently?", counted(count, "event", "events"), entity.as_str()),
                "The table keeps tombstones only, and consumers get the notice inlet.entity.forgotten. Nothing brings \
                 the events back.",
            ),
        }
    }

    /// Returns the words of the button that carries the plan out.
    pub(crate) fn button(&self, count: u64) -> String {
        match self {
            Self::ReplayEvents(_) | Self::ReplaySelection(_) => {
                format!("Send {} again", counted(count, "event", "events"))
            }
            Self::Redrive => format!("Move {}", counted(count, "dead letter", "dead letters")),
            Self::Reverify(_) => format!("Verify {}", counted(count, "delivery", "deliveries")),
            Self::Forget(_) => format!("Delete {}", counted(count, "event", "events")),
        }
    }

    /// Returns true if the action cannot be undone.
    pub(crate) fn is_destructive(&self) -> bool {
        matches!(self, Self::Forget(_))
    }

    /// Counts what the plan would act on. Changes nothing.
    ///
    /// # Errors
    /// If a service cannot be read.
    pub(crate) async fn count(self, deployment: &Deployment) -> Result<Counted, Failure> {
        let failed = |context| move |fault| Failure::Inlet { context, fault };
        let count = match &self {
            Self::ReplayEvents(events) => u64::try_from(events.len()).unwrap_or(u64::MAX),
            Self::ReplaySelection(selection) => {
                replay(deployment).count(selection).await.map_err(failed("the events cannot be counted"))?
            }
            Self::Redrive => deployment
                .dead_letters()
                .count()
                .await
                .map_err(failed("the dead-letter queue cannot be read"))?
                .into(),
            Self::Reverify(stores) => count_quarantined(deployment, stores).await?,
            Self::Forget(entity) => {
                forget(deployment)
                    .count(entity)
                    .await
                    .map_err(failed("the entity’s events cannot be counted"))?
                    .events
            }
        };
        Ok(Counted { plan: self, count })
    }

    /// Carries the plan out. `job` shows the progress.
    async fn run(self, deployment: &Deployment, job: &Job) -> Outcome {
        match self {
            Self::ReplayEvents(events) => {
                let Ok(id) = id_from("console", clock::now()) else { return Outcome::default() };
                let state = watch::Sender::new(Replayed::default());
                let replay = replay(deployment);
                let ended =
                    job.follow(replay.run_events(&events, &id, RATE, &state), &state, |r| r.sent).await;
                Outcome::of_replay(&id, &state.borrow(), ended)
            }
            Self::ReplaySelection(selection) => {
                let Ok(id) = id_from("console", clock::now()) else { return Outcome::default() };
                let state = watch::Sender::new(Replayed::default());
                let replay = replay(deployment);
                let work = Box::pin(replay.run(&selection, &id, RATE, &state));
                let ended = job.follow(work, &state, |r| r.sent).await;
                Outcome::of_replay(&id, &state.borrow(), ended)
            }
            Self::Redrive => {
                let state = watch::Sender::new(LettersDone::default());
                let done = |sum: &LettersDone| sum.moved.saturating_add(sum.forgotten).into();
                let (letters, all) = (deployment.dead_letters(), LetterFilter::default());
                let work = Box::pin(letters.run(Action::Redrive, &all, RATE, &job.stop, &state));
                let ended = job.follow(work, &state, done).await;
                let LettersDone { moved, forgotten, .. } = *state.borrow();
                let mut lines = vec![format!(
                    "{} moved back to the queue.",
                    counted(moved, "dead letter", "dead letters")
                )];
                if forgotten > 0 {
                    let letters = counted(forgotten, "dead letter", "dead letters");
                    lines.push(format!("{letters} of forgotten entities deleted."));
                }
                let mut outcome = Outcome::new(lines, ended);
                if outcome.is_complete && *job.stop.borrow() {
                    outcome.is_complete = false;
                    outcome.lines.push("It was stopped. The other dead letters are given back.".to_owned());
                }
                outcome
            }
            Self::Reverify(stores) => reverify(deployment, &stores, job).await,
            Self::Forget(entity) => match forget(deployment).run(&entity).await {
                Ok(counts) => {
                    let events = counted(counts.events, "event", "events");
                    Outcome::new(
                        vec![format!("{events} of {} deleted; consumers are notified.", entity.as_str())],
                        Ok(()),
                    )
                }
                Err(fault) => Outcome::new(Vec::new(), Err(fault)),
            },
        }
    }
}

fn replay(deployment: &Deployment) -> Replay {
    Replay { table: deployment.table(), queue: deployment.queue() }
}

fn forget(deployment: &Deployment) -> Forget {
    Forget { table: deployment.table(), queue: deployment.queue(), settle: SETTLE }
}

async fn count_quarantined(deployment: &Deployment, stores: &[StoreAddress]) -> Result<u64, Failure> {
    let (table, mut count) = (deployment.table(), 0_u64);
    for StoreAddress { provider, store } in stores {
        let of_store =
            inlet_aws::operate::quarantine_list::count_quarantined(&table, provider.name, store).await;
        let of_store =
            of_store.map_err(|fault| Failure::Inlet { context: "the quarantine cannot be read", fault })?;
        count = count.saturating_add(of_store);
    }
    Ok(count)
}

async fn reverify(deployment: &Deployment, stores: &[StoreAddress], job: &Job) -> Outcome {
    let clients = Quarantined {
        table: deployment.table(),
        queue: deployment.queue(),
        ssm: deployment.clients().ssm,
        stage: deployment.stage.clone(),
    };
    let mut sum = Reverified::default();
    let mut lines = Vec::new();
    for StoreAddress { provider, store } in stores {
        let before = sum.accepted.saturating_add(sum.refused).saturating_add(sum.forgotten);
        let state = watch::Sender::new(Reverified::default());
        let done = |one: &Reverified| {
            let of_store = [one.accepted, one.refused, one.forgotten, one.failed.len()];
            u64::try_from(of_store.into_iter().fold(before, usize::saturating_add)).unwrap_or(u64::MAX)
        };
        let ended = job.follow(provider.reverify(&clients, store, &state), &state, done).await;
        let one = state.send_replace(Reverified::default());
        sum.accepted = sum.accepted.saturating_add(one.accepted);
        sum.refused = sum.refused.saturating_add(one.refused);
        sum.forgotten = sum.forgotten.saturating_add(one.forgotten);
        lines.extend(one.failed.iter().map(|fault| format!("{provider}/{store}: {}", fault.chain())));
        lines.extend(ended.err().map(|fault| format!("{provider}/{store}: {}", fault.chain())));
    }
    let is_complete = lines.is_empty() && sum.refused == 0;
    let deliveries = |count| counted(count, "delivery", "deliveries");
    lines.insert(0, format!("{} accepted: they are events now.", deliveries(sum.accepted)));
    if sum.refused > 0 {
        lines.push(format!(
            "{} still fail verification: compare the store’s credentials with the provider’s portal.",
            deliveries(sum.refused)
        ));
    }
    if sum.forgotten > 0 {
        lines.push(format!("{} of forgotten entities deleted.", deliveries(sum.forgotten)));
    }
    Outcome { is_complete, lines }
}

impl Outcome {
    fn new(mut lines: Vec<String>, ended: Result<(), Fault>) -> Self {
        let is_complete = ended.is_ok();
        if let Err(fault) = ended {
            lines.push(format!(
                "It stopped: {}. The rest is unchanged; the same action continues.",
                fault.chain()
            ));
        }
        Self { is_complete, lines }
    }

    fn of_replay(id: &ReplayId, replayed: &Replayed, ended: Result<(), Fault>) -> Self {
        let mut lines =
            vec![format!("{} sent again as {}.", counted(replayed.sent, "event", "events"), id.as_str())];
        if replayed.forgotten > 0 {
            lines.push(format!(
                "{} of forgotten entities not sent.",
                counted(replayed.forgotten, "event", "events")
            ));
        }
        lines.extend(
            replayed.refused.iter().map(|refused| format!("{} not sent: {}", refused.id, refused.reason)),
        );
        let mut outcome = Self::new(lines, ended);
        outcome.is_complete &= replayed.refused.is_empty();
        outcome
    }
}

impl Job {
    /// Returns the number of items that are done.
    pub(crate) fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Returns the result; `None` while the job runs.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        self.outcome.borrow().clone()
    }

    /// Waits for the result.
    pub(crate) async fn ended(&self) -> Outcome {
        let mut outcome = self.outcome.subscribe();
        let ended = outcome.wait_for(Option::is_some).await;
        ended.ok().and_then(|outcome| outcome.clone()).unwrap_or_default()
    }

    /// Runs work and copies its progress. `done` returns the number of finished items.
    async fn follow<T>(
        &self,
        work: impl Future<Output = Result<(), Fault>>,
        state: &watch::Sender<T>,
        done: impl Fn(&T) -> u64,
    ) -> Result<(), Fault> {
        let mut work = std::pin::pin!(work);
        let mut ticks = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                biased;
                ended = &mut work => {
                    self.done.store(done(&state.borrow()), Ordering::Relaxed);
                    return ended;
                }
                _ = ticks.tick() => self.done.store(done(&state.borrow()), Ordering::Relaxed),
            }
        }
    }
}

impl Work {
    /// Stores a counted plan and returns its name.
    pub(crate) fn store_plan(&self, counted: Counted) -> String {
        let name = Alphanumeric.sample_string(&mut rand::rng(), 24);
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        plans.push_back((name.clone(), counted));
        if plans.len() > KEPT {
            plans.pop_front();
        }
        name
    }

    /// Takes the plan of this name. A plan is carried out at most once.
    pub(crate) fn take_plan(&self, name: &str) -> Option<Counted> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        let index = plans.iter().position(|(known, _)| known == name)?;
        plans.remove(index).map(|(_, counted)| counted)
    }

    /// Returns the job of this number.
    pub(crate) fn job(&self, number: u64) -> Option<Arc<Job>> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.iter().find(|job| job.number == number).map(Arc::clone)
    }

    /// Starts to carry a plan out.
    pub(crate) fn start(&self, counted: Counted, deployment: Deployment) -> Arc<Job> {
        let job = Arc::new(Job {
            number: self.next.fetch_add(1, Ordering::Relaxed),
            title: counted.plan.title(),
            count: counted.count,
            done: AtomicU64::new(0),
            outcome: watch::Sender::new(None),
            stop: self.stop.subscribe(),
        });
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.push_back(Arc::clone(&job));
        if jobs.len() > KEPT {
            jobs.pop_front();
        }
        drop(jobs);
        let (running, handle) = (Arc::clone(&job), tokio::runtime::Handle::current());
        // A reverification is not `Send`, so it stays on one thread.
        tokio::task::spawn_blocking(move || {
            let outcome = handle.block_on(counted.plan.run(&deployment, &running));
            running.outcome.send_replace(Some(outcome));
        });
        job
    }

    /// Asks the redrives that run to end early, and to give back the letters that they hold.
    pub(crate) fn stop_redrives(&self) {
        self.stop.send_replace(true);
    }

    /// Returns the jobs that run.
    pub(crate) fn running(&self) -> Vec<Arc<Job>> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.iter().filter(|job| job.outcome().is_none()).map(Arc::clone).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_carried_out_at_most_once() {
        let work = Work::default();
        let name = work.store_plan(Counted { plan: Plan::Redrive, count: 3 });
        assert!(work.take_plan("other").is_none());
        assert_eq!(work.take_plan(&name).map(|counted| counted.count), Some(3));
        assert!(work.take_plan(&name).is_none(), "a repeated form finds none");
    }

    #[test]
    fn old_plans_make_room() {
        let work = Work::default();
        let first = work.store_plan(Counted { plan: Plan::Redrive, count: 0 });
        for _ in 0..KEPT {
            work.store_plan(Counted { plan: Plan::Redrive, count: 0 });
        }
        assert!(work.take_plan(&first).is_none());
    }

    #[test]
    fn every_question_names_the_count() {
        let entity = Entity::parse("zid/a/order/1").unwrap();
        for plan in
            [Plan::ReplayEvents(Vec::new()), Plan::Redrive, Plan::Reverify(Vec::new()), Plan::Forget(entity)]
        {
            assert!(plan.question(1_417).0.contains("1417") && plan.button(1_417).contains("1417"));
        }
    }
}
