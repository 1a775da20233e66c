//! AWS in memory, for tests that count calls, units and time: the event table, the queues and Parameter Store.
//!
//! Every call takes [`clock::LATENCY`] of a simulated time, which passes only while all work waits for calls. So a test's
//! figures are the same on every machine.

pub(crate) mod clock;
mod dynamodb;
mod expressions;
mod sqs;
mod ssm;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_types::SdkConfig;
use inlet::event::{EventId, Origin};
use inlet::received_at::ReceivedAt;
use serde_json::{Value, json};

use crate::dynamodb::events::StoredEvent;
use crate::dynamodb::record::{Record, sha256_hex};
use crate::dynamodb::table::Table;
use crate::fake_aws::clock::Clock;
use crate::fake_aws::dynamodb::Items;
use crate::fake_aws::sqs::Queues;
use crate::fake_aws::ssm::Parameters;
use crate::sqs::SqsQueue;

/// The date of every response.
const DATE: &str = "Thu, 12 Jun 2025 10:00:00 GMT";

/// A call that was made.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The operation, without its service: `PutItem`.
    pub(crate) operation: String,
    /// The body of the request.
    pub(crate) input: Value,
    /// The read or write units of DynamoDB.
    pub(crate) units: f64,
}

/// A call that fails: its operation, and a text in its request.
#[derive(Clone, Debug)]
struct Failure {
    operation: &'static str,
    text: String,
    /// True if no response comes, and nothing is done.
    is_silent: bool,
}

impl Failure {
    fn is_of(&self, operation: &str, input: &Value) -> bool {
        self.operation == operation && input.to_string().contains(&self.text)
    }
}

#[derive(Debug, Default)]
struct State {
    clock: Clock,
    items: Items,
    queues: Queues,
    parameters: Parameters,
    calls: Vec<Call>,
    failures: Vec<Failure>,
}

/// The services.
#[derive(Clone, Debug, Default)]
pub(crate) struct FakeAws(Arc<Mutex<State>>);

impl FakeAws {
    /// Returns the event table. It keeps events for so long that those of the tests do not expire.
    pub(crate) fn table(&self) -> Table {
        Table::new(aws_sdk_dynamodb::Client::new(&self.config()), "events", 36_500)
    }

    /// Returns a queue.
    pub(crate) fn queue(&self, name: &str) -> SqsQueue {
        SqsQueue::new(aws_sdk_sqs::Client::new(&self.config()), format!("https://sqs.invalid/{name}"))
    }

    /// Returns the client of Parameter Store.
    pub(crate) fn ssm(&self) -> aws_sdk_ssm::Client {
        aws_sdk_ssm::Client::new(&self.config())
    }

    /// Sets a parameter.
    pub(crate) fn set_parameter(&self, name: &str, value: &str) {
        self.state().parameters.set(name, value);
    }

    /// Encrypts a parameter with a key that the caller cannot use.
    pub(crate) fn lock_parameter(&self, name: &str) {
        self.state().parameters.lock(name);
    }

    /// Returns the simulated time.
    pub(crate) fn now(&self) -> Duration {
        self.state().clock.now()
    }

    /// Waits in the simulated time.
    pub(crate) async fn sleep(&self, duration: Duration) {
        clock::wait(|waker, until| self.state().clock.poll(waker, duration, until)).await;
    }

    /// Runs work. Returns its result and the simulated time that it took.
    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> impl Future<Output = (T, Duration)> {
        // Boxed, because the futures of the SDK's calls are large.
        let (aws, work) = (self.clone(), Box::pin(work));
        async move {
            let began = aws.state().clock.now();
            let output = clock::run(work, || aws.state().clock.advance()).await;
            (output, aws.state().clock.now().saturating_sub(began))
        }
    }

    /// Returns the calls of an operation since the last [`FakeAws::forget_calls`].
    pub(crate) fn calls(&self, operation: &str) -> Vec<Call> {
        self.state().calls.iter().filter(|call| call.operation == operation).cloned().collect()
    }

    /// Returns the number of all calls since then.
    pub(crate) fn call_count(&self) -> usize {
        self.state().calls.len()
    }

    /// Returns the read units since then.
    pub(crate) fn read_units(&self) -> f64 {
        self.units(&["GetItem", "BatchGetItem", "Query"])
    }

    /// Returns the write units since then.
    pub(crate) fn write_units(&self) -> f64 {
        self.units(&["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"])
    }

    fn units(&self, operations: &[&str]) -> f64 {
        let state = self.state();
        state.calls.iter().filter(|call| operations.contains(&&*call.operation)).map(|call| call.units).sum()
    }

    /// Forgets the calls.
    pub(crate) fn forget_calls(&self) {
        self.state().calls.clear();
    }

    /// Lets every call of this operation fail whose request contains a text.
    pub(crate) fn fail(&self, operation: &'static str, text: &str) {
        self.state().failures.push(Failure { operation, text: text.to_owned(), is_silent: false });
    }

    /// Lets every call of this operation wait without end whose request contains a text.
    pub(crate) fn silence(&self, operation: &'static str, text: &str) {
        self.state().failures.push(Failure { operation, text: text.to_owned(), is_silent: true });
    }

