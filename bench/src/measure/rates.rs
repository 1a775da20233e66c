//! The rates of processor and sweeper, with services that respond after 5 ms: the ceilings of one instance.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::consumer::{SERVICE, batch};
use super::flows::{Sweeper, accept, processor, start, wait_until_settled};
use super::{Bench, Failure, Measured};
use crate::backends::Call;
use crate::corpus::Body;
use crate::results::Metric;

/// Number of events of the sweeper's runs, and of messages of the processor's: some seconds of work each.
const SWEPT: usize = 3_000;
const RESENT: usize = 500;
const PROCESSED: usize = 200;

/// The number of messages in a batch: the maximum of a FIFO queue.
const BATCH: usize = 10;

/// The metrics of these rates.
pub const METRICS: [Metric; 4] =
    [Metric::ProcessorOneEntity, Metric::ProcessorTenEntities, Metric::Walk, Metric::Resend];

/// Measures all rates, in events a second.
pub fn all(bench: &Bench) -> Measured {
    Ok(vec![
        (Metric::ProcessorOneEntity, processor_rate(bench, 1)?),
        (Metric::ProcessorTenEntities, processor_rate(bench, 10)?),
        (Metric::Walk, walk(bench)?),
        (Metric::Resend, resend(bench)?),
    ])
}

/// Returns the rate of one instance of the processor whose batches have messages of so many entities.
fn processor_rate(bench: &Bench, entities: usize) -> Result<f64, Failure> {
    bench.backends.empty();
    let receiver = start(bench, Body::Zid1.provider(), &[])?;
    let message = accept(bench, &receiver, Body::Zid1)?.1;
    let messages: Vec<String> =
        (0..PROCESSED + BATCH).map(|n| of_entity(&message, n % entities, n)).collect::<Result<_, _>>()?;
    let processor = processor(bench)?;
    bench.backends.delay(SERVICE);
    let mut took = Duration::ZERO;
    for (n, some) in messages.chunks(BATCH).enumerate() {
        let response = processor.deliver(&batch(some))?;
        // The first batch opens connections.
        took += if n == 0 { Duration::ZERO } else { response.took };
    }
    bench.backends.delay(Duration::ZERO);
    let published: usize =
        bench.backends.calls().iter().map(|call| call.input["Entries"].as_array().map_or(0, Vec::len)).sum();
    if messages.len() != published {
        return Err(format!("{published} of {} events were published", messages.len()).into());
    }
    Ok(PROCESSED as f64 / took.as_secs_f64())
}

/// Returns the message of another event: of this entity, with this digest.
fn of_entity(message: &str, entity: usize, digest: usize) -> Result<String, Failure> {
    let mut message: Value = serde_json::from_str(message)?;
    let id = message["id"].as_str().ok_or("a message without an id")?.to_owned();
    let parts: Vec<&str> = id.split('/').collect();
    let [provider, store, kind, ..] = parts[..] else { return Err("an id without its parts".into()) };
    message["id"] = json!(format!("{provider}/{store}/{kind}/entity-{entity}/{digest:016x}"));
    message["subject"] = json!(format!("{kind}/entity-{entity}"));
    Ok(message.to_string())
}

/// Returns the rate at which the sweeper's first pass walks over settled events.
fn walk(bench: &Bench) -> Result<f64, Failure> {
    let (sweeper, fixed) = events_behind(bench, SWEPT)?;
    bench.backends.process();
    sweeping_rate(bench, &sweeper, fixed, SWEPT, 0)
}

/// Returns the rate at which the sweeper sends events again whose messages were lost.
fn resend(bench: &Bench) -> Result<f64, Failure> {
    let (sweeper, fixed) = events_behind(bench, RESENT)?;
    sweeping_rate(bench, &sweeper, fixed, RESENT, RESENT)
}

/// Starts the sweeper, and stores so many events behind its cursor, each of another entity. Returns the time of a run
/// without events too.
fn events_behind(bench: &Bench, events: usize) -> Result<(Sweeper, Duration), Failure> {
    bench.backends.empty();
    let sweeper = Sweeper::start(bench)?;
    let (fixed, _) = timed(bench, &sweeper)?;
    let receiver = start(bench, Body::Zid1.provider(), &[])?;
    for _ in 0..events {
        accept(bench, &receiver, Body::Zid1)?;
    }
    wait_until_settled();
    Ok((sweeper, fixed))
}

/// Returns the rate of a run over so many events, of which it must send so many.
fn sweeping_rate(
    bench: &Bench,
    sweeper: &Sweeper,
    fixed: Duration,
    events: usize,
    sent: usize,
) -> Result<f64, Failure> {
    let (whole, calls) = timed(bench, sweeper)?;
    let of_call = |call: &Call| call.input["Entries"].as_array().map_or(1, Vec::len);
    let found: usize =
        calls.iter().filter(|call| call.operation.starts_with("SendMessage")).map(of_call).sum();
    if found != sent {
        return Err(format!("the sweeper sent {found} events instead of {sent}").into());
    }
    Ok(events as f64 / whole.saturating_sub(fixed).as_secs_f64().max(1e-3))
}

fn timed(bench: &Bench, sweeper: &Sweeper) -> Result<(Duration, Vec<Call>), Failure> {
    let began = Instant::now();
    let calls = sweeper.run(bench)?.1;
    Ok((began.elapsed(), calls))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_another_event_has_its_entity_and_digest() {
        let message =
            json!({"id": "zid/demo/order/1/0123456789abcdef", "subject": "order/1", "type": "t"}).to_string();
        let other = of_entity(&message, 3, 255).expect("a message");
        let other: Value = serde_json::from_str(&other).expect("JSON");
        assert_eq!(other["id"], json!("zid/demo/order/entity-3/00000000000000ff"));
        assert_eq!((&other["subject"], &other["type"]), (&json!("order/entity-3"), &json!("t")));
    }
}
