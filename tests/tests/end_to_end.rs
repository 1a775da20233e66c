//! End-to-end properties: real functions behind the real template's API. Needs `make up`.
//!
//! Tests of proof, response and deduplication visit every provider. The others use one provider: the table, the queue
//! and the processor do not distinguish providers, or the test is about that provider's own response or settings.

use std::thread;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use inlet::provider::catalogue::find;
use inlet::provider::response::{Outcome, Refusal};
use inlet::receive::{Recorded, Report};
use inlet::request::{Headers, Method, Request};
use inlet::store::StoreName;
use inlet::tools::event_catalogue::entries;
use inlet::tools::sender::{Sender, delivery};
use inlet_aws::dynamodb::events::{Put, StoredEvent};
use inlet_aws::dynamodb::record::{Origin, Record};
use inlet_dealpos::DealPos;
use inlet_tests::deliveries::{given, received_without};
use inlet_tests::repository;
use inlet_tests::stack::Stack;
use inlet_tests::{check_each_provider, demo_credential};
use inlet_zid::Zid;
use inlet_zip::Zip;
use inlet_zort::Zort;
use serde_json::{Value, json};

fn resigned<S: Sender>(request: &Request, body: &[u8]) -> Request {
    let mut request = Request { body: body.to_vec(), ..request.clone() };
    S::sign(&mut request, &demo_credential(S::NAME));
    request
}

async fn accepts_stores_and_publishes<S: Sender>(event: &str) {
    let stack = Stack::up();
    let (store, request) = given::<S>(&stack, event).await;

    let got = stack.send(S::NAME, &request);
    // Every provider responds to its usual event as it responds to a deferred delivery.
    let expected = S::respond(&Outcome::Deferred, &S::Settings::default());
    assert_eq!((got.status, got.body), (200, expected.body), "{event} of {}", S::NAME);

    let events = stack.events(S::NAME, &store).await;
    assert_eq!(events.len(), 1, "{events:?}");
    let stored = stack.stored(&events[0]).await;
    assert_eq!(stored.body, request.body, "the bytes that were sent");
    assert_eq!(stored.record.origin, Origin::Webhook);
    let row = find(S::EVENTS, event).expect("a row");
    let types = &entries(S::NAME, std::slice::from_ref(row), &[])[0].types;
    let canonical_type = stored.record.canonical_type.as_str();
    assert!(types.iter().any(|documented| documented == canonical_type), "{canonical_type} of {event}");
    let kept: Vec<&String> = stored.record.headers.keys().collect();
    let proofs = proof_headers::<S>(&store);
    assert!(!kept.iter().any(|name| proofs.contains(name)), "{kept:?}");

    let messages = stack.published_once(1, &store);
    assert_eq!(messages.len(), 1, "{messages:?}");
    let message = &messages[0];
    assert_eq!(message["id"], events[0].as_str());
    assert_eq!(message["type"], canonical_type);
    assert_eq!(message["receivedtime"], stored.record.received.as_str());
    assert!(message["data"].is_object(), "{message}");
    assert_eq!(message.to_string(), serde_json::from_str::<Value>(&stored.message).unwrap().to_string());
}

/// Returns the names of the headers that carry the provider's proof.
fn proof_headers<S: Sender>(store: &StoreName) -> Vec<String> {
    let mut signed = Request {
        method: Method::Post,
        store: store.clone(),
        topic: None,
        query: String::new(),
        headers: Headers::default(),
        body: b"{}".to_vec(),
    };
    S::sign(&mut signed, &demo_credential(S::NAME));
    let names = signed.headers.iter().map(|(name, _)| name.to_lowercase());
    names.filter(|name| name != "content-type").collect()
}

#[tokio::test]
async fn every_provider_is_accepted() {
    check_each_provider!(accepts_stores_and_publishes);
}

