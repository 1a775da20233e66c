//! AWS for the contenders: DynamoDB, SQS, Parameter Store, EventBridge and Lambda at one address, over TLS, in memory, and
//! a consumer's endpoint at another. Stores items, refuses conditional writes of existing items, answers after a delay and
//! records every call.

use std::collections::HashMap;
use std::io::{self, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Map, Value, json};

use crate::corpus;
use crate::http::{self, Request};
use crate::price;

/// A call that a contender made.
#[derive(Clone, Debug)]
pub struct Call {
    /// The operation, without its service's prefix: `PutItem`.
    pub operation: String,
    /// The request's body.
    pub asked: Value,
    /// True if the condition failed because the item exists.
    pub refused: bool,
    /// The time at which the request had arrived as a whole.
    pub at: Instant,
}

/// The running services.
#[derive(Clone)]
pub struct Backends {
    /// The address of all services.
    pub address: SocketAddr,
    /// The address of the consumer's endpoint, without TLS.
    pub endpoint: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    delay_us: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    items: HashMap<(String, String), Value>,
    calls: Vec<Call>,
    accepted: Option<Sender<String>>,
}

impl Backends {
    /// Starts the services on loopback.
    pub fn start(tls: &Arc<ServerConfig>) -> io::Result<Self> {
        let (services, endpoint) = (TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?);
        let (address, endpoint_address) = (services.local_addr()?, endpoint.local_addr()?);
        let backends = Self { address, endpoint: endpoint_address, shared: Arc::default() };
        let tls = Arc::clone(tls);
        backends.serve(services, move |stream, shared| {
            let connection = ServerConnection::new(Arc::clone(&tls)).map_err(io::Error::other)?;
            converse(StreamOwned::new(connection, stream), shared)
        });
        backends.serve(endpoint, converse);
        Ok(backends)
    }

    /// Serves each connection in a thread of its own.
    fn serve(
        &self,
        listener: TcpListener,
        converse: impl Fn(TcpStream, &Shared) -> io::Result<()> + Clone + Send + 'static,
    ) {
        let shared = Arc::clone(&self.shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shared, converse) = (Arc::clone(&shared), converse.clone());
                // A broken connection means that the contender ended; `judge` checks its work.
                thread::spawn(move || stream.set_nodelay(true).and_then(|()| converse(stream, &shared)));
            }
        });
    }

    /// Returns each message that is sent from now on, when the queue has accepted it.
    pub fn messages(&self) -> Receiver<String> {
        let (sender, messages) = channel();
        self.shared.state().accepted = Some(sender);
        messages
    }

    /// Sets the delay of every call except a connection test.
    pub fn delay(&self, delay: Duration) {
        let micros = u64::try_from(delay.as_micros()).unwrap_or(u64::MAX);
        self.shared.delay_us.store(micros, Ordering::Relaxed);
    }

    /// Returns the calls since the last call of this function.
    pub fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.shared.state().calls)
    }

    /// Deletes every item.
    pub fn empty(&self) {
        *self.shared.state() = State::default();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn converse(stream: impl Read + Write, shared: &Shared) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = http::read(&mut stream)? {
        let Some(operation) = operation(&request) else {
            // A connection test: AWS's load balancers answer it.
            http::respond(stream.get_mut(), 200, &[], b"healthy")?;
            continue;
        };
        let at = Instant::now();
        let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let message = (operation == "SendMessage").then(|| asked["MessageBody"].clone());
        let (status, answer) = shared.state().answer(operation, asked, at);
        // The delay includes the service's own computing time.
        let delay = Duration::from_micros(shared.delay_us.load(Ordering::Relaxed));
        thread::sleep(delay.saturating_sub(at.elapsed()));
        if let (Some(Value::String(message)), Some(accepted)) = (message, &shared.state().accepted) {
            // No measurement waits for it any more.
            let _ = accepted.send(message);
        }
        let version =
            if operation.ends_with("Message") || operation.starts_with("GetParam") { "1.1" } else { "1.0" };
        let kind = format!("application/x-amz-json-{version}");
        let headers =
            [("content-type", kind.as_str()), ("x-amzn-requestid", "00000000-0000-4000-8000-000000000000")];
        let body = if status == 204 { String::new() } else { answer.to_string() };
        http::respond(stream.get_mut(), status, &headers, body.as_bytes())?;
    }
    Ok(())
}

fn operation(request: &Request) -> Option<&str> {
    if request.path.ends_with("/invocations") {
        return Some("Invoke");
    }
    if request.header("webhook-id").is_some() {
        return Some("Deliver");
    }
    request.header("x-amz-target")?.split('.').next_back()
}

impl State {
    fn answer(&mut self, operation: &str, asked: Value, at: Instant) -> (u16, Value) {
        let (status, answer) = match operation {
            "PutItem" => self.put(&asked),
            "GetItem" => (200, receipt(&asked)),
            "SendMessage" => (200, sent(&asked)),
            // No event has a receipt yet, and no write is left out.
            "BatchGetItem" => (200, json!({"Responses": {}, "UnprocessedKeys": {}})),
            "BatchWriteItem" => (200, json!({"UnprocessedItems": {}})),
            "UpdateItem" => (200, json!({})),
            "PutEvents" => (200, published(&asked)),
            "Invoke" => (200, Value::Null),
            "Deliver" => (204, Value::Null),
            "GetParameter" => (200, json!({"Parameter": parameter(asked["Name"].as_str())})),
            "GetParameters" => {
                let names = asked["Names"].as_array().into_iter().flatten();
                let found: Vec<Value> = names.filter_map(|name| parameter(name.as_str())).collect();
                (200, json!({"Parameters": found, "InvalidParameters": []}))
            }
            "GetParametersByPath" => {
                let path = asked["Path"].as_str().unwrap_or_default();
                let stores = [corpus::STORE, corpus::CROWDED_STORE];
                let stores = stores.map(|store| parameter(Some(&format!("{path}/{store}"))));
                (200, json!({"Parameters": stores}))
            }
            _ => (400, json!({"__type": "UnknownOperationException", "message": operation})),
        };
        self.calls.push(Call { operation: operation.to_owned(), asked, refused: status == 400, at });
        (status, answer)
    }

