//! A provider's receiver function: it gets an API Gateway event and returns a response.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use inlet::drift::detector::{Drift, DriftDetector};
use inlet::provider::Provider;
use inlet::provider::response::{Refusal, Response};
use inlet::receive::{Receiver, Report, WriteToken};
use inlet::request::Unverified;
use lambda_runtime::{Error, LambdaEvent, service_fn};

use crate::client::config::{Config, LogLevel};
use crate::client::connect::Clients;
use crate::client::rate_limit::KeyedTokenBuckets;
use crate::dynamodb::events::Events;
use crate::dynamodb::quarantine::TableQuarantine;
use crate::dynamodb::table::Table;
use crate::lambda::gateway::{Event, GatewayResponse, InvalidEvent, gateway_response};
use crate::secrets::{NAMES_TTL, SsmSecrets};
use crate::sqs::SqsQueue;
use crate::telemetry::log::{self, DeliveryLog, DriftReport, InvalidInvocation};
use crate::telemetry::timing::Stopwatch;
use crate::telemetry::trace::{Daemon, Subsegment, Trace};

/// The limit of logged drift for each event in a function instance: a provider that has changed shows the same drift in
/// every delivery.
const DRIFT_LOG_BURST: u32 = 5;
const DRIFT_LOG_INTERVAL: Duration = Duration::from_mins(1);

/// Runs a provider's function until Lambda ends it.
///
/// # Errors
/// If the configuration is incomplete or the Lambda runtime API cannot be reached.
pub async fn run<P: Provider>() -> Result<(), Error> {
    log::install_panic_hook();
    let config = Config::from_process()?;
    let clients = Clients::connected(&config).await?;
    let function = Arc::new(Function::<P>::new(clients, config));
    // In a task of its own: waking the main task wakes the kernel's poll first, twice a call.
    let serving = tokio::spawn(lambda_runtime::run(service_fn(move |event: LambdaEvent<Event>| {
        let function = Arc::clone(&function);
        async move { Ok::<_, Error>(function.handle(event).await) }
    })));
    serving.await?
}

/// A provider's receiver on AWS.
struct Function<P: Provider> {
    receiver: Arc<Receiver<SsmSecrets<P>, Events, SqsQueue, TableQuarantine>>,
    stage: String,
    log_level: LogLevel,
    daemon: Daemon,
    drift_detector: DriftDetector,
    drift_log_limit: Mutex<KeyedTokenBuckets>,
}

impl<P: Provider> Function<P> {
    fn new(clients: Clients, config: Config) -> Self {
        let Config {
            stage,
            table,
            queue_url,
            retention_days,
            store_names_seconds,
            log_level,
            xray_daemon,
            ..
        } = config;
        let names_ttl = store_names_seconds.map_or(NAMES_TTL, |seconds| Duration::from_secs(seconds.into()));
        let table = Table::new(clients.dynamodb, table, retention_days);
        let receiver = Receiver {
            secrets: SsmSecrets::sharing_names(clients.ssm, &stage, names_ttl, &table),
            quarantine: TableQuarantine::new(&table, P::NAME),
            journal: table.events,
            queue: SqsQueue::new(clients.sqs, queue_url),
        };
        Self {
            receiver: Arc::new(receiver),
            stage,
            log_level,
            daemon: Daemon::at(xray_daemon),
            drift_detector: DriftDetector::new(P::SHAPES),
            drift_log_limit: Mutex::new(KeyedTokenBuckets::new(DRIFT_LOG_BURST, DRIFT_LOG_INTERVAL)),
        }
    }

    async fn handle(&self, event: LambdaEvent<Event>) -> GatewayResponse {
        let (invocation, api_request) = (event.context.request_id, event.payload.api_request());
        let trace = event.context.xray_trace_id.as_deref().and_then(Trace::parse);
        let mut log = DeliveryLog::start(self.log_level, &self.stage, P::NAME, &P::RETRY_POLICY, &invocation);
        log.received_at = event.payload.received_at(log.received_at);
        log.api_request = api_request.as_deref();
        log.trace = trace.as_ref().map(|trace| trace.root.as_str());
        let method = event.payload.method();
        let request = match event.payload.into_request(P::NAME, P::is_topic) {
            Ok(request) => Unverified::new(request),
            Err(invalid) => {
                let response = P::error_response(refusal(invalid));
                log.finish(response.status);
                log.write_invalid(match invalid {
                    InvalidEvent::Base64 => InvalidInvocation::Malformed(invalid.reason()),
                    InvalidEvent::Path => InvalidInvocation::UnknownPath(method),
                });
                return gateway_response(response);
            }
        };
        let store = request.store().clone();
        (log.store, log.size) = (Some(store.as_str()), Some(request.body_len()));
        let response = self.receive(request, &mut log).await;
        let subsegment = Subsegment {
            provider: P::NAME,
            store: store.as_str(),
            status: log.status,
            received_at: log.received_at,
            duration: log.duration,
            timings: log.timings,
        };
        self.daemon.send(trace.as_ref(), &invocation, subsegment);
        gateway_response(response)
    }

    /// Takes a request along the path of a delivery, and writes its log line.
    async fn receive(&self, request: Unverified, log: &mut DeliveryLog<'_>) -> Response {
        let (receiver, received_at) = (Arc::clone(&self.receiver), log.received_at);
        let (token, stopwatch) = (WriteToken(log.request.to_owned()), Stopwatch::default());
        // Boxed, because the future has 19 KB and would be moved with the stopwatch's and the task's.
        let delivery = async move { Box::pin(receiver.receive::<P>(request, received_at, &token)).await };
        // In a task of its own, so that a panic becomes a 503 and a retry instead of the end of the runtime.
        let result = tokio::spawn(stopwatch.run(delivery)).await;
        log.timings = stopwatch.timings();
        if let Ok((response, report)) = result {
            log.finish(response.status);
            let drift = self.drift_of(&report);
            log.write_report(&report, drift.as_ref().map(|(event, drift)| self.drift_report(event, drift)));
            response
        } else {
            let response = P::error_response(Refusal::Unavailable);
            log.finish(response.status);
            log.write_invalid(InvalidInvocation::Panicked);
            response
        }
    }

    /// Returns the drift of a new event, with the event's name. A panic of the detector does not fail the delivery,
    /// which is already stored.
    fn drift_of<'r>(&self, report: &'r Report) -> Option<(&'r str, Drift)> {
        let Report::Accepted(accepted) = report else { return None };
        let event = &accepted.event;
        let detect = || Some((self.drift_detector.name_of(event), self.drift_detector.drift_of(event)?));
        if accepted.duplicate { None } else { catch_unwind(AssertUnwindSafe(detect)).ok().flatten() }
    }

    /// Returns the report of drift, with whether the limit of the event allows to log it.
    fn drift_report<'d>(&self, event: &'d str, drift: &'d Drift) -> DriftReport<'d> {
        let mut limit = self.drift_log_limit.lock().unwrap_or_else(PoisonError::into_inner);
        DriftReport { event, drift, log_it: limit.try_acquire(event, Instant::now()) }
    }
}

/// Returns the refusal of an event that is not a request. A path without a valid store name counts as an unknown store.
fn refusal(invalid: InvalidEvent) -> Refusal {
    match invalid {
        InvalidEvent::Base64 => Refusal::Malformed,
        InvalidEvent::Path => Refusal::Unauthenticated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_without_a_valid_store_is_refused_like_an_unknown_store() {
        assert_eq!(refusal(InvalidEvent::Path), Refusal::Unauthenticated);
        assert_eq!(refusal(InvalidEvent::Base64), Refusal::Malformed);
    }
}
