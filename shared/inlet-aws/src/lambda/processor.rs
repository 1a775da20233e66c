//! The processor function: it processes a batch of SQS messages and returns those that stay on the queue.

use std::sync::Arc;
use std::time::Duration;

use aws_types::SdkConfig;
use inlet::process::{Consumer, Disposition, Outcome, Processor, Received};
use lambda_runtime::{Context, Error, LambdaEvent, service_fn};
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::client::clock;
use crate::client::config::{Config, ConfigError, LogLevel};
use crate::client::connect::connected;
use crate::dynamodb::queue_position::Position;
use crate::dynamodb::table::Table;
use crate::lambda::batch::{Batch, BatchResponse};
use crate::lambda::processing_store::TableProcessingStore;
use crate::sqs::SqsQueue;
use crate::telemetry::log;
use crate::telemetry::metrics::{self, Measured};

/// The part of an invocation's time that is kept for the response.
const RESERVE: Duration = Duration::from_secs(2);

/// Runs the processor's function until Lambda ends it. `consumer` makes the consumer once, from the configuration and
/// the configuration of the AWS clients.
///
/// # Errors
/// If the configuration is incomplete, the consumer cannot be made, or the Lambda runtime API cannot be reached.
pub async fn run<C, E>(consumer: impl FnOnce(&Config, &SdkConfig) -> Result<C, E>) -> Result<(), Error>
where
    C: Consumer + 'static,
    E: Into<Error>,
{
    log::install_panic_hook();
    let config = Config::from_process()?;
    let make = |sdk_config: &SdkConfig| {
        let consumer = consumer(&config, sdk_config).map_err(Into::into)?;
        Ok::<_, Error>(Function::new(sdk_config, config.clone(), consumer)?)
    };
    let function = Arc::new(connected(&config, &["dynamodb", consumer_service(&config)], make).await??);
    lambda_runtime::run(service_fn(|event: LambdaEvent<Batch>| {
        let function = Arc::clone(&function);
        async move { Ok::<_, Error>(function.handle(event).await) }
    }))
    .await
}

/// Returns the service that the consumer calls first, by its host name: the bus, a function, or Parameter Store for an
/// endpoint's secrets.
fn consumer_service(config: &Config) -> &'static str {
    match (&config.consumer_function, &config.consumer_url) {
        (Some(_), _) => "lambda",
        (None, Some(_)) => "ssm",
        (None, None) => "events",
    }
}

/// The processor on AWS.
struct Function<C> {
    processor: Processor<TableProcessingStore, C>,
    /// The position that was recorded last.
    recorded: Mutex<Option<Position>>,
    log_level: LogLevel,
    stage: String,
}

impl<C: Consumer> Function<C> {
    fn new(sdk_config: &SdkConfig, config: Config, consumer: C) -> Result<Self, ConfigError> {
        let Config { table, queue_url, dead_letter_queue_url, retention_days, log_level, stage, .. } = config;
        let dead_letters =
            dead_letter_queue_url.ok_or_else(|| ConfigError::without("INLET_DEAD_LETTER_QUEUE_URL"))?;
        let sqs = aws_sdk_sqs::Client::new(sdk_config);
        let store = TableProcessingStore {
            table: Table::new(aws_sdk_dynamodb::Client::new(sdk_config), table, retention_days),
            queue: SqsQueue::new(sqs.clone(), queue_url),
            dead_letters: SqsQueue::new(sqs, dead_letters),
        };
        Ok(Self { processor: Processor { store, consumer }, recorded: Mutex::new(None), log_level, stage })
    }

    async fn handle(&self, event: LambdaEvent<Batch>) -> BatchResponse {
        let messages = event.payload.into_messages(clock::now());
        let ids: Vec<String> = messages.iter().map(|message| message.id.clone()).collect();
        let position = Position::of(&messages, clock::now());
        // Beside the batch: the sweeper needs the position minutes later.
        let ((), outcomes) =
            tokio::join!(self.record_position(position), self.within(time_left(&event.context), messages));
        let response = BatchResponse::of(ids.iter().map(String::as_str), &outcomes);
        for outcome in &outcomes {
            self.log(outcome, &event.context.request_id);
        }
        self.emit_metrics(&outcomes);
        response
    }

