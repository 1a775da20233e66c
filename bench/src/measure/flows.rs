//! The way of an event of each provider through receiver, processor and sweeper, counted.

use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::consumer::{Mode, SERVICE, batch};
use super::template::Template;
use super::{Bench, Failure, millis};
use crate::backends::{Call, Units, held};
use crate::contender::Contender::Inlet;
use crate::corpus::Body;
use crate::emitted_metrics;
use crate::flow::{Flow, Idle, Traffic, Way, Work};
use crate::function::Function;
use crate::wrapper::Wrapper;

/// The age at which the sweeper checks an event, in seconds: shorter than in a deployment, so that a measurement need not wait.
const SETTLED_SECONDS: u64 = 1;

/// The delay of the sweeper's second pass behind the first.
const SECOND_PASS_DELAY: Duration = Duration::from_hours(6);

/// Number of webhooks before the measured ones, and number of measured ones.
const WARMING: usize = 50;
const MEASURED: usize = 200;

/// Counts the units of one body: accepted, and repeated after the event was processed.
pub fn units(bench: &Bench, body: Body) -> Result<Flow, Failure> {
    let function = bench.function(Inlet, body)?;
    function.ready()?;
    // The first delivery reads the store's credentials.
    bench.deliver(&function, Inlet, &body.delivery())?;
    let one = body.delivery();
    let accepted = bench.deliver(&function, Inlet, &one)?;
    bench.backends.process();
    let repeated = bench.deliver(&function, Inlet, &one)?;
    if repeated.calls.iter().any(|call| call.operation == "SendMessage") {
        return Err(format!("{}: a repeated delivery was sent again", body.name()).into());
    }
    // Every other write changes the latest delivery of the entity.
    let of_event = accepted.calls.iter().filter(|call| call.operation != "UpdateItem");
    Ok(Flow {
        body_len: one.body.len(),
        accepted: Units::of(&accepted.calls),
        event_writes: of_event.map(|call| call.capacity.table_writes).sum(),
        repeated: Units::of(&repeated.calls),
        ways: None,
    })
}

/// Counts the units of one body, and the work for it at both kinds of traffic.
pub fn whole(bench: &Bench, body: Body, busy_events: usize) -> Result<Flow, Failure> {
    let flow = units(bench, body)?;
    let receiver = receiver(bench, body)?;
    let mut ways = [Way::default(); 2];
    for traffic in Traffic::ALL {
        let events = traffic.events_of_a_run().unwrap_or(busy_events);
        ways[traffic as usize] = Way { receiver, ..way(bench, body, traffic, events)? };
    }
    Ok(Flow { ways: Some(ways), ..flow })
}

/// Returns the read units that the sweeper spends on a settled event, in a run with few of them: so few that the pages of the
/// index cost no more than empty ones.
pub fn sweeper_reads(bench: &Bench, body: Body) -> Result<f64, Failure> {
    Ok(way(bench, body, Traffic::Busy, 30)?.sweeper.reads)
}

/// Measures a run of the sweeper that finds nothing, and the metrics of an idle deployment and of one with events. Its
/// alarms are those of the provider with the most.
pub fn idle(bench: &Bench) -> Result<Idle, Failure> {
    let template = Template::read()?;
    bench.backends.empty();
    let sweeper = Sweeper::start(bench)?;
    let run = sweeper.run(bench, SERVICE)?.0;
    let of_runs = emitted_metrics::of_log(&sweeper.0.log());
    let (receiver, processor) = (start(bench, Body::Zid1.provider(), &[])?, processor(bench)?);
    let message = accept(bench, &receiver, Body::Zid1)?.1;
    process(bench, &processor, &[message])?;
    let of_events = emitted_metrics::of_log(&(receiver.log() + &processor.log()));
    let most = inlet_providers::NAMES.iter().map(|provider| template.alarm_metrics(provider)).max();
    Ok(Idle {
        run,
        metrics: of_runs.len(),
        metrics_of_events: of_events.len(),
        alarm_metrics: most.unwrap_or_default(),
        api_log_bytes: template.api_log_len()?,
    })
}