async fn rejects_a_wrong_proof<S: Sender>(event: &str) {
    let stack = Stack::up();
    let (store, request) = given::<S>(&stack, event).await;
    let expected = S::error_response(Refusal::Unauthenticated);

    let bare =
        Request { headers: [("content-type", "application/json")].into_iter().collect(), ..request.clone() };
    let unknown = Request { store: StoreName::parse("not-configured").unwrap(), ..request.clone() };
    let got = stack.send(S::NAME, &bare);
    assert_eq!((got.status, &got.body), (401, &expected.body), "without a proof");
    assert_eq!(stack.send(S::NAME, &unknown), got, "an unknown store gets the same");

    let put = Request { method: Method::Other, ..request.clone() };
    assert_eq!(stack.send(S::NAME, &put).status, 405);
    assert!(stack.events(S::NAME, &store).await.is_empty());
    assert!(stack.published(&store).is_empty());
}

#[tokio::test]
async fn every_provider_rejects_a_wrong_proof() {
    check_each_provider!(rejects_a_wrong_proof);
}

async fn stores_a_duplicate_once<S: Sender>(event: &str) {
    let stack = Stack::up();
    let (store, request) = given::<S>(&stack, event).await;
    let first = stack.send(S::NAME, &request);
    assert_eq!(stack.send(S::NAME, &request), first, "a duplicate gets the same response");
    assert_eq!(stack.events(S::NAME, &store).await.len(), 1);
    assert_is_published_once(&stack, &store);
}

#[tokio::test]
async fn the_same_delivery_twice_is_one_event_and_one_message() {
    check_each_provider!(stores_a_duplicate_once);
}

/// Asserts that the events were published once. Another message would have arrived by then: the processor handles an
/// entity's messages one after the other.
fn assert_is_published_once(stack: &Stack, store: &StoreName) {
    stack.published_once(1, store);
    thread::sleep(Duration::from_millis(500));
    assert_eq!(stack.published(store).len(), 1);
}

async fn at_the_same_time<S: Sender>(event: &str) {
    let stack = Stack::up();
    let (store, request) = given::<S>(&stack, event).await;
    thread::scope(|scope| {
        let sent: Vec<_> = (0..8).map(|_| scope.spawn(|| stack.send(S::NAME, &request).status)).collect();
        for sender in sent {
            assert_eq!(sender.join().expect("a response"), 200);
        }
    });
    assert_eq!(stack.events(S::NAME, &store).await.len(), 1);
    assert_is_published_once(&stack, &store);
}

#[tokio::test]
async fn simultaneous_equal_deliveries_are_one_event_and_message() {
    check_each_provider!(at_the_same_time);
}

#[tokio::test]
async fn a_state_that_comes_back_is_a_new_event() {
    let stack = Stack::up();
    let (store, a) = given::<Zort>(&stack, "UPDATEPRODUCTQUANTITY").await;
    let text = String::from_utf8(a.body.clone()).unwrap();
    let b = resigned::<Zort>(&a, text.replace("42.00", "41.00").as_bytes());
    for request in [&a, &a, &b, &a, &a] {
        assert_eq!(stack.send("zort", request).status, 200);
    }
    let events = stack.events("zort", &store).await;
    assert_eq!(events.len(), 3, "A, A is one event; A, B, A is three: {events:?}");
    let messages = stack.published_once(3, &store);
    let levels: Vec<&str> = messages.iter().filter_map(|m| m["data"]["on_hand"].as_str()).collect();
    assert_eq!(levels, ["42.00", "41.00", "42.00"], "in the order of arrival");
}

#[tokio::test]
async fn a_state_with_a_time_of_its_own_comes_in_between_too() {
    let stack = Stack::up();
    let (store, update) = given::<Zid>(&stack, "product.update").await;
    // No time is documented in it, so an equal one within the retry window would be a duplicate.
    let id: Value = serde_json::from_slice::<Value>(&update.body).unwrap()["id"].clone();
    let body = json!({"id": id}).to_string().into_bytes();
    let row = find(Zid::EVENTS, "product.delete").expect("a row");
    let delete = delivery::<Zid>(store.clone(), row, body, &demo_credential("zid"));
    for (sent, request, events) in
        [(1, &delete, 1), (2, &delete, 1), (3, &update, 2), (4, &update, 2), (5, &delete, 3), (6, &delete, 3)]
    {
        assert_eq!(stack.send("zid", request).status, 200);
        assert_eq!(stack.events("zid", &store).await.len(), events, "delivery {sent}");
    }
}

