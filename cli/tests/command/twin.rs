//! `inlet twin`: the API and the webhooks of a simulated provider, against a receiver of these tests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri};
use inlet::proof::verify;
use inlet::received_at::ReceivedAt;
use inlet::request::{Headers, Method, Request, Unverified};
use inlet::store::StoreName;
use inlet_zid::Zid;
use serde::Deserialize as _;
use serde_json::Value;

use crate::inlet::{Running, bare};

/// Timeout of a webhook.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// A webhook as it arrived.
struct Arrived {
    path: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// Starts a receiver that responds to every webhook with this status. Returns its address and the webhooks.
fn receiver(status: StatusCode) -> (String, Receiver<Arrived>) {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.set_nonblocking(true).expect("a listener");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (arrived, webhooks) = channel();
    let answer = move |uri: Uri, headers: HeaderMap, body: Bytes| {
        let _ = arrived.send(Arrived { path: uri.path().to_owned(), headers, body: body.to_vec() });
        async move { status }
    };
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            axum::serve(listener, Router::new().fallback(answer)).await
        })
    });
    (url, webhooks)
}

/// A running twin.
struct Twin {
    running: Running,
    /// Its first message.
    ready: Value,
}

impl Twin {
    fn start(arguments: &[&str]) -> Self {
        let mut running = Running::start(&[&["--json", "twin"], arguments].concat());
        let ready = parsed(&running.wait_for("\"ready\""));
        Self { running, ready }
    }

    /// Waits for the end of the changes, and ends the twin. Returns its messages.
    fn messages(self, until: &str) -> Vec<Value> {
        let Self { mut running, .. } = self;
        let mut last = running.lines_until(until);
        running.stop();
        let (code, lines) = running.end();
        assert_eq!(code, 0, "{lines:?}");
        last.extend(lines);
        last.iter().filter(|line| line.starts_with('{')).map(|line| parsed(line)).collect()
    }
}

fn parsed(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

/// Returns the values of the field of all messages with this name.
fn values<'m>(messages: &'m [Value], message: &str, field: &str) -> Vec<&'m Value> {
    messages.iter().filter(|each| each["message"] == message).map(|each| &each[field]).collect()
}

#[test]
fn a_twins_webhooks_verify_and_are_in_its_list() {
    let (to, webhooks) = receiver(StatusCode::OK);
    let twin = Twin::start(&["zid", "--to", &to, "--store", "riyadh", "--every", "5ms", "--count", "30"]);
    let credential = inlet_zid::Credential::deserialize(&twin.ready["credential"]).expect("a credential");
    let at = ReceivedAt::parse("2025-06-12T08:00:00.000Z").expect("a time");
    let mut ids = BTreeSet::new();
    for _ in 0..30 {
        let Arrived { path, headers, body } = webhooks.recv_timeout(TIME_LIMIT).expect("a webhook");
        let topic = path.strip_prefix("/zid/riyadh/").expect("the provider's path").to_owned();
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let request = Request {
            method: Method::Post,
            store: StoreName::parse("riyadh").expect("a store"),
            topic: Some(topic),
            query: String::new(),
            headers: Headers::from_iter([("authorization", text("authorization"))]),
            body: body.clone(),
        };
        assert!(
            verify::<Zid>(Unverified::new(request), std::slice::from_ref(&credential), at).is_ok(),
            "{path}"
        );
        let body: Value = serde_json::from_slice(&body).expect("an order");
        ids.insert(body["id"].as_u64().expect("an id"));
    }
    let (url, access) = (twin.ready["url"].as_str().expect("a URL"), &twin.ready["access"]);
    let list = orders(url, access["authorization"].as_str().expect("a token"), &access["manager_token"]);
    let listed = list["orders"].as_array().expect("orders").iter().filter_map(|order| order["id"].as_u64());
    assert_eq!(listed.collect::<BTreeSet<u64>>(), ids);
    assert_eq!(list["grand_total"], ids.len());
    twin.messages("quiet");
}

/// Reads the twin's list of orders.
fn orders(url: &str, token: &str, manager: &Value) -> Value {
    let query = "page=1&per_page=100&date_attribute=updated_at";
    let mut response = ureq::get(format!("{url}/v1/managers/store/orders?{query}"))
        .header("authorization", format!("Bearer {token}"))
        .header("x-manager-token", manager.as_str().expect("a token"))
        .call()
        .expect("a response");
    parsed(&response.body_mut().read_to_string().expect("a body"))
}

#[test]
fn lost_webhooks_are_in_the_list_alone() {
    let (to, webhooks) = receiver(StatusCode::OK);
    let twin = Twin::start(&["zid", "--to", &to, "--every", "1ms", "--count", "20", "--lose", "100%"]);
    let (url, access) = (twin.ready["url"].as_str().expect("a URL").to_owned(), twin.ready["access"].clone());
    let Twin { mut running, .. } = twin;
    running.wait_for("quiet");
    let list = orders(&url, access["authorization"].as_str().expect("a token"), &access["manager_token"]);
    assert!(list["grand_total"].as_u64() > Some(10), "{list}");
    running.stop();
    assert_eq!(running.end().0, 0);
    assert_eq!(webhooks.try_iter().count(), 0);
}

