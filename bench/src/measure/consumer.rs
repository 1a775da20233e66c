//! The way of a webhook to the consumer's handler: a receiver and the processor, with the queue between them, and the time
//! that each step takes.
//!
//! Each service takes the same time for each call, SQS also for handing a message to the processor. The poller of Lambda
//! and the delivery from EventBridge to a rule's target are not simulated.

use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Bench, Failure, millis};
use crate::backends::Call;
use crate::contender::Contender;
use crate::corpus::Body;
use crate::function::Function;
use crate::runtime_api::RuntimeError;
use crate::wrapper::Wrapper;

/// The time that each service takes.
pub const SERVICE: Duration = Duration::from_millis(5);

/// Number of webhooks before the measured ones.
const WARMING: usize = 50;

/// Number of measured webhooks in a round.
const MANY: usize = 200;

/// The longest wait for the queue's message.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A consumer mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Bus,
    Function,
    Https,
}

impl Mode {
    /// All modes, in the order of the table.
    pub const ALL: [Self; 3] = [Self::Bus, Self::Function, Self::Https];

    /// Returns its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bus => "`bus`",
            Self::Function => "`function`",
            Self::Https => "`https`",
        }
    }

    /// Returns the processor's variables.
    pub fn variables(self, bench: &Bench) -> Vec<(&'static str, String)> {
        let queue = "https://sqs.eu-central-1.amazonaws.com/123456789012/inlet-bench-DeadLetterQueue.fifo";
        let consumer = match self {
            Self::Bus => ("INLET_BUS", "inlet-bench".to_owned()),
            Self::Function => {
                let arn = "arn:aws:lambda:eu-central-1:123456789012:function:consumer";
                ("INLET_CONSUMER_FUNCTION", arn.to_owned())
            }
            Self::Https => ("INLET_CONSUMER_URL", format!("http://{}/consumer", bench.backends.endpoint)),
        };
        vec![("INLET_DEAD_LETTER_QUEUE_URL", queue.to_owned()), consumer]
    }

    /// Returns the call that hands over the event, and the time from its arrival to the handler: an endpoint is the
    /// handler itself.
    fn handing_over(self) -> (&'static str, Duration) {
        match self {
            Self::Bus => ("PutEvents", SERVICE),
            Self::Function => ("Invoke", SERVICE),
            Self::Https => ("Deliver", Duration::ZERO),
        }
    }
}

/// The steps of a webhook's way, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// The receiver, until its first call arrives at DynamoDB and between this call's response and the next call's arrival.
    pub receiver: f64,
    /// DynamoDB, for the event.
    pub table: f64,
    /// SQS: accepting the message and handing it over.
    pub queue: f64,
    /// The processor: the same as for the receiver.
    pub processor: f64,
    /// DynamoDB, for the look-up of receipts.
    pub receipts: f64,
    /// EventBridge or Lambda.
    pub handing_over: f64,
}

impl Way {
    /// Returns the steps with their names.
    pub fn steps(self) -> [(&'static str, f64); 6] {
        [
            ("receiver: verify, parse, compress, sign two calls", self.receiver),
            ("DynamoDB: store the event", self.table),
            ("SQS: accept the message, hand it over", self.queue),
            ("processor: parse, sign two calls", self.processor),
            ("DynamoDB: look for a receipt", self.receipts),
            ("EventBridge or Lambda", self.handing_over),
        ]
    }

    /// Returns the time from the provider's `POST` to the handler.
    pub fn whole(self) -> f64 {
        self.steps().iter().map(|(_, millis)| millis).sum()
    }
}

/// Measures the ways of webhooks to the handler of a consumer of this mode.
pub fn ways(bench: &Bench, contender: Contender, mode: Mode) -> Result<Vec<Way>, Failure> {
    bench.backends.empty();
    let start = |program: &str, variables: &[(&str, String)]| {
        Function::start(contender, program, Wrapper::NONE, &bench.certificates, &bench.backends, variables)
    };
    let receiver = start(Body::Zid10.provider(), &[])?;
    let mut processor = start("processor", &mode.variables(bench))?;
    receiver.ready()?;
    processor.ready()?;
    let mut messages = bench.backends.messages();
    let mut measured = Vec::new();
    for n in 0..WARMING + MANY {
        let service = if n < WARMING { Duration::ZERO } else { SERVICE };
        bench.backends.delay(service);
        let began = Instant::now();
        deliver(&receiver, &mut processor, &mut messages, service)?;
        let calls = bench.backends.calls();
        if n >= WARMING {
            measured.push(way(mode, began, &calls).ok_or("the way lacks a call, or the receipt")?);
        }
    }
    bench.backends.delay(Duration::ZERO);
    Ok(measured)
}

/// Delivers a webhook to the receiver, and its message to the processor as soon as the queue has accepted it: at that time
/// the receiver has not responded to the provider yet.
fn deliver(
    receiver: &Function,
    processor: &mut Function,
    messages: &mut Receiver<String>,
    handing_over: Duration,
) -> Result<(), Failure> {
    let delivery = Body::Zid10.delivery();
    thread::scope(|scope| {
        let processing = scope.spawn(move || {
            let message = messages.recv_timeout(TIMEOUT).map_err(|_| RuntimeError::Timeout)?;
            thread::sleep(handing_over);
            processor.deliver(&batch(&[message])).map(|_| ())
        });
        receiver.deliver(&delivery.event)?;
        processing.join().map_err(|_| "the thread of the processor panicked")??;
        Ok(())
    })
}

/// Returns a batch of messages, as Lambda's poller gives it to the processor.
pub fn batch(messages: &[String]) -> Vec<u8> {
    let records: Vec<Value> = messages.iter().enumerate().map(|(n, message)| record(n, message)).collect();
    json!({"Records": records}).to_string().into_bytes()
}

fn record(n: usize, message: &str) -> Value {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis().to_string();
    let parsed: Value = serde_json::from_str(message).unwrap_or_default();
    json!({
        "messageId": format!("059f36b4-87a3-44ab-83d2-{n:012}"),
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": message,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": now,
            "SequenceNumber": "18850000000000000000",
            "MessageGroupId": parsed["subject"],
            "MessageDeduplicationId": parsed["id"],
            "ApproximateFirstReceiveTimestamp": now,
        },
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:inlet-bench-EventQueue.fifo",
        "awsRegion": "eu-central-1",
    })
}

/// Returns the steps of a way from the arrivals of its calls; `None` if a call is missing or no receipt was written.
fn way(mode: Mode, began: Instant, calls: &[Call]) -> Option<Way> {
    let arrived = |operation: &str| calls.iter().find(|call| call.operation == operation).map(|call| call.at);
    let (handing_over, until_handler) = mode.handing_over();
    let (stored, sent) = (arrived("PutItem")?, arrived("SendMessage")?);
    let (looked, handed) = (arrived("BatchGetItem")?, arrived(handing_over)?);
    let is_receipt = |call: &Call| call.at > handed && call.input.to_string().contains("receipt/");
    calls.iter().find(|call| is_receipt(call))?;
    let between =
        |from: Instant, to: Instant, service: Duration| millis(to.duration_since(from)) - millis(service);
    Some(Way {
        receiver: between(began, stored, Duration::ZERO) + between(stored, sent, SERVICE),
        table: millis(SERVICE),
        queue: millis(SERVICE * 2),
        processor: between(sent, looked, SERVICE * 2) + between(looked, handed, SERVICE),
        receipts: millis(SERVICE),
        handing_over: millis(until_handler),
    })
}