    fn put(&mut self, asked: &Value) -> (u16, Value) {
        let item = asked["Item"].clone();
        let key = key(&item);
        if let (Some(there), true) = (self.items.get(&key), asked["ConditionExpression"].is_string()) {
            let refused = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
            let mut answer = json!({"__type": refused, "message": "The conditional request failed"});
            if asked["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD" {
                answer["Item"] = there.clone();
            }
            return (400, answer);
        }
        self.items.insert(key, item);
        (200, json!({}))
    }
}

fn key(item: &Value) -> (String, String) {
    let part = |name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
    (part("pk"), part("sk"))
}

/// Returns a receipt for every event: a repeated delivery was almost always processed before.
fn receipt(asked: &Value) -> Value {
    let mut item = asked["Key"].clone();
    if !item["sk"]["S"].as_str().is_some_and(|sk| sk.starts_with("receipt/")) {
        return json!({});
    }
    // Later than every delivery of this corpus.
    item["processed"] = json!({"S": "2999-12-31T23:59:59.999Z"});
    json!({"Item": item})
}

fn sent(asked: &Value) -> Value {
    let digest = Md5::digest(asked["MessageBody"].as_str().unwrap_or_default());
    let digest = digest.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"));
    json!({
        "MD5OfMessageBody": digest,
        "MessageId": "00000000-0000-4000-8000-000000000001",
        "SequenceNumber": "18850000000000000000"
    })
}

fn published(asked: &Value) -> Value {
    let entries = asked["Entries"].as_array().map_or(0, Vec::len);
    json!({"FailedEntryCount": 0, "Entries": vec![json!({"EventId": "1"}); entries]})
}

/// Returns a store's parameter, `/inlet/{stage}/{provider}/{store}`, or the secrets that sign requests to the endpoint. No
/// store has settings.
fn parameter(name: Option<&str>) -> Option<Value> {
    let name = name?;
    if name.starts_with("/inlet-consumer/") {
        let value = json!([format!("whsec_{}", STANDARD.encode([7; 32]))]).to_string();
        return Some(json!({"Name": name, "Type": "SecureString", "Value": value, "Version": 1}));
    }
    let mut parts = name.rsplit('/');
    let (store, provider) = (parts.next()?, parts.next()?);
    let value = corpus::credentials(provider, store)?;
    Some(json!({"Name": name, "Type": "SecureString", "Value": value, "Version": 1}))
}

/// The billed units of a delivery's calls.
#[derive(Clone, Copy, Debug, Default)]
pub struct Units {
    /// Calls to any service.
    pub calls: usize,
    /// DynamoDB write units of the table.
    pub table_writes: u64,
    /// DynamoDB write units of the index.
    pub index_writes: u64,
    /// SQS requests, each of 64 KB.
    pub queue_chunks: u64,
}

impl Units {
    /// Returns the sum over some calls.
    pub fn of(calls: &[Call]) -> Self {
        let mut units = Self { calls: calls.len(), ..Self::default() };
        for call in calls {
            match call.operation.as_str() {
                "PutItem" => {
                    let item = call.asked["Item"].as_object().cloned().unwrap_or_default();
                    units.table_writes += size(&item).div_ceil(price::WRITE_UNIT_BYTES);
                    let indexed = !call.refused && item.contains_key("bucket");
                    units.index_writes += u64::from(indexed);
                }
                "SendMessage" => {
                    let body = call.asked["MessageBody"].as_str().unwrap_or_default().len() as u64;
                    units.queue_chunks += body.div_ceil(price::QUEUE_CHUNK_BYTES);
                }
                _ => {}
            }
        }
        units
    }
}

/// An item's size as DynamoDB counts it, in bytes: names and values.
pub fn size(item: &Map<String, Value>) -> u64 {
    item.iter().map(|(name, value)| name.len() as u64 + value_size(value)).sum()
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
fn value_size(value: &Value) -> u64 {
    let Some((kind, value)) = value.as_object().and_then(|typed| typed.iter().next()) else { return 0 };
    let text = value.as_str().unwrap_or_default();
    match kind.as_str() {
        "S" => text.len() as u64,
        // Four characters of base64 are three bytes, less the padding.
        "B" => (text.len() / 4 * 3 - text.bytes().rev().take_while(|&byte| byte == b'=').count()) as u64,
        "N" => text.trim_start_matches('-').len().div_ceil(2) as u64 + 1,
        "M" => 3 + value.as_object().map_or(0, |map| size(map) + map.len() as u64),
        "L" => 3 + value.as_array().map_or(0, |list| list.iter().map(|item| value_size(item) + 1).sum()),
        _ => 1,
    }
}
