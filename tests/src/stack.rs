//! Access to the local stack: its API as a provider uses it, its bus as a consumer, its table and its
//! queues as an operator.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    Projection, ProjectionType, ScalarAttributeType,
};
use aws_sdk_eventbridge::types::Target;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{MessageAttributeValue, QueueAttributeName};
use aws_sdk_ssm::types::ParameterType;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use inlet::event::EventId;
use inlet::received_at::ReceivedAt;
use inlet::request::Request;
use inlet::store::StoreName;
use inlet_aws::client::config::{Config, Credentials, LogLevel};
use inlet_aws::client::connect::{Clients, sdk_config};
use inlet_aws::dynamodb::events::StoredEvent;
use inlet_aws::dynamodb::table::Table;
use inlet_aws::sqs::SqsQueue;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::repository;

/// The running local stack.
pub struct Stack {
    /// The content of `.local/stack.json`.
    pub facts: Facts,
    /// Clients of its emulator.
    pub clients: Clients,
    /// A client of its bus.
    pub bus: aws_sdk_eventbridge::Client,
}

/// `.local/stack.json`.
#[derive(Clone, Debug, Deserialize)]
pub struct Facts {
    /// The emulator.
    pub endpoint: String,
    /// Its region.
    pub region: String,
    /// The API's address.
    pub api: String,
    /// The event table.
    pub table: String,
    /// The event queue.
    pub queue_url: String,
    /// The dead-letter queue.
    pub dlq_url: String,
    /// The bus that events are published on.
    pub bus: String,
    /// The deployment's stage.
    pub stage: String,
}

/// The response to a sender.
#[derive(Debug, PartialEq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The body, which is always JSON.
    pub body: Value,
    /// The `location` header, if there is one.
    pub location: Option<String>,
}

/// A message on a queue.
#[derive(Clone, Debug)]
pub struct Message {
    /// The FIFO group.
    pub group: String,
    /// The deduplication id.
    pub deduplication: String,
    /// The text; null if it is not JSON.
    pub body: Value,
    /// The whole event, if one is attached.
    pub whole: Option<Vec<u8>>,
}

/// Timeout of everything that takes some time.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Timeout of one call of a test. The emulator sometimes stops for seconds, which is not under test;
/// slow services are tested with services that are slow on purpose.
const CALL: Duration = Duration::from_secs(60);

impl Stack {
    /// Returns the stack that `make up` started.
    pub fn up() -> Self {
        let facts: Facts =
            serde_json::from_str(&repository::text(".local/stack.json")).expect("`make up` first");
        let config = sdk_config(&environment(&facts)).expect("a configuration");
        let config = config.into_builder().timeout_config(long_timeouts()).build();
        let clients = Clients::new(&config);
        let bus = aws_sdk_eventbridge::Client::new(&config);
        Self { facts, clients, bus }
    }

    /// Creates a store for one test, with these credentials and a consumer: a rule on the bus that puts every
    /// event of the store on a queue, which no consumer empties.
    pub async fn store(&self, provider: &str, credentials: &Value) -> StoreName {
        let name = StoreName::parse(&unique()).expect("a store's name");
        self.set(&format!("{provider}/{name}"), &credentials.to_string()).await;
        let queue = self.clients.sqs.create_queue().queue_name(name.as_str()).send().await.expect("a queue");
        let arn = self.arn(queue.queue_url().expect("its address")).await;
        let pattern = json!({"source": [format!("inlet.{provider}")], "detail": {"store": [name.as_str()]}});
        let rule = self.bus.put_rule().name(name.as_str()).event_bus_name(&self.facts.bus);
        rule.event_pattern(pattern.to_string()).send().await.expect("a rule");
        let target = Target::builder().id("consumer").arn(arn).build().expect("a target");
        let targets = self.bus.put_targets().rule(name.as_str()).event_bus_name(&self.facts.bus);
        targets.targets(target).send().await.expect("a target");
        name
    }

    /// Creates a FIFO queue that no consumer empties.
    pub async fn idle_queue(&self) -> String {
        self.fifo_queue("30").await
    }

