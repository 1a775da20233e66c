//! A consumer under the test's control: a function behind Lambda's Invoke API, or an HTTPS endpoint. It fails by its
//! behaviour, and records every event that it receives.

use std::collections::HashSet;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, UNIX_EPOCH};

use bytes::Bytes;
use hyper::{Request, Response};
use serde_json::{Value, json};

use crate::faults::call::ENDPOINT;
use crate::faults::function::PROXY;
use crate::faults::http::{Closed, Reply, Server, whole};

/// The ARN of the function, with an alias.
const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:orders:live";

/// The path and the query of the endpoint.
const HOOK: &str = "hook/v1?tenant=a%20b&empty=";

/// The time limit of a call in cases whose fault makes calls last longer than it.
pub const SHORT_LIMIT_SECONDS: u32 = 1;

/// Delay of a late response: longer than the short limit.
const LATE: Duration = Duration::from_millis(1_400);

/// Duration of a hanging call: longer than any limit.
const FOREVER: Duration = Duration::from_mins(10);

/// The consumer's mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// A Lambda function.
    Function,
    /// An HTTPS endpoint.
    Https,
}

impl Mode {
    /// Both modes.
    pub const ALL: [Self; 2] = [Self::Function, Self::Https];
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Function => "`function`",
            Self::Https => "`https`",
        })
    }
}

/// The time in a `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// A number of seconds.
    Seconds(u64),
    /// A date this many seconds ahead.
    Date(u64),
    /// More digits than any integer has.
    Huge,
    /// A text that is neither.
    Unreadable,
}

impl RetryAfter {
    fn value(self) -> String {
        match self {
            Self::Seconds(seconds) => seconds.to_string(),
            Self::Date(ahead) => {
                let since = UNIX_EPOCH.elapsed().unwrap_or_default() + Duration::from_secs(ahead);
                httpdate::fmt_http_date(UNIX_EPOCH + since)
            }
            Self::Huge => "9".repeat(40),
            Self::Unreadable => "soon".to_owned(),
        }
    }
}

