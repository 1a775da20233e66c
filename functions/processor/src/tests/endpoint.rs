//! The consumer `https`.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use inlet::process::Consumer as _;
use sha2::Sha256;

use super::stand_in::{ReceivedRequest, Reply, SECRET, StandIn};
use super::{message, reason, word, words};
use crate::https::Endpoint;

const SECOND: &str = "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";

fn endpoint(stand_in: &StandIn) -> Endpoint {
    let url = format!("{}/hook?tenant=1", stand_in.url);
    // Long enough for a busy machine.
    Endpoint::new(&url, Duration::from_secs(20), "test", &stand_in.sdk_config()).unwrap()
}

/// Returns the outcome of one event that gets this reply, in a word.
async fn outcome_after(reply: Reply) -> String {
    let stand_in = StandIn::start(move |_| reply.clone());
    word(&endpoint(&stand_in).consume(&[message("1", 1)]).await[0])
}

/// Checks a signature as the specification describes it, apart from the code under test.
fn is_signed(request: &ReceivedRequest, secret: &str) -> bool {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let signed = format!(
        "{}.{}.{}",
        request.headers["webhook-id"], request.headers["webhook-timestamp"], request.body
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(signed.as_bytes());
    let wanted = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    request.headers["webhook-signature"].split(' ').any(|signature| signature == wanted)
}

#[tokio::test]
async fn each_status_has_its_documented_result() {
    for (status, wanted) in [
        (200, "processed"),
        (201, "processed"),
        (202, "processed"),
        (204, "processed"),
        (299, "processed"),
        (301, "permanent"),
        (302, "permanent"),
        (304, "permanent"),
        (307, "permanent"),
        (400, "permanent"),
        (401, "permanent"),
        (403, "permanent"),
        (404, "permanent"),
        (408, "transient"),
        (409, "permanent"),
        (410, "permanent"),
        (413, "permanent"),
        (422, "permanent"),
        (425, "transient"),
        (429, "transient"),
        (500, "transient"),
        (501, "transient"),
        (502, "transient"),
        (503, "transient"),
        (504, "transient"),
        (599, "transient"),
    ] {
        assert_eq!(outcome_after(Reply::status(status)).await, wanted, "{status}");
    }
}

#[tokio::test]
async fn silence_and_a_closed_connection_are_transient() {
    assert_eq!(outcome_after(Reply::Close).await, "transient");
    let stand_in = StandIn::start(|_| Reply::status(200).after(Duration::from_secs(9)));
    let hasty = Endpoint::new(&stand_in.url, Duration::from_secs(1), "test", &stand_in.sdk_config()).unwrap();
    let began = Instant::now();
    let outcomes = hasty.consume(&[message("1", 1)]).await;
    assert_eq!(reason(&outcomes[0]), "the endpoint did not process the event: no response within 1 s");
    assert!(began.elapsed() < Duration::from_secs(8), "it waited {:?}", began.elapsed());
    let config = StandIn::start(|_| Reply::Close).sdk_config();
    let unreachable =
        Endpoint::new("http://127.0.0.1:1", Duration::from_millis(400), "test", &config).unwrap();
    let outcomes = unreachable.consume(&[message("1", 1)]).await;
    assert_eq!(reason(&outcomes[0]), "the endpoint did not process the event: no connection");
}

#[tokio::test]
async fn retry_after_is_read_in_seconds_and_as_a_date() {
    let after = |value: &str| outcome_after(Reply::status(503).with("Retry-After", value));
    assert_eq!(after("7").await, "after 7 s");
    assert_eq!(after("0").await, "after 0 s");
    assert_eq!(after("99999999999999999999999").await, format!("after {} s", u64::MAX));
    let date = |seconds| {
        httpdate::fmt_http_date(UNIX_EPOCH + UNIX_EPOCH.elapsed().unwrap() + Duration::from_secs(seconds))
    };
    let word = after(&date(90)).await;
    assert!(["after 88 s", "after 89 s", "after 90 s"].contains(&word.as_str()), "{word}");
    assert_eq!(after("Sun, 06 Nov 1994 08:49:37 GMT").await, "after 0 s");
    for unreadable in ["soon", "-1", "1.5", ""] {
        assert_eq!(after(unreadable).await, "transient", "{unreadable}");
    }
    assert_eq!(outcome_after(Reply::status(200).with("Retry-After", "7")).await, "processed");
    assert_eq!(outcome_after(Reply::status(400).with("Retry-After", "7")).await, "permanent");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = StandIn::start(|_| Reply::status(200));
    let location = other.url.clone();
    let stand_in = StandIn::start(move |_| Reply::status(307).with("Location", &location));
    let outcomes = endpoint(&stand_in).consume(&[message("1", 1)]).await;
    assert_eq!(words(&outcomes), ["permanent"]);
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn a_request_is_a_signed_cloudevent() {
    let stand_in = StandIn::start(|_| Reply::status(204));
    stand_in.set_secrets(Some(&format!(r#"["{SECRET}", "not usable", 7, "{SECOND}"]"#)));
    let (event, replay) = (message("1", 1), message("2", 1).replayed("after-the-fix"));
    let outcomes = endpoint(&stand_in).consume(&[event.clone(), replay.clone()]).await;
    assert_eq!(words(&outcomes), ["processed", "processed"]);
    let mut requests = stand_in.requests().clone();
    requests.sort_by(|a, b| a.headers["webhook-id"].cmp(&b.headers["webhook-id"]));
    assert_eq!(requests.len(), 2);
    for (request, message) in requests.iter().zip([&event, &replay]) {
        assert_eq!(request.path, "/hook?tenant=1");
        assert_eq!(request.body, message.json(), "byte for byte");
        assert_eq!(request.headers["content-type"], "application/cloudevents+json; charset=utf-8");
        assert_eq!(request.headers["webhook-signature"].split(' ').count(), 2, "one for each usable secret");
        assert!(is_signed(request, SECRET) && is_signed(request, SECOND), "{request:?}");
        let timestamp: u64 = request.headers["webhook-timestamp"].parse().unwrap();
        let now = UNIX_EPOCH.elapsed().unwrap().as_secs();
        assert!(now.abs_diff(timestamp) < 60, "{timestamp} at {now}");
    }
    assert_eq!(requests[0].headers["webhook-id"], event.id().as_str());
    assert_eq!(requests[1].headers["webhook-id"], format!("{}/after-the-fix", replay.id()));
}

#[tokio::test]
async fn connections_are_kept() {
    let stand_in = StandIn::start(|_| Reply::json("the body is read, too"));
    let endpoint = endpoint(&stand_in);
    for n in 0..5 {
        assert_eq!(words(&endpoint.consume(&[message("1", n)]).await), ["processed"]);
    }
    let connections: Vec<usize> = stand_in.requests().iter().map(|request| request.connection).collect();
    assert!(connections.iter().all(|connection| *connection == connections[0]), "{connections:?}");
}

#[tokio::test]
async fn a_connection_that_breaks_once_costs_nothing() {
    let count = AtomicUsize::new(0);
    let stand_in = StandIn::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::Close,
        _ => Reply::status(200),
    });
    assert_eq!(words(&endpoint(&stand_in).consume(&[message("1", 1)]).await), ["processed"]);
}

#[tokio::test]
async fn nothing_is_sent_without_a_usable_secret() {
    for secrets in [None, Some("[]"), Some("no list"), Some(r#"["whsec_c2hvcnQ="]"#)] {
        let stand_in = StandIn::start(|_| Reply::status(200));
        stand_in.set_secrets(secrets);
        let outcomes = endpoint(&stand_in).consume(&[message("1", 1)]).await;
        assert_eq!(words(&outcomes), ["transient"], "{secrets:?}");
        assert!(reason(&outcomes[0]).starts_with("the secrets that sign cannot be read"), "{outcomes:?}");
        assert!(stand_in.requests().is_empty(), "{secrets:?}");
    }
}

#[tokio::test]
async fn secrets_that_cannot_be_read_are_read_once_for_a_batch() {
    let stand_in = StandIn::start(|_| Reply::status(200));
    stand_in.set_secrets(None);
    let endpoint = endpoint(&stand_in);
    let batch: Vec<_> = (0..10).map(|n| message(&n.to_string(), 1)).collect();
    let outcomes = endpoint.consume(&batch).await;
    assert_eq!(words(&outcomes), ["transient"; 10]);
    for outcome in &outcomes {
        assert_eq!(
            reason(outcome),
            "the secrets that sign cannot be read: there is no such parameter",
            "also if the read was for another message"
        );
    }
    assert_eq!(stand_in.reads(), 1);
    stand_in.set_secrets(Some(&format!(r#"["{SECRET}"]"#)));
    endpoint.forget_last_read().await;
    assert_eq!(words(&endpoint.consume(&batch).await), ["processed"; 10]);
}

#[tokio::test]
async fn two_requests_of_a_message_share_its_time() {
    // A slow refusal with a new secret waiting: the second request gets what the first one has left.
    let stand_in = StandIn::start(|_| Reply::status(401).after(Duration::from_millis(1_200)));
    let endpoint =
        Endpoint::new(&stand_in.url, Duration::from_secs(2), "test", &stand_in.sdk_config()).unwrap();
    stand_in.set_secrets(Some(&format!(r#"["{SECRET}"]"#)));
    endpoint.prepare().await;
    endpoint.forget_last_read().await;
    stand_in.set_secrets(Some(&format!(r#"["{SECOND}"]"#)));
    let began = Instant::now();
    let outcomes = endpoint.consume(&[message("1", 1)]).await;
    assert_eq!(words(&outcomes), ["transient"], "no response to the second request");
    assert_eq!(stand_in.requests().len(), 2);
    assert!(began.elapsed() < Duration::from_millis(2_400), "it took {:?}", began.elapsed());
}

#[tokio::test]
async fn a_response_counts_however_slow_its_body_is() {
    let stand_in = StandIn::start(|_| {
        Reply::json("the rest never comes")
            .with("content-length", "1000000")
            .after(Duration::from_millis(700))
    });
    let endpoint =
        Endpoint::new(&stand_in.url, Duration::from_secs(1), "test", &stand_in.sdk_config()).unwrap();
    endpoint.prepare().await;
    assert_eq!(words(&endpoint.consume(&[message("1", 1)]).await), ["processed"]);
}

#[tokio::test]
async fn a_connection_that_the_endpoint_does_not_keep_is_opened_again() {
    let stand_in =
        StandIn::start(|_| Reply::json("done").with("connection", "close").after(Duration::from_millis(300)));
    let endpoint = endpoint(&stand_in);
    for n in 0..3 {
        assert_eq!(words(&endpoint.consume(&[message("1", n)]).await), ["processed"]);
    }
    let connections: Vec<usize> = stand_in.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections.len(), 3, "each event once");
    assert!(connections.windows(2).all(|pair| pair[0] != pair[1]), "{connections:?}");
}

#[tokio::test]
async fn secrets_are_rotated_without_a_refused_delivery() {
    static TAKES_THE_NEW_ONE_ALONE: AtomicBool = AtomicBool::new(false);
    let stand_in = StandIn::start(|request| {
        let wanted = if TAKES_THE_NEW_ONE_ALONE.load(Ordering::SeqCst) { SECOND } else { SECRET };
        Reply::status(if is_signed(request, wanted) { 200 } else { 401 })
    });
    let endpoint = endpoint(&stand_in);
    let sent = async |n| words(&endpoint.consume(&[message("1", n)]).await);
    assert_eq!(sent(1).await, ["processed"]);
    // The endpoint got the new secret before the processor's cache expired.
    stand_in.set_secrets(Some(&format!(r#"["{SECOND}", "{SECRET}"]"#)));
    endpoint.forget_last_read().await;
    TAKES_THE_NEW_ONE_ALONE.store(true, Ordering::SeqCst);
    assert_eq!(sent(2).await, ["processed"]);
    stand_in.set_secrets(Some(&format!(r#"["{SECOND}"]"#)));
    assert_eq!(sent(3).await, ["processed"]);
}

#[test]
fn an_endpoint_has_an_https_url() {
    let stand_in = StandIn::start(|_| Reply::Close);
    let is_allowed =
        |url: &str| Endpoint::new(url, Duration::from_secs(1), "test", &stand_in.sdk_config()).is_ok();
    for url in [
        "https://shop.example/hook",
        "https://shop.example:8443/hook?code=x",
        "https://[2001:db8::1]/hook",
        "http://127.0.0.1:8080/hook",
        "http://localhost:8080",
        "http://[::1]:8080/hook",
    ] {
        assert!(is_allowed(url), "{url}");
    }
    for url in [
        "",
        "/hook",
        "shop.example/hook",
        "http://shop.example/hook",
        "http://127.0.0.1.example/hook",
        "http://localhost.example/hook",
        "http://10.0.0.1/hook",
        "https://user:password@shop.example/hook",
        "http://localhost@shop.example/hook",
        "https://shop.example/hook#part",
        "ftp://shop.example/hook",
        "https://",
    ] {
        assert!(!is_allowed(url), "{url}");
    }
}
