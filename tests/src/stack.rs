//! The way to the local stack: its API as a provider sees it, its table and its queue as a person would look.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_ssm::types::ParameterType;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use inlet::event::EventId;
use inlet::request::Request;
use inlet::store::StoreName;
use inlet_aws::connect::Clients;
use inlet_aws::environment::{Credentials, Environment, LogLevel};
use inlet_aws::journal::Kept;
use inlet_aws::table::Table;
use serde::Deserialize;
use serde_json::Value;

use crate::repository;

/// The running local stack.
pub struct Stack {
    /// What `make up` wrote.
    pub facts: Facts,
    /// Clients of its emulator.
    pub clients: Clients,
}

/// `.local/stack.json`.
#[derive(Clone, Debug, Deserialize)]
pub struct Facts {
    /// The emulator.
    pub endpoint: String,
    /// Its region.
    pub region: String,
    /// Where providers send.
    pub api: String,
    /// The event table.
    pub table: String,
    /// The event queue.
    pub queue_url: String,
    /// The deployment's stage.
    pub stage: String,
}

/// What a sender hears.
#[derive(Debug, PartialEq)]
pub struct Heard {
    /// The status code.
    pub status: u16,
    /// The body, which is always JSON.
    pub body: Value,
    /// The `location` header, where there is one.
    pub location: Option<String>,
}

/// A message in the queue.
#[derive(Clone, Debug)]
pub struct Message {
    /// The FIFO group.
    pub group: String,
    /// The deduplication id.
    pub deduplication: String,
    /// The text.
    pub body: Value,
    /// The whole event, where one is attached.
    pub whole: Option<Vec<u8>>,
}

/// How long anything may take that is not at once.
const PATIENCE: Duration = Duration::from_secs(20);

impl Stack {
    /// The stack that `make up` started.
    pub fn up() -> Self {
        let facts: Facts =
            serde_json::from_str(&repository::text(".local/stack.json")).expect("`make up` first");
        let clients = Clients::new(&environment(&facts)).expect("clients");
        Self { facts, clients }
    }

    /// A store of this test's own, with these credentials.
    pub async fn store(&self, provider: &str, credentials: &Value) -> StoreName {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let since = std::time::UNIX_EPOCH.elapsed().expect("a clock").as_millis();
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = StoreName::parse(&format!("t{since}-{n}")).expect("a store's name");
        self.set(&format!("{provider}/{name}"), &credentials.to_string()).await;
        name
    }

    /// Sets a parameter below the stage's path.
    pub async fn set(&self, path: &str, value: &str) {
        let name = format!("/inlet/{}/{path}", self.facts.stage);
        let put = self.clients.ssm.put_parameter().name(name).value(value);
        put.r#type(ParameterType::SecureString).overwrite(true).send().await.expect("a parameter");
    }

    /// Sends a request as a provider would.
    pub fn send(&self, provider: &str, request: &Request) -> Heard {
        let topic = request.topic.as_ref().map(|topic| format!("/{topic}")).unwrap_or_default();
        let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
        let url = format!("{}/{provider}/{}{topic}{query}", self.facts.api, request.store);
        let headers: Vec<(&str, &str)> = request.headers.iter().collect();
        self.http(request.method.as_str(), &url, &headers, &request.body)
    }

