//! `inlet forward`, to a small program of the test's own.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use inlet::event::EventId;
use serde_json::Value;

use crate::given::{order_with_two_states, orders};
use crate::inlet::{Running, run, snapshot};

/// A request as the program received it.
#[derive(Debug)]
struct Posted {
    line: String,
    headers: Vec<String>,
    body: Vec<u8>,
}

/// Starts a program at this address that responds to everything with this status.
fn listens(listener: TcpListener, status: &'static str) -> Receiver<Posted> {
    let (say, said) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, say) = (stream.expect("a connection"), say.clone());
            thread::spawn(
                move || while respond(&stream, status).is_some_and(|posted| say.send(posted).is_ok()) {},
            );
        }
    });
    said
}

fn respond(stream: &TcpStream, status: &str) -> Option<Posted> {
    let mut reader = BufReader::new(stream);
    let mut lines: Vec<String> = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let length =
        lines.iter().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let mut writer = stream;
    write!(writer, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").ok()?;
    let line = lines.remove(0);
    Some(Posted { line, headers: lines, body })
}

fn somewhere() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    (listener, url)
}

#[tokio::test]
async fn events_are_posted_as_cloudevents_in_entity_order() {
    let given = order_with_two_states().await;
    let (listener, url) = somewhere();
    let posted = listens(listener, "200 OK");
    let hook = format!("{url}/hook");
    let forwarded = run(&[
        "forward",
        "--unsigned",
        "--to",
        &hook,
        "--since",
        "10m",
        "--limit",
        "2",
        "--store",
        &given.address,
    ]);
    snapshot("forward", &forwarded.done());
    let posted: Vec<Posted> = posted.try_iter().collect();
    let ids: Vec<Value> =
        posted.iter().map(|one| serde_json::from_slice::<Value>(&one.body).unwrap()["id"].clone()).collect();
    assert_eq!(ids, given.ids.iter().map(EventId::as_str).collect::<Vec<_>>(), "the first one first");
    assert_eq!(posted[0].line, "POST /hook HTTP/1.1");
    assert!(
        posted[0].headers.contains(&"content-type: application/cloudevents+json; charset=utf-8".to_owned()),
        "{posted:?}"
    );
    let receipts = given.stack.items("zid", &given.store, "receipt/").await.len();
    let published = given.stack.published(&given.store).len();
    assert_eq!((receipts, published), (2, 2), "the deployment notices nothing");
}

#[tokio::test]
async fn raw_posts_the_original_request_to_its_topic() {
    let given = order_with_two_states().await;
    let (listener, url) = somewhere();
    let posted = listens(listener, "200 OK");
    let hook = format!("{url}/{{provider}}/{{topic}}?from=inlet");
    run(&["forward", "--raw", "--to", &hook, "--since", "10m", "--limit", "1", "--store", &given.address])
        .done();
    let posted = posted.recv_timeout(Duration::from_secs(5)).expect("a request");
    assert_eq!(posted.line, "POST /zid/order.create?from=inlet HTTP/1.1");
    assert!(posted.headers.contains(&"content-type: application/json".to_owned()), "{posted:?}");
    assert_eq!(posted.body, given.stack.stored(&given.ids[0]).await.body);
}

#[tokio::test]
async fn forward_waits_for_a_program_that_is_not_up() {
    let given = orders(1).await;
    let (listener, url) = somewhere();
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let mut forward = Running::start(&[
        "forward",
        "--to",
        &url,
        "--since",
        "10m",
        "--limit",
        "1",
        "--store",
        &given.address,
    ]);
    forward.wait_for("accepts no connections");
    let posted = listens(TcpListener::bind(address).expect("the same port"), "204 No Content");
    let line = forward.wait_for(given.ids[0].as_str());
    assert!(line.contains("204"), "{line}");
    assert_eq!(forward.end().0, 0);
    assert!(posted.recv_timeout(Duration::from_secs(5)).is_ok());
}

#[tokio::test]
async fn an_error_response_is_reported_and_skipped() {
    let given = orders(2).await;
    let (listener, url) = somewhere();
    let _posted = listens(listener, "500 Internal Server Error");
    let forwarded = run(&[
        "forward",
        "--to",
        &url,
        "--since",
        "10m",
        "--limit",
        "2",
        "--retries",
        "1",
        "--unsigned",
        "--concurrency",
        "1",
        "--store",
        &given.address,
    ]);
    snapshot("forward-refused", &forwarded);
}