#[test]
fn a_share_of_the_webhooks_is_lost_or_repeated() {
    let (to, webhooks) = receiver(StatusCode::OK);
    let arguments =
        ["zort", "--to", &to, "--every", "1ms", "--count", "200", "--lose", "20%", "--repeat", "10%"];
    let Twin { mut running, .. } = Twin::start(&arguments);
    let messages: Vec<Value> = running.lines_until("quiet").iter().map(|line| parsed(line)).collect();
    let fates = values(&messages, "changed", "webhook");
    let count = |fate: &str| fates.iter().filter(|each| **each == fate).count();
    let (lost, twice) = (count("never_sent"), count("sent_twice"));
    assert!((20..=60).contains(&lost) && (5..=35).contains(&twice), "{lost} lost, {twice} twice");
    let mut bodies: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    for _ in 0..fates.len() - lost + twice {
        *bodies.entry(webhooks.recv_timeout(TIME_LIMIT).expect("a webhook").body).or_default() += 1;
    }
    assert_eq!(bodies.values().filter(|count| **count == 2).count(), twice);
    running.stop();
    assert_eq!(running.end().0, 0);
    assert_eq!(webhooks.try_iter().count(), 0, "more than were sent");
}

#[test]
fn the_same_seed_gives_the_same_changes_and_faults() {
    let run = |seed: &str| {
        let (to, _webhooks) = receiver(StatusCode::OK);
        let arguments = ["zid", "--to", &to, "--every", "1ms", "--count", "40", "--lose", "30%"];
        let messages = Twin::start(&[&arguments[..], &["--seed", seed]].concat()).messages("quiet");
        let all = ["event", "webhook"].map(|field| values(&messages, "changed", field).into_iter().cloned());
        all.map(Iterator::collect::<Vec<Value>>)
    };
    let first = run("7");
    assert_eq!(first[0].len(), 40);
    assert_eq!(first, run("7"));
    assert_ne!(first, run("8"));
}

#[test]
fn zids_circuit_breaker_disables_the_url_of_a_failing_receiver() {
    let (to, _webhooks) = receiver(StatusCode::INTERNAL_SERVER_ERROR);
    let arguments = ["zid", "--to", &to, "--every", "5ms", "--count", "60", "--enable-after", "100ms"];
    let messages = Twin::start(&arguments).messages("\"enabled\"");
    let statuses = values(&messages, "attempted", "status");
    assert!(statuses.len() >= 29 && statuses.iter().all(|status| **status == 500), "{statuses:?}");
    // The failed ones wait for their next attempt, and are discarded.
    let discarded = values(&messages, "disabled", "discarded");
    assert!(discarded.first().and_then(|count| count.as_u64()) >= Some(30), "{discarded:?}");
}

#[test]
fn a_silent_provider_sends_nothing_for_a_while() {
    let (to, webhooks) = receiver(StatusCode::OK);
    let arguments = ["zip", "--to", &to, "--every", "5ms", "--count", "60", "--silent-for", "150ms"];
    let messages = Twin::start(&arguments).messages("quiet");
    let fates = values(&messages, "changed", "webhook");
    let first_sent = fates.iter().position(|fate| **fate == "sent").expect("the silence ends");
    assert!(first_sent > 2, "{first_sent}");
    assert!(fates[first_sent..].iter().all(|fate| **fate == "sent"), "{fates:?}");
    assert!(webhooks.try_iter().count() <= fates.len() - first_sent);
}

#[test]
fn every_twin_sends_to_its_own_path() {
    for (provider, others) in
        [("zid", "zort"), ("zort", "dealpos"), ("dealpos", "zip"), ("zip", "tiki"), ("tiki", "zid")]
    {
        let (to, webhooks) = receiver(StatusCode::OK);
        let twin = Twin::start(&[provider, "--to", &to, "--every", "1ms", "--count", "5"]);
        let mut paths = BTreeMap::new();
        for _ in 0..5 {
            let arrived = webhooks.recv_timeout(TIME_LIMIT).expect("a webhook");
            *paths.entry(arrived.path).or_insert(0) += 1;
        }
        assert!(paths.keys().all(|path| path.starts_with(&format!("/{provider}/demo"))), "{paths:?}");
        assert!(!paths.keys().any(|path| path.contains(others)), "{paths:?}");
        twin.messages("quiet");
    }
}

#[test]
fn a_share_above_the_whole_is_explained() {
    let ran = bare(&["twin", "zid", "--lose", "200%"]);
    assert_eq!((ran.code, ran.err.contains("at most 100%")), (2, true), "{ran:?}");
}