    /// Lets no call fail any more.
    pub(crate) fn fail_nothing(&self) {
        self.state().failures.clear();
    }

    /// Returns the deduplication ids of a queue's messages, in their order.
    pub(crate) fn messages(&self, queue: &str) -> Vec<String> {
        self.state().queues.deduplication_ids(queue)
    }

    /// Returns the number of a queue's messages that a receive hides.
    pub(crate) fn hidden(&self, queue: &str) -> usize {
        self.state().queues.hidden(queue)
    }

    /// Returns the sort keys of the items of a partition.
    pub(crate) fn sort_keys(&self, pk: &str) -> Vec<String> {
        self.state().items.sort_keys(pk)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn config(&self) -> SdkConfig {
        let connector = SharedHttpConnector::new(self.clone());
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("eu-central-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new("x", "x", None, None, "x")))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .retry_config(RetryConfig::disabled())
            .endpoint_url("https://aws.invalid")
            .build()
    }

    fn respond(&self, operation: &str, input: Value) -> (u16, Value) {
        let mut state = self.state();
        if state.failures.iter().any(|failure| failure.is_of(operation, &input)) {
            return (500, json!({"__type": "InternalServerError", "message": "as the test wants it"}));
        }
        let (status, response, units) = match state.items.respond(operation, &input) {
            Some(response) => response,
            None => {
                let (status, response) = state
                    .parameters
                    .respond(operation, &input)
                    .unwrap_or_else(|| state.queues.respond(operation, &input));
                (status, response, 0.0)
            }
        };
        state.calls.push(Call { operation: operation.to_owned(), input, units });
        (status, response)
    }
}

impl HttpConnector for FakeAws {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let input = serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap_or_default();
        let fake = self.clone();
        HttpConnectorFuture::new(async move {
            let is_silenced = |failure: &Failure| failure.is_silent && failure.is_of(&operation, &input);
            let is_silent = fake.state().failures.iter().any(is_silenced);
            if is_silent {
                return std::future::pending().await;
            }
            clock::wait(|waker, until| fake.state().clock.poll(waker, clock::LATENCY, until)).await;
            let (status, response) = fake.respond(&operation, input);
            let status = StatusCode::try_from(status).expect("a status");
            let mut response = HttpResponse::new(status, SdkBody::from(response.to_string()));
            response.headers_mut().insert("date", DATE);
            Ok(response)
        })
    }
}

/// Returns the id of an event: the number of its entity, and its number within the entity.
pub(crate) fn event_id(entity: usize, event: usize) -> EventId {
    // The factor is odd, so that no two numbers have the same digest, and spreads them over the shards.
    let digest = u64::try_from(event).expect("a number").wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let text = format!("acme/riyadh/order/{entity}/{digest:016x}");
    EventId::parse(&text).expect("an id")
}

/// Returns the time of arrival of every event of the tests, in milliseconds after nine o'clock.
pub(crate) fn arrival(ms: usize) -> ReceivedAt {
    let nine = ReceivedAt::parse("2025-06-12T09:00:00.000Z").expect("a time");
    ReceivedAt::from_millis(nine.millis().saturating_add(i64::try_from(ms).expect("a time"))).expect("a time")
}

/// Returns an event that arrived then.
pub(crate) fn stored_event(id: &EventId, received_at: ReceivedAt) -> StoredEvent {
    let body = br#"{"id": 1}"#.to_vec();
    let message = json!({
        "id": id.as_str(), "type": "commerce.order.created", "provider": "acme", "store": "riyadh",
        "receivedtime": received_at.to_string(), "data": {},
    });
    let record = Record {
        id: id.to_string(),
        event_type: "order.create".into(),
        canonical_type: "commerce.order.created".into(),
        inferred: false,
        time: None,
        received_ms: received_at.millis(),
        received: received_at.to_string(),
        origin: Origin::Webhook,
        trust: "signed".into(),
        attempt: id.to_string(),
        content: String::new(),
        window_ms: None,
        updates_latest: false,
        supersedes: None,
        method: "POST".into(),
        topic: None,
        query: String::new(),
        headers: std::collections::BTreeMap::default(),
        size: body.len(),
        sha256: sha256_hex(&body),
    };
    StoredEvent { record, message: message.to_string(), body }
}

impl FakeAws {
    /// Stores events of `entities` entities, `each` of every entity, one a millisecond, an entity after the other.
    /// Returns them with their arrivals, in the order of arrival.
    pub(crate) async fn store_events(&self, entities: usize, each: usize) -> Vec<(EventId, ReceivedAt)> {
        let table = self.table();
        let mut stored = Vec::new();
        for n in 0..entities.saturating_mul(each) {
            let id = event_id(n.checked_rem(entities).unwrap_or_default(), n);
            let event = stored_event(&id, arrival(n));
            let (put, _) = self.run(table.events.put(&event)).await;
            put.expect("a stored event");
            stored.push((id, arrival(n)));
        }
        self.forget_calls();
        stored
    }
}