    /// Records the position on the queue. If that fails, the sweeper may send an event twice.
    async fn record_position(&self, position: Option<Position>) {
        let Some(position) = position else { return };
        let mut recorded = self.recorded.lock().await;
        if position.is_covered_by(*recorded) {
            return;
        }
        match self.processor.store.table.queue_positions.record(position).await {
            Ok(()) => *recorded = Some(position),
            Err(fault) => {
                println!("{}", json!({"level": "warn", "message": "position", "reason": fault.chain()}));
            }
        }
    }

    /// Returns the outcomes that are known after `time`. All rounds of a batch share that time. A suspicious message is
    /// attempted alone only in the first half of it, or while the consumer's time limit is left.
    async fn within(&self, time: Duration, messages: Vec<Received>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        let began = Instant::now();
        // A limit above half of the time would exclude every attempt.
        let half = time.checked_div(2).unwrap_or_default();
        let has_time = |limit: Option<Duration>| {
            began.elapsed().saturating_add(limit.map_or(half, |limit| limit.min(half))) <= time
        };
        // Boxed, because the nesting of futures would exceed the compiler's limit.
        let processing = Box::pin(self.processor.process(messages, has_time, &mut outcomes));
        if tokio::time::timeout(time, processing).await.is_err() {
            println!("{}", json!({"level": "error", "message": "batch", "outcome": "out_of_time"}));
        }
        outcomes
    }

    /// Writes one line with the metrics of a batch, at every log level.
    fn emit_metrics(&self, outcomes: &[Outcome]) {
        let mut measured = Measured::of_stage(&self.stage);
        let count = |is_counted: fn(&Outcome) -> bool| {
            u64::try_from(outcomes.iter().filter(|outcome| is_counted(outcome)).count()).unwrap_or(u64::MAX)
        };
        let processed = count(|outcome| matches!(outcome.disposition, Disposition::Processed));
        let failed = count(|outcome| outcome.consumer_failed);
        for (metric, count) in [(metrics::PROCESSED, processed), (metrics::CONSUMER_FAILED, failed)] {
            if count > 0 {
                measured.measure(metric, count);
            }
        }
        for delay in outcomes.iter().filter_map(|outcome| outcome.processing_delay) {
            measured.measure(metrics::PROCESSING_DELAY, u64::try_from(delay.as_millis()).unwrap_or(u64::MAX));
        }
        let metrics = measured.members(clock::now());
        if !metrics.is_empty() {
            let mut line = Map::from_iter([
                ("level".to_owned(), "info".into()),
                ("message".to_owned(), "metrics".into()),
            ]);
            line.extend(metrics);
            println!("{}", Value::Object(line));
        }
    }

    fn log(&self, outcome: &Outcome, invocation: &str) {
        let (level, written, word, reason) = match &outcome.disposition {
            Disposition::Processed => (LogLevel::Info, "info", "processed", None),
            Disposition::Duplicate => (LogLevel::Info, "info", "duplicate", None),
            Disposition::DeadLettered(fault) => (LogLevel::Error, "error", "dead_lettered", Some(fault)),
            Disposition::Failed(error) => (LogLevel::Warn, "warn", "failed", Some(error.fault())),
            Disposition::Blocked => (LogLevel::Debug, "debug", "blocked", None),
        };
        if level <= self.log_level {
            let line = json!({
                "level": written,
                "message": "event",
                "outcome": word,
                "request": invocation,
                "id": outcome.id.as_ref().map(inlet::event::EventId::as_str),
                "received": outcome.received,
                "reason": reason.map(inlet::fault::Fault::chain),
            });
            println!("{line}");
        }
    }
}

/// Returns how long an invocation may still work.
fn time_left(context: &Context) -> Duration {
    let now_ms = u64::try_from(clock::now().millis()).unwrap_or_default();
    Duration::from_millis(context.deadline.saturating_sub(now_ms)).saturating_sub(RESERVE)
}

#[cfg(test)]
mod calls;