/// Measures the receiver's work for an accepted delivery.
fn receiver(bench: &Bench, body: Body) -> Result<Work, Failure> {
    bench.backends.empty();
    let receiver = start(bench, body.provider(), &[])?;
    for _ in 0..WARMING {
        accept(bench, &receiver, body)?;
    }
    bench.backends.delay(SERVICE);
    let meter = Meter::start(&receiver);
    let mut calls = Vec::new();
    for _ in 0..MEASURED {
        calls.extend(accept(bench, &receiver, body)?.0);
    }
    bench.backends.delay(Duration::ZERO);
    Ok(meter.stop(MEASURED, &calls).for_each_of(MEASURED))
}

/// Measures the work of processor and sweeper for each of some events, and what the table stores for it.
fn way(bench: &Bench, body: Body, traffic: Traffic, events: usize) -> Result<Way, Failure> {
    bench.backends.empty();
    let sweeper = Sweeper::start(bench)?;
    let idle = sweeper.run(bench, SERVICE)?.0;
    let (receiver, processor) = (start(bench, body.provider(), &[])?, processor(bench)?);
    let messages: Vec<String> =
        (0..events).map(|_| Ok(accept(bench, &receiver, body)?.1)).collect::<Result<_, Failure>>()?;
    let (processing, bus_events) = processing(bench, &processor, &messages, traffic.batch())?;
    let stored = bench.backends.stored();
    wait_until_settled();
    let sweeping = sweeps(bench, &sweeper, events)?.less(idle.and(idle));
    let message_bytes: usize = messages.iter().map(String::len).sum();
    let each = |sum: f64| sum / events as f64;
    Ok(Way {
        receiver: Work::default(),
        processor: processing.for_each_of(events),
        // The run itself is part of an idle deployment.
        sweeper: sweeping.for_each_of(events),
        bus_events: each(bus_events),
        message_len: each(message_bytes as f64),
        stored_byte_months: each(stored.byte_months),
        stored_longer_byte_months: each(stored.longer_byte_months),
    })
}

/// Processes the messages in batches. The first batch opens connections, so it counts with its calls, not with its CPU.
fn processing(
    bench: &Bench,
    processor: &Function,
    messages: &[String],
    len: usize,
) -> Result<(Work, f64), Failure> {
    bench.backends.delay(SERVICE);
    let mut calls = Vec::new();
    let mut meter = Meter::start(processor);
    let mut batches = 0;
    for some in messages.chunks(len) {
        calls.extend(process(bench, processor, some)?);
        batches += 1;
        if batches == 1 {
            meter = Meter::start(processor);
        }
    }
    bench.backends.delay(Duration::ZERO);
    let warm = meter.stop(batches, &calls);
    let share = batches as f64 / (batches as f64 - 1.0).max(1.0);
    let work = Work { cpu_ms: warm.cpu_ms * share, log_bytes: warm.log_bytes * share, ..warm };
    let entries = calls.iter().filter(|call| call.operation == "PutEvents").flat_map(entries);
    Ok((work, entries.map(|len| len.div_ceil(65_536).max(1) as f64).sum()))
}

/// Runs both passes of the sweeper over the events: the second one on the same table, with events that are six hours older.
fn sweeps(bench: &Bench, sweeper: &Sweeper, events: usize) -> Result<Work, Failure> {
    let before = bench.backends.table();
    let mut sum = Work::default();
    for age in [Duration::ZERO, SECOND_PASS_DELAY] {
        bench.backends.restore(&before, age);
        let (work, calls) = sweeper.run(bench, SERVICE)?;
        let seen: usize = calls.iter().map(receipts_asked).sum();
        if seen < events || calls.iter().any(|call| call.operation.starts_with("SendMessage")) {
            return Err(format!(
                "the sweeper looked for {seen} receipts of {events} processed events, or sent one"
            )
            .into());
        }
        sum = sum.and(work);
    }
    Ok(sum)
}

/// The sweeper's function.
pub struct Sweeper(Function);

impl Sweeper {
    /// Starts it and runs it once, so that its cursors are set.
    pub fn start(bench: &Bench) -> Result<Self, Failure> {
        let settled = SETTLED_SECONDS.to_string();
        let sweeper = Self(start(bench, "sweeper", &[("INLET_SETTLED_SECONDS", settled)])?);
        sweeper.run(bench, SERVICE)?;
        Ok(sweeper)
    }

