//! Every delivery is answered before any caller's timeout: the limits, the template and the providers agree,
//! and services that never respond cannot delay a response. Needs `make up`.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use inlet::process::MIN_BACKOFF;
use inlet::provider::Provider;
use inlet::provider::catalogue::find;
use inlet::receive::{NotAccepted, Receiver, Report, WriteToken};
use inlet::received_at::ReceivedAt;
use inlet::request::Unverified;
use inlet::tools::sender::{Sender, delivery};
use inlet_aws::client::connect::{Clients, sdk_config};
use inlet_aws::client::timeouts::{
    GATEWAY, JOURNAL, MAX_CPU, MAX_IO, MEMORY_OF_A_PROCESSOR, PRECONNECT, QUARANTINE, QUEUE, SECRETS,
};
use inlet_aws::dynamodb::quarantine::TableQuarantine;
use inlet_aws::dynamodb::table::Table;
use inlet_aws::secrets::SsmSecrets;
use inlet_aws::sqs::SqsQueue;
use inlet_providers::{Visitor, for_each};
use inlet_tests::demo_credential;
use inlet_tests::stack::{Facts, Stack, environment};
use inlet_tests::template;
use inlet_zid::Zid;
use serde_json::json;

/// Returns a setting of every function from the template's `Globals`.
fn global(setting: &str) -> u64 {
    let value = template::load()["Globals"]["Function"][setting].as_u64();
    value.unwrap_or_else(|| panic!("no {setting} in the globals"))
}

fn timeout() -> Duration {
    Duration::from_secs(global("Timeout"))
}