/// Starts a program that responds with these statuses in turn, and then with the last one.
fn respond_in_turn(listener: TcpListener, statuses: &'static [&'static str]) -> Receiver<Posted> {
    let (say, said) = channel();
    thread::spawn(move || {
        let mut statuses = statuses.iter().copied().peekable();
        for stream in listener.incoming() {
            let stream = stream.expect("a connection");
            let status = if statuses.len() > 1 { statuses.next() } else { statuses.peek().copied() };
            let posted = respond(&stream, status.expect("a status"));
            if posted.is_none_or(|posted| say.send(posted).is_err()) {
                break;
            }
        }
    });
    said
}

#[tokio::test]
async fn a_failed_request_is_repeated_before_later_events() {
    let given = order_with_two_states().await;
    let (listener, url) = somewhere();
    let posted =
        respond_in_turn(listener, &["503 Service Unavailable", "500 Internal Server Error", "200 OK"]);
    let port = url.rsplit(':').next().expect("a port").to_owned();
    let forward =
        ["forward", "--to", &port, "--since", "10m", "--limit", "2", "--store", &given.address, "--json"];
    let forwarded = run(&forward).done();
    let lines: Vec<Value> = forwarded.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let attempts: Vec<_> =
        lines.iter().map(|line| (line["attempts"].as_u64(), line["status"].as_u64())).collect();
    assert_eq!(attempts, [(Some(3), Some(200)), (Some(1), Some(200))]);
    let ids: Vec<String> = posted
        .try_iter()
        .map(|one| serde_json::from_slice::<Value>(&one.body).unwrap()["id"].as_str().unwrap().to_owned())
        .collect();
    let (first, second) = (given.ids[0].to_string(), given.ids[1].to_string());
    assert_eq!(ids, [first.clone(), first.clone(), first, second]);
}

#[tokio::test]
async fn one_event_is_posted_and_its_response_shown() {
    let given = order_with_two_states().await;
    let (listener, url) = somewhere();
    let posted = listens(listener, "200 OK");
    let port = url.rsplit(':').next().expect("a port").to_owned();
    let short = &given.ids[1].digest()[..8];
    let forwarded = run(&["forward", "--to", &format!("localhost:{port}/x"), "--event", short]).done();
    assert!(forwarded.out.contains(given.ids[1].as_str()), "{forwarded:?}");
    let posted: Vec<Posted> = posted.try_iter().collect();
    assert_eq!((posted.len(), posted[0].line.as_str()), (1, "POST /x HTTP/1.1"));
}

#[tokio::test]
async fn requests_are_signed_as_the_https_mode_signs_them() {
    let given = orders(1).await;
    let secret = "whsec_bG9jYWwgc3RhY2sgZGVtbyBzZWNyZXQgZm9yIHRlc3Rz";
    let name = format!("/inlet-consumer/{}", given.stack.facts.stage);
    let put = given.stack.clients.ssm.put_parameter().name(&name).overwrite(true);
    let put = put.value(format!(r#"["{secret}"]"#)).r#type(aws_sdk_ssm::types::ParameterType::SecureString);
    put.send().await.unwrap();
    let (listener, url) = somewhere();
    let posted = listens(listener, "200 OK");
    run(&["forward", "--to", &url, "--event", given.ids[0].as_str()]).done();
    let posted = posted.recv_timeout(Duration::from_secs(5)).expect("a request");
    let header = |name: &str| {
        let found = posted.headers.iter().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        found.unwrap_or_else(|| panic!("no {name}: {posted:?}")).to_owned()
    };
    assert_eq!(header("webhook-id"), given.ids[0].as_str());
    let key = inlet::process::signature::SigningKey::parse(secret).expect("a secret");
    let body = String::from_utf8(posted.body.clone()).expect("text");
    let signed =
        inlet::process::signature::sign(&key, given.ids[0].as_str(), &header("webhook-timestamp"), &body);
    assert_eq!(header("webhook-signature"), signed);
}

#[tokio::test]
async fn replays_are_forwarded_too() {
    let given = orders(1).await;
    let (listener, url) = somewhere();
    let posted = listens(listener, "200 OK");
    let mut forward = Running::start(&["forward", "--to", &url, "--limit", "1", "--store", &given.address]);
    forward.wait_for("waiting for events");
    run(&["replay", given.ids[0].as_str(), "--id", "after-the-fix", "--yes"]).done();
    forward.wait_for("replay after-the-fix");
    assert_eq!(forward.end().0, 0);
    let posted = posted.recv_timeout(Duration::from_secs(5)).expect("a request");
    assert_eq!(serde_json::from_slice::<Value>(&posted.body).unwrap()["replayid"], "after-the-fix");
}

#[test]
fn an_invalid_url_is_explained() {
    snapshot("forward-no-url", &run(&["forward", "--to", "localhost"]));
}