    /// Creates a queue in front of the deployed processor, whose messages become visible again after a second.
    pub async fn impatient_queue(&self) -> String {
        let queue = self.fifo_queue("1").await;
        let listed = self.ask("GET", &self.lambda("functions/"), &[], &[]).body;
        let names = listed["Functions"].as_array().into_iter().flatten();
        let function = names.filter_map(|function| function["FunctionName"].as_str());
        let function =
            function.filter(|name| name.contains("ProcessorFunction")).collect::<Vec<_>>().join("");
        let source = json!({
            "EventSourceArn": self.arn(&queue).await,
            "FunctionName": function,
            "BatchSize": 10,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        });
        let created = self.ask(
            "POST",
            &self.lambda("event-source-mappings/"),
            &[("content-type", "application/json")],
            source.to_string().as_bytes(),
        );
        assert_eq!(created.status, 202, "{}", created.body);
        queue
    }

    /// Runs the deployed sweeper, as the scheduler does every minute.
    pub fn sweep(&self) {
        let url = self.lambda(&format!("functions/{}/invocations", self.function("SweeperFunction")));
        let ran = self.ask("POST", &url, &[], b"{}");
        assert_eq!((ran.status, &ran.body), (200, &Value::Null), "{}", ran.body);
    }

    /// Creates an event table for one test.
    pub async fn table_of_its_own(&self) -> Table {
        let (name, text) = (unique(), ScalarAttributeType::S);
        let attribute = |name: &str| {
            AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(text.clone())
                .build()
                .expect("one")
        };
        let keys = |hash: &str, range: &str| {
            let key = |name: &str, kind| {
                KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("a key")
            };
            Some(vec![key(hash, KeyType::Hash), key(range, KeyType::Range)])
        };
        let all = Projection::builder().projection_type(ProjectionType::All).build();
        let index = GlobalSecondaryIndex::builder().index_name("arrivals").projection(all);
        let index = index.set_key_schema(keys("bucket", "arrival")).build().expect("an index");
        let create = self.clients.dynamodb.create_table().table_name(&name).set_key_schema(keys("pk", "sk"));
        let create = create.global_secondary_indexes(index).billing_mode(BillingMode::PayPerRequest);
        let attributes = ["pk", "sk", "bucket", "arrival"].map(attribute).to_vec();
        create.set_attribute_definitions(Some(attributes)).send().await.expect("a table");
        Table::new(self.clients.dynamodb.clone(), name, 1)
    }

    /// Creates a copy of the event table, as a backup is restored, and returns its name.
    pub async fn copy_of_table(&self) -> String {
        let name = unique();
        let create = self.clients.dynamodb.create_backup().table_name(&self.facts.table).backup_name(&name);
        let created = create.send().await.expect("a backup").backup_details.expect("its details");
        let restore = self.clients.dynamodb.restore_table_from_backup().target_table_name(&name);
        restore.backup_arn(created.backup_arn()).send().await.expect("a copy");
        name
    }

    /// Sets or removes an attribute of an event's item, which no component does.
    pub async fn damage(&self, id: &EventId, attribute: &str, value: Option<AttributeValue>) {
        let change = self.clients.dynamodb.update_item().table_name(&self.facts.table);
        let change = change.set_key(Some(key_of(id))).expression_attribute_names("#name", attribute);
        let change = match value {
            Some(value) => {
                change.update_expression("SET #name = :new").expression_attribute_values(":new", value)
            }
            None => change.update_expression("REMOVE #name"),
        };
        change.send().await.expect("a changed item");
    }

    /// Deletes every item of an entity without a tombstone, which no component does.
    pub async fn lose(&self, entity_path: &str) {
        let partition = AttributeValue::S(entity_path.to_owned());
        let query = self.clients.dynamodb.query().table_name(&self.facts.table);
        let query = query.key_condition_expression("pk = :pk").expression_attribute_values(":pk", partition);
        for item in query.send().await.expect("a readable table").items.unwrap_or_default() {
            let key = ["pk", "sk"].map(|name| (name.to_owned(), item[name].clone()));
            let delete = self.clients.dynamodb.delete_item().table_name(&self.facts.table);
            delete.set_key(Some(key.into())).send().await.expect("a deleted item");
        }
    }

    /// Returns the physical name of a function with this logical id.
    fn function(&self, called: &str) -> String {
        let listed = self.ask("GET", &self.lambda("functions/"), &[], &[]).body;
        let names = listed["Functions"].as_array().into_iter().flatten();
        let names = names.filter_map(|function| function["FunctionName"].as_str());
        names.filter(|name| name.contains(called)).collect::<Vec<_>>().join(" or ")
    }

