//! Lambda's runtime interface for a function: the function asks for the next event and responds to it.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::io::{self, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http;

/// One function's interface.
pub struct RuntimeApi {
    /// The address of the interface.
    pub address: SocketAddr,
    calls: Receiver<RuntimeCall>,
    events: Sender<Vec<u8>>,
}

/// A call of the function at its runtime interface.
enum RuntimeCall {
    /// It asked for the next event.
    Next(Instant),
    /// It returned the response to an event.
    Response(Instant, Vec<u8>),
    /// It reported an error.
    Error(String),
}

/// The response to an event.
#[derive(Debug)]
pub struct Response {
    /// The HTTP status of the response.
    pub status: u16,
    /// From the event's sending to its response.
    pub took: Duration,
}

/// The reason that a function cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The function did nothing within the timeout, or ended.
    #[error("the function neither responded nor asked for an event in time")]
    Timeout,
    /// The function reported an error.
    #[error("the function reported: {0}")]
    Reported(String),
}

impl RuntimeApi {
    /// Opens an interface for one function.
    pub fn open() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (sender, calls) = channel();
        let (events, queue) = channel();
        let queue = Arc::new(Mutex::new(queue));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (sender, queue) = (sender.clone(), Arc::clone(&queue));
                thread::spawn(move || serve(stream, &sender, &queue));
            }
        });
        Ok(Self { address, calls, events })
    }

    /// Waits until the function asks for an event, and returns the time.
    pub fn wait_for_next(&self, timeout: Duration) -> Result<Instant, RuntimeError> {
        loop {
            match self.next_call(timeout)? {
                RuntimeCall::Next(at) => return Ok(at),
                RuntimeCall::Response(..) => {}
                RuntimeCall::Error(why) => return Err(RuntimeError::Reported(why)),
            }
        }
    }

    /// Delivers an event and waits for its response. The function must be waiting.
    pub fn deliver(&self, event: &[u8], timeout: Duration) -> Result<Response, RuntimeError> {
        let event = event.to_vec();
        let sent = Instant::now();
        self.events.send(event).map_err(|_| RuntimeError::Timeout)?;
        loop {
            match self.next_call(timeout)? {
                RuntimeCall::Response(at, body) => {
                    let json: Value = serde_json::from_slice(&body).unwrap_or_default();
                    let status = json["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
                    return Ok(Response { status: status.unwrap_or(0), took: at.duration_since(sent) });
                }
                RuntimeCall::Next(_) => {}
                RuntimeCall::Error(why) => return Err(RuntimeError::Reported(why)),
            }
        }
    }

    fn next_call(&self, timeout: Duration) -> Result<RuntimeCall, RuntimeError> {
        self.calls.recv_timeout(timeout).map_err(|error| match error {
            RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected => RuntimeError::Timeout,
        })
    }
}

fn serve(
    stream: TcpStream,
    sender: &Sender<RuntimeCall>,
    queue: &Mutex<Receiver<Vec<u8>>>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut to = stream.try_clone()?;
    let mut from = BufReader::new(stream);
    while let Some(request) = http::read(&mut from)? {
        let now = Instant::now();
        // The receiver of the channel is gone once the function has been measured.
        if request.path.ends_with("/next") {
            let _ = sender.send(RuntimeCall::Next(now));
            let event = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(event) = event else { return Ok(()) };
            let request_id =
                format!("8476a536-e9f4-11e8-9739-{:012}", EVENTS.fetch_add(1, Ordering::Relaxed));
            let headers = [&EVENT_HEADERS[..], &[("lambda-runtime-aws-request-id", &request_id)]].concat();
            http::respond(&mut to, 200, &headers, &event)?;
        } else if request.path.ends_with("/response") {
            let _ = sender.send(RuntimeCall::Response(now, request.body));
            http::respond(&mut to, 202, &[], b"{}")?;
        } else {
            let _ = sender.send(RuntimeCall::Error(String::from_utf8_lossy(&request.body).into_owned()));
            http::respond(&mut to, 202, &[], b"{}")?;
        }
    }
    Ok(())
}

/// Number of events so far: each event has an id of its own.
static EVENTS: AtomicU64 = AtomicU64::new(0);

const EVENT_HEADERS: [(&str, &str); 4] = [
    ("content-type", "application/json"),
    ("lambda-runtime-deadline-ms", "4102444800000"),
    ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:123456789012:function:bench"),
    ("lambda-runtime-trace-id", "Root=1-684a8c78-0123456789abcdef01234567;Sampled=0"),
];