#[tokio::test]
async fn a_captured_signed_delivery_is_no_event_after_expiry() {
    let stack = Stack::up();
    // Its signed time is older than the retention.
    let (store, request) = given::<Zip>(&stack, "capture").await;
    assert_eq!(stack.send("zip", &request).status, 200);
    let events = stack.events("zip", &store).await;
    assert_eq!(events.len(), 1, "a first delivery is an event, however old its signed time is");
    assert_eq!(stack.processed_once(1, "zip", &store).await, 1);
    let receipt = &stack.items("zip", &store, "receipt/").await[0];
    let number = |name: &str| receipt[name].as_n().expect("a number").parse::<u64>().expect("a number");
    let years = (number("expires") - number("received_ms") / 1_000) / (365 * 24 * 60 * 60);
    assert_eq!(years, 10, "{receipt:?}");

    // The event expires.
    let delete = stack.clients.dynamodb.delete_item().table_name(&stack.facts.table);
    let sort_key = format!("event/{}", events[0].digest());
    let delete = delete.key("pk", AttributeValue::S(events[0].entity_path().to_owned()));
    delete.key("sk", AttributeValue::S(sort_key)).send().await.expect("an expired event");
    let captured = [
        request.clone(),
        Request { query: "n=1".into(), ..request.clone() },
        Request { topic: Some("refund".into()), ..request.clone() },
        Request { topic: Some("Capture".into()), ..request },
    ];
    for captured in captured {
        let response = stack.send("zip", &captured);
        assert_eq!(response.status, 200, "a repeat: {:?} {:?}", captured.topic, captured.query);
        assert!(stack.events("zip", &store).await.is_empty(), "{:?} {:?}", captured.topic, captured.query);
    }
    assert_eq!(stack.published(&store).len(), 1);
}

#[tokio::test]
async fn chunks_expire_with_their_event_also_of_equal_bytes() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create").await;
    assert_eq!(stack.send("zid", &request).status, 200);
    let model = stack.stored(&stack.events("zid", &store).await[0]).await;
    let body: Vec<u8> = (0..400_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    let (entity, _) = model.record.id.rsplit_once('/').unwrap();
    let item = async |pk: &str, sk: &str| {
        let key = [("pk", pk), ("sk", sk)];
        let key = key.map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())));
        let get = stack.clients.dynamodb.get_item().table_name(&stack.facts.table);
        get.set_key(Some(key.into())).send().await.unwrap().item.unwrap()
    };
    for (n, age_ms) in [(1, 0), (2, 3_600_000)] {
        let id = format!("{entity}/{n:016x}");
        let received_ms = model.record.received_ms - age_ms;
        let record = Record { id: id.clone(), attempt: id, received_ms, ..model.record.clone() };
        let event = StoredEvent { record, message: model.message.clone(), body: body.clone() };
        assert_eq!(stack.table().events.put(&event).await.unwrap(), Put::Recorded(Recorded::New));
        let head = item(entity, &format!("event/{n:016x}")).await;
        let chunk = item(&format!("chunk/{entity}/0"), head["gzip_chunk_key"].as_s().unwrap()).await;
        assert_eq!(chunk["expires"], head["expires"], "event {n}");
    }
}

#[tokio::test]
async fn a_body_of_nearly_six_megabytes_is_kept_to_the_byte() {
    let stack = Stack::up();
    let (store, small) = given::<Zip>(&stack, "capture").await;
    // Noise, which does not compress.
    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    let noise: String = std::iter::repeat_with(|| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        char::from(b'!' + u8::try_from(seed % 90).unwrap())
    })
    .filter(|c| !['"', '\\'].contains(c))
    .take(5_500_000)
    .collect();
    let text = String::from_utf8(small.body.clone()).unwrap();
    let large = text.replace(r#""channel":"web""#, &format!("\"channel\":\"{noise}\""));
    let request = resigned::<Zip>(&small, large.as_bytes());

    assert_eq!(stack.send("zip", &request).status, 200);
    let events = stack.events("zip", &store).await;
    assert_eq!(events.len(), 1);
    let stored = stack.stored(&events[0]).await;
    assert!(stored.body == request.body, "{} bytes came back of {}", stored.body.len(), request.body.len());
    let parts = stack.parts_of(&events[0]).await;
    assert!(parts > 1, "{parts} parts");
    let messages = stack.published_once(1, &store);
    assert_eq!(messages[0]["dataref"], events[0].as_str(), "too large for a message, so a reference");
    assert_eq!(messages[0].get("data"), None);
}

