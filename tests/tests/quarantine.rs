//! An unverified delivery waits in quarantine, and becomes an event once the secret is corrected. Needs `make up`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::types::AttributeValue;
use inlet::event::Event;
use inlet::fault::Fault;
use inlet::proof::Verified;
use inlet::provider::Provider;
use inlet::provider::catalogue::find;
use inlet::receive::quarantine::{Quarantine, QuarantineOutcome};
use inlet::receive::{Journal, NotAccepted, Queue, Receiver, Report, Secrets, Store, WriteToken};
use inlet::received_at::ReceivedAt;
use inlet::request::{Request, Unverified};
use inlet::store::StoreName;
use inlet::tools::sender::{Sender, delivery};
use inlet_aws::client::clock;
use inlet_aws::dynamodb::events::Events;
use inlet_aws::dynamodb::quarantine::{MAX_QUARANTINED_LEN, RETENTION, TableQuarantine};
use inlet_aws::dynamodb::record::Origin;
use inlet_aws::dynamodb::table::Table;
use inlet_aws::reverify::{Reverified, Scope, reverify};
use inlet_aws::secrets::SsmSecrets;
use inlet_aws::sqs::SqsQueue;
use inlet_dealpos::DealPos;
use inlet_tests::repository;
use inlet_tests::stack::Stack;
use inlet_tests::{check_each_provider, demo_credential};
use inlet_zid::Zid;
use inlet_zip::Zip;
use inlet_zort::Zort;
use serde_json::{Map, Value, json};
use tokio::sync::watch;

/// Returns a store whose secret differs from its provider's, and the provider's delivery to it.
async fn given<S: Sender>(stack: &Stack, payload: &str) -> (StoreName, Request) {
    let right = demo_credential(S::NAME);
    let fields = right.as_object().expect("a credential's fields").keys();
    // As long as the keys of the provider with the longest.
    let mistyped = "mistyped".repeat(4);
    let wrong: Map<String, Value> = fields.map(|field| (field.clone(), json!(mistyped))).collect();
    let store = stack.store(S::NAME, &json!([wrong])).await;
    let event = payload.split('.').next().filter(|event| find(S::EVENTS, event).is_some());
    let row = find(S::EVENTS, event.unwrap_or(payload.trim_end_matches(".json"))).expect("a row");
    let body = repository::text(&format!("functions/{}/payloads/{payload}", S::NAME)).into_bytes();
    (store.clone(), delivery::<S>(store, row, body, &right))
}

async fn set_right_secret<S: Sender>(stack: &Stack, store: &StoreName) {
    stack.set(&format!("{}/{store}", S::NAME), &json!([demo_credential(S::NAME)]).to_string()).await;
}

fn table(stack: &Stack) -> Table {
    Table::new(stack.clients.dynamodb.clone(), stack.facts.table.clone(), 1)
}

fn secrets<P: Provider>(stack: &Stack) -> SsmSecrets<P> {
    SsmSecrets::new(stack.clients.ssm.clone(), &stack.facts.stage)
}

async fn reverified<P: Provider>(stack: &Stack, queue_url: &str, store: &StoreName) -> Reverified {
    reverified_to::<P>(stack, &stack.queue(queue_url), store).await
}

async fn reverified_to<P: Provider>(stack: &Stack, queue: &impl Queue, store: &StoreName) -> Reverified {
    let quarantine = TableQuarantine::new(&table(stack), P::NAME);
    let secrets = secrets::<P>(stack);
    let sum = watch::Sender::new(Reverified::default());
    let ended =
        reverify::<P>(&quarantine, &secrets, &table(stack).events, queue, store, Scope::All, &sum).await;
    ended.expect("a readable quarantine");
    sum.send_replace(Reverified::default())
}

/// Returns the numbers of accepted, still refused and failed deliveries.
async fn counted<P: Provider>(stack: &Stack, store: &StoreName) -> (usize, usize, usize) {
    let Reverified { accepted, refused, failed, .. } =
        reverified::<P>(stack, &stack.facts.queue_url, store).await;
    (accepted, refused, failed.len())
}