/// The documented timeout of each provider that has one.
#[derive(Default)]
struct Timeouts(Vec<(&'static str, Duration)>);

impl Visitor for Timeouts {
    fn visit<P: Provider>(&mut self) {
        assert!(!P::RETRY_POLICY.source.is_empty(), "{} names no source", P::NAME);
        self.0.extend(P::RETRY_POLICY.response_timeout.map(|limit| (P::NAME, limit)));
    }
}

#[test]
fn the_slowest_delivery_is_answered_before_lambdas_timeout() {
    let memory = u32::try_from(global("MemorySize")).expect("megabytes");
    let processor = u32::try_from(MEMORY_OF_A_PROCESSOR).expect("megabytes");
    let slowest = MAX_IO + MAX_CPU * processor / memory;
    assert!(slowest < timeout(), "{slowest:?} of waiting and working, {:?} of time", timeout());
}

#[test]
fn the_functions_timeout_is_below_gateway_and_providers() {
    let mut limits = Timeouts::default();
    for_each(&mut limits);
    for (who, limit) in limits.0.into_iter().chain([("API Gateway", GATEWAY)]) {
        let longest = PRECONNECT + timeout();
        assert!(longest < limit, "{who} waits {limit:?}, a cold function may take {longest:?}");
    }
}

#[test]
fn no_receiver_has_its_own_timeout_or_memory() {
    for provider in inlet_providers::NAMES {
        let function = template::properties(&template::function_of(provider));
        for setting in ["Timeout", "MemorySize"] {
            assert_eq!(function.get(setting), None, "{provider} has its own {setting}");
        }
    }
}

#[test]
fn the_queue_and_the_processor_agree_how_long_a_message_waits() {
    let queue = template::properties("EventQueue");
    assert_eq!(queue["VisibilityTimeout"], MIN_BACKOFF.as_secs());
    // A test of inlet::process shows that 14 days of an outage use up fewer.
    assert_eq!(queue["RedrivePolicy"]["maxReceiveCount"], 1000, "fewer receives than SQS allows");
    let statements =
        &template::properties("ProcessorFunctionRole")["Policies"][0]["PolicyDocument"]["Statement"];
    let of_queue = statements.as_array().expect("statements").iter().find(|one| one["Sid"] == "Receive");
    let actions = of_queue.and_then(|one| one["Action"].as_array()).expect("a list of actions");
    assert!(
        actions.contains(&json!("sqs:ChangeMessageVisibility")),
        "it has no permission to delay messages: {actions:?}"
    );
}

/// Returns an address where connections open and no response comes.
fn silence() -> (TcpListener, String) {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = silent.local_addr().expect("its address");
    (silent, format!("http://{address}"))
}

/// The services that do not respond.
#[derive(Clone, Copy, Default)]
struct Silent {
    secrets: bool,
    table: bool,
    queue: bool,
}

/// Sends a delivery with the right or a wrong secret; returns the response and the duration.
async fn received(silent: Silent, is_right: bool) -> (u16, Report, Duration) {
    let stack = Stack::up();
    let (_silence, endpoint) = silence();
    let facts = Facts { endpoint, ..stack.facts.clone() };
    let silent_clients = Clients::new(&sdk_config(&environment(&facts)).expect("a configuration"));
    let clients = |is_silent: bool| if is_silent { &silent_clients } else { &stack.clients };
    let table = Table::new(clients(silent.table).dynamodb.clone(), facts.table.clone(), 1);
    let receiver = Receiver {
        secrets: SsmSecrets::<Zid>::new(clients(silent.secrets).ssm.clone(), &facts.stage),
        quarantine: TableQuarantine::new(&table, Zid::NAME),
        journal: table.events,
        queue: SqsQueue::new(clients(silent.queue).sqs.clone(), facts.queue_url.clone()),
    };
    let right = demo_credential("zid");
    let store = stack.store("zid", &json!([right])).await;
    let credential = if is_right { right } else { json!({"username": "somebody", "password": "else"}) };
    let row = find(Zid::EVENTS, "order.create").expect("a row");
    let request = Unverified::new(delivery::<Zid>(store, row, b"{}".to_vec(), &credential));
    let now = ReceivedAt::from_millis(1_749_715_272_345).expect("a time");
    let start = Instant::now();
    let (response, report) = receiver.receive::<Zid>(request, now, &WriteToken("1".into())).await;
    (response.status, report, start.elapsed())
}

/// Additional time for the machine that runs the tests.
const GRACE: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_silent_table_leads_to_the_queue_in_time() {
    let (status, report, took) = received(Silent { table: true, ..Silent::default() }, true).await;
    assert_eq!(status, 200, "{report:?}");
    assert!(matches!(report, Report::Accepted(accepted) if accepted.journal_fault.is_some()));
    assert!(took < JOURNAL + QUEUE + GRACE, "{took:?}");
}

#[tokio::test]
async fn a_silent_queue_leaves_the_event_to_the_sweeper_in_time() {
    let (status, report, took) = received(Silent { queue: true, ..Silent::default() }, true).await;
    assert_eq!(status, 200, "{report:?}");
    assert!(matches!(report, Report::Accepted(accepted) if accepted.queue_fault.is_some()));
    assert!(took < JOURNAL + QUEUE + GRACE, "{took:?}");
}

#[tokio::test]
async fn silent_tables_and_queues_are_a_503_in_time() {
    let (status, report, took) = received(Silent { table: true, queue: true, secrets: false }, true).await;
    assert_eq!(status, 503, "{report:?}");
    assert!(took < JOURNAL + QUEUE + GRACE, "{took:?}");
}

#[tokio::test]
async fn silent_secrets_defer_the_delivery_in_time() {
    let (status, report, took) = received(Silent { secrets: true, ..Silent::default() }, true).await;
    assert!(status == 200 && matches!(report, Report::Deferred(_)), "{status} {report:?}");
    assert!(took < SECRETS + GRACE, "{took:?}");
}

#[tokio::test]
async fn a_silent_quarantine_is_a_401_in_time() {
    let (status, report, took) = received(Silent { table: true, ..Silent::default() }, false).await;
    assert_eq!(status, 401, "{report:?}");
    assert!(
        matches!(report, Report::Refused(NotAccepted::VerificationFailed { quarantined: Err(_), .. })),
        "{report:?}"
    );
    assert!(took < QUARANTINE + GRACE, "{took:?}");
}
