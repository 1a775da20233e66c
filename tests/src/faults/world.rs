//! A table, queues and a bus for one case, made like those that the real template deployed.

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};

use aws_sdk_ssm::types::ParameterType;
use bytes::Bytes;
use hyper::Request;
use inlet_aws::dynamodb::table::Table;
use inlet_aws::operate::dead_letters::{Action, DeadLetters, HeldLetters, LetterFilter};
use inlet_aws::operate::replay::{Replay, ReplayId, Selection};
use inlet_aws::sqs::SqsQueue;
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use crate::faults::clock;
use crate::faults::consumer::Consumer;
use crate::faults::function::{Function, Spec};
use crate::faults::http::send;
use crate::faults::plan::Plan;
use crate::faults::proxy::Upstream;
use crate::repository;
use crate::stack::{Facts, Stack};

/// Timeouts of the functions: `Timeout` in the template's `Globals`, and the processor's and the reconciler's own.
const TIMEOUT: Duration = Duration::from_secs(15);
const PROCESSOR_TIMEOUT: Duration = Duration::from_secs(30);
const RECONCILER_TIMEOUT: Duration = Duration::from_secs(840);
const PROCESSOR_TIMEOUT_WITH_CONSUMER: Duration = Duration::from_secs(100);

/// The sweeper's resend delay. Short, because no other program works on these events.
const RESEND_AFTER_SECONDS: &str = "1";

/// Messages a second of a redrive or replay: as many as possible.
const RATE: u32 = 1_000;

/// The attributes of a receive call.
const ALL: &str = "All";

fn built(binary: &str) -> PathBuf {
    repository::root().join(format!(".local/target/lambda/{binary}/bootstrap"))
}

fn logs() -> PathBuf {
    repository::root().join(".local/logs/faults")
}

/// An event that the bus delivered.
#[derive(Clone, Debug)]
pub struct Published {
    /// Its id.
    pub id: String,
    /// Its `receivedtime`, which sorts as text.
    pub received: String,
    /// When it was seen.
    pub at: Instant,
}

/// The resources of one case.
#[derive(Clone, Debug)]
pub struct World {
    /// Its name, a part of every resource's.
    pub name: String,
    /// The table.
    pub table: String,
    queue: String,
    dead_letters: String,
    bus: String,
    sink: String,
    facts: Facts,
}

impl World {
    /// Creates a world next to the deployed one.
    pub async fn new(facts: &Facts) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let since = UNIX_EPOCH.elapsed().unwrap_or_default().as_millis();
        let name = format!("faults-{since}-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let aws = Aws { to: address(&facts.endpoint) };
        aws.copy_table(&facts.table, &name).await;
        let (queue, dead_letters) = aws.copy_queues(&facts.queue_url, &name).await;
        let sink = aws.bus_into_a_queue(&name).await;
        Self { table: name.clone(), queue, dead_letters, bus: name.clone(), sink, name, facts: facts.clone() }
    }

    /// Returns a function in this world, whose calls fail by `plan`.
    pub async fn function(&self, binary: &str, plan: &Plan) -> Function {
        let timeout = if binary == "inlet-processor" { PROCESSOR_TIMEOUT } else { TIMEOUT };
        self.run(built(binary), timeout, plan, []).await
    }

    /// Returns a function in this world whose clock is ahead by this many milliseconds.
    pub async fn function_ahead(&self, binary: &str, plan: &Plan, ahead_ms: i64) -> Function {
        let moved = (ahead_ms != 0).then(|| clock::ahead(ahead_ms)).into_iter().flatten();
        self.run(built(binary), TIMEOUT, plan, moved).await
    }

    /// Returns a function in this world with other variables.
    pub async fn function_with(&self, binary: &str, plan: &Plan, variables: &[(&str, &str)]) -> Function {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.run(built(binary), TIMEOUT, plan, variables).await
    }