fn text<'i>(item: &'i HashMap<String, AttributeValue>, name: &str) -> &'i str {
    item[name].as_s().expect("text")
}

async fn waits_until_the_secret_is_corrected<S: Sender>(payload: &str) {
    let stack = Stack::up();
    let (store, request) = given::<S>(&stack, payload).await;
    assert_eq!(stack.send(S::NAME, &request).status, 401, "{payload}");

    let held = stack.held(S::NAME, &store).await;
    assert_eq!(held.len(), 1, "{held:?}");
    assert_eq!(text(&held[0], "reason"), "no live credential matches the proof");
    let received = text(&held[0], "received").to_owned();
    let number = |name: &str| held[0][name].as_n().expect("a number").parse::<u64>().expect("a number");
    assert_eq!(number("expires"), number("received_ms") / 1_000 + RETENTION.as_secs());
    assert!(!held[0].contains_key("bucket") && !held[0].contains_key("arrival"), "not in the time index");
    assert_eq!(counted::<S>(&stack, &store).await, (0, 1, 0), "the secret is still another one");
    assert!(stack.events(S::NAME, &store).await.is_empty(), "an unverified delivery is not an event");
    assert!(stack.published(&store).is_empty(), "an unverified delivery is not published");

    set_right_secret::<S>(&stack, &store).await;
    assert_eq!(counted::<S>(&stack, &store).await, (1, 0, 0), "{payload}");
    let events = stack.events(S::NAME, &store).await;
    assert_eq!(events.len(), 1, "{events:?}");
    let stored = stack.stored(&events[0]).await;
    assert_eq!((stored.record.origin, &stored.record.received), (Origin::Quarantine, &received));
    assert_eq!(stored.body, request.body, "the bytes that were sent");
    let messages = stack.published_once(1, &store);
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert_eq!(
        (&messages[0]["id"], &messages[0]["receivedtime"]),
        (&json!(events[0].as_str()), &json!(received))
    );

    assert!(stack.held(S::NAME, &store).await.is_empty(), "it is out of quarantine");
    assert_eq!(counted::<S>(&stack, &store).await, (0, 0, 0), "and there is nothing left to do");
}

async fn sample_waits_until_the_secret_is_corrected<S: Sender>(sample: &str) {
    waits_until_the_secret_is_corrected::<S>(&format!("{sample}.json")).await;
}

#[tokio::test]
async fn a_delivery_waits_until_the_secret_is_corrected() {
    check_each_provider!(sample_waits_until_the_secret_is_corrected);
}

#[tokio::test]
async fn zips_signature_in_the_query_waits_with_it() {
    waits_until_the_secret_is_corrected::<Zip>("redirect.form").await;
}

#[tokio::test]
async fn a_delivery_for_an_unusable_parameter_waits_too() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create.json").await;
    // One credential where a list of them belongs.
    stack.set(&format!("zid/{store}"), &demo_credential("zid").to_string()).await;
    assert_eq!(stack.send("zid", &request).status, 503, "the sender did nothing wrong");
    let held = stack.held("zid", &store).await;
    assert_eq!(held.len(), 1, "a wrong parameter loses nothing: {held:?}");
    assert_eq!(text(&held[0], "reason"), "the store's parameter holds no usable credential");
    set_right_secret::<Zid>(&stack, &store).await;
    assert_eq!(counted::<Zid>(&stack, &store).await, (1, 0, 0));
    assert_eq!(stack.published_once(1, &store).len(), 1);
}

#[tokio::test]
async fn nothing_is_kept_for_an_unconfigured_store() {
    let stack = Stack::up();
    let (_, request) = given::<Zid>(&stack, "order.create.json").await;
    let unconfigured = StoreName::parse("unconfigured-configured-this-one").unwrap();
    let request = Request { store: unconfigured.clone(), ..request };
    assert_eq!(stack.send("zid", &request).status, 401);
    assert!(stack.held("zid", &unconfigured).await.is_empty());
}