#[tokio::test]
async fn an_undocumented_delivery_is_stored_and_sent_as_unknown() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create").await;
    let not_json: &[u8] = b"\xff\xfe<not json>";
    let nested = "[".repeat(10_000);
    for body in [not_json, nested.as_bytes(), br#"{"event_name":"gizmo.exploded","id":5}"#] {
        let mut request = resigned::<Zid>(&request, body);
        // API Gateway passes a JSON body as text; only a binary type keeps any bytes.
        request.headers.set("content-type", "application/octet-stream");
        assert_eq!(stack.send("zid", &request).status, 200);
    }
    let events = stack.events("zid", &store).await;
    assert_eq!(events.len(), 3, "{events:?}");
    let mut bodies = Vec::new();
    for id in &events {
        bodies.push(stack.stored(id).await.body);
    }
    assert!(bodies.contains(&not_json.to_vec()), "bytes that are not text come back as they are");
    let messages = stack.published_once(3, &store);
    assert_eq!(messages.len(), 3, "{messages:?}");
    for message in messages {
        assert_eq!(message["type"], "commerce.unknown.received", "{message}");
    }
}

#[tokio::test]
async fn a_probe_is_answered_and_leaves_nothing() {
    let stack = Stack::up();
    let (store, request) = given::<Zort>(&stack, "ADDORDER").await;
    for method in ["GET", "HEAD"] {
        let url = format!("{}/zort/{store}", stack.facts.api);
        assert_eq!(stack.http(method, &url, &[], &[]).status, 200, "{method}");
    }
    let empty = Request { query: String::new(), body: Vec::new(), headers: Default::default(), ..request };
    assert_eq!(stack.send("zort", &empty).status, 200, "ZORT's Verify and Save");
    assert!(stack.events("zort", &store).await.is_empty());
    assert_eq!(stack.http("GET", &format!("{}/unknown-provider/x", stack.facts.api), &[], &[]).status, 404);
}

#[tokio::test]
async fn both_credentials_verify_during_a_rotation() {
    let stack = Stack::up();
    let old = json!({"secret": "the-old-one"});
    let new = json!({"secret": "the-new-one"});
    let store = stack.store("zip", &json!([old])).await;
    let send = |credential: &Value, reference: &str| {
        let body =
            json!({"orderId": "o-1", "timestamp": "2024-05-09T17:03:21Z", "merchantReference": reference});
        let row = find(Zip::EVENTS, "capture").unwrap();
        stack
            .send("zip", &delivery::<Zip>(store.clone(), row, body.to_string().into_bytes(), credential))
            .status
    };
    assert_eq!(send(&old, "1"), 200);
    assert_eq!(send(&new, "2"), 401);
    stack.set(&format!("zip/{store}"), &json!([new, old]).to_string()).await;
    // A delivery that does not verify causes another read of the secret, at most once in ten seconds.
    thread::sleep(Duration::from_secs(11));
    assert_eq!(send(&new, "3"), 200);
    assert_eq!(send(&old, "4"), 200);
}

