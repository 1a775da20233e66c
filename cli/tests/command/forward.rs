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

/// Starts a program at this address that answers everything with this status.
fn listens(listener: TcpListener, status: &'static str) -> Receiver<Posted> {
    let (say, said) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, say) = (stream.expect("a connection"), say.clone());
            thread::spawn(
                move || while answered(&stream, status).is_some_and(|posted| say.send(posted).is_ok()) {},
            );
        }
    });
    said
}

fn answered(stream: &TcpStream, status: &str) -> Option<Posted> {
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
    let forwarded =
        run(&["forward", "--to", &hook, "--since", "10m", "--limit", "2", "--store", &given.address]);
    snapshot("forward", &forwarded.done());
    let posted: Vec<Posted> = posted.try_iter().collect();
    let ids: Vec<Value> =
        posted.iter().map(|one| serde_json::from_slice::<Value>(&one.body).unwrap()["id"].clone()).collect();
    assert_eq!(ids, given.ids.iter().map(EventId::as_str).collect::<Vec<_>>(), "the first one first");
    assert_eq!(posted[0].line, "POST /hook HTTP/1.1");
    assert!(
        posted[0].headers.contains(&"content-type: application/cloudevents+json".to_owned()),
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
    assert_eq!(posted.line, "POST /zid/order%2Ecreate?from=inlet HTTP/1.1");
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
        "--concurrency",
        "1",
        "--store",
        &given.address,
    ]);
    snapshot("forward-refused", &forwarded);
}

#[test]
fn an_invalid_url_is_explained() {
    snapshot("forward-no-url", &run(&["forward", "--to", "localhost:8080"]));
}