    /// Sends any HTTP request.
    pub fn http(&self, method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Heard {
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
        let mut heard = sent.expect("an answer");
        let location =
            heard.headers().get("location").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let text = heard.body_mut().read_to_string().expect("text");
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") };
        Heard { status: heard.status().as_u16(), body, location }
    }

    /// The messages about a store, in the order of their arrival.
    pub fn messages(&self, provider: &str, store: &StoreName) -> Vec<Message> {
        let source = format!("/{provider}/{store}");
        self.queue().into_iter().filter(|message| message.body["source"] == source.as_str()).collect()
    }

    /// The messages about a store once there are `count` of them.
    pub fn messages_once(&self, count: usize, provider: &str, store: &StoreName) -> Vec<Message> {
        let start = Instant::now();
        loop {
            let messages = self.messages(provider, store);
            if messages.len() >= count || start.elapsed() > PATIENCE {
                return messages;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The queue through the emulator's own window: receiving would be a try and would hold the group back.
    fn queue(&self) -> Vec<Message> {
        let escaped =
            percent_encoding::utf8_percent_encode(&self.facts.queue_url, percent_encoding::NON_ALPHANUMERIC);
        let url = format!("{}/_ministack/sqs/messages?QueueUrl={escaped}", self.facts.endpoint);
        let window = self.http("GET", &url, &[], &[]).body;
        let regions = window["messages"].as_object().into_iter().flat_map(|accounts| accounts.values());
        let queues = regions.flat_map(|regions| regions.as_object().into_iter().flat_map(|r| r.values()));
        let lists = queues.flat_map(|queues| queues.as_object().into_iter().flat_map(|q| q.values()));
        lists.flat_map(|list| list.as_array().into_iter().flatten()).map(message).collect()
    }

    /// The ids of a store's events in the table.
    pub async fn events(&self, provider: &str, store: &StoreName) -> Vec<EventId> {
        let mut ids: Vec<EventId> = self.items(provider, store, "event/").await.iter().map(id_of).collect();
        ids.sort();
        ids
    }

    /// A store's items whose sort key begins with `prefix`.
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

    /// A store's deliveries in quarantine.
    pub async fn held(&self, provider: &str, store: &StoreName) -> Vec<HashMap<String, AttributeValue>> {
        let partition = AttributeValue::S(format!("quarantine/{provider}/{store}"));
        let query = self.clients.dynamodb.query().table_name(&self.facts.table);
        let query = query.key_condition_expression("pk = :pk").expression_attribute_values(":pk", partition);
        query.send().await.expect("a readable table").items.unwrap_or_default()
    }

    /// The log of a provider's function, once it holds `word`.
    pub fn log_once(&self, word: &str, provider: &str) -> String {
        let start = Instant::now();
        loop {
            let log = self.log(provider);
            if log.contains(word) || start.elapsed() > PATIENCE {
                return log;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn log(&self, provider: &str) -> String {
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", "Logs_20140328.FilterLogEvents"),
        ];
        let group = format!("/inlet/{}/{provider}", self.facts.stage);
        let asked = serde_json::json!({"logGroupName": group, "limit": 10_000}).to_string();
        let heard = self.http("POST", &self.facts.endpoint, &headers, asked.as_bytes());
        let lines = heard.body["events"].as_array().into_iter().flatten();
        lines.filter_map(|line| line["message"].as_str()).collect::<Vec<_>>().join("\n")
    }

    /// An event as it is stored.
    pub async fn stored(&self, id: &EventId) -> Kept {
        let table = Table::new(self.clients.dynamodb.clone(), self.facts.table.clone(), 1);
        table.kept(id).await.expect("a readable table").unwrap_or_else(|| panic!("{id} is not stored"))
    }
}

/// The environment of a function on the local stack.
pub fn environment(facts: &Facts) -> Environment {
    Environment {
        stage: facts.stage.clone(),
        table: facts.table.clone(),
        queue_url: facts.queue_url.clone(),
        retention_days: 1,
        log_level: LogLevel::Error,
        region: facts.region.clone(),
        credentials: Credentials {
            access_key_id: "test".into(),
            secret_access_key: "test".into(),
            session_token: None,
        },
        endpoint: Some(facts.endpoint.clone()),
        ca_bundle: None,
    }
}

fn message(seen: &Value) -> Message {
    let text = |name: &str| seen[name].as_str().unwrap_or_default().to_owned();
    let whole = seen["MessageAttributes"][inlet_aws::queue::WHOLE]["BinaryValue"].as_str();
    Message {
        group: text("MessageGroupId"),
        deduplication: text("MessageDeduplicationId"),
        body: serde_json::from_str(&text("Body")).expect("a message in JSON"),
        whole: whole.map(|base64| STANDARD.decode(base64).expect("base64")),
    }
}

fn id_of(item: &HashMap<String, AttributeValue>) -> EventId {
    let text = |name: &str| item[name].as_s().expect("text").as_str();
    let digest = text("sk").split('/').nth(1).expect("a digest");
    EventId::parse(&format!("{}/{digest}", text("pk"))).expect("an id")
}