    fn lambda(&self, what: &str) -> String {
        format!("{}/2015-03-31/{what}", self.facts.endpoint)
    }

    async fn fifo_queue(&self, visibility_timeout: &str) -> String {
        let create = self.clients.sqs.create_queue().queue_name(format!("{}.fifo", unique()));
        let create = create
            .attributes(QueueAttributeName::FifoQueue, "true")
            .attributes(QueueAttributeName::VisibilityTimeout, visibility_timeout);
        create.send().await.expect("a queue").queue_url.expect("its address")
    }

    async fn arn(&self, queue_url: &str) -> String {
        let asked = self.clients.sqs.get_queue_attributes().queue_url(queue_url);
        let described = asked.attribute_names(QueueAttributeName::QueueArn).send().await.expect("a queue");
        let attributes = described.attributes.expect("its attributes");
        attributes[&QueueAttributeName::QueueArn].clone()
    }

    /// Sets a parameter below the stage's path.
    pub async fn set(&self, path: &str, value: &str) {
        let name = format!("/inlet/{}/{path}", self.facts.stage);
        let put = self.clients.ssm.put_parameter().name(name).value(value);
        put.r#type(ParameterType::SecureString).overwrite(true).send().await.expect("a parameter");
    }

    /// Deletes a parameter below the stage's path.
    pub async fn remove_parameter(&self, path: &str) {
        let name = format!("/inlet/{}/{path}", self.facts.stage);
        self.clients.ssm.delete_parameter().name(name).send().await.expect("a parameter");
    }

    /// Sends a request as a provider would.
    pub fn send(&self, provider: &str, request: &Request) -> Response {
        let topic = request.topic.as_ref().map(|topic| format!("/{topic}")).unwrap_or_default();
        let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
        let url = format!("{}/{provider}/{}{topic}{query}", self.facts.api, request.store);
        let headers: Vec<(&str, &str)> = request.headers.iter().collect();
        self.http(request.method.as_str(), &url, &headers, &request.body)
    }

    /// Calls a service of the emulator for which these tests link no SDK. It reads the caller and checks no signature.
    pub fn ask(&self, method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        let who = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/any/aws4_request, SignedHeaders=host, Signature=0";
        let headers: Vec<_> = headers.iter().copied().chain([("authorization", who)]).collect();
        self.http(method, url, &headers, body)
    }

    /// Sends any HTTP request.
    pub fn http(&self, method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .allow_non_standard_methods(true)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .new_agent();
        let mut request = ureq::http::Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let sent = match (method, body) {
            ("GET" | "HEAD" | "DELETE", []) => agent.run(request.body(()).expect("a request")),
            _ => agent.run(request.body(body).expect("a request")),
        };
        let mut response = sent.expect("a response");
        let location =
            response.headers().get("location").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let text = response.body_mut().read_to_string().expect("text");
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") };
        Response { status: response.status().as_u16(), body, location }
    }

    /// Returns the events published for a store, in order.
    pub fn published(&self, store: &StoreName) -> Vec<Value> {
        let queue =
            self.facts.queue_url.rsplit_once('/').expect("an address").0.to_owned() + "/" + store.as_str();
        self.waiting(&queue).into_iter().map(|message| message.body["detail"].clone()).collect()
    }

    /// Returns the events published for a store, once there are `count` of them.
    pub fn published_once(&self, count: usize, store: &StoreName) -> Vec<Value> {
        let published = || Some(self.published(store)).filter(|published| published.len() >= count);
        eventually(published).unwrap_or_else(|| self.published(store))
    }

    /// Returns the messages on a queue, through the emulator's own inspection API: receiving would count as a receive
    /// and delay the group.
    pub fn waiting(&self, queue_url: &str) -> Vec<Message> {
        let escaped = percent_encoding::utf8_percent_encode(queue_url, percent_encoding::NON_ALPHANUMERIC);
        let url = format!("{}/_ministack/sqs/messages?QueueUrl={escaped}", self.facts.endpoint);
        let window = self.http("GET", &url, &[], &[]).body;
        let regions = window["messages"].as_object().into_iter().flat_map(|accounts| accounts.values());
        let queues = regions.flat_map(|regions| regions.as_object().into_iter().flat_map(|r| r.values()));
        let lists = queues.flat_map(|queues| queues.as_object().into_iter().flat_map(|q| q.values()));
        lists.flat_map(|list| list.as_array().into_iter().flatten()).map(message).collect()
    }