#[tokio::test]
async fn a_state_in_between_makes_quarantined_equals_two_events() {
    let stack = Stack::up();
    let (store, a) = given::<Zort>(&stack, "UPDATEPRODUCTQUANTITY.json").await;
    let level = String::from_utf8(a.body.clone()).unwrap().replace("42.00", "41.00");
    let b = Request { body: level.into_bytes(), ..a.clone() };
    for request in [&a, &a, &b, &a] {
        assert_eq!(stack.send("zort", request).status, 401);
    }
    set_right_secret::<Zort>(&stack, &store).await;
    assert_eq!(counted::<Zort>(&stack, &store).await, (4, 0, 0));
    let messages = stack.published_once(3, &store);
    let levels: Vec<&str> = messages.iter().filter_map(|m| m["data"]["on_hand"].as_str()).collect();
    assert_eq!(levels, ["42.00", "41.00", "42.00"], "in the order of arrival");
}

#[tokio::test]
async fn an_unsent_request_stays_and_becomes_one_event_later() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create.json").await;
    assert_eq!(stack.send("zid", &request).status, 401);
    set_right_secret::<Zid>(&stack, &store).await;

    let nowhere = format!("{}-nowhere.fifo", stack.facts.queue_url);
    let stopped = reverified::<Zid>(&stack, &nowhere, &store).await;
    assert_eq!((stopped.accepted, stopped.failed.len()), (0, 1), "{stopped:?}");
    assert_eq!(stack.events("zid", &store).await.len(), 1, "it is stored");
    assert_eq!(stack.held("zid", &store).await.len(), 1, "and still in quarantine, because it was not sent");
    let id = &stack.events("zid", &store).await[0];
    assert!(stack.is_pending(id).await, "the sweeper has it on its list");

    assert_eq!(counted::<Zid>(&stack, &store).await, (1, 0, 0));
    assert_eq!(stack.events("zid", &store).await.len(), 1);
    assert_eq!(stack.published_once(1, &store).len(), 1);
    assert!(stack.held("zid", &store).await.is_empty());
}

/// A queue that always refuses the first message for its content.
struct RefusingFirst {
    queue: SqsQueue,
    refused: Mutex<Option<String>>,
}

impl Queue for RefusingFirst {
    async fn send(&self, event: &Verified<Event>) -> Result<(), Fault> {
        let is_refused = {
            let mut refused = self.refused.lock().unwrap();
            refused.get_or_insert_with(|| event.id().to_string()) == event.id().as_str()
        };
        if is_refused {
            Err(Fault::permanent("the event cannot be enqueued", "a test"))
        } else {
            self.queue.send(event).await
        }
    }

    async fn send_with_event(&self, event: &Verified<Event>) -> Result<(), Fault> {
        self.queue.send_with_event(event).await
    }
}

#[tokio::test]
async fn a_request_that_sqs_rejects_does_not_block_the_next_ones() {
    let stack = Stack::up();
    let (store, first) = given::<Zid>(&stack, "order.create.json").await;
    let other = String::from_utf8(first.body.clone()).unwrap().replace("172.50 SAR", "172.51 SAR");
    let second = Request { body: other.into_bytes(), ..first.clone() };
    assert_ne!(first.body, second.body);
    for request in [&first, &second] {
        assert_eq!(stack.send("zid", request).status, 401);
    }
    set_right_secret::<Zid>(&stack, &store).await;
    let queue = RefusingFirst { queue: stack.queue(&stack.facts.queue_url), refused: Mutex::default() };
    for accepted in [1, 0] {
        let sum = reverified_to::<Zid>(&stack, &queue, &store).await;
        assert_eq!((sum.accepted, sum.failed.len()), (accepted, 1), "{sum:?}");
    }
    assert_eq!(stack.published_once(1, &store).len(), 1, "the second one");
    assert_eq!(stack.held("zid", &store).await.len(), 1, "the first one stays, and is reported each time");
}

type OnAws = Receiver<SsmSecrets<Zid>, Events, SqsQueue, TableQuarantine>;

