//! An unverified delivery waits in quarantine, and becomes an event once the secret is corrected. Needs `make up`.

use std::collections::HashMap;
use std::sync::Mutex;

use aws_sdk_dynamodb::types::AttributeValue;
use inlet::event::Event;
use inlet::fault::Fault;
use inlet::proof::Verified;
use inlet::provider::Provider;
use inlet::provider::catalogue::find;
use inlet::receive::quarantine::QuarantineOutcome;
use inlet::receive::{NotAccepted, Queue, Receiver, Report, WriteToken};
use inlet::received_at::ReceivedAt;
use inlet::request::{Request, Unverified};
use inlet::store::StoreName;
use inlet::tools::sender::{Sender, delivery};
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

/// A store whose secret differs from its provider's, and the provider's delivery to it.
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

async fn mend<S: Sender>(stack: &Stack, store: &StoreName) {
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
    assert!(stack.events(S::NAME, &store).await.is_empty(), "nothing unproved is an event");
    assert!(stack.published(&store).is_empty(), "nothing unproved is published");

    mend::<S>(&stack, &store).await;
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
    mend::<Zid>(&stack, &store).await;
    assert_eq!(counted::<Zid>(&stack, &store).await, (1, 0, 0));
    assert_eq!(stack.published_once(1, &store).len(), 1);
}

#[tokio::test]
async fn nothing_is_kept_for_an_unconfigured_store() {
    let stack = Stack::up();
    let (_, request) = given::<Zid>(&stack, "order.create.json").await;
    let nobody = StoreName::parse("nobody-configured-this-one").unwrap();
    let request = Request { store: nobody.clone(), ..request };
    assert_eq!(stack.send("zid", &request).status, 401);
    assert!(stack.held("zid", &nobody).await.is_empty());
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
    mend::<Zort>(&stack, &store).await;
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
    mend::<Zid>(&stack, &store).await;

    let nowhere = format!("{}-nowhere.fifo", stack.facts.queue_url);
    let stopped = reverified::<Zid>(&stack, &nowhere, &store).await;
    assert_eq!((stopped.accepted, stopped.failed.len()), (0, 1), "{stopped:?}");
    assert_eq!(stack.events("zid", &store).await.len(), 1, "it is stored");
    assert_eq!(stack.held("zid", &store).await.len(), 1, "and still held, for it was not sent");
    let id = &stack.events("zid", &store).await[0];
    assert!(stack.is_looked_after(id).await, "the sweeper knows of it");

    assert_eq!(counted::<Zid>(&stack, &store).await, (1, 0, 0));
    assert_eq!(stack.events("zid", &store).await.len(), 1);
    assert_eq!(stack.published_once(1, &store).len(), 1);
    assert!(stack.held("zid", &store).await.is_empty());
}

/// A queue that always refuses the first message for its content.
struct Choosy {
    queue: SqsQueue,
    refused: Mutex<Option<String>>,
}

impl Queue for Choosy {
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
    mend::<Zid>(&stack, &store).await;
    let queue = Choosy { queue: stack.queue(&stack.facts.queue_url), refused: Mutex::default() };
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
    let (answer, report) = receiver.receive::<Zid>(Unverified::new(request.clone()), at, &attempt).await;
    assert_eq!(answer.status, 401, "{report:?}");
    match report {
        Report::Refused(NotAccepted::VerificationFailed { quarantined, .. }) => quarantined.ok(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_flood_of_forgeries_is_capped_and_refused_all_the_same() {
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
    // 2 MiB as a burst: seven of a quarter of a MiB each. And 10 KiB a second: one more in 25 s, on a slow machine.
    let at_most = 8 + usize::try_from(began.elapsed().as_secs() / 25).unwrap();
    assert!((7..at_most).contains(&kept), "{kept} of 12 in {:?}", began.elapsed());
    assert_eq!(stack.held("zid", &store).await.len(), kept);
}

#[tokio::test]
async fn a_delivery_too_large_to_hold_is_refused_and_not_kept() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create.json").await;
    let receiver = receiver(&stack, &stack.facts.table);
    let large = Request { body: vec![b'x'; MAX_QUARANTINED_LEN + 1], ..request };
    assert_eq!(refused(&receiver, &large, 1_749_715_272_000).await, Some(QuarantineOutcome::TooLarge));
    assert!(stack.held("zid", &store).await.is_empty());
}

#[tokio::test]
async fn without_the_table_a_delivery_is_refused_all_the_same() {
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
    assert!(text(&held[0], "query").contains(&proof), "what was offered is held with it");
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
