//! A provider's function: wired once, then an event in and a response out.

use std::sync::Arc;
use std::time::Instant;

use inlet::answer::Refusal;
use inlet::provider::Provider;
use inlet::receive::{Attempt, Receiver};
use inlet::request::Unverified;
use lambda_runtime::{Error, LambdaEvent, service_fn};

use crate::clock;
use crate::connect::{Clients, configuration};
use crate::deadline;
use crate::environment::{Environment, LogLevel};
use crate::gateway::{Event, Response, Unreadable};
use crate::log::{self, Context};
use crate::quarantine::TableQuarantine;
use crate::queue::SqsQueue;
use crate::secrets::SsmSecrets;
use crate::table::Table;

/// Why a function ended.
pub type Failed = Error;

/// Runs a provider's function until Lambda ends it.
///
/// # Errors
/// When the environment is incomplete or the runtime's interface cannot be reached.
pub async fn run<P: Provider>() -> Result<(), Failed> {
    log::say_where_but_not_what_of_panics();
    let environment = Environment::from_process()?;
    let clients = Clients::new(&configuration(&environment)?);
    let _ = tokio::time::timeout(deadline::WARM, clients.warm()).await;
    let function = Arc::new(Function::<P>::new(clients, environment));
    lambda_runtime::run(service_fn(|event: LambdaEvent<Event>| {
        let function = Arc::clone(&function);
        async move { Ok::<_, Error>(function.handle(event).await) }
    }))
    .await
}

/// A provider's receiver on AWS.
struct Function<P: Provider> {
    receiver: Arc<Receiver<SsmSecrets<P>, Table, SqsQueue, TableQuarantine>>,
    log_level: LogLevel,
}

impl<P: Provider> Function<P> {
    fn new(clients: Clients, environment: Environment) -> Self {
        let Environment { stage, table, queue_url, retention_days, log_level, .. } = environment;
        let table = Table::new(clients.dynamodb, table, retention_days);
        let receiver = Receiver {
            secrets: SsmSecrets::new(clients.ssm, &stage),
            quarantine: TableQuarantine::new(table.clone(), P::NAME),
            journal: table,
            queue: SqsQueue::new(clients.sqs, queue_url),
        };
        Self { receiver: Arc::new(receiver), log_level }
    }

    async fn handle(&self, event: LambdaEvent<Event>) -> Response {
        let start = Instant::now();
        let invocation = event.context.request_id;
        let line = |store, status| Context {
            level: self.log_level,
            provider: P::NAME,
            request: &invocation,
            store,
            status,
            duration: start.elapsed(),
            after_failure: &P::AFTER_FAILURE,
        };
        let request = match event.payload.into_request(P::NAME) {
            Ok(request) => Unverified::new(request),
            Err(unreadable) => {
                let answer = P::refuse(refusal(&unreadable));
                log::trouble(line(None, answer.status), "malformed", unreadable.to_string());
                return answer.into();
            }
        };
        let store = request.store().clone();
        let (receiver, attempt) = (Arc::clone(&self.receiver), Attempt(invocation.clone()));
        // A task of its own, so that a bug of ours becomes a 503 and a retry instead of a dead runtime.
        let task = tokio::spawn(async move { receiver.receive::<P>(request, clock::now(), &attempt).await });
        match task.await {
            Ok((answer, report)) => {
                log::delivery(line(Some(store.as_str()), answer.status), &report);
                answer.into()
            }
            Err(_) => {
                let answer = P::refuse(Refusal::Unavailable);
                let context = line(Some(store.as_str()), answer.status);
                log::trouble(context, "panicked", "a bug; the line before says where".to_owned());
                answer.into()
            }
        }
    }
}

/// What the sender is told of an event that is no request. A store that cannot exist is an unknown store.
fn refusal(unreadable: &Unreadable) -> Refusal {
    match unreadable {
        Unreadable::Base64 => Refusal::Malformed,
        Unreadable::Store(_) => Refusal::Unauthenticated,
    }
}