    /// Runs it once. Returns its work and its calls.
    pub fn run(&self, bench: &Bench, service: Duration) -> Result<(Work, Vec<Call>), Failure> {
        bench.backends.delay(service);
        let meter = Meter::start(&self.0);
        self.0.deliver(b"{}")?;
        let calls = bench.backends.calls();
        bench.backends.delay(Duration::ZERO);
        Ok((meter.stop(1, &calls), calls))
    }
}

/// The state of a function's counters before some work.
struct Meter<'f> {
    function: &'f Function,
    cpu: Duration,
    log_bytes: u64,
}

impl<'f> Meter<'f> {
    fn start(function: &'f Function) -> Self {
        Self { function, cpu: function.settled_cpu(), log_bytes: function.log_bytes() }
    }

    fn stop(self, invocations: usize, calls: &[Call]) -> Work {
        let units = Units::of(calls);
        Work {
            invocations: invocations as f64,
            calls: units.calls as f64,
            reads: units.reads,
            writes: units.writes() as f64,
            queue_requests: units.queue_chunks as f64,
            cpu_ms: millis(self.function.settled_cpu().saturating_sub(self.cpu)),
            held_ms: millis(held(calls)),
            log_bytes: self.function.log_bytes().saturating_sub(self.log_bytes) as f64,
        }
    }
}

/// Waits until every event so far is old enough for the sweeper.
pub fn wait_until_settled() {
    thread::sleep(Duration::from_secs(SETTLED_SECONDS) + Duration::from_millis(100));
}

/// Starts one of our functions, with further environment variables.
pub fn start(bench: &Bench, program: &str, variables: &[(&str, String)]) -> Result<Function, Failure> {
    let function =
        Function::start(Inlet, program, Wrapper::NONE, &bench.certificates, &bench.backends, variables)?;
    function.ready()?;
    Ok(function)
}

/// Starts the processor with the bus as its consumer.
pub fn processor(bench: &Bench) -> Result<Function, Failure> {
    start(bench, "processor", &Mode::Bus.variables(bench))
}

/// Delivers a new webhook. Returns the calls, and the message that the queue got.
pub fn accept(bench: &Bench, receiver: &Function, body: Body) -> Result<(Vec<Call>, String), Failure> {
    let calls = bench.deliver(receiver, Inlet, &body.delivery())?.calls;
    let sent = calls.iter().find(|call| call.operation == "SendMessage");
    let message = sent.and_then(|call| call.input["MessageBody"].as_str()).ok_or("no message was sent")?;
    let message = message.to_owned();
    Ok((calls, message))
}

/// Gives a batch to the processor. Returns its calls.
fn process(bench: &Bench, processor: &Function, messages: &[String]) -> Result<Vec<Call>, Failure> {
    processor.deliver(&batch(messages))?;
    let calls = bench.backends.calls();
    let receipts: usize = calls.iter().map(receipts_written).sum();
    if receipts != messages.len() {
        return Err(format!("{receipts} receipts were written for {} messages", messages.len()).into());
    }
    Ok(calls)
}

/// Returns the lengths of the entries that a call publishes.
fn entries(call: &Call) -> Vec<usize> {
    let entries = call.input["Entries"].as_array().cloned().unwrap_or_default();
    let len = |entry: &Value, name: &str| entry[name].as_str().map_or(0, str::len);
    entries
        .iter()
        .map(|entry| ["Detail", "DetailType", "Source"].map(|name| len(entry, name)).iter().sum())
        .collect()
}

fn receipts_asked(call: &Call) -> usize {
    let keys = call.input["RequestItems"].as_object().into_iter().flatten();
    let keys = keys.flat_map(|(_, wanted)| wanted["Keys"].as_array().into_iter().flatten());
    keys.filter(|key| is_receipt(key)).count()
}

fn receipts_written(call: &Call) -> usize {
    let requests = call.input["RequestItems"].as_object().into_iter().flatten();
    let requests = requests.flat_map(|(_, requests)| requests.as_array().into_iter().flatten());
    requests.filter(|request| is_receipt(&request["PutRequest"]["Item"])).count()
}

fn is_receipt(item: &Value) -> bool {
    item["sk"]["S"].as_str().is_some_and(|sk| sk.starts_with("receipt/"))
}
