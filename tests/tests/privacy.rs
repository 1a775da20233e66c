//! Personal data and secrets are in no log, no metric and no response, on any path. Needs `make up`.
//!
//! Every personal text and every secret is marked, every path is walked, and the output is searched for the marks.

use std::path::Path;
use std::pin::Pin;

use inlet::received_at::ReceivedAt;
use inlet::request::{Fields, Headers, Plus, Request};
use inlet::store::StoreName;
use inlet::tools::credential_shape::CredentialShape;
use inlet::tools::registration::Registering;
use inlet::tools::sender::Sender;
use inlet_aws::client::clock;
use inlet_aws::dynamodb::gzip::{Effort, gzip};
use inlet_aws::operate::replay::{Replay, ReplayId, Replayed, Selection};
use inlet_aws::operate::sample_event::api_gateway_event;
use inlet_providers::ToolsVisitor;
use inlet_tests::canary::{
    Canary, MARK, marked, marked_credential, marked_form, most_personal_payload, personal_form,
};
use inlet_tests::demo_credential;
use inlet_tests::faults::call::Service;
use inlet_tests::faults::function::{Ended, Function};
use inlet_tests::faults::matrix::poll;
use inlet_tests::faults::plan::{Fault, Plan, Rule};
use inlet_tests::faults::world::World;
use inlet_tests::stack::Stack;
use inlet_zid::Zid;
use inlet_zort::Zort;
use serde_json::{Value, json};
use tokio::sync::watch;

/// A receiver of a store with marked secrets, and all output of it and its senders.
struct Walk<'w> {
    stack: &'w Stack,
    world: &'w World,
    canary: Canary,
}

/// The walk of one provider's deliveries.
type ProviderWalk = for<'a> fn(&'a mut Walk<'_>) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

/// The walks of all providers.
struct Paths(Vec<ProviderWalk>);

impl ToolsVisitor for Paths {
    fn visit<P: Registering>(&mut self) {
        self.0.push(|walk| Box::pin(walk.provider::<P>()));
    }
}

#[tokio::test]
async fn no_outcome_logs_personal_data_or_secrets() {
    let stack = Stack::up();
    let world = World::new(&stack.facts).await;
    let mut walk = Walk { stack: &stack, world: &world, canary: Canary::default() };
    let mut paths = Paths(Vec::new());
    inlet_providers::for_each_with_tools(&mut paths);
    assert_eq!(paths.0.len(), inlet_providers::NAMES.len());
    for path in paths.0 {
        path(&mut walk).await;
    }
    walk.a_bug("UPDATEORDER").await;
    walk.a_bug_of_yours().await;
    walk.processor().await;

    let log = world.log();
    for outcome in [
        "accepted",
        "accepted_by_queue_alone",
        "accepted_by_journal_alone",
        "unauthenticated",
        "unavailable",
        "malformed",
        "panicked",
    ] {
        assert!(log.contains(&format!("\"outcome\":\"{outcome}\"")), "{outcome} was not walked:\n{log}");
    }
    walk.canary.look_in("the log", &log);
    world.remove().await;
}

/// One provider is enough here: the deployed functions write the same log as those of the walk.
#[tokio::test]
async fn the_deployed_stack_logs_no_personal_data_or_secrets() {
    let stack = Stack::up();
    let since = clock::now();
    let mut canary = Canary::default();
    for credential in [demo_credential("zid"), json!({"url_token": "in-the-url"})] {
        let credential = marked_credential(&credential);
        let store = stack.store("zid", &json!([credential])).await;
        let request = marked::<Zid>(&store, "order.create", &credential);
        let forged = marked::<Zid>(&store, "order.create", &marked_credential(&credential));
        canary.remember(&request);
        canary.remember(&forged);
        assert_eq!(stack.send("zid", &request).status, 200);
        let refused = stack.send("zid", &forged);
        assert_eq!(refused.status, 401);
        canary.look_in("the refusal", &refused.body.to_string());
        assert_eq!(stack.processed_once(1, "zid", &store).await, 1);
    }
    let logs = stack.logs(since);
    assert!(logs.contains("order.create"), "the deliveries are in the logs:\n{logs}");
    canary.look_in("the logs", &logs);
}