fn receiver(stack: &Stack, table_of_the_quarantine: &str) -> OnAws {
    let other = Table::new(stack.clients.dynamodb.clone(), table_of_the_quarantine.to_owned(), 1);
    Receiver {
        secrets: secrets(stack),
        journal: table(stack).events,
        queue: SqsQueue::new(stack.clients.sqs.clone(), stack.facts.queue_url.clone()),
        quarantine: TableQuarantine::new(&other, Zid::NAME),
    }
}

/// Returns the outcome of a refused delivery, at a millisecond of its own.
async fn refused(receiver: &OnAws, request: &Request, at_ms: i64) -> Option<QuarantineOutcome> {
    let at = ReceivedAt::from_millis(at_ms).expect("a time");
    let attempt = WriteToken("1".into());
    let (response, report) = receiver.receive::<Zid>(Unverified::new(request.clone()), at, &attempt).await;
    assert_eq!(response.status, 401, "{report:?}");
    match report {
        Report::Refused(NotAccepted::VerificationFailed { quarantined, .. }) => quarantined.ok(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_flood_of_forgeries_is_refused_and_kept_up_to_a_limit() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create.json").await;
    let receiver = receiver(&stack, &stack.facts.table);
    let forged = Request { body: vec![b'x'; MAX_QUARANTINED_LEN], ..request };
    let began = std::time::Instant::now();
    let mut kept = 0;
    for n in 0..12 {
        match refused(&receiver, &forged, 1_749_715_272_000 + n).await {
            Some(QuarantineOutcome::Stored) => kept += 1,
            other => assert_eq!(other, Some(QuarantineOutcome::RateLimited), "after {kept}"),
        }
    }
    // Each costs 257 KiB, and the burst is 2 MiB: seven. The bucket gets 10 KiB a second: the eighth after a second,
    // and one more every 25 s, on a slow machine.
    let at_most = 8 + usize::try_from(began.elapsed().as_secs() / 25).unwrap();
    assert!((7..=at_most).contains(&kept), "{kept} of 12 in {:?}", began.elapsed());
    assert_eq!(stack.held("zid", &store).await.len(), kept);
}

/// Returns the hour in which this test's deliveries arrive: no other test and no other run has it.
fn an_hour_of_its_own(store: &StoreName) -> i64 {
    let hours =
        store.as_str().bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    i64::from(hours % 400_000) * 3_600_000
}

#[tokio::test]
async fn many_instances_share_the_quota_of_an_hour() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create.json").await;
    let (other, to_other) = given::<Zid>(&stack, "order.create.json").await;
    let hour = an_hour_of_its_own(&store);
    // Other instances have used up the store's 64 MiB but for two blocks of 64 KiB.
    let used = 64 * 1_024 - 128;
    let began = ReceivedAt::from_millis(hour).unwrap().to_string();
    let set = stack.clients.dynamodb.update_item().table_name(&stack.facts.table);
    let set = set
        .key("pk", AttributeValue::S("quarantine/zid/_quota".into()))
        .key("sk", AttributeValue::S(began))
        .update_expression("SET #store = :used, #total = :used")
        .expression_attribute_names("#store", format!("store/{store}"))
        .expression_attribute_names("#total", "total")
        .expression_attribute_values(":used", AttributeValue::N(used.to_string()));
    set.send().await.expect("a used quota");

    let mut kept = [0; 4];
    for (instance, kept) in kept.iter_mut().enumerate() {
        let receiver = receiver(&stack, &stack.facts.table);
        for n in 0..20 {
            let at = hour + i64::try_from(instance).unwrap() * 100 + n;
            match refused(&receiver, &request, at).await {
                Some(QuarantineOutcome::Stored) => *kept += 1,
                other => assert_eq!(other, Some(QuarantineOutcome::RateLimited)),
            }
        }
    }
    // The first instance uses up one block, of 16 small requests, and begins the second.
    assert_eq!(kept, [20, 0, 0, 0], "two blocks, and none is left for the others");
    assert_eq!(stack.held("zid", &store).await.len(), 20);

    let receiver = receiver(&stack, &stack.facts.table);
    let of_other_store = refused(&receiver, &to_other, hour).await;
    assert_eq!(of_other_store, Some(QuarantineOutcome::Stored), "another store has its own quota");
    assert_eq!(stack.held("zid", &other).await.len(), 1);
    let next_hour = refused(&receiver, &request, hour + 3_600_000).await;
    assert_eq!(next_hour, Some(QuarantineOutcome::Stored), "the next hour has its own quota");
    let blind = blind(receiver);
    deferred(&blind, &request, hour).await;
    assert_eq!(stack.held("zid", &store).await.len(), 22, "forgeries displace no deferred delivery");
}

/// Credentials that cannot be read.
struct Unreadable;

impl Secrets<Zid> for Unreadable {
    async fn store(&self, _: &StoreName) -> Result<Option<Arc<Store<Zid>>>, Fault> {
        Err(Fault::transient("the store's secrets cannot be read", "a test"))
    }

    async fn refresh(&self, _: &StoreName) -> Option<Arc<Store<Zid>>> {
        None
    }
}

fn blind(receiver: OnAws) -> Receiver<Unreadable, Events, SqsQueue, TableQuarantine> {
    let Receiver { journal, queue, quarantine, .. } = receiver;
    Receiver { secrets: Unreadable, journal, queue, quarantine }
}

/// Sends a delivery whose credentials cannot be read.
async fn deferred<S, J, Q, H>(receiver: &Receiver<S, J, Q, H>, request: &Request, at_ms: i64)
where
    S: Secrets<Zid>,
    J: Journal,
    Q: Queue,
    H: Quarantine,
{
    let at = ReceivedAt::from_millis(at_ms).expect("a time");
    let attempt = WriteToken("1".into());
    let (response, report) = receiver.receive::<Zid>(Unverified::new(request.clone()), at, &attempt).await;
    assert_eq!(response.status, 200, "{report:?}");
    assert!(matches!(report, Report::Deferred(_)), "{report:?}");
}

/// A queue that records what is sent.
#[derive(Default)]
struct Recording {
    arrivals: Mutex<Vec<i64>>,
}

impl Queue for Recording {
    async fn send(&self, event: &Verified<Event>) -> Result<(), Fault> {
        self.arrivals.lock().unwrap().push(event.received_at().millis());
        Ok(())
    }

    async fn send_with_event(&self, event: &Verified<Event>) -> Result<(), Fault> {
        self.send(event).await
    }
}

/// Returns the order of the payload file with this number.
fn numbered(request: &Request, number: i64) -> Request {
    let body =
        String::from_utf8(request.body.clone()).unwrap().replace("172.50 SAR", &format!("{number}.50 SAR"));
    Request { body: body.into_bytes(), ..request.clone() }
}

#[tokio::test]
async fn deferred_deliveries_are_verified_before_refused_ones() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create.json").await;
    let start = clock::now().millis();
    let receiver = receiver(&stack, &stack.facts.table);
    for n in [0, 1] {
        assert_eq!(
            refused(&receiver, &numbered(&request, n), start + n).await,
            Some(QuarantineOutcome::Stored)
        );
    }
    let blind = blind(receiver);
    for n in [2, 3] {
        deferred(&blind, &numbered(&request, n), start + n).await;
    }
    set_right_secret::<Zid>(&stack, &store).await;
    let queue = Recording::default();
    let sum = reverified_to::<Zid>(&stack, &queue, &store).await;
    assert_eq!((sum.accepted, sum.refused, sum.failed.len()), (4, 0, 0), "{sum:?}");
    let arrivals = queue.arrivals.into_inner().unwrap();
    assert_eq!(arrivals.iter().map(|at| at - start).collect::<Vec<_>>(), [2, 3, 0, 1]);
    assert!(stack.held("zid", &store).await.is_empty());
}

