//! The price of a million events of one body, with everything that AWS bills for them.

use super::{Part, Prices, QUEUE_CHUNK_BYTES};
use crate::flow::{Flow, Idle, Traffic};

/// A million.
const EVENTS: f64 = 1e6;

/// The attribute of the price that is named in the goals and in the document.
pub const STORED_LONGER: &str = "DynamoDB: receipts of signed deliveries, kept for ten years";

/// Returns the parts of the price; `None` if the ways were not measured.
///
/// Not included: what an idle deployment costs, the consumer, data transfer of the responses, and KMS.
pub fn parts(flow: &Flow, traffic: Traffic, idle: &Idle, prices: &Prices) -> Option<Vec<Part>> {
    let way = flow.ways?[traffic as usize];
    let functions = [way.receiver, way.processor, way.sweeper];
    let total = functions.into_iter().reduce(|sum, work| sum.and(work))?;
    let million = |units: f64, price: f64| units * EVENTS / 1e6 * price;
    let requests = flow.body_len.div_ceil(prices.http_api_request_bytes).max(1) as f64;
    // A receive and a deletion for each batch, of which a receive is as large as its messages.
    let batch = traffic.batch() as f64;
    let received = (way.message_len * batch / QUEUE_CHUNK_BYTES as f64).ceil().max(1.0);
    let queue = total.queue_requests + (received + 1.0) / batch;
    let lambda = functions.iter().map(|work| prices.lambda(work)).sum::<f64>();
    let log = total.log_bytes + idle.api_log_bytes as f64;
    let metrics = idle.metrics_of_events as f64 * prices.metric_per_month;
    let part = |name, dollars| Part { name, dollars };
    Some(vec![
        part("API Gateway", million(requests, prices.http_api_per_million_requests)),
        part("Lambda: receiver, processor, sweeper", lambda * EVENTS),
        part("DynamoDB: write units", million(total.writes, prices.dynamodb_per_million_write_units)),
        part("DynamoDB: read units", million(total.reads, prices.dynamodb_per_million_read_units)),
        part(
            "DynamoDB: storage with backups, for the retention",
            prices.storage(way.stored_byte_months - way.stored_longer_byte_months) * EVENTS,
        ),
        part(STORED_LONGER, prices.storage(way.stored_longer_byte_months) * EVENTS),
        part("SQS", million(queue, prices.sqs_fifo_per_million_requests)),
        part("EventBridge", million(way.bus_events, prices.eventbridge_per_million_events)),
        part("logs of functions and API, written and kept", prices.logs(log) * EVENTS),
        part("metrics of these hours", metrics * traffic.hours_of_a_million() / 730.0),
        part("tracing, which is off by default", 0.0),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{Way, Work};

    fn flow(receiver: Work, message_len: f64) -> Flow {
        let way =
            Way { receiver, bus_events: 1.0, message_len, stored_byte_months: 3_000.0, ..Way::default() };
        Flow { body_len: 1_000, ways: Some([way; 2]), ..Flow::default() }
    }

    fn dollars(flow: &Flow, traffic: Traffic, name: &str) -> f64 {
        let idle = Idle { metrics_of_events: 5, ..Idle::default() };
        let parts = parts(flow, traffic, &idle, &Prices::read().expect("prices")).expect("a way");
        parts.iter().find(|part| part.name == name).expect("the part").dollars
    }

    #[test]
    fn each_unit_has_its_price() {
        let receiver = Work { writes: 4.0, reads: 8.0, queue_requests: 1.0, ..Work::default() };
        let flow = flow(receiver, 1_000.0);
        for (name, want) in [
            ("API Gateway", 1.0),
            ("DynamoDB: write units", 2.5),
            ("DynamoDB: read units", 1.0),
            ("DynamoDB: storage with backups, for the retention", 1.35),
            ("SQS", 0.6),
            ("EventBridge", 1.0),
            ("tracing, which is off by default", 0.0),
        ] {
            let found = dollars(&flow, Traffic::Busy, name);
            assert!((found - want).abs() < 1e-9, "{name}: {found}");
        }
        assert!((dollars(&flow, Traffic::Quiet, "SQS") - 1.5).abs() < 1e-9);
        assert!((dollars(&flow, Traffic::Quiet, "metrics of these hours") - 1.5).abs() < 1e-9);
    }

    #[test]
    fn large_messages_are_received_in_several_chunks() {
        let receiver = Work { queue_requests: 1.0, ..Work::default() };
        let found = dollars(&flow(receiver, 20_000.0), Traffic::Busy, "SQS");
        // 200 KB in four chunks, and a deletion, for ten messages.
        assert!((found - 0.5 * 1.5).abs() < 1e-9, "{found}");
    }

    #[test]
    fn a_second_of_a_small_function_is_priced_by_its_memory() {
        let prices = Prices::read().expect("prices");
        let work = Work { invocations: 1.0, held_ms: 1_000.0, ..Work::default() };
        let want = 0.2e-6 + 0.25 * 1.33334e-5;
        assert!((prices.lambda(&work) - want).abs() < 1e-12, "{}", prices.lambda(&work));
        let work = Work { cpu_ms: 100.0, ..Work::default() };
        let seconds = 0.1 * 1_769.0 / 256.0;
        assert!((prices.lambda(&work) - seconds * 0.25 * 1.33334e-5).abs() < 1e-12);
    }

    #[test]
    fn a_way_that_was_not_measured_has_no_price() {
        let flow = Flow { ways: None, ..Flow::default() };
        assert!(parts(&flow, Traffic::Busy, &Idle::default(), &Prices::read().expect("prices")).is_none());
    }
}
