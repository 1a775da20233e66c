//! The reconciler: compares the events with the providers' own APIs, and publishes what webhooks did not bring.
//!
//! A run, every 15 minutes:
//!
//! 1. Takes the lease. If another run has it, this one ends.
//! 2. Reads each list of each store that has an access, from the list's cursor on, at most as fast as the provider
//!    allows. Stores are read at the same time, but for those whose requests the provider counts together; the lists of
//!    a store one after the other. A store whose access cannot be read is reported, and the others are read.
//! 3. Publishes each missed state, and stores the cursor. If the time of the run ends in the middle of a list, the
//!    cursor has the place, and the next run goes on there.
//! 4. Ends the lease at the time at which no request of this run counts towards a provider's limit any more.

mod access;
mod provider_api;
mod report;
mod source;
mod time_limit;

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;
use inlet::reconcile::Api;
use lambda_runtime::{Context, Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

use crate::client::clock;
use crate::client::config::Config;
use crate::client::connect::Clients;
use crate::dynamodb::table::Table;
use crate::history::event_log::TableEventLog;
use crate::sqs::SqsQueue;
use crate::telemetry::log;

pub use self::access::StoreAccess;
pub use self::provider_api::ProviderApi;
pub use self::report::{ListReport, ListResult, Reading};
pub use self::source::{OnList, SourceReconciler};

use self::access::read_accesses;
use self::report::run_line;
use self::source::Work;

/// Time reserved at the end of an invocation for the last response, its objects and the cursors.
const RESERVE: Duration = Duration::from_mins(1);

/// The time for which a run that crashed keeps its lease after its end: longer than the time of every provider's limit,
/// so that the next run may send its requests.
const CRASH_MARGIN: Duration = Duration::from_mins(5);

/// The stores that are read at the same time: as many as the function has memory for.
const CONCURRENT_STORES: usize = 3;

/// The time between two runs.
const RUN_INTERVAL: Duration = Duration::from_mins(15);

/// Runs the reconciler's function until Lambda ends it.
///
/// # Errors
/// If the configuration is incomplete, or the Lambda runtime API cannot be reached.
pub async fn run(sources: &[SourceReconciler<ProviderApi>], api: ProviderApi) -> Result<(), Error> {
    log::install_panic_hook();
    let config = Config::from_process()?;
    let clients = Clients::connected(&config).await?;
    let (stage, ssm) = (config.stage.clone(), clients.ssm.clone());
    let table = Table::new(clients.dynamodb, config.table, config.retention_days);
    let queue = SqsQueue::new(clients.sqs, config.queue_url);
    let reconciler = Reconciler { log: TableEventLog { table, queue }, api };
    let reconciler = Arc::new(reconciler);
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| {
        let (reconciler, stage, ssm) = (Arc::clone(&reconciler), stage.clone(), ssm.clone());
        async move {
            let until = end_of_work(&event.context);
            let done = async {
                let stores = read_accesses(&ssm, &stage).await?;
                let owner = owner(&event.context.request_id, clock::now());
                let on_list = |report: &ListReport| println!("{}", report.line(&stage, clock::now()));
                reconciler.reconcile(sources, &stores, &owner, until, &on_list).await
            };
            let done = done.await;
            let now = clock::now();
            for line in lines(&done, &stage, now) {
                println!("{line}");
            }
            done.map(|_| ()).map_err(Error::from)
        }
    }))
    .await
}

/// Returns the owner of the lease: Lambda may deliver one event twice, with the same id.
fn owner(request_id: &str, began: ReceivedAt) -> String {
    format!("{request_id} {}", began.millis())
}

/// Returns the time at which the work of an invocation ends.
fn end_of_work(context: &Context) -> ReceivedAt {
    let deadline = i64::try_from(context.deadline).ok().and_then(ReceivedAt::from_millis);
    deadline.unwrap_or(ReceivedAt::EPOCH).earlier(RESERVE)
}

/// Returns the log lines at the end of a run.
fn lines(done: &Result<RunOutcome, Fault>, stage: &str, now: ReceivedAt) -> Vec<Value> {
    match done {
        Ok(RunOutcome::Done(reports)) => vec![run_line(reports, stage, now)],
        Ok(RunOutcome::DoneWithLease(reports, fault)) => vec![
            run_line(reports, stage, now),
            json!({"level": "warn", "message": "reconciliation", "outcome": "lease kept", "reason": fault.chain()}),
        ],
        Ok(RunOutcome::Skipped) => {
            let reason = "another run has the lease";
            vec![
                json!({"level": "info", "message": "reconciliation", "outcome": "skipped", "reason": reason}),
            ]
        }
        Err(fault) => vec![json!({
            "level": "error", "message": "reconciliation", "outcome": "failed", "reason": fault.chain(),
        })],
    }
}