    /// Returns the processor with this consumer in place of the bus, each call of which may take this time.
    pub async fn processor_for(&self, consumer: &Consumer, plan: &Plan, seconds: u32) -> Function {
        let (name, value) = consumer.variable();
        let variables = [
            (name.to_owned(), value),
            ("INLET_CONSUMER_TIMEOUT_SECONDS".to_owned(), seconds.to_string()),
            // The endpoint's secrets are those of the stage.
            ("INLET_STAGE".to_owned(), self.name.clone()),
        ];
        let spec = self.spec(built("inlet-processor"), PROCESSOR_TIMEOUT_WITH_CONSUMER, variables);
        let aws = address(&self.facts.endpoint);
        Function::new(spec, Upstream { aws, consumer: Some(consumer.address()) }, plan.clone()).await
    }

    /// Sets the secrets that sign requests to this world's endpoint.
    pub async fn set_consumer_secrets(&self, stack: &Stack, secrets: &[&str]) {
        let put = stack.clients.ssm.put_parameter().name(format!("/inlet-consumer/{}", self.name));
        let put = put.value(json!(secrets).to_string()).r#type(ParameterType::SecureString).overwrite(true);
        put.send().await.expect("a parameter");
    }

    /// Sets the access to the provider's API of a store, such as `zid/a`. Only this world's reconciler reads it.
    pub async fn set_access(&self, stack: &Stack, store: &str, access: &Value) {
        let put = stack.clients.ssm.put_parameter().name(self.access(store)).value(access.to_string());
        put.r#type(ParameterType::SecureString).overwrite(true).send().await.expect("a parameter");
    }

    /// Removes an access.
    pub async fn remove_access(&self, stack: &Stack, store: &str) {
        stack.clients.ssm.delete_parameter().name(self.access(store)).send().await.expect("no parameter");
    }

    fn access(&self, store: &str) -> String {
        format!("/inlet-access/{}/{store}", self.name)
    }

    /// Returns a reconciler that is built elsewhere, and that reads this twin.
    pub async fn reconciler_at(&self, built: &Path, twin: &str, plan: &Plan) -> Function {
        let variables = [
            ("TWIN".to_owned(), twin.to_owned()),
            // The accesses are those of the stage.
            ("INLET_STAGE".to_owned(), self.name.clone()),
        ];
        self.run(built.to_owned(), RECONCILER_TIMEOUT, plan, variables).await
    }

    /// Deletes an item, which no component does.
    pub async fn lose_item(&self, pk: &str, sk: &str) {
        let key = json!({"TableName": self.table, "Key": {"pk": {"S": pk}, "sk": {"S": sk}}});
        self.aws().call("DynamoDB_20120810.DeleteItem", &key).await;
    }

    /// Moves the dead letters back to the queue, as `inlet redrive` does.
    pub async fn redrive(&self, stack: &Stack) {
        let [dead_letters, queue] = [&self.dead_letters, &self.queue]
            .map(|queue| SqsQueue::new(stack.clients.sqs.clone(), queue.clone()));
        let letters =
            DeadLetters { dead_letters, queue, table: self.table_of(stack), held: HeldLetters::default() };
        let (_running, stop) = watch::channel(false);
        let done = watch::Sender::default();
        let redriven = letters.run(Action::Redrive, &LetterFilter::default(), RATE, &stop, &done).await;
        redriven.expect("redriven messages");
    }

    /// Sends every event once more, as `inlet replay` does.
    pub async fn replay(&self, stack: &Stack, name: &str) {
        let queue = SqsQueue::new(stack.clients.sqs.clone(), self.queue.clone());
        let replay = Replay { table: self.table_of(stack), queue };
        let now = inlet_aws::client::clock::now();
        let selection = Selection::between(now.earlier(Duration::from_hours(1)), now);
        let name = ReplayId::parse(name).expect("a replay's name");
        replay.run(&selection, &name, RATE, &watch::Sender::default()).await.expect("replayed events");
    }

    /// Returns a receiver that is built elsewhere.
    pub async fn function_at(&self, built: &Path, plan: &Plan) -> Function {
        self.run(built.to_owned(), TIMEOUT, plan, []).await
    }

    async fn run(
        &self,
        binary: PathBuf,
        timeout: Duration,
        plan: &Plan,
        more: impl IntoIterator<Item = (String, String)>,
    ) -> Function {
        Function::new(self.spec(binary, timeout, more), address(&self.facts.endpoint), plan.clone()).await
    }

