//! A stand-in for AWS in front of the emulator: it hangs, refuses or drops calls, by service or by operation, and its
//! clock can differ from this machine's.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use inlet_tests::stack::{Facts, Stack};

/// The behaviour for a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Behaviour {
    /// The emulator responds.
    Pass,
    /// There is no response.
    Hang,
    /// The connection is closed without a response.
    Drop,
    /// It is refused with this error code.
    Refuse(&'static str),
}

/// The stand-in.
pub(crate) struct FakeAws {
    /// The facts of the local stack, with the stand-in's address as that of AWS.
    pub(crate) facts: Facts,
    behaviours: Arc<Behaviours>,
}

/// The behaviours by service or operation, and the time by which its clock is ahead of the emulator's.
#[derive(Default)]
struct Behaviours {
    by_call: Mutex<HashMap<String, Behaviour>>,
    ahead: Duration,
}

impl FakeAws {
    /// Starts a stand-in in front of the local stack's emulator.
    pub(crate) fn start() -> Self {
        Self::ahead(Duration::ZERO)
    }

    /// The same with a clock that is this much ahead of the emulator's, which is this machine's.
    pub(crate) fn ahead(ahead: Duration) -> Self {
        let mut facts = Stack::up().facts;
        let upstream = facts.endpoint.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        facts.endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let behaviours = Arc::new(Behaviours { ahead, ..Behaviours::default() });
        let shared = Arc::clone(&behaviours);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, behaviours, upstream) =
                    (stream.expect("a connection"), Arc::clone(&shared), upstream.clone());
                thread::spawn(move || respond(stream, &behaviours, &upstream));
            }
        });
        Self { facts, behaviours }
    }

    /// Sets the behaviour for a service's calls (`dynamodb`), or for one operation (`sqs/SendMessage`).
    pub(crate) fn set(&self, calls: &str, behaviour: Behaviour) {
        self.behaviours.by_call.lock().expect("no panic").insert(calls.to_owned(), behaviour);
    }
}

/// A request: its head without the line that ends it, and its body.
pub(crate) struct Call {
    head: Vec<String>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Call {
    /// Reads a request. `None` if the connection ends before it does.
    pub(crate) fn read(stream: &TcpStream) -> Option<Self> {
        let mut reader = BufReader::new(stream);
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
            if line.trim().is_empty() {
                break;
            }
            head.push(line.trim().to_owned());
        }
        let mut call = Self { head, body: Vec::new() };
        let length = call.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        call.body.resize(length, 0);
        reader.read_exact(&mut call.body).ok()?;
        Some(call)
    }

    fn header(&self, name: &str) -> Option<&str> {
        let with_name = |line: &&String| line.to_lowercase().starts_with(&format!("{name}:"));
        self.head.iter().find(with_name).and_then(|line| line.split_once(':')).map(|(_, value)| value.trim())
    }

    /// The service in the scope of the signature.
    fn service(&self) -> String {
        let scope = self.header("authorization").and_then(|line| line.split("Credential=").nth(1));
        scope.and_then(|scope| scope.split('/').nth(3)).unwrap_or_default().to_owned()
    }

    /// Returns the service and the operation: `sqs/SendMessage`.
    pub(crate) fn operation(&self) -> String {
        let target = self.header("x-amz-target").and_then(|target| target.rsplit('.').next());
        format!("{}/{}", self.service(), target.unwrap_or_default())
    }
}

fn respond(mut stream: TcpStream, behaviours: &Behaviours, upstream: &str) -> Option<()> {
    let call = Call::read(&stream)?;
    let behaviour = {
        let by_call = behaviours.by_call.lock().expect("no panic");
        by_call.get(&call.operation()).or_else(|| by_call.get(&call.service())).copied()
    };
    match behaviour.unwrap_or(Behaviour::Pass) {
        Behaviour::Pass => pass(&call, &mut stream, upstream, behaviours.ahead),
        Behaviour::Hang => {
            thread::sleep(Duration::from_mins(2));
            None
        }
        Behaviour::Drop => None,
        Behaviour::Refuse(code) => refuse(&call, code, &mut stream),
    }
}

fn pass(call: &Call, stream: &mut TcpStream, upstream: &str, ahead: Duration) -> Option<()> {
    let mut emulator = TcpStream::connect(upstream).ok()?;
    let head = call.head.iter().filter(|line| !line.to_lowercase().starts_with("connection:"));
    let head = head.fold(String::new(), |head, line| head + line + "\r\n");
    emulator.write_all(format!("{head}connection: close\r\n\r\n").as_bytes()).ok()?;
    emulator.write_all(&call.body).ok()?;
    let mut emulator = BufReader::new(emulator);
    loop {
        let mut line = String::new();
        emulator.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let date = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("date"));
        if let Some((_, date)) = date {
            let date = httpdate::parse_http_date(date.trim()).expect("a date").checked_add(ahead)?;
            line = format!("date: {}\r\n", httpdate::fmt_http_date(date));
        }
        stream.write_all(line.as_bytes()).ok()?;
        if line.trim().is_empty() {
            break;
        }
    }
    std::io::copy(&mut emulator, stream).ok().map(drop)
}

/// Refuses a call in the protocol of its service.
fn refuse(call: &Call, code: &str, stream: &mut TcpStream) -> Option<()> {
    let message = "User: arn:aws:iam::000000000000:user/test is not authorized, or was too fast";
    let (kind, body) = match call.service().as_str() {
        "cloudformation" | "sns" | "sts" => (
            "text/xml",
            format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
            ),
        ),
        _ => ("application/x-amz-json-1.0", format!(r#"{{"__type":"{code}","message":"{message}"}}"#)),
    };
    let head = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).ok()
}