/// The reconciler with its services.
#[derive(Clone, Debug)]
pub struct Reconciler<A> {
    /// The event table and the queue.
    pub log: TableEventLog,
    /// The providers' APIs.
    pub api: A,
}

/// The result of a run.
#[derive(Debug)]
pub enum RunOutcome {
    /// Another run has the lease.
    Skipped,
    /// The lists that were read.
    Done(Vec<ListReport>),
    /// The lists that were read, and the fault because of which the lease did not end. It ends by itself.
    DoneWithLease(Vec<ListReport>, Fault),
}

impl<A: Api + Sync> Reconciler<A> {
    /// Runs once. The last request is sent so early that no request counts towards a provider's limit from `until` on.
    /// `owner` is unique to the run.
    ///
    /// # Errors
    /// If the lease cannot be taken. A fault of a list is in its report, which `on_list` receives when the list ends.
    pub async fn reconcile(
        &self,
        sources: &[SourceReconciler<A>],
        stores: &[StoreAccess],
        owner: &str,
        until: ReceivedAt,
        on_list: OnList<'_>,
    ) -> Result<RunOutcome, Fault> {
        let leases = &self.log.table.reconciliations;
        let latest = later(until, RESERVE.saturating_add(CRASH_MARGIN));
        if !leases.take_lease(owner, self.api.now(), latest).await? {
            return Ok(RunOutcome::Skipped);
        }
        let (log, api) = (&self.log, &self.api);
        let find = |store: &StoreAccess| sources.iter().find(|source| source.name == store.provider);
        let readable = stores.iter().filter_map(|store| Some((store, find(store)?)));
        let mut readable: Vec<(&StoreAccess, &SourceReconciler<A>)> = readable.collect();
        let first = turn(self.api.now(), readable.len());
        readable.rotate_left(first);
        // The lease is kept for the longest of the providers' limits after the last request, and the next run should not
        // be skipped for it.
        let limits = readable.iter().map(|(_, source)| source.limit_time).max().unwrap_or_default();
        let until = until.earlier(limits);
        // Collected first: the compiler cannot see that a lazy iterator's futures can be sent.
        let mut reading = Vec::new();
        for (source, stores) in by_limit(readable) {
            reading.push((source.reconcile)(Work { log, api, stores, until, on_list }));
        }
        let reports: Vec<Vec<ListReport>> =
            stream::iter(reading).buffer_unordered(CONCURRENT_STORES).collect().await;
        let mut reports: Vec<ListReport> = reports.into_iter().flatten().collect();
        reports.sort_by(|a, b| a.list.cmp(&b.list));
        Ok(match leases.end_lease(owner, later(self.api.now(), limits)).await {
            Ok(()) => RunOutcome::Done(reports),
            Err(fault) => RunOutcome::DoneWithLease(reports, fault),
        })
    }
}

/// The stores whose requests a provider counts together, with its source.
type OfOneLimit<'a, A> = (&'a SourceReconciler<A>, Vec<&'a StoreAccess>);

/// Returns the stores by the limits of requests that they share, in their order.
fn by_limit<'a, A>(readable: Vec<(&'a StoreAccess, &'a SourceReconciler<A>)>) -> Vec<OfOneLimit<'a, A>> {
    let mut groups: Vec<(Option<String>, OfOneLimit<'a, A>)> = Vec::new();
    for (store, source) in readable {
        let scope = (source.limit_scope)(store);
        let same = groups
            .iter_mut()
            .find(|(other, (of, _))| scope.is_some() && *other == scope && of.name == source.name);
        match same {
            Some((_, (_, stores))) => stores.push(store),
            None => groups.push((scope, (source, vec![store]))),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Returns the number of the store with which the run of this time begins. It is another one in each run, so that stores
/// that use the whole time of a run do not hold off the others for ever.
fn turn(now: ReceivedAt, stores: usize) -> usize {
    let interval = i64::try_from(RUN_INTERVAL.as_millis()).unwrap_or(i64::MAX);
    let run = now.millis().checked_div(interval).and_then(|run| usize::try_from(run).ok());
    run.and_then(|run| run.checked_rem(stores)).unwrap_or(0)
}

/// Returns the time that is later by this.
fn later(at: ReceivedAt, by: Duration) -> ReceivedAt {
    let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
    ReceivedAt::from_millis(at.millis().saturating_add(by)).unwrap_or(at)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod cost;
