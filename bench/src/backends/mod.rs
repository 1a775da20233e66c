//! AWS for the contenders: DynamoDB, SQS, Parameter Store, EventBridge and Lambda at one address, over TLS, in memory, and
//! a consumer's endpoint at another. They respond after a delay, and record every call with its units.

mod capacity;
mod dynamodb;
mod expression;
mod layout;
mod services;

use std::io::{self, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant, UNIX_EPOCH};

use jiff::Timestamp;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::capacity::Capacity;
use self::dynamodb::{Response, Table};
use self::layout::Stored;
use crate::http::{self, Request};
use crate::price;

/// A call that a contender made.
#[derive(Clone, Debug)]
pub struct Call {
    /// The operation, without its service's prefix: `PutItem`.
    pub operation: String,
    /// The request's body.
    pub input: Value,
    /// True if the service refused the call: as a rule, because the condition of a write failed.
    pub refused: bool,
    /// The time at which the request had arrived as a whole, and the time at which its response was sent.
    pub at: Instant,
    pub until: Instant,
    /// The units that the table bills.
    pub capacity: Capacity,
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
    table: Table,
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
            serve_connection(StreamOwned::new(connection, stream), shared)
        });
        backends.serve(endpoint, serve_connection);
        Ok(backends)
    }

    /// Serves each connection in a thread of its own.
    fn serve(
        &self,
        listener: TcpListener,
        handle: impl Fn(TcpStream, &Shared) -> io::Result<()> + Clone + Send + 'static,
    ) {
        let shared = Arc::clone(&self.shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shared, handle) = (Arc::clone(&shared), handle.clone());
                // A broken connection means that the contender ended; `judge` checks its work.
                thread::spawn(move || stream.set_nodelay(true).and_then(|()| handle(stream, &shared)));
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

    /// Writes a receipt for every stored event.
    pub fn process(&self) {
        layout::write_receipts(&mut self.shared.state().table);
    }

    /// Stores further events of the first event's entity, until it has so many. Returns the entity's path; `None` if no event
    /// is stored.
    pub fn copy_event(&self, events: usize) -> Option<String> {
        layout::copy_event(&mut self.shared.state().table, events)
    }

    /// Stores so many events of other entities, if an event is stored.
    pub fn add_entities(&self, entities: usize) {
        layout::add_entities(&mut self.shared.state().table, entities);
    }

    /// Returns the number of stored events of an entity.
    pub fn events_of(&self, entity: &str) -> usize {
        layout::events_of(&self.shared.state().table, entity)
    }

    /// Returns a copy of the table.
    pub fn table(&self) -> Table {
        self.shared.state().table.clone()
    }

    /// Replaces the table, and makes its events older.
    pub fn restore(&self, table: &Table, age: Duration) {
        let mut table = table.clone();
        layout::age(&mut table, age);
        self.shared.state().table = table;
    }

    /// Returns the storage of the table until its items expire.
    pub fn stored(&self) -> Stored {
        let now = UNIX_EPOCH.elapsed().unwrap_or_default().as_secs_f64();
        layout::stored(&self.shared.state().table, now)
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

fn serve_connection(stream: impl Read + Write, shared: &Shared) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = http::read(&mut stream)? {
        let Some(operation) = operation(&request) else {
            // A connection test: AWS's load balancers respond to it.
            http::respond(stream.get_mut(), 200, &[], b"healthy")?;
            continue;
        };
        let at = Instant::now();
        let input: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let message = (operation == "SendMessage").then(|| input["MessageBody"].clone());
        let (status, response, capacity) = shared.state().respond(operation, &input);
        // The delay includes the service's own computing time.
        let delay = Duration::from_micros(shared.delay_us.load(Ordering::Relaxed));
        thread::sleep(delay.saturating_sub(at.elapsed()));
        let (refused, operation) = (status == 400, operation.to_owned());
        let kind = content_type(&operation);
        {
            let mut state = shared.state();
            state.calls.push(Call { operation, input, refused, at, until: Instant::now(), capacity });
            if let (Some(Value::String(message)), Some(accepted)) = (message, &state.accepted) {
                // No measurement waits for it any more.
                let _ = accepted.send(message);
            }
        }
        // The functions compare their clock with the date, and the command takes its cut-off from it.
        let date = date();
        let headers = [
            ("content-type", kind),
            ("x-amzn-requestid", "00000000-0000-4000-8000-000000000000"),
            ("date", date.as_str()),
        ];
        let body = if status == 204 { String::new() } else { response.to_string() };
        http::respond(stream.get_mut(), status, &headers, body.as_bytes())?;
    }
    Ok(())
}

/// Returns the present time as in a header: RFC 9110, section 5.6.7.
fn date() -> String {
    let seconds = UNIX_EPOCH.elapsed().unwrap_or_default().as_secs().cast_signed();
    let now = Timestamp::from_second(seconds).unwrap_or_default();
    now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// DynamoDB's protocol is version 1.0 of AWS's JSON, that of the others 1.1 or either.
fn content_type(operation: &str) -> &'static str {
    let is_newer = operation.ends_with("Message") || operation.starts_with("GetParam");
    if is_newer { "application/x-amz-json-1.1" } else { "application/x-amz-json-1.0" }
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
    /// Returns the status, the response and the units of a call.
    fn respond(&mut self, operation: &str, input: &Value) -> Response {
        if let Some(response) = self.table.respond(operation, input) {
            return response;
        }
        let (status, response) = services::respond(operation, input)
            .unwrap_or_else(|| (400, json!({"__type": "UnknownOperationException", "message": operation})));
        (status, response, Capacity::default())
    }
}

/// Returns the time for which at least one service held a call.
pub fn held(calls: &[Call]) -> Duration {
    let mut periods: Vec<(Instant, Instant)> = calls.iter().map(|call| (call.at, call.until)).collect();
    periods.sort();
    let mut held = Duration::ZERO;
    let mut counted_until: Option<Instant> = None;
    for (at, until) in periods {
        // A part that another call has already covered counts once.
        let from = counted_until.map_or(at, |counted| counted.max(at));
        held += until.saturating_duration_since(from);
        counted_until = Some(counted_until.map_or(until, |counted| counted.max(until)));
    }
    held
}

/// The billed units of some calls.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Units {
    /// Calls to any service.
    pub calls: usize,
    /// DynamoDB read units.
    pub reads: f64,
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
        let mut capacity = Capacity::default();
        calls.iter().for_each(|call| capacity.add(call.capacity));
        Self {
            calls: calls.len(),
            reads: capacity.reads,
            table_writes: capacity.table_writes,
            index_writes: capacity.index_writes,
            queue_chunks: calls.iter().map(queue_chunks).sum(),
        }
    }

    /// Returns the write units of table and index.
    pub fn writes(&self) -> u64 {
        self.table_writes + self.index_writes
    }
}