    /// Returns the ids of a store's events in the table.
    pub async fn events(&self, provider: &str, store: &StoreName) -> Vec<EventId> {
        let items = self.items(provider, store, "event/").await;
        // A duplicate's own item is in no time index: nothing lists, sends or replays it.
        let events = items.iter().filter(|item| item.contains_key("arrival"));
        let mut ids: Vec<EventId> = events.map(id_of).collect();
        ids.sort();
        ids
    }

    /// Returns the number of a store's events with a receipt, once `count` of them have one.
    pub async fn processed_once(&self, count: usize, provider: &str, store: &StoreName) -> usize {
        let start = Instant::now();
        loop {
            let items = self.items(provider, store, "receipt/").await;
            // A duplicate has a receipt that names its original.
            let receipts = items.iter().filter(|item| !item.contains_key("repeats")).count();
            if receipts >= count || start.elapsed() > TIMEOUT {
                return receipts;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Returns a store's items whose sort key begins with `prefix`.
    pub async fn items(
        &self,
        provider: &str,
        store: &StoreName,
        prefix: &str,
    ) -> Vec<HashMap<String, AttributeValue>> {
        let mut pages = self
            .clients
            .dynamodb
            .scan()
            .table_name(&self.facts.table)
            .filter_expression("begins_with(pk, :pk) AND begins_with(sk, :sk)")
            .expression_attribute_values(":pk", AttributeValue::S(format!("{provider}/{store}/")))
            .expression_attribute_values(":sk", AttributeValue::S(prefix.to_owned()))
            .into_paginator()
            .items()
            .send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(item.expect("a readable table"));
        }
        items
    }

    /// Returns a store's deliveries in quarantine.
    pub async fn held(&self, provider: &str, store: &StoreName) -> Vec<HashMap<String, AttributeValue>> {
        let partition = AttributeValue::S(format!("quarantine/{provider}/{store}"));
        let query = self.clients.dynamodb.query().table_name(&self.facts.table);
        let query = query.key_condition_expression("pk = :pk").expression_attribute_values(":pk", partition);
        query.send().await.expect("a readable table").items.unwrap_or_default()
    }

    /// Returns the log of a provider's function, once it contains `word`.
    pub fn log_once(&self, word: &str, provider: &str) -> String {
        let start = Instant::now();
        loop {
            let log = self.log(provider);
            if log.contains(word) || start.elapsed() > TIMEOUT {
                return log;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Returns the logs of all functions and the API since then.
    pub fn logs(&self, since: ReceivedAt) -> String {
        let asked = json!({"logGroupNamePrefix": "/inlet/"});
        let groups = self.ask_logs("DescribeLogGroups", &asked)["logGroups"].clone();
        let names =
            groups.as_array().into_iter().flatten().filter_map(|group| group["logGroupName"].as_str());
        let lines = |group| {
            let asked = json!({"logGroupName": group, "limit": 10_000, "startTime": since.millis()});
            lines_of(&self.ask_logs("FilterLogEvents", &asked))
        };
        names.map(lines).collect::<Vec<_>>().join("\n")
    }

    fn ask_logs(&self, operation: &str, input: &Value) -> Value {
        let target = format!("Logs_20140328.{operation}");
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
        self.ask("POST", &self.facts.endpoint, &headers, input.to_string().as_bytes()).body
    }

    fn log(&self, provider: &str) -> String {
        let group = format!("/inlet/{}/{provider}", self.facts.stage);
        lines_of(&self.ask_logs("FilterLogEvents", &json!({"logGroupName": group, "limit": 10_000})))
    }

    /// Puts a text on a queue, in a group, with bytes in the place of the whole event.
    pub async fn enqueue(&self, queue_url: &str, group: &str, text: &str, whole: Option<&[u8]>) {
        let message = self.clients.sqs.send_message().queue_url(queue_url).message_body(text);
        let message = message.message_group_id(group).message_deduplication_id(unique());
        let whole = whole.map(|whole| {
            let attribute = MessageAttributeValue::builder().data_type("Binary");
            let attribute = attribute.binary_value(Blob::new(whole)).build().expect("an attribute");
            [(inlet_aws::sqs::WHOLE.to_owned(), attribute)].into()
        });
        message.set_message_attributes(whole).send().await.expect("a queue");
    }

    /// Returns a queue of this stack.
    pub fn queue(&self, url: &str) -> SqsQueue {
        SqsQueue::new(self.clients.sqs.clone(), url.to_owned())
    }

    /// Returns the event table.
    pub fn table(&self) -> Table {
        Table::new(self.clients.dynamodb.clone(), self.facts.table.clone(), 1)
    }

    /// Returns true if the event is on the sweeper's pending list.
    pub async fn is_pending(&self, id: &EventId) -> bool {
        let table = self.table();
        let mut last = None;
        loop {
            let some = table.pending.list(last.as_ref()).await.expect("a readable table");
            if some.is_empty() || some.iter().any(|pending| pending.id == *id) {
                return !some.is_empty();
            }
            last = some.into_iter().last();
        }
    }

    /// Returns the number of chunks of an event's body and message: 0 if its item contains them.
    pub async fn parts_of(&self, id: &EventId) -> usize {
        let get = self.clients.dynamodb.get_item().table_name(&self.facts.table).set_key(Some(key_of(id)));
        let head = get.send().await.expect("a readable table").item.expect("a stored event");
        head.get("gzip_chunks").map_or(0, |n| n.as_n().expect("a number").parse().expect("a count"))
    }

    /// Returns a stored event.
    pub async fn stored(&self, id: &EventId) -> StoredEvent {
        self.table()
            .events
            .get(id)
            .await
            .expect("a readable table")
            .unwrap_or_else(|| panic!("{id} is not stored"))
    }
}

/// Returns the result of `look`, once there is one; `None` after a timeout.
pub fn eventually<T>(look: impl Fn() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        let found = look();
        if found.is_some() || start.elapsed() > TIMEOUT {
            return found;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Returns a name that is used nowhere else.
pub fn unique() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let since = std::time::UNIX_EPOCH.elapsed().expect("a clock").as_millis();
    format!("t{since}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn long_timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(CALL).operation_timeout(CALL).build()
}

/// Returns the environment of a function on the local stack.
pub fn environment(facts: &Facts) -> Config {
    Config {
        stage: facts.stage.clone(),
        table: facts.table.clone(),
        queue_url: facts.queue_url.clone(),
        dead_letter_queue_url: Some(facts.dlq_url.clone()),
        bus: Some(facts.bus.clone()),
        receivers: None,
        consumer_function: None,
        consumer_url: None,
        consumer_timeout_seconds: None,
        resend_after_seconds: None,
        store_names_seconds: None,
        retention_days: 1,
        log_level: LogLevel::Error,
        region: facts.region.clone(),
        credentials: Credentials {
            access_key_id: "test".into(),
            secret_access_key: "test".into(),
            session_token: None,
        },
        endpoint: Some(facts.endpoint.clone()),
        xray_daemon: None,
        ca_bundle: None,
    }
}

/// Returns the lines of a log, as the service returns them.
fn lines_of(response: &Value) -> String {
    let lines = response["events"].as_array().into_iter().flatten();
    lines.filter_map(|line| line["message"].as_str()).collect::<Vec<_>>().join("\n")
}

fn message(seen: &Value) -> Message {
    let text = |name: &str| seen[name].as_str().unwrap_or_default().to_owned();
    let whole = seen["MessageAttributes"][inlet_aws::sqs::WHOLE]["BinaryValue"].as_str();
    Message {
        group: text("MessageGroupId"),
        deduplication: text("MessageDeduplicationId"),
        body: serde_json::from_str(&text("Body")).unwrap_or_default(),
        whole: whole.map(|base64| STANDARD.decode(base64).expect("base64")),
    }
}

/// Returns the key of an event's item.
fn key_of(id: &EventId) -> HashMap<String, AttributeValue> {
    let key = |name: &str, value: String| (name.to_owned(), AttributeValue::S(value));
    HashMap::from([key("pk", id.entity_path().to_owned()), key("sk", format!("event/{}", id.digest()))])
}

fn id_of(item: &HashMap<String, AttributeValue>) -> EventId {
    let text = |name: &str| item[name].as_s().expect("text").as_str();
    let digest = text("sk").split('/').nth(1).expect("a digest");
    EventId::parse(&format!("{}/{digest}", text("pk"))).expect("an id")
}
