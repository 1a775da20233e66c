//! The rates of receiver, processor, sweeper and command with services of two speeds: the ceilings of one instance.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::consumer::{SERVICE, batch};
use super::flows::{Sweeper, accept, processor, start, wait_until_settled};
use super::operate::{forget_entity, one_entity, operate};
use super::{Bench, Failure, Measured};
use crate::backends::Call;
use crate::contender::Contender::Inlet;
use crate::corpus::Body;
use crate::results::Metric;

/// Number of webhooks of the receiver, of messages of the processor, of events of the sweeper's runs and of a replay, and
/// of an entity's events that are forgotten: about a second of work each.
const RECEIVED: usize = 100;
const PROCESSED: usize = 200;
const SWEPT: usize = 3_000;
const RESENT: usize = 500;
const REPLAYED: usize = 1_000;
const FORGOTTEN: usize = 2_000;

/// The number of messages in a batch: the maximum of a FIFO queue.
const BATCH: usize = 10;

/// The metrics of services of one speed.
struct Speed {
    /// The time for which a service holds a call.
    service: Duration,
    receiver: Metric,
    one_entity: Metric,
    ten_entities: Metric,
    hundred_entities: Metric,
    walk: Metric,
    resend: Metric,
    replay: Metric,
    forget: Metric,
}

/// Both speeds: what a service usually takes, and three times as long.
const SPEEDS: [Speed; 2] = [
    Speed {
        service: SERVICE,
        receiver: Metric::Receiver,
        one_entity: Metric::ProcessorOneEntity,
        ten_entities: Metric::ProcessorTenEntities,
        hundred_entities: Metric::ProcessorHundredEntities,
        walk: Metric::Walk,
        resend: Metric::Resend,
        replay: Metric::Replay,
        forget: Metric::Forget,
    },
    Speed {
        service: Duration::from_millis(15),
        receiver: Metric::ReceiverSlow,
        one_entity: Metric::ProcessorOneEntitySlow,
        ten_entities: Metric::ProcessorTenEntitiesSlow,
        hundred_entities: Metric::ProcessorHundredEntitiesSlow,
        walk: Metric::WalkSlow,
        resend: Metric::ResendSlow,
        replay: Metric::ReplaySlow,
        forget: Metric::ForgetSlow,
    },
];

impl Speed {
    /// Its metrics.
    const fn metrics(&self) -> [Metric; 8] {
        [
            self.receiver,
            self.one_entity,
            self.ten_entities,
            self.hundred_entities,
            self.walk,
            self.resend,
            self.replay,
            self.forget,
        ]
    }
}

/// The metrics of these rates.
pub const METRICS: [[Metric; 8]; 2] = [SPEEDS[0].metrics(), SPEEDS[1].metrics()];

/// Measures all rates, in events or items a second.
pub fn all(bench: &Bench) -> Measured {
    let mut rates = Vec::new();
    for speed in SPEEDS {
        let service = speed.service;
        rates.extend([
            (speed.receiver, receiver_rate(bench, service)?),
            (speed.one_entity, processor_rate(bench, 1, service)?),
            (speed.ten_entities, processor_rate(bench, 10, service)?),
            (speed.hundred_entities, processor_rate(bench, 100, service)?),
            (speed.walk, walk(bench, service)?),
            (speed.resend, resend(bench, service)?),
            (speed.replay, replay(bench, service)?),
            (speed.forget, forget(bench, service)?),
        ]);
    }
    Ok(rates)
}

/// Returns the rate of one instance of a receiver, which handles one webhook at a time.
fn receiver_rate(bench: &Bench, service: Duration) -> Result<f64, Failure> {
    bench.backends.empty();
    let receiver = start(bench, Body::Zid1.provider(), &[])?;
    // The first webhook reads the store's credentials.
    accept(bench, &receiver, Body::Zid1)?;
    bench.backends.delay(service);
    let mut took = Duration::ZERO;
    for _ in 0..RECEIVED {
        took += bench.deliver(&receiver, Inlet, &Body::Zid1.delivery())?.response.took;
    }
    bench.backends.delay(Duration::ZERO);
    Ok(RECEIVED as f64 / took.as_secs_f64())
}

