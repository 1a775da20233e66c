//! Prices, from the measurements and the price list in `prices.json`: of receiving, which the peers do as well, and of
//! everything.

pub mod all_in;
pub mod document;
pub mod idle;

use serde::Deserialize;

use crate::contender::Contender;
use crate::flow::Work;
use crate::results::{Metric, Results};

/// Size of an SQS request.
pub const QUEUE_CHUNK_BYTES: u64 = 65_536;

/// The memory at which Lambda gives a whole processor, in MB.
const MB_OF_A_PROCESSOR: f64 = 1_769.0;

/// Bytes of a GB. AWS counts 2^30 for some of its prices; this errs to the expensive side.
const GB: f64 = 1e9;

/// AWS's list prices in dollars, and values that the template or AWS sets.
#[derive(Clone, Debug, Deserialize)]
pub struct Prices {
    pub http_api_per_million_requests: f64,
    pub http_api_request_bytes: usize,
    pub lambda_per_million_requests: f64,
    pub lambda_arm64_per_gb_second: f64,
    pub dynamodb_per_million_write_units: f64,
    pub dynamodb_per_million_read_units: f64,
    pub dynamodb_per_gb_month: f64,
    pub dynamodb_backup_per_gb_month: f64,
    pub sqs_fifo_per_million_requests: f64,
    pub eventbridge_per_million_events: f64,
    pub scheduler_per_million_invocations: f64,
    pub logs_per_gb_written: f64,
    pub logs_per_gb_month: f64,
    pub metric_per_month: f64,
    pub alarm_metric_per_month: f64,
    pub dashboard_per_month: f64,
    pub free_metrics: usize,
    pub free_alarm_metrics: usize,
    pub receiver_memory_mb: f64,
    pub processor_batch: f64,
    pub log_retention_days: f64,
    pub queue_pollers: f64,
    pub queue_poll_seconds: f64,
}

impl Prices {
    /// Returns the price list.
    pub fn read() -> Result<Self, serde_json::Error> {
        serde_json::from_str(include_str!("../../prices.json"))
    }

    /// Returns the price of Lambda for some work: its requests, and its time with the memory of the template.
    pub fn lambda(&self, work: &Work) -> f64 {
        // A small function has its share of a processor; waiting takes as long as in a large one.
        let share = self.receiver_memory_mb / MB_OF_A_PROCESSOR;
        let seconds = (work.cpu_ms / share + work.held_ms) / 1e3;
        work.invocations * self.lambda_per_million_requests / 1e6
            + seconds * self.receiver_memory_mb / 1_024.0 * self.lambda_arm64_per_gb_second
    }

    /// Returns the price of writing logs and of keeping them.
    pub fn logs(&self, bytes: f64) -> f64 {
        let months = self.log_retention_days * 24.0 / 730.0;
        bytes / GB * (self.logs_per_gb_written + months * self.logs_per_gb_month)
    }

    /// Returns the price of storage with backups.
    pub fn storage(&self, byte_months: f64) -> f64 {
        byte_months / GB * (self.dynamodb_per_gb_month + self.dynamodb_backup_per_gb_month)
    }
}

/// A part of a price, in dollars.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub name: &'static str,
    pub dollars: f64,
}

/// Returns the sum of some parts.
pub fn sum(parts: &[Part]) -> f64 {
    parts.iter().map(|part| part.dollars).sum()
}

/// Adds the price of receiving a million events of 1 KB: API, receiver, table with index and receipt, queue, log. Everything
/// else is in [`all_in`].
pub fn add(results: &mut Results) -> Result<(), Box<dyn std::error::Error>> {
    let prices = Prices::read()?;
    for contender in Contender::WORKERS {
        let of = |metric| results.median(metric, contender);
        let (Some(writes), Some(index), Some(cpu), Some(latency), Some(log)) = (
            of(Metric::TableWritesSmall),
            of(Metric::IndexWrites),
            of(Metric::WarmCpu),
            of(Metric::LatencyMiddle),
            of(Metric::LogBytes),
        ) else {
            continue;
        };
        // The processor writes a receipt of one unit, and takes its messages in batches: a receive and a deletion each.
        let units = writes + index + 1.0;
        let messages = 1.0 + 2.0 / prices.processor_batch;
        // A small function has its share of a processor; waiting takes as long as in a large one.
        let share = prices.receiver_memory_mb / MB_OF_A_PROCESSOR;
        let seconds = (cpu / share + latency) / 1e3;
        let memory_gb = prices.receiver_memory_mb / 1_024.0;
        let lambda = prices.lambda_per_million_requests * (1.0 + 1.0 / prices.processor_batch)
            + seconds * memory_gb * prices.lambda_arm64_per_gb_second * 1e6;
        let price = prices.http_api_per_million_requests
            + lambda
            + units * prices.dynamodb_per_million_write_units
            + messages * prices.sqs_fifo_per_million_requests
            + log * 1e6 / 1e9 * prices.logs_per_gb_written;
        results.add(Metric::Price, contender, price);
    }
    Ok(())
}