/// Returns the requests that SQS bills for a call.
fn queue_chunks(call: &Call) -> u64 {
    let len = |message: &Value| message["MessageBody"].as_str().unwrap_or_default().len() as u64;
    let bytes = match call.operation.as_str() {
        "SendMessage" => len(&call.input),
        "SendMessageBatch" => call.input["Entries"].as_array().into_iter().flatten().map(len).sum(),
        "GetQueueAttributes" | "ChangeMessageVisibility" => 1,
        _ => return 0,
    };
    bytes.div_ceil(price::QUEUE_CHUNK_BYTES).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_calls_are_held_once() {
        let start = Instant::now();
        let call = |from_ms, until_ms| Call {
            operation: "PutItem".to_owned(),
            input: Value::Null,
            refused: false,
            at: start + Duration::from_millis(from_ms),
            until: start + Duration::from_millis(until_ms),
            capacity: Capacity::default(),
        };
        for (calls, want_ms) in [
            (vec![], 0),
            (vec![call(0, 5), call(7, 12)], 10),
            (vec![call(7, 12), call(0, 8)], 12),
            (vec![call(0, 20), call(5, 6), call(19, 21)], 21),
        ] {
            assert_eq!(held(&calls), Duration::from_millis(want_ms), "{calls:?}");
        }
    }
}
