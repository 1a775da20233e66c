//! A provider's function: wired once, then an event in and a response out.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use inlet::drift::{Drift, DriftDetector};
use inlet::provider::Provider;
use inlet::provider::response::Refusal;
use inlet::receive::{Report, WriteToken};
use inlet::request::Unverified;
use lambda_runtime::{Error, LambdaEvent, service_fn};

use crate::client::clock;
use crate::client::config::{Config, LogLevel};
use crate::client::connect::Clients;
use crate::client::rate_limit::KeyedTokenBuckets;
use crate::dynamodb::events::Events;
use crate::dynamodb::quarantine::TableQuarantine;
use crate::dynamodb::table::Table;
use crate::lambda::gateway::{Event, GatewayResponse, InvalidEvent};
use crate::secrets::SsmSecrets;
use crate::sqs::SqsQueue;
use crate::telemetry::log::{self, Context, DriftReport, InvalidInvocation};
use crate::telemetry::timing::{Ports, Stopwatch};
use crate::telemetry::trace::{Daemon, Subsegment, Trace};

/// Runs a provider's function until Lambda ends it.
///
/// # Errors
/// When the config is incomplete or the runtime's interface cannot be reached.
pub async fn run<P: Provider>() -> Result<(), Error> {
    log::install_panic_hook();
    let config = Config::from_process()?;
    let clients = Clients::connected(&config).await?;
    let function = Arc::new(Function::<P>::new(clients, config));
    // A task of its own: whatever wakes the one that the process began with wakes the kernel's poll first, twice a call.
    let serving = tokio::spawn(lambda_runtime::run(service_fn(move |event: LambdaEvent<Event>| {
        let function = Arc::clone(&function);
        async move { Ok::<_, Error>(function.handle(event).await) }
    })));
    serving.await?
}

/// A provider's receiver on AWS.
struct Function<P: Provider> {
    ports: Ports<SsmSecrets<P>, Events, SqsQueue, TableQuarantine>,
    stage: String,
    log_level: LogLevel,
    daemon: Daemon,
    sentinel: DriftDetector,
    /// How much the log is told of each event's drift.
    drift_log_limit: Mutex<KeyedTokenBuckets>,
}

/// How often a function instance tells of an event's drift: a provider that has changed does so in every delivery.
const DRIFT_LOG_BURST: u32 = 5;
const DRIFT_LOG_INTERVAL: Duration = Duration::from_mins(1);

impl<P: Provider> Function<P> {
    fn new(clients: Clients, config: Config) -> Self {
        let Config { stage, table, queue_url, retention_days, log_level, xray_daemon, .. } = config;
        let table = Table::new(clients.dynamodb, table, retention_days);
        let ports = Ports {
            secrets: Arc::new(SsmSecrets::new(clients.ssm, &stage)),
            quarantine: Arc::new(TableQuarantine::new(&table, P::NAME)),
            journal: Arc::new(table.events),
            queue: Arc::new(SqsQueue::new(clients.sqs, queue_url)),
        };
        let drift_log_limit = Mutex::new(KeyedTokenBuckets::new(DRIFT_LOG_BURST, DRIFT_LOG_INTERVAL));
        let (daemon, sentinel) = (Daemon::at(xray_daemon), DriftDetector::new(P::SHAPES));
        Self { ports, stage, log_level, daemon, sentinel, drift_log_limit }
    }

    async fn handle(&self, event: LambdaEvent<Event>) -> GatewayResponse {
        let (start, received_at, stopwatch) = (Instant::now(), clock::now(), Stopwatch::default());
        let invocation = event.context.request_id;
        let trace = event.context.xray_trace_id.as_deref().and_then(Trace::parse);
        let api_request = event.payload.api_request();
        let line = |store, size, status| Context {
            level: self.log_level,
            stage: &self.stage,
            provider: P::NAME,
            request: &invocation,
            api_request: api_request.as_deref(),
            trace: trace.as_ref().map(|trace| trace.root.as_str()),
            store,
            size,
            status,
            received_at,
            duration: start.elapsed(),
            timings: stopwatch.timings(),
            retry_policy: &P::RETRY_POLICY,
        };
        let request = match event.payload.into_request(P::NAME) {
            Ok(request) => Unverified::new(request),
            Err(invalid) => {
                let answer = P::error_response(refusal(&invalid));
                log::invalid_invocation(
                    line(None, None, answer.status),
                    InvalidInvocation::Malformed(invalid.reason()),
                );
                return answer.into();
            }
        };
        let (store, size) = (request.store().clone(), Some(request.body_len()));
        let (receiver, attempt) = (self.ports.timed(&stopwatch), WriteToken(invocation.clone()));
        // A task of its own, so that a bug of ours becomes a 503 and a retry instead of a dead runtime.
        let task = tokio::spawn(async move { receiver.receive::<P>(request, received_at, &attempt).await });
        let answer = match task.await {
            Ok((answer, report)) => {
                let drift = self.drift_of(&report);
                let drift_report = drift.as_ref().map(|(event, drift)| self.drift_report(event, drift));
                log::delivery(line(Some(store.as_str()), size, answer.status), &report, drift_report);
                answer
            }
            Err(_) => {
                let answer = P::error_response(Refusal::Unavailable);
                log::invalid_invocation(
                    line(Some(store.as_str()), size, answer.status),
                    InvalidInvocation::Panicked,
                );
                answer
            }
        };
        let subsegment = Subsegment {
            provider: P::NAME,
            store: store.as_str(),
            status: answer.status,
            received_at,
            duration: start.elapsed(),
            timings: stopwatch.timings(),
        };
        self.daemon.send(trace.as_ref(), &invocation, subsegment);
        answer.into()
    }
}

impl<P: Provider> Function<P> {
    /// Where a new event is not what is known of it, by name. A bug in looking must not cost what is already safe.
    fn drift_of<'r>(&self, report: &'r Report) -> Option<(&'r str, Drift)> {
        let Report::Accepted(accepted) = report else { return None };
        let event = &accepted.event;
        let look = || Some((self.sentinel.name_of(event), self.sentinel.drift_of(event)?));
        if accepted.duplicate { None } else { catch_unwind(AssertUnwindSafe(look)).ok().flatten() }
    }

    /// What the log is to make of drift, and whether it may send of that event's again so soon.
    fn drift_report<'d>(&self, event: &'d str, drift: &'d Drift) -> DriftReport<'d> {
        let mut drift_log_limit = self.drift_log_limit.lock().unwrap_or_else(PoisonError::into_inner);
        DriftReport { event, drift, log_it: drift_log_limit.try_acquire(event, Instant::now()) }
    }
}

/// What the sender is told of an event that is no request. A store that cannot exist is an unknown store.
fn refusal(invalid: &InvalidEvent) -> Refusal {
    match invalid {
        InvalidEvent::Base64 => Refusal::Malformed,
        InvalidEvent::Store(_) => Refusal::Unauthenticated,
    }
}
