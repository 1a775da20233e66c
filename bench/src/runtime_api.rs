//! Lambda's runtime interface for a function: the function asks for the next event and answers it.
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
    happenings: Receiver<Happening>,
    events: Sender<Vec<u8>>,
}

/// An action of a function.
enum Happening {
    /// It asked for the next event.
    Waits(Instant),
    /// It answered one.
    Answered(Instant, Vec<u8>),
    /// It reported an error.
    Failed(String),
}

/// An event's answer.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status of the response.
    pub status: u16,
    /// From the event's sending to its response.
    pub took: Duration,
}

/// The reason that a function cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum Silence {
    /// It did nothing within the timeout, or ended.
    #[error("it neither answered nor asked for an event in time")]
    Late,
    /// It reported an error itself.
    #[error("it says: {0}")]
    Said(String),
}

impl RuntimeApi {
    /// Opens an interface for one function.
    pub fn open() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (sender, happenings) = channel();
        let (events, queue) = channel();
        let queue = Arc::new(Mutex::new(queue));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (sender, queue) = (sender.clone(), Arc::clone(&queue));
                thread::spawn(move || converse(stream, &sender, &queue));
            }
        });
        Ok(Self { address, happenings, events })
    }

    /// Waits until the function asks for an event, and returns the time.
    pub fn waits(&self, timeout: Duration) -> Result<Instant, Silence> {
        loop {
            match self.happening(timeout)? {
                Happening::Waits(at) => return Ok(at),
                Happening::Answered(..) => {}
                Happening::Failed(why) => return Err(Silence::Said(why)),
            }
        }
    }

    /// Delivers an event and waits for its response. The function must be waiting.
    pub fn deliver(&self, event: &[u8], timeout: Duration) -> Result<Answer, Silence> {
        let event = event.to_vec();
        let sent = Instant::now();
        self.events.send(event).map_err(|_| Silence::Late)?;
        loop {
            match self.happening(timeout)? {
                Happening::Answered(at, body) => {
                    let json: Value = serde_json::from_slice(&body).unwrap_or_default();
                    let status = json["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
                    return Ok(Answer { status: status.unwrap_or(0), took: at.duration_since(sent) });
                }
                Happening::Waits(_) => {}
                Happening::Failed(why) => return Err(Silence::Said(why)),
            }
        }
    }

    fn happening(&self, timeout: Duration) -> Result<Happening, Silence> {
        self.happenings.recv_timeout(timeout).map_err(|error| match error {
            RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected => Silence::Late,
        })
    }
}

fn converse(
    stream: TcpStream,
    sender: &Sender<Happening>,
    queue: &Mutex<Receiver<Vec<u8>>>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut to = stream.try_clone()?;
    let mut from = BufReader::new(stream);
    while let Some(request) = http::read(&mut from)? {
        let now = Instant::now();
        // The receiver of the channel is gone once the function has been measured.
        if request.path.ends_with("/next") {
            let _ = sender.send(Happening::Waits(now));
            let event = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(event) = event else { return Ok(()) };
            let request_id =
                format!("8476a536-e9f4-11e8-9739-{:012}", EVENTS.fetch_add(1, Ordering::Relaxed));
            let headers = [&EVENT_HEADERS[..], &[("lambda-runtime-aws-request-id", &request_id)]].concat();
            http::respond(&mut to, 200, &headers, &event)?;
        } else if request.path.ends_with("/response") {
            let _ = sender.send(Happening::Answered(now, request.body));
            http::respond(&mut to, 202, &[], b"{}")?;
        } else {
            let _ = sender.send(Happening::Failed(String::from_utf8_lossy(&request.body).into_owned()));
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