impl Walk<'_> {
    /// Walks every path of a provider, with each shape of its credential, and with its form if it sends one.
    async fn provider<S: Sender>(&mut self) {
        let payload = most_personal_payload::<S>();
        for (n, shape) in S::CREDENTIAL_SHAPES.iter().enumerate() {
            let credential = if n == 0 { demo_credential(S::NAME) } else { sample_credential(shape) };
            self.receiver::<S>(payload, &credential, n == 0).await;
        }
        if let Some(form) = personal_form::<S>() {
            self.form::<S>(form, &demo_credential(S::NAME)).await;
        }
    }

    /// Walks every path of a delivery. `fails` adds the paths on which services fail: they do not depend on the kind
    /// of proof, and take time.
    async fn receiver<S: Sender>(&mut self, payload: &str, credential: &Value, fails: bool) {
        let credential = marked_credential(credential);
        let store = self.stack.store(S::NAME, &json!([credential])).await;
        let plan = Plan::default();
        let mut receiver = self.world.function(&format!("inlet-{}", S::NAME), &plan).await;
        let genuine = marked::<S>(&store, payload, &credential);
        for (request, status) in [
            (genuine.clone(), 200),
            // A duplicate.
            (genuine.clone(), 200),
            (
                resigned::<S>(
                    Request { topic: Some("no-such-event".into()), ..genuine.clone() },
                    &credential,
                ),
                200,
            ),
            (
                resigned::<S>(
                    Request { body: format!("{{\"name\":\"{MARK}").into(), ..genuine.clone() },
                    &credential,
                ),
                200,
            ),
            (marked::<S>(&store, payload, &marked_credential(&credential)), 401),
            (Request { headers: Headers::default(), query: String::new(), ..genuine.clone() }, 401),
            (Request { store: StoreName::parse("not-configured").expect("a name"), ..genuine.clone() }, 401),
        ] {
            self.canary.remember(&request);
            self.send(&mut receiver, api_gateway_event(S::NAME, &request), status).await;
        }
        let mut broken = api_gateway_event(S::NAME, &genuine);
        broken["body"] = json!(format!("%%%{MARK}"));
        broken["isBase64Encoded"] = json!(true);
        self.send(&mut receiver, broken, 400).await;
        if !fails {
            return;
        }
        for (down, status) in [
            (&[Service::DynamoDb][..], 200),
            (&[Service::Sqs], 200),
            (&[Service::DynamoDb, Service::Sqs], 503),
            (&[Service::Ssm], 200),
        ] {
            // New bodies: a stored one is not written again. New processes: they have no cached secrets.
            plan.set(down.iter().map(|service| Rule::all_of(*service, Fault::ServerError)).collect());
            receiver.recycle();
            let body = String::from_utf8_lossy(&genuine.body)
                .replace(MARK, &format!("{MARK}{status}{}", down.len()));
            let request = resigned::<S>(Request { body: body.into(), ..genuine.clone() }, &credential);
            self.canary.remember(&request);
            self.send(&mut receiver, api_gateway_event(S::NAME, &request), status).await;
        }
    }

    /// Sends personal data in a query or in a form, which other code parses than JSON.
    async fn form<S: Sender>(&mut self, payload: &str, credential: &Value) {
        let credential = marked_credential(credential);
        let store = self.stack.store(S::NAME, &json!([credential])).await;
        let plan = Plan::default();
        let mut receiver = self.world.function(&format!("inlet-{}", S::NAME), &plan).await;
        for (down, credential, status) in [
            (&[][..], credential.clone(), 200),
            (&[], marked_credential(&credential), 401),
            (&[Service::DynamoDb], credential.clone(), 200),
            (&[Service::DynamoDb, Service::Sqs], credential, 503),
        ] {
            plan.set(down.iter().map(|service| Rule::all_of(*service, Fault::ServerError)).collect());
            let request = marked_form::<S>(&store, payload, &credential, &format!("{status}{}", down.len()));
            self.canary.remember(&request);
            self.send(&mut receiver, api_gateway_event(S::NAME, &request), status).await;
        }
    }

    /// Sends a delivery that makes our own code panic. The binary has the proof of one provider, because a panic does
    /// not depend on the provider.
    async fn a_bug(&mut self, payload: &str) {
        let credential = marked_credential(&demo_credential("zort"));
        let store = self.stack.store("zort", &json!([credential])).await;
        let binary = Path::new(env!("CARGO_BIN_EXE_panicking"));
        let mut receiver = self.world.function_at(binary, &Plan::default()).await;
        let request = marked::<Zort>(&store, payload, &credential);
        self.send(&mut receiver, api_gateway_event("zort", &request), 503).await;
    }

    /// Messages that make a consumer panic; they stay on the queue.
    async fn a_bug_of_yours(&self) {
        let binary = Path::new(env!("CARGO_BIN_EXE_panicking-consumer"));
        let mut processor = self.world.function_at(binary, &Plan::default()).await;
        assert!(poll(self.world, &mut processor).await, "nothing was enqueued");
        let said = self.world.log().contains("panicking-consumer.rs");
        assert!(said, "the consumer's panic is not in the log:\n{}", self.world.log());
    }

    /// Processes the enqueued messages, a replay of them, and invalid messages.
    async fn processor(&mut self) {
        let mut processor = self.world.function("inlet-processor", &Plan::default()).await;
        while poll(self.world, &mut processor).await {}
        let replay =
            Replay { table: self.world.table_of(self.stack), queue: self.stack.queue(self.world.queue()) };
        let from = clock::now().earlier(std::time::Duration::from_secs(600));
        let until = ReceivedAt::from_millis(clock::now().millis() + 1).expect("a time");
        let everything = Selection::between(from, until);
        let replayed = watch::Sender::new(Replayed::default());
        let name = ReplayId::parse("canary").expect("a name");
        replay.run(&everything, &name, 1_000, &replayed).await.expect("a replay");
        assert!(replayed.borrow().sent > 0, "nothing was replayed");
        while poll(self.world, &mut processor).await {}
        let poison = json!({"name": MARK}).to_string();
        // A valid message, with a text in the place of the whole event.
        let message = json!({
            "id": "zid/canary/order/1/0123456789abcdef", "type": "commerce.order.created", "provider": "zid",
            "store": "canary", "receivedtime": "2026-01-31T10:00:00.000Z",
        });
        let message = message.to_string();
        let text = gzip(json!(MARK.repeat(20)).to_string().as_bytes(), Effort::Fast);
        for (group, text, whole) in [
            ("a", MARK, None),
            ("b", poison.as_str(), None),
            ("c", poison.as_str(), Some(MARK.as_bytes())),
            ("d", message.as_str(), Some(text.as_slice())),
        ] {
            self.stack.enqueue(self.world.queue(), group, text, whole).await;
        }
        // Each receive of a poison message is an attempt; after the fifth it is a dead letter.
        for _ in 0..8 {
            poll(self.world, &mut processor).await;
        }
        assert!(self.world.dead_letters().await > 0, "no poison was dead-lettered");
        let damaged = "the event that the message carries is damaged: JSON of another shape";
        assert!(self.world.log().contains(damaged), "the text was not parsed:\n{}", self.world.log());
    }

    async fn send(&self, receiver: &mut Function, event: Value, status: u16) {
        match receiver.invoke(event).await {
            Ended::Returned(response) => {
                assert_eq!(response["statusCode"], status, "{response}\n{}", self.world.log());
                self.canary.look_in("a response", &response.to_string());
            }
            other => panic!("{other:?}\n{}", self.world.log()),
        }
    }
}

/// Returns a credential of this shape.
fn sample_credential(shape: &CredentialShape) -> Value {
    let required = shape.fields.iter().filter(|field| field.required);
    Value::Object(
        required.map(|field| (field.name.to_owned(), json!(format!("the-{}", field.name)))).collect(),
    )
}

/// Returns the request with a proof of its current content.
fn resigned<S: Sender>(request: Request, credential: &Value) -> Request {
    let media_type = request.headers.value("content-type").map(|value| ("content-type", value.to_owned()));
    let had_token = Fields::parse(request.query.as_bytes(), Plus::Space).bytes("token").is_some();
    let query = if had_token { String::new() } else { request.query.clone() };
    let mut request = Request { headers: Headers::from_iter(media_type), query, ..request };
    S::sign(&mut request, credential);
    request
}