#[tokio::test]
async fn the_sweeper_reads_deferred_deliveries_only_and_each_once() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create.json").await;
    let start = clock::now().millis();
    let receiver = receiver(&stack, &stack.facts.table);
    assert_eq!(refused(&receiver, &numbered(&request, 0), start).await, Some(QuarantineOutcome::Stored));
    let blind = blind(receiver);
    // As large as an order that is stored in chunks.
    let large = Request { body: noise(700_000), ..request.clone() };
    deferred(&blind, &numbered(&request, 1), start + 1).await;
    deferred(&blind, &large, start + 2).await;
    let keys = || async {
        let mut keys: Vec<String> =
            stack.held("zid", &store).await.iter().map(|item| text(item, "sk").to_owned()).collect();
        keys.sort();
        keys.iter().map(|key| key.starts_with("!deferred/")).collect::<Vec<_>>()
    };
    assert_eq!(keys().await, [true, true, false]);
    let sweep = || async {
        let (quarantine, secrets) = (TableQuarantine::new(&table(&stack), Zid::NAME), secrets::<Zid>(&stack));
        let (sum, _) = watch::channel(Reverified::default());
        let (events, queue) = (table(&stack).events, stack.queue(&stack.facts.queue_url));
        let run =
            reverify::<Zid>(&quarantine, &secrets, &events, &queue, &store, Scope::Deferred, &sum).await;
        run.expect("a readable quarantine");
        let sum = sum.send_replace(Reverified::default());
        (sum.accepted, sum.refused, sum.failed.len())
    };
    assert_eq!(sweep().await, (0, 2, 0), "the secret is still another one");
    assert_eq!(keys().await, [false; 3], "they are among the refused ones now");
    assert_eq!(sweep().await, (0, 0, 0), "nothing is read twice");

    set_right_secret::<Zid>(&stack, &store).await;
    assert_eq!(counted::<Zid>(&stack, &store).await, (3, 0, 0), "with their chunks");
    assert!(stack.held("zid", &store).await.is_empty());
    assert_eq!(stack.published_once(3, &store).len(), 3);
}