#[tokio::test]
async fn a_shopper_is_sent_to_the_stores_page() {
    let stack = Stack::up();
    let credential = demo_credential("zip");
    let store = stack.store("zip", &json!([credential])).await;
    stack.set(&format!("zip/{store}/settings"), r#"{"redirect_url":"https://shop.example/thanks"}"#).await;
    let query = repository::text("functions/zip/payloads/redirect.form").into_bytes();
    let row = find(Zip::EVENTS, "redirect").unwrap();
    let request = delivery::<Zip>(store.clone(), row, query, &credential);
    let got = stack.send("zip", &request);
    let page = "https://shop.example/thanks?orderId=5d2c9f1e%2D8b34%2D4f0a%2Da6d7%2D91e3c05b7f42&merchantReference=WEB%2D100482&success=True";
    assert_eq!((got.status, got.location.as_deref()), (303, Some(page)));
    let events = stack.events("zip", &store).await;
    let kept = stack.stored(&events[0]).await.record.query;
    assert!(kept.contains("customer.firstName=Dana") && !kept.to_lowercase().contains("signature"), "{kept}");
}

#[tokio::test]
async fn a_till_gets_the_points_and_coupon_of_its_store() {
    let stack = Stack::up();
    let (_, points) = given::<DealPos>(&stack, "fetchLoyaltyPoints").await;
    assert_eq!(stack.send("dealpos", &points).body, json!({"Point": 0}));
    let (_, coupon) = given::<DealPos>(&stack, "validateCoupon").await;
    let got = stack.send("dealpos", &coupon).body;
    assert_eq!(got["Amount"], 0, "{got}");
}

#[tokio::test]
async fn a_message_goes_out_in_its_entitys_group_under_its_events_id() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create").await;
    let queue = stack.idle_queue().await;
    received_without::<Zid>(&stack, &stack.facts.table, &queue, request).await;
    let (events, messages) = (stack.events("zid", &store).await, stack.waiting(&queue));
    assert_eq!((events.len(), messages.len()), (1, 1));
    assert_eq!(messages[0].deduplication, events[0].as_str());
    assert_eq!(messages[0].group, events[0].entity_path());
    assert!(messages[0].whole.is_none(), "the journal has it");
}

#[tokio::test]
async fn without_the_table_the_queue_alone_keeps_the_whole_event() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create").await;
    let queue = stack.idle_queue().await;
    let (status, report) = received_without::<Zid>(&stack, "no-such-table", &queue, request.clone()).await;
    assert_eq!(status, 200, "{report:?}");
    assert!(matches!(report, Report::Accepted(accepted) if accepted.journal_fault.is_some()));
    let messages = stack.waiting(&queue);
    let (record, body) = Record::unpacked(messages[0].whole.as_ref().expect("the whole event")).unwrap();
    assert_eq!(body, request.body);
    assert_eq!(
        (record.origin, record.id.as_str()),
        (Origin::Fallback, messages[0].body["id"].as_str().unwrap())
    );
    assert!(stack.events("zid", &store).await.is_empty());
}

#[tokio::test]
async fn without_the_queue_the_table_alone_keeps_the_event() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create").await;
    let nowhere = format!("{}-nowhere.fifo", stack.facts.queue_url);
    let (status, report) = received_without::<Zid>(&stack, &stack.facts.table, &nowhere, request).await;
    assert_eq!(status, 200, "{report:?}");
    assert!(matches!(report, Report::Accepted(accepted) if accepted.queue_fault.is_some()));
    assert_eq!(stack.events("zid", &store).await.len(), 1);
}

#[tokio::test]
async fn without_both_the_response_asks_for_a_retry() {
    let stack = Stack::up();
    let (store, request) = given::<Zid>(&stack, "order.create").await;
    let nowhere = format!("{}-nowhere.fifo", stack.facts.queue_url);
    let (status, report) = received_without::<Zid>(&stack, "no-such-table", &nowhere, request).await;
    assert_eq!(status, 503, "{report:?}");
    assert!(stack.events("zid", &store).await.is_empty());
}

#[tokio::test]
async fn our_own_write_is_recognised_when_sent_again() {
    let stack = Stack::up();
    let (_, request) = given::<Zid>(&stack, "order.create").await;
    for _ in 0..2 {
        // The same token: as when the SDK sends a write again whose response was lost.
        let (_, report) =
            received_without::<Zid>(&stack, &stack.facts.table, &stack.facts.queue_url, request.clone())
                .await;
        assert!(matches!(&report, Report::Accepted(accepted) if !accepted.duplicate), "{report:?}");
    }
}
