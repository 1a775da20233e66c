//! The price of a million events, from the measurements and the price list in `prices.json`.

use serde::Deserialize;

use crate::contender::Contender;
use crate::results::{Metric, Results};

/// Size of an SQS request.
pub const QUEUE_CHUNK_BYTES: u64 = 65_536;

/// The memory at which Lambda gives a whole processor, in MB.
const MB_OF_A_PROCESSOR: f64 = 1_769.0;

/// AWS's list prices in dollars, and values that the template sets.
#[derive(Debug, Deserialize)]
struct Prices {
    http_api_per_million_requests: f64,
    lambda_per_million_requests: f64,
    lambda_arm64_per_gb_second: f64,
    dynamodb_per_million_write_units: f64,
    sqs_fifo_per_million_requests: f64,
    logs_per_gb_written: f64,
    receiver_memory_mb: f64,
    processor_batch: f64,
}

/// Adds the price of a million events of 1 KB: API, receiver, table with index and receipt, queue, processor, logs.
/// Not included: the bus and its targets, and storage by the month.
pub fn add(results: &mut Results) -> Result<(), Box<dyn std::error::Error>> {
    let prices: Prices = serde_json::from_str(include_str!("../prices.json"))?;
    for contender in Contender::WORKERS {
        let of = |metric| results.of(metric, contender);
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