/// A failure of the consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// This status, without further headers.
    Status(u16),
    /// This status, and the time of the next attempt.
    Later(u16, RetryAfter),
    /// A redirect to another path of the same server, which would process the event.
    Redirect(u16),
    /// Lambda's error with this status and code.
    Service(u16, &'static str),
    /// The function raises an error, or its process ends.
    Unhandled(&'static str),
    /// The function names the events as failures of this kind.
    Named(&'static str),
    /// The function's response is this text.
    Text(&'static str),
    /// The function's response is a text of six megabytes.
    SixMegabytes,
    /// There is no response.
    Hang,
}

/// The consumer's behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// It processes everything.
    Works,
    /// It processes nothing and fails.
    Fails(Failure),
    /// It fails for every second call.
    Flaps(Failure),
    /// It processes its events, and responds after the processor has given up.
    RespondsLate,
    /// It fails for the poison: an endpoint for the event, a function for the event if it names failures, else for
    /// every call that contains it.
    Poison(Failure),
}

/// An event that the consumer received.
#[derive(Clone, Debug)]
pub struct Given {
    /// Its id.
    pub id: String,
    /// Its `receivedtime`.
    pub received: String,
    /// The id of the replay, if it is one.
    pub replay: Option<String>,
    /// When the consumer received it.
    pub at: Instant,
    /// True if it was processed.
    pub is_processed: bool,
}

impl Given {
    /// Returns the event's entity: the id without its digest.
    pub fn entity(&self) -> &str {
        entity_of(&self.id)
    }
}

/// Returns the entity of an event's id.
pub fn entity_of(id: &str) -> &str {
    id.rsplit_once('/').map_or(id, |(entity, _)| entity)
}

#[derive(Debug)]
struct State {
    mode: Mode,
    behaviour: Behaviour,
    poison: Option<String>,
    given: Vec<Given>,
    broken: Vec<String>,
    calls: usize,
}

/// The consumer.
#[derive(Debug)]
pub struct Consumer {
    server: Server,
    state: Arc<Mutex<State>>,
}

impl Consumer {
    /// Starts a consumer that processes everything.
    pub async fn start(mode: Mode) -> Self {
        let behaviour = Behaviour::Works;
        let state = State { mode, behaviour, poison: None, given: Vec::new(), broken: Vec::new(), calls: 0 };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let server = Server::start(move |request| {
            let shared = Arc::clone(&shared);
            async move { respond_to(&shared, &request).await }
        });
        Self { server: server.await.expect("a port for the consumer"), state }
    }

    /// Returns its address.
    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// Returns the processor's variable that names it, with its value.
    pub fn variable(&self) -> (&'static str, String) {
        match lock(&self.state).mode {
            Mode::Function => ("INLET_CONSUMER_FUNCTION", ARN.to_owned()),
            Mode::Https => ("INLET_CONSUMER_URL", format!("{PROXY}{ENDPOINT}{HOOK}")),
        }
    }

    /// Changes its behaviour.
    pub fn behave(&self, behaviour: Behaviour) {
        lock(&self.state).behaviour = behaviour;
    }

    /// Names the event that is poison.
    pub fn set_poison(&self, id: &str) {
        lock(&self.state).poison = Some(id.to_owned());
    }

    /// Returns the events that it received, in that order.
    pub fn given(&self) -> Vec<Given> {
        lock(&self.state).given.clone()
    }

    /// Returns what was wrong with its calls: two events of an entity in one, or a request that is not as documented.
    pub fn broken(&self) -> Vec<String> {
        lock(&self.state).broken.clone()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The reaction to a call.
enum Reaction {
    Now(Response<Bytes>),
    After(Duration, Response<Bytes>),
    Never,
}

async fn respond_to(state: &Mutex<State>, request: &Request<Bytes>) -> Result<Reply, Closed> {
    // The lock must not be held while the response waits.
    let reaction = lock(state).react(request);
    match reaction {
        Reaction::Now(response) => Ok(whole(response)),
        Reaction::After(time, response) => {
            tokio::time::sleep(time).await;
            Ok(whole(response))
        }
        Reaction::Never => {
            tokio::time::sleep(FOREVER).await;
            Err(Closed)
        }
    }
}

impl State {
    fn react(&mut self, request: &Request<Bytes>) -> Reaction {
        self.calls += 1;
        self.check(request);
        let events = self.events(request.body());
        let first = self.given.len();
        self.given.extend(events);
        let given = self.given.get(first..).unwrap_or_default();
        let entities: HashSet<&str> = given.iter().map(Given::entity).collect();
        if entities.len() < given.len() {
            self.broken.push(format!("two events of an entity in one call: {given:?}"));
        }
        let poison = given.iter().find(|event| self.poison.as_deref() == Some(event.id.as_str()));
        let (poison, ids) = (
            poison.map(|event| event.id.clone()),
            given.iter().map(|event| event.id.clone()).collect::<Vec<_>>(),
        );
        match (self.behaviour, poison) {
            (Behaviour::Fails(failure), _) => self.fail(failure, &ids),
            (Behaviour::Flaps(failure), _) if self.calls.is_multiple_of(2) => self.fail(failure, &ids),
            (Behaviour::RespondsLate, _) => {
                self.process(first, None);
                Reaction::After(LATE, self.success())
            }
            (Behaviour::Poison(failure), Some(poison)) => {
                if let Failure::Named(_) = failure {
                    self.process(first, Some(&poison));
                }
                self.fail(failure, &[poison])
            }
            (Behaviour::Works | Behaviour::Flaps(_) | Behaviour::Poison(_), _) => {
                self.process(first, None);
                Reaction::Now(self.success())
            }
        }
    }

    fn events(&self, body: &Bytes) -> Vec<Given> {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let events = match self.mode {
            Mode::Function => body["events"].as_array().cloned().unwrap_or_default(),
            Mode::Https => vec![body],
        };
        let text = |event: &Value, name: &str| event[name].as_str().map(str::to_owned);
        let given = |event: &Value| Given {
            id: text(event, "id").unwrap_or_default(),
            received: text(event, "receivedtime").unwrap_or_default(),
            replay: text(event, "replayid"),
            at: Instant::now(),
            is_processed: false,
        };
        events.iter().map(given).collect()
    }

    /// Compares a request with its documentation.
    fn check(&mut self, request: &Request<Bytes>) {
        let uri = request.uri().to_string();
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let is_right = match self.mode {
            Mode::Function => uri.replace("%3A", ":") == format!("/2015-03-31/functions/{ARN}/invocations"),
            Mode::Https => {
                let signatures = header("webhook-signature").unwrap_or_default();
                uri == format!("{ENDPOINT}{HOOK}")
                    && header("content-type") == Some("application/cloudevents+json; charset=utf-8")
                    && header("webhook-timestamp").is_some_and(|time| time.parse::<u64>().is_ok())
                    && signatures.split(' ').count() == SECRETS.len()
                    && signatures.split(' ').all(|signature| signature.starts_with("v1,"))
            }
        };
        if !is_right {
            self.broken.push(format!("a request that is not as documented: {uri} {:?}", request.headers()));
        }
    }

    fn process(&mut self, first: usize, without: Option<&str>) {
        for event in self.given.iter_mut().skip(first).filter(|event| without != Some(event.id.as_str())) {
            event.is_processed = true;
        }
    }

    fn success(&self) -> Response<Bytes> {
        match self.mode {
            Mode::Function => respond(200, &[], "null".into()),
            Mode::Https => respond(204, &[], Bytes::new()),
        }
    }

    fn fail(&mut self, failure: Failure, ids: &[String]) -> Reaction {
        Reaction::Now(match failure {
            Failure::Status(status) => respond(status, &[], Bytes::new()),
            Failure::Later(status, time) => respond(status, &[("retry-after", &time.value())], Bytes::new()),
            Failure::Redirect(status) => {
                respond(status, &[("location", "/consumer/elsewhere")], Bytes::new())
            }
            Failure::Service(status, code) => {
                respond(status, &[("x-amzn-errortype", code)], r#"{"message":"as planned"}"#.into())
            }
            Failure::Unhandled(kind) => {
                let body = json!({"errorMessage": "as planned", "errorType": kind}).to_string();
                respond(200, &[("x-amz-function-error", "Unhandled")], body.into())
            }
            Failure::Named(kind) => {
                let failures: Vec<Value> =
                    ids.iter().map(|id| json!({"id": id, "kind": kind, "reason": "as planned"})).collect();
                respond(200, &[], json!({"failures": failures}).to_string().into())
            }
            Failure::Text(text) => respond(200, &[], text.into()),
            Failure::SixMegabytes => respond(200, &[], format!("\"{}\"", "x".repeat(6_000_000)).into()),
            Failure::Hang => return Reaction::Never,
        })
    }
}

/// The secrets that sign requests to an endpoint: two are live, as during a rotation.
pub const SECRETS: [&str; 2] = [
    "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=",
];

fn respond(status: u16, headers: &[(&str, &str)], body: Bytes) -> Response<Bytes> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body).expect("a response")
}
