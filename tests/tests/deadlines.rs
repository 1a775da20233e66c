//! Every delivery is answered before any caller's timeout: the limits, the template and the providers agree,
//! and services that never answer cannot hold an answer back. Needs `make up`.

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
use inlet_dealpos::DealPos;
use inlet_tests::demo_credential;
use inlet_tests::repository;
use inlet_tests::stack::{Facts, Stack, environment};
use inlet_tiki::Tiki;
use inlet_zid::Zid;
use inlet_zip::Zip;
use inlet_zort::Zort;
use serde_json::json;

/// The settings of every function in the template's `Globals`.
fn global(setting: &str) -> u64 {
    let template = repository::text("template.yaml");
    let (_, globals) = template.split_once("\nGlobals:\n").expect("globals");
    let (globals, _) = globals.split_once("\nResources:\n").expect("resources behind them");
    let value = globals.lines().find_map(|line| line.trim().strip_prefix(setting)?.strip_prefix(": "));
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {setting} in the globals"))
}

fn timeout() -> Duration {
    Duration::from_secs(global("Timeout"))
}

/// Returns a provider's documented timeout, if there is one.
fn patience<P: Provider>() -> (&'static str, Option<Duration>) {
    assert!(!P::RETRY_POLICY.source.is_empty(), "{} names no source", P::NAME);
    (P::NAME, P::RETRY_POLICY.response_timeout)
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
    let limits =
        [patience::<DealPos>(), patience::<Tiki>(), patience::<Zid>(), patience::<Zip>(), patience::<Zort>()];
    let limits = limits.into_iter().filter_map(|(name, limit)| Some((name, limit?)));
    for (who, limit) in limits.chain([("API Gateway", GATEWAY)]) {
        let longest = PRECONNECT + timeout();
        assert!(longest < limit, "{who} waits {limit:?}, a cold function may take {longest:?}");
    }
}

#[test]
fn no_receiver_has_a_time_or_a_memory_of_its_own() {
    let template = repository::text("template.yaml");
    for provider in ["Dealpos", "Tiki", "Zid", "Zip", "Zort"] {
        let (_, block) = template.split_once(&format!("\n  {provider}Function:\n")).expect("a function");
        let block = block.split("\n\n").next().unwrap_or_default();
        assert!(block.contains("Receives the webhooks"), "{block}");
        for setting in ["Timeout:", "MemorySize:"] {
            assert!(!block.contains(setting), "{provider} has its own {setting}");
        }
    }
}

#[test]
fn the_queue_and_the_processor_agree_how_long_a_message_waits() {
    let template = repository::text("template.yaml");
    let seconds = |pause: Duration| format!("      VisibilityTimeout: {} ", pause.as_secs());
    assert!(
        template.contains(&seconds(MIN_BACKOFF)),
        "the queue's visibility timeout is not {MIN_BACKOFF:?}"
    );
    // A test of inlet::process shows that 14 days of an outage use up fewer.
    assert!(template.contains("\n        maxReceiveCount: 1000\n"), "the net is narrower than SQS allows");
    let (_, role) = template.split_once("\n  ProcessorFunctionRole:\n").expect("the processor's role");
    let (role, _) = role.split_once("\n  SweeperFunction:\n").expect("the sweeper behind it");
    assert!(role.contains("- sqs:ChangeMessageVisibility\n"), "it may not hold messages back");
}

/// Returns an address where connections open and no answer comes.
fn silence() -> (TcpListener, String) {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = silent.local_addr().expect("its address");
    (silent, format!("http://{address}"))
}

/// The services that do not answer.
#[derive(Clone, Copy, Default)]
struct Silent {
    secrets: bool,
    table: bool,
    queue: bool,
}

/// Sends a delivery with the right or a wrong secret; returns the answer and the duration.
async fn received(silent: Silent, is_right: bool) -> (u16, Report, Duration) {
    let stack = Stack::up();
    let (_silence, endpoint) = silence();
    let facts = Facts { endpoint, ..stack.facts.clone() };
    let nobody = Clients::new(&sdk_config(&environment(&facts)).expect("a configuration"));
    let clients = |is_silent: bool| if is_silent { &nobody } else { &stack.clients };
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
    let (answer, report) = receiver.receive::<Zid>(request, now, &WriteToken("1".into())).await;
    (answer.status, report, start.elapsed())
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
        matches!(report, Report::Refused(NotAccepted::VerificationFailed { held: Err(_), .. })),
        "{report:?}"
    );
    assert!(took < QUARANTINE + GRACE, "{took:?}");
}