/// Returns bytes that do not compress.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut bytes = Vec::with_capacity(len);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.push((state >> 24) as u8);
    }
    bytes
}

#[tokio::test]
async fn a_delivery_too_large_for_quarantine_is_refused() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create.json").await;
    let receiver = receiver(&stack, &stack.facts.table);
    let large = Request { body: vec![b'x'; MAX_QUARANTINED_LEN + 1], ..request };
    assert_eq!(refused(&receiver, &large, 1_749_715_272_000).await, Some(QuarantineOutcome::TooLarge));
    assert!(stack.held("zid", &store).await.is_empty());
}

#[tokio::test]
async fn without_the_table_a_delivery_is_refused_too() {
    let stack = Stack::up();
    let (_, request) = given::<Zid>(&stack, "order.create.json").await;
    let receiver = receiver(&stack, "no-such-table");
    assert_eq!(refused(&receiver, &request, 1_749_715_272_000).await, None);
}

#[tokio::test]
async fn the_log_reports_a_quarantined_delivery_without_its_proof() {
    let stack = Stack::up();
    let store = stack.store("dealpos", &json!([{"api_key": "mistyped"}])).await;
    let proof = format!("a-secret-of-{store}");
    let row = find(DealPos::EVENTS, "invoiceCreated").expect("a row");
    let request = delivery::<DealPos>(store.clone(), row, b"{}".to_vec(), &json!({"api_key": proof}));
    let request = Request { query: format!("token={proof}"), ..request };
    assert_eq!(stack.send("dealpos", &request).status, 401);

    let held = stack.held("dealpos", &store).await;
    assert!(text(&held[0], "query").contains(&proof), "the offered proof is quarantined with it");
    // No other test sends the function a body too large to hold: once this one's line is there, so is the first's.
    let large = Request { body: vec![b'x'; MAX_QUARANTINED_LEN + 1], ..request };
    assert_eq!(stack.send("dealpos", &large).status, 401);
    assert_eq!(stack.held("dealpos", &store).await.len(), 1);
    let log = stack.log_once(r#""quarantine":"too_large""#, "dealpos");
    for expected in
        [r#""outcome":"unauthenticated""#, r#""quarantine":"stored""#, r#""quarantine":"too_large""#]
    {
        assert!(log.contains(expected), "{expected} is not in {log}");
    }
    assert!(!log.contains(&proof), "the proof is in the log");
}