/// Returns the rate of one instance of the processor whose batches have messages of so many entities.
fn processor_rate(bench: &Bench, entities: usize, service: Duration) -> Result<f64, Failure> {
    bench.backends.empty();
    let receiver = start(bench, Body::Zid1.provider(), &[])?;
    let message = accept(bench, &receiver, Body::Zid1)?.1;
    let messages: Vec<String> =
        (0..PROCESSED + BATCH).map(|n| of_entity(&message, n % entities, n)).collect::<Result<_, _>>()?;
    let processor = processor(bench)?;
    bench.backends.delay(service);
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
fn walk(bench: &Bench, service: Duration) -> Result<f64, Failure> {
    let (sweeper, fixed) = events_behind(bench, SWEPT, service)?;
    bench.backends.process();
    let (whole, calls) = timed(bench, &sweeper, service)?;
    rate(whole.saturating_sub(fixed), &calls, SWEPT, 0)
}

/// Returns the rate at which the sweeper sends events again whose messages were lost.
fn resend(bench: &Bench, service: Duration) -> Result<f64, Failure> {
    let (sweeper, fixed) = events_behind(bench, RESENT, service)?;
    let (whole, calls) = timed(bench, &sweeper, service)?;
    rate(whole.saturating_sub(fixed), &calls, RESENT, RESENT)
}

/// Returns the rate at which a replay sends events, without a limit of its own.
fn replay(bench: &Bench, service: Duration) -> Result<f64, Failure> {
    bench.backends.empty();
    let receiver = start(bench, Body::Zid1.provider(), &[])?;
    for _ in 0..REPLAYED {
        accept(bench, &receiver, Body::Zid1)?;
    }
    let run = operate(bench, &["replay"], service)?;
    rate(run.took, &run.calls, run.done, REPLAYED)
}

/// Returns the rate at which the items of an entity are forgotten.
fn forget(bench: &Bench, service: Duration) -> Result<f64, Failure> {
    bench.backends.empty();
    let entity = one_entity(bench, FORGOTTEN)?;
    let run = forget_entity(bench, &entity, FORGOTTEN, service)?;
    Ok(run.done as f64 / run.took.as_secs_f64())
}

/// Starts the sweeper, and stores so many events behind its cursor, each of another entity. Returns the time of a run
/// without events too.
fn events_behind(bench: &Bench, events: usize, service: Duration) -> Result<(Sweeper, Duration), Failure> {
    bench.backends.empty();
    let sweeper = Sweeper::start(bench)?;
    let (fixed, _) = timed(bench, &sweeper, service)?;
    let receiver = start(bench, Body::Zid1.provider(), &[])?;
    for _ in 0..events {
        accept(bench, &receiver, Body::Zid1)?;
    }
    wait_until_settled();
    Ok((sweeper, fixed))
}

/// Returns the rate of a run that took so long and walked over so many events, of which it must send so many.
fn rate(took: Duration, calls: &[Call], events: usize, sent: usize) -> Result<f64, Failure> {
    let of_call = |call: &Call| call.input["Entries"].as_array().map_or(1, Vec::len);
    let found: usize =
        calls.iter().filter(|call| call.operation.starts_with("SendMessage")).map(of_call).sum();
    if found != sent {
        return Err(format!("{found} messages were sent instead of {sent}").into());
    }
    Ok(events as f64 / took.as_secs_f64().max(1e-3))
}

fn timed(bench: &Bench, sweeper: &Sweeper, service: Duration) -> Result<(Duration, Vec<Call>), Failure> {
    let began = Instant::now();
    let calls = sweeper.run(bench, service)?.1;
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