    fn spec(
        &self,
        binary: PathBuf,
        timeout: Duration,
        more: impl IntoIterator<Item = (String, String)>,
    ) -> Spec {
        std::fs::create_dir_all(logs()).expect("a folder for logs");
        let variables = [
            ("AWS_REGION", self.facts.region.as_str()),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("INLET_STAGE", &self.facts.stage),
            ("INLET_TABLE", &self.table),
            ("INLET_QUEUE_URL", &self.queue),
            ("INLET_DEAD_LETTER_QUEUE_URL", &self.dead_letters),
            ("INLET_BUS", &self.bus),
            ("INLET_RETENTION_DAYS", "90"),
            ("INLET_LOG_LEVEL", "info"),
            ("INLET_SETTLED_SECONDS", RESEND_AFTER_SECONDS),
            ("INLET_STORE_NAMES_SECONDS", "0"),
        ];
        Spec {
            binary,
            variables: variables
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into_iter()
                .chain(more)
                .collect(),
            timeout,
            log: self.log_file(),
        }
    }

    /// Returns the output of this world's functions.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).expect("a log")
    }

    /// Returns the queue's address.
    pub fn queue(&self) -> &str {
        &self.queue
    }

    /// Returns the table, as the type of the code under test.
    pub fn table_of(&self, stack: &Stack) -> Table {
        Table::new(stack.clients.dynamodb.clone(), self.table.clone(), 1)
    }

    fn log_file(&self) -> PathBuf {
        logs().join(format!("{}.log", self.name))
    }

    /// Receives up to ten messages, as Lambda's poller does.
    pub async fn received(&self) -> Vec<Value> {
        self.messages(&self.queue, 0).await
    }

    /// Deletes a message from the queue.
    pub async fn done(&self, message: &Value) {
        let gone = json!({"QueueUrl": self.queue, "ReceiptHandle": message["ReceiptHandle"]});
        self.aws().call("AmazonSQS.DeleteMessage", &gone).await;
    }

    /// Makes a message visible again.
    pub async fn time_passes_for(&self, message: &Value) {
        let visible = json!({"QueueUrl": self.queue, "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0});
        self.aws().call("AmazonSQS.ChangeMessageVisibility", &visible).await;
    }

    /// Returns the events published since the last call.
    pub async fn published(&self) -> Vec<Published> {
        let mut published = Vec::new();
        loop {
            let messages = self.messages(&self.sink, 0).await;
            if messages.is_empty() {
                return published;
            }
            for message in messages {
                let event: Value =
                    serde_json::from_str(message["Body"].as_str().unwrap_or_default()).expect("JSON");
                let text = |name: &str| event["detail"][name].as_str().unwrap_or_else(|| panic!("no {name}"));
                let (id, received) = (text("id").to_owned(), text("receivedtime").to_owned());
                published.push(Published { id, received, at: Instant::now() });
                let gone = json!({"QueueUrl": self.sink, "ReceiptHandle": message["ReceiptHandle"]});
                self.aws().call("AmazonSQS.DeleteMessage", &gone).await;
            }
        }
    }

    /// Returns the number of dead letters.
    pub async fn dead_letters(&self) -> usize {
        let input = json!({"QueueUrl": self.dead_letters, "AttributeNames": [ALL]});
        let response = self.aws().call("AmazonSQS.GetQueueAttributes", &input).await;
        response["Attributes"]["ApproximateNumberOfMessages"]
            .as_str()
            .and_then(|n| n.parse().ok())
            .unwrap_or_default()
    }

    /// Returns the keys of all items in the table: partition and sort key.
    pub async fn keys(&self) -> Vec<(String, String)> {
        self.scan(json!({})).await
    }

    /// Returns the keys of the events that are duplicates of others: partition and digest.
    pub async fn duplicates(&self) -> HashSet<(String, String)> {
        let receipts = self.keys_where("attribute_exists(repeats)").await;
        receipts
            .into_iter()
            .filter_map(|(pk, sk)| Some((pk, sk.strip_prefix("receipt/")?.to_owned())))
            .collect()
    }

    /// Returns true if a store has deferred deliveries that are not verified yet.
    pub async fn has_deferred(&self) -> bool {
        let is_open = "attribute_exists(counted) AND (attribute_not_exists(verified) OR verified < counted)";
        !self.keys_where(is_open).await.is_empty()
    }

    /// Returns the keys of receipts that were made void: their events wait to be published.
    pub async fn void_receipts(&self) -> HashSet<(String, String)> {
        self.keys_where("attribute_exists(#void)").await
    }

    /// Returns the keys of the items that fulfil a condition.
    async fn keys_where(&self, condition: &str) -> HashSet<(String, String)> {
        let mut filter = json!({"FilterExpression": condition});
        // A word that DynamoDB reserves.
        if condition.contains("#void") {
            filter["ExpressionAttributeNames"] = json!({"#void": "void"});
        }
        self.scan(filter).await.into_iter().collect()
    }

    /// Returns the keys of the items that a scan with these parameters returns, from all of its pages.
    async fn scan(&self, mut input: Value) -> Vec<(String, String)> {
        input["TableName"] = json!(self.table);
        input["ProjectionExpression"] = json!("pk, sk");
        input["ConsistentRead"] = json!(true);
        let mut keys = Vec::new();
        loop {
            let response = self.aws().call("DynamoDB_20120810.Scan", &input).await;
            let text = |item: &Value, name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
            keys.extend(
                response["Items"].as_array().into_iter().flatten().map(|i| (text(i, "pk"), text(i, "sk"))),
            );
            match response.get("LastEvaluatedKey") {
                Some(last) if !last.is_null() => input["ExclusiveStartKey"] = last.clone(),
                _ => return keys,
            }
        }
    }

    /// Deletes all resources.
    pub async fn remove(self) {
        let aws = self.aws();
        aws.call("DynamoDB_20120810.DeleteTable", &json!({"TableName": self.table})).await;
        for queue in [&self.queue, &self.dead_letters, &self.sink] {
            aws.call("AmazonSQS.DeleteQueue", &json!({"QueueUrl": queue})).await;
        }
        let rule = json!({"EventBusName": self.bus, "Rule": self.bus, "Ids": ["sink"]});
        aws.call("AWSEvents.RemoveTargets", &rule).await;
        aws.call("AWSEvents.DeleteRule", &json!({"EventBusName": self.bus, "Name": self.bus})).await;
        aws.call("AWSEvents.DeleteEventBus", &json!({"Name": self.bus})).await;
    }

    async fn messages(&self, queue: &str, wait_seconds: u32) -> Vec<Value> {
        let input = json!({
            "QueueUrl": queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": wait_seconds,
            "AttributeNames": [ALL], "MessageSystemAttributeNames": [ALL], "MessageAttributeNames": [ALL],
        });
        let response = self.aws().call("AmazonSQS.ReceiveMessage", &input).await;
        response["Messages"].as_array().cloned().unwrap_or_default()
    }

    fn aws(&self) -> Aws {
        Aws { to: address(&self.facts.endpoint) }
    }
}

/// Returns the event that Lambda's poller makes of messages.
pub fn sqs_event(messages: &[Value]) -> Value {
    let record = |message: &Value| {
        let attributes: Map<String, Value> = message["MessageAttributes"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| {
                let lower = json!({
                    "dataType": value["DataType"], "stringValue": value["StringValue"],
                    "binaryValue": value["BinaryValue"], "stringListValues": [], "binaryListValues": [],
                });
                (name.clone(), lower)
            })
            .collect();
        json!({
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "md5OfBody": message["MD5OfBody"],
            "attributes": message["Attributes"],
            "messageAttributes": attributes,
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:faults.fifo",
            "awsRegion": "us-east-1",
        })
    };
    json!({"Records": messages.iter().map(record).collect::<Vec<_>>()})
}

/// Calls the emulator's JSON protocols, without a proxy.
struct Aws {
    to: SocketAddr,
}

impl Aws {
    async fn call(&self, target: &str, input: &Value) -> Value {
        let service = match target.split('.').next() {
            Some("AmazonSQS") => "sqs",
            Some("AWSEvents") => "events",
            _ => "dynamodb",
        };
        let credential =
            format!("AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request");
        let request = Request::post("/")
            .header("host", self.to.to_string())
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", target)
            .header("authorization", format!("{credential}, SignedHeaders=host, Signature=0"))
            .body(Bytes::from(input.to_string()))
            .expect("a request");
        let response = send(self.to, request).await.unwrap_or_else(|error| panic!("{target}: {error}"));
        let text = String::from_utf8_lossy(response.body());
        assert!(response.status().is_success(), "{target}: {text}");
        serde_json::from_slice(response.body()).unwrap_or_default()
    }

    async fn copy_table(&self, deployed: &str, name: &str) {
        let response = self.call("DynamoDB_20120810.DescribeTable", &json!({"TableName": deployed})).await;
        let table = &response["Table"];
        let indexes = table["GlobalSecondaryIndexes"].as_array().expect("the time index").iter();
        let indexes: Vec<Value> = indexes
            .map(|index| {
                json!({
                    "IndexName": index["IndexName"], "KeySchema": index["KeySchema"],
                    "Projection": index["Projection"],
                })
            })
            .collect();
        let copy = json!({
            "TableName": name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": table["KeySchema"],
            "AttributeDefinitions": table["AttributeDefinitions"], "GlobalSecondaryIndexes": indexes,
        });
        self.call("DynamoDB_20120810.CreateTable", &copy).await;
    }

    /// Creates the queue and its dead-letter queue.
    async fn copy_queues(&self, deployed: &str, name: &str) -> (String, String) {
        let input = json!({"QueueUrl": deployed, "AttributeNames": [ALL]});
        let response = self.call("AmazonSQS.GetQueueAttributes", &input).await;
        let settings: BTreeMap<&str, Value> = [
            "FifoQueue",
            "DeduplicationScope",
            "FifoThroughputLimit",
            "MaximumMessageSize",
            "MessageRetentionPeriod",
            "VisibilityTimeout",
        ]
        .into_iter()
        .filter_map(|setting| Some((setting, response["Attributes"].get(setting)?.clone())))
        .collect();
        let dead_letters = self.queue(&format!("{name}-dead.fifo"), &json!(settings)).await;
        let policy: Value =
            serde_json::from_str(response["Attributes"]["RedrivePolicy"].as_str().expect("a redrive policy"))
                .expect("JSON");
        let arn = self.arn(&dead_letters).await;
        let policy = json!({"deadLetterTargetArn": arn, "maxReceiveCount": policy["maxReceiveCount"]});
        let mut settings = json!(settings);
        settings["RedrivePolicy"] = json!(policy.to_string());
        (self.queue(&format!("{name}.fifo"), &settings).await, dead_letters)
    }

    /// Creates a bus whose every event goes to a queue; returns the queue.
    async fn bus_into_a_queue(&self, name: &str) -> String {
        let sink = self.queue(&format!("{name}-sink"), &json!({})).await;
        let arn = self.arn(&sink).await;
        self.call("AWSEvents.CreateEventBus", &json!({"Name": name})).await;
        let all = json!({"source": [{"prefix": ""}]}).to_string();
        self.call("AWSEvents.PutRule", &json!({"Name": name, "EventBusName": name, "EventPattern": all}))
            .await;
        let targets = json!({"Rule": name, "EventBusName": name, "Targets": [{"Id": "sink", "Arn": arn}]});
        self.call("AWSEvents.PutTargets", &targets).await;
        sink
    }

    async fn queue(&self, name: &str, attributes: &Value) -> String {
        let response =
            self.call("AmazonSQS.CreateQueue", &json!({"QueueName": name, "Attributes": attributes})).await;
        response["QueueUrl"].as_str().expect("a URL").to_owned()
    }

    async fn arn(&self, queue: &str) -> String {
        let input = json!({"QueueUrl": queue, "AttributeNames": ["QueueArn"]});
        let response = self.call("AmazonSQS.GetQueueAttributes", &input).await;
        response["Attributes"]["QueueArn"].as_str().expect("an ARN").to_owned()
    }
}

fn address(endpoint: &str) -> SocketAddr {
    endpoint.trim_start_matches("http://").parse().expect("an address on loopback")
}
