//! Hostile input from attackers and broken senders: a response of the right class, in JSON, and a function that
//! continues to respond. Needs `make up`.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use inlet::provider::catalogue::find;
use inlet::receive::MAX_BODY_LEN;
use inlet::request::{Method, Request};
use inlet::store::StoreName;
use inlet::tools::sender::{Sender, delivery};
use inlet_aws::operate::sample_event::api_gateway_event;
use inlet_dealpos::DealPos;
use inlet_tests::repository;
use inlet_tests::stack::{Response, Stack};
use inlet_tests::{check_each_provider, demo_credential};
use inlet_tiki::Tiki;
use inlet_zid::Zid;
use inlet_zip::Zip;
use inlet_zort::Zort;
use serde_json::{Value, json};

/// A provider's store for one test, and a genuine delivery to it.
struct Case<S> {
    stack: Stack,
    store: StoreName,
    event: &'static str,
    _of: std::marker::PhantomData<S>,
}

impl<S: Sender> Case<S> {
    async fn given(event: &'static str) -> Self {
        let stack = Stack::up();
        let store = stack.store(S::NAME, &json!([demo_credential(S::NAME)])).await;
        Self { stack, store, event, _of: std::marker::PhantomData }
    }

    /// Returns a delivery of this body, with a valid proof.
    fn request(&self, body: &[u8]) -> Request {
        let row = find(S::EVENTS, self.event).expect("a row");
        delivery::<S>(self.store.clone(), row, body.to_vec(), &demo_credential(S::NAME))
    }

    fn payload(&self) -> Vec<u8> {
        repository::text(&format!("functions/{}/payloads/{}.json", S::NAME, self.event)).into_bytes()
    }

    /// Checks that the same function still accepts a genuine delivery.
    fn still_accepts(&self, after: &str) {
        let response = self.stack.send(S::NAME, &self.request(&self.payload()));
        assert_eq!(response.status, 200, "{} after {after}: {}", S::NAME, response.body);
    }

    async fn bodies(&self) -> Vec<Vec<u8>> {
        let mut bodies = Vec::new();
        for id in self.stack.events(S::NAME, &self.store).await {
            bodies.push(self.stack.stored(&id).await.body);
        }
        bodies
    }

    /// Sends a request line and headers unchanged: bytes that no client library would send.
    fn raw(&self, method: &str, path: &str, headers: &[&[u8]], body: &[u8]) -> Response {
        let (host, prefix) =
            self.stack.facts.api.trim_start_matches("http://").split_once('/').expect("a path");
        let mut connection = TcpStream::connect(host).expect("a connection");
        connection.set_read_timeout(Some(Duration::from_secs(30))).expect("a time-out");
        let mut request =
            format!("{method} /{prefix}{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n")
                .into_bytes();
        request.extend(format!("content-length: {}\r\n", body.len()).bytes());
        for header in headers {
            request.extend_from_slice(header);
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        request.extend_from_slice(body);
        // A server that has read enough may close before it has read all.
        let _ = connection.write_all(&request);
        let mut response = Vec::new();
        let _ = connection.read_to_end(&mut response);
        parsed(&response)
    }

    /// Returns the proof's headers of a genuine delivery.
    fn proof(&self, body: &[u8]) -> Vec<Vec<u8>> {
        self.request(body)
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}").into_bytes())
            .collect()
    }

    /// Invokes the function without the API, with any event.
    fn invoke(&self, event: &Value) -> Value {
        let functions = format!("{}/2015-03-31/functions", self.stack.facts.endpoint);
        let list = self.stack.ask("GET", &functions, &[], &[]).body;
        let name = format!("{}{}Function", S::NAME[..1].to_uppercase(), &S::NAME[1..]);
        let listed = list["Functions"].as_array().expect("functions").iter();
        let named =
            listed.filter_map(|function| function["FunctionName"].as_str()).find(|f| f.contains(&name));
        let url = format!("{functions}/{}/invocations", named.expect("the function"));
        self.stack.ask("POST", &url, &[], event.to_string().as_bytes()).body
    }
}

/// Returns status and JSON body of a response's bytes; a body that is not JSON is left out.
fn parsed(response: &[u8]) -> Response {
    let text = String::from_utf8_lossy(response);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_default();
    // Chunked responses have their JSON on a line of its own.
    let json =
        body.lines().find_map(|line| serde_json::from_str::<Value>(line).ok().filter(|v| !v.is_number()));
    Response { status, body: json.unwrap_or_default(), location: None }
}

fn is_client_error(status: u16) -> bool {
    (400..500).contains(&status)
}

#[tokio::test]
async fn a_body_that_is_not_the_base64_it_claims_is_malformed() {
    let case = Case::<Zid>::given("order.create").await;
    for broken in ["%%%", "abc", "YQ=", "YQ==YQ==", "YWJj\u{e9}", "YW Jj"] {
        let mut sent = api_gateway_event("zid", &case.request(b"x"));
        sent["body"] = json!(broken);
        sent["isBase64Encoded"] = json!(true);
        let response = case.invoke(&sent);
        assert_eq!(response["statusCode"], 400, "{broken:?}: {response}");
        let body: Value = serde_json::from_str(response["body"].as_str().unwrap_or_default()).expect("JSON");
        assert_eq!(body["error"]["code"], "malformed", "{broken:?}");
        case.still_accepts(broken);
    }
}

#[tokio::test]
async fn an_invalid_invocation_does_not_end_the_function() {
    let case = Case::<Zid>::given("order.create").await;
    // API Gateway sends none of these; the function must survive them.
    for nonsense in
        [json!({}), json!([]), json!("x"), json!(null), json!({"headers": null}), json!({"body": 5})]
    {
        let response = case.invoke(&nonsense);
        let refused = response["statusCode"].as_u64().map(|status| status == 401);
        let failed = response["errorType"].as_str().map(|_| true);
        assert_eq!(refused.or(failed), Some(true), "{nonsense}: {response}");
        case.still_accepts(&nonsense.to_string());
    }
}

/// Returns bodies without meaning: by promise 4 they are stored byte for byte.
fn meaningless() -> Vec<(&'static str, Vec<u8>)> {
    let nested =
        |open: &str, close: &str| format!("{}{}", open.repeat(10_000), close.repeat(10_000)).into_bytes();
    vec![
        ("10,000 nested brackets", nested("[", "]")),
        ("10,000 brackets left open", nested("[", "")),
        ("10,000 nested objects", nested(r#"{"a":"#, "").into_iter().chain(*b"1").collect()),
        ("duplicate keys", br#"{"id":1,"id":2,"event_name":"order.create","event_name":"x.y","id":{}}"#.to_vec()),
        ("invalid UTF-8", b"{\"id\":\"\xff\xfe\xc3(\xa0\xa1\"}".to_vec()),
        ("a lone surrogate", br#"{"id":"\ud800","orderId":"\udfff\ud800"}"#.to_vec()),
        ("NUL bytes", b"\0\0{\"id\":\0}\0".to_vec()),
        ("an escaped NUL", br#"{"id":"a\u0000b","orderId":"\u0000","tracking_id":"\u0000"}"#.to_vec()),
        ("characters that no message may hold", "{\"id\":\"1\",\"note\":\"\u{fffe}\u{ffff}\u{7f}\"}".into()),
        ("numbers beyond all types", br#"{"id":1e999999,"amount":-0.0e-999999,"total":99999999999999999999999999999999999999999999999}"#.to_vec()),
        ("a byte order mark", b"\xef\xbb\xbf{\"id\":1}".to_vec()),
        ("an id of 100,000 characters", format!(r#"{{"id":"{}"}}"#, "é".repeat(100_000)).into_bytes()),
        ("100,000 fields", format!("{{{}\"id\":1}}", "\"f\":0,".repeat(100_000)).into_bytes()),
        ("nothing but a bracket", b"}".to_vec()),
        ("white space", b" \t\r\n ".to_vec()),
    ]
}

async fn keeps_meaningless_bodies<S: Sender>(event: &'static str) {
    let case = Case::<S>::given(event).await;
    for (what, body) in meaningless() {
        let mut request = case.request(&body);
        // Under this type API Gateway passes any bytes unchanged.
        request.headers.set("content-type", "application/octet-stream");
        let response = case.stack.send(S::NAME, &request);
        assert_eq!(response.status, 200, "{what}: {}", response.body);
        assert!(case.bodies().await.contains(&body), "{what}: not kept as it was sent");
        case.still_accepts(what);
    }
    let events = case.stack.events(S::NAME, &case.store).await.len();
    let processed = case.stack.processed_once(events, S::NAME, &case.store).await;
    assert_eq!(processed, events, "meaningless bodies are processed too");
}

#[tokio::test]
async fn every_receiver_keeps_meaningless_bodies() {
    check_each_provider!(keeps_meaningless_bodies);
}

#[tokio::test]
async fn characters_that_sqs_rejects_still_reach_the_consumer() {
    let case = Case::<Zip>::given("capture").await;
    let mut body: Value = serde_json::from_slice(&case.payload()).expect("JSON");
    body["metadata"] = json!({"note": "a\u{fffe}b\u{ffff}c"});
    assert_eq!(case.stack.send("zip", &case.request(body.to_string().as_bytes())).status, 200);
    let published = case.stack.published_once(1, &case.store);
    assert_eq!(published[0]["data"]["metadata"]["note"], "a\u{fffe}b\u{ffff}c");
}

#[tokio::test]
async fn the_largest_body_is_kept_and_one_byte_more_is_rejected() {
    let case = Case::<Zip>::given("capture").await;
    let text = String::from_utf8(case.payload()).expect("text");
    let largest = text.clone() + &" ".repeat(MAX_BODY_LEN - text.len());
    let too_large = largest.clone() + " ";
    assert_eq!(case.stack.send("zip", &case.request(largest.as_bytes())).status, 200);
    let response = case.stack.send("zip", &case.request(too_large.as_bytes()));
    assert_eq!((response.status, &response.body["error"]["code"]), (413, &json!("too_large")));
    let lengths: Vec<usize> = case.bodies().await.iter().map(Vec::len).collect();
    assert_eq!(lengths, [MAX_BODY_LEN]);
    case.still_accepts("6 MB and a byte");
}

#[tokio::test]
async fn a_large_body_without_a_proof_is_rejected() {
    let case = Case::<Zip>::given("capture").await;
    let mut request = case.request(&vec![b'x'; MAX_BODY_LEN]);
    request.headers.set("x-qp-signature", "AAAA");
    assert_eq!(case.stack.send("zip", &request).status, 401);
    assert!(case.bodies().await.is_empty());
}

#[tokio::test]
async fn a_flood_of_headers_does_not_hide_the_proof() {
    let case = Case::<Zid>::given("order.create").await;
    let body = case.payload();
    let mut headers = case.proof(&body);
    // API Gateway takes 10,240 bytes of them in all.
    headers.extend((0..100).map(|n| format!("x-flood-{n}: {}", "x".repeat(60)).into_bytes()));
    headers.extend((0..20).map(|_| b"x-again: and again".to_vec()));
    let lines: Vec<&[u8]> = headers.iter().map(Vec::as_slice).collect();
    let path = format!("/zid/{}/order.create", case.store);
    assert_eq!(case.raw("POST", &path, &lines, &body).status, 200);

    let many: Vec<Vec<u8>> = (0..5_000).map(|n| format!("x-{n}: {}", "x".repeat(100)).into_bytes()).collect();
    let many: Vec<&[u8]> = many.iter().map(Vec::as_slice).collect();
    let response = case.raw("POST", &path, &many, &body);
    assert!(is_client_error(response.status), "half a megabyte of headers: {}", response.status);
    case.still_accepts("a flood of headers");
}

#[tokio::test]
async fn a_repeated_proof_header_is_rejected_unless_one_is_valid() {
    let case = Case::<Zid>::given("order.create").await;
    let body = case.payload();
    let mut headers = case.proof(&body);
    headers.push(b"authorization: Basic bm9ib2R5Om5vYm9keQ==".to_vec());
    let lines: Vec<&[u8]> = headers.iter().map(Vec::as_slice).collect();
    // API Gateway joins them with a comma, and the result is not a valid proof.
    let response = case.raw("POST", &format!("/zid/{}/order.create", case.store), &lines, &body);
    assert_eq!(response.status, 401, "{}", response.body);
    assert!(case.bodies().await.is_empty());
}

#[tokio::test]
async fn a_header_outside_ascii_loses_no_delivery_and_proves_nothing() {
    let case = Case::<Zid>::given("order.create").await;
    let body = case.payload();
    let path = format!("/zid/{}/order.create", case.store);
    for strange in [&b"x-note: caf\xc3\xa9"[..], b"x-note: caf\xe9", b"user-agent: \xff\xfe\x80", b"x-empty:"]
    {
        let mut headers = case.proof(&body);
        headers.push(strange.to_vec());
        let lines: Vec<&[u8]> = headers.iter().map(Vec::as_slice).collect();
        let response = case.raw("POST", &path, &lines, &body);
        assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(strange));
    }
    for proof in [
        &b"authorization: Basic \xff\xfe"[..],
        b"authorization: \xc3\xa9",
        b"authorization: Basic ",
        b"authorization:",
    ] {
        let response = case.raw("POST", &path, &[proof], b"{\"id\":\"forged\"}");
        assert_eq!(response.status, 401, "{}", String::from_utf8_lossy(proof));
    }
    assert_eq!(case.bodies().await, [body], "equal deliveries are one event, forged ones none");
    case.still_accepts("headers outside ASCII");
}

#[tokio::test]
async fn a_method_that_delivers_nothing_is_not_allowed() {
    let case = Case::<Zid>::given("order.create").await;
    let body = case.payload();
    let headers = case.proof(&body);
    let lines: Vec<&[u8]> = headers.iter().map(Vec::as_slice).collect();
    let path = format!("/zid/{}/order.create", case.store);
    for method in ["PUT", "PATCH", "DELETE", "BREW"] {
        let response = case.raw(method, &path, &lines, &body);
        assert_eq!(
            (response.status, &response.body["error"]["code"]),
            (405, &json!("method_not_allowed")),
            "{method}"
        );
    }
    // The emulator responds to a preflight by itself; behind AWS's `ANY` route it reaches the function.
    let preflight = case.raw("OPTIONS", &path, &lines, b"");
    assert!([403, 405].contains(&preflight.status), "{}", preflight.status);
    assert!(case.bodies().await.is_empty());
    case.still_accepts("methods");
}

#[tokio::test]
async fn an_unknown_path_is_the_senders_fault() {
    let case = Case::<Zid>::given("order.create").await;
    let body = case.payload();
    let headers = case.proof(&body);
    let lines: Vec<&[u8]> = headers.iter().map(Vec::as_slice).collect();
    let store = case.store.as_str();
    let paths = [
        "/".to_owned(),
        "/zidd/x/y".to_owned(),
        "/zid".to_owned(),
        "/nobody/x/y".to_owned(),
        "/zid/%2e%2e/order.create".to_owned(),
        "/zid/../zort/demo".to_owned(),
        format!("/zid/{}/order.create", "x".repeat(64)),
        format!("/zid/{}/order.create", "x".repeat(4_000)),
        "/zid/b%C3%A9/order.create".to_owned(),
        "/zid/%ff%fe/order.create".to_owned(),
        "/zid/%zz/order.create".to_owned(),
        "/zid//order.create".to_owned(),
    ];
    for path in &paths {
        let response = case.raw("POST", path, &lines, &body);
        assert!(is_client_error(response.status), "{path}: {} {}", response.status, response.body);
        assert!(response.body.is_object(), "{path}: not JSON");
    }
    assert!(case.bodies().await.is_empty());
    // An escaped slash may be read as one, or as no path at all.
    for path in [format!("/zid/{store}%2Forder.create"), format!("/zid/{store}/order%2Fcreate")] {
        let response = case.raw("POST", &path, &lines, &body);
        assert!(response.status == 200 || is_client_error(response.status), "{path}: {}", response.status);
    }
    case.still_accepts("paths");
}

/// Sends a genuine delivery to each path and checks that it is an event of this type.
async fn reaches_its_store<S: Sender>(event: &'static str, canonical_type: &str, paths: &[&str]) {
    let case = Case::<S>::given(event).await;
    let store = case.store.as_str();
    let payload = String::from_utf8(case.payload()).expect("text");
    for (n, path) in paths.iter().enumerate() {
        // Blanks make each body another one, so that each delivery is an event of its own.
        let body = format!("{payload}{}", " ".repeat(n)).into_bytes();
        let headers = case.proof(&body);
        let lines: Vec<&[u8]> = headers.iter().map(Vec::as_slice).collect();
        let path = path.replace("STORE", &store.to_uppercase()).replace("{s}", store);
        let response = case.raw("POST", &path, &lines, &body);
        assert_eq!(response.status, 200, "{path}: {}", response.body);
        assert!(case.bodies().await.contains(&body), "{path}: not kept");
        // A portal's probe.
        assert_eq!(case.raw("GET", &path, &[], b"").status, 200, "GET {path}");
    }
    let published = case.stack.published_once(paths.len(), &case.store);
    for event in &published {
        assert_eq!(event["type"], canonical_type, "{event}");
    }
}

#[tokio::test]
async fn a_path_that_is_slightly_wrong_reaches_its_store() {
    let paths = [
        "/zid/{s}/order.create/",
        "/zid/{s}//order.create",
        "/zid//{s}/order.create",
        "//zid/{s}/order.create",
        "//ZID//STORE//Order.Create//",
        "/Zid/{s}/order.create",
        "/zid/STORE/order.create",
        "/zid/{s}/api/v3/order.create",
        "/zid/{s}/order.create/api/v3/",
        "/zid/{s}/order.create/more",
        "/%7Aid/{s}/order%2Ecreate",
        "/zid/%2F{s}/order.create",
        "/zid/{s}%20/order.create%0A",
        "/prod/zid/{s}/order.create",
    ];
    reaches_its_store::<Zid>("order.create", "commerce.order.created", &paths).await;
}

#[tokio::test]
async fn dealpos_may_append_to_its_url() {
    let paths = [
        "/dealpos/{s}/paymentCreated/",
        "/dealpos/{s}//paymentCreated",
        "/dealpos/{s}/api/v3/paymentCreated",
        "/DealPOS/{s}/PAYMENTCREATED",
        "/dealpos/{s}/webhooks/api/v3/paymentCreated/",
    ];
    reaches_its_store::<DealPos>("paymentCreated", "commerce.payment.created", &paths).await;
}

#[tokio::test]
async fn a_path_without_its_topic_is_kept_too() {
    let case = Case::<DealPos>::given("paymentCreated").await;
    let body = case.payload();
    let headers = case.proof(&body);
    let lines: Vec<&[u8]> = headers.iter().map(Vec::as_slice).collect();
    for path in [format!("/dealpos/{}/", case.store), format!("/DEALPOS/{}", case.store)] {
        assert_eq!(case.raw("POST", &path, &lines, &body).status, 200, "{path}");
    }
    assert_eq!(case.bodies().await, [body]);
}

#[tokio::test]
async fn a_wrong_proof_is_refused_at_every_spelling_of_a_path() {
    let case = Case::<Tiki>::given("order.status").await;
    for path in ["//TIKI//{s}//order/", "/tiki/{s}/order/", "/tiki/{s}/api/v3/order", "/tiki/{s}/"] {
        let path = path.replace("{s}", case.store.as_str());
        let response =
            case.raw("POST", &path, &[b"x-signature: sha1=43d47f412bcb354257c466f19a9f1baf6497142a"], b"{}");
        assert_eq!(response.status, 401, "{path}: {}", response.body);
    }
    assert!(case.bodies().await.is_empty());
}

#[tokio::test]
async fn an_unknown_path_is_answered_404_and_counted() {
    let stack = Stack::up();
    let group = json!({"logGroupName": format!("/inlet/{}/router", stack.facts.stage), "limit": 10_000});
    let unknown = || {
        let headers = [
            ("x-amz-target", "Logs_20140328.FilterLogEvents"),
            ("content-type", "application/x-amz-json-1.1"),
        ];
        let found = stack.ask("POST", &stack.facts.endpoint, &headers, group.to_string().as_bytes()).body;
        let messages = found["events"].as_array().cloned().unwrap_or_default();
        let lines = messages.iter().filter_map(|event| serde_json::from_str(event["message"].as_str()?).ok());
        lines.filter(|line: &Value| line["outcome"] == "unknown_path" && line["UnknownPath"] == 1).count()
    };
    let before = unknown();
    let case = Case::<Zid>::given("order.create").await;
    for path in ["/", "/zid", "/zidd/x/y", "/nobody/x/y"] {
        let response = case.raw("POST", path, &[b"x-token: canary"], b"canary");
        assert_eq!((response.status, &response.body["error"]["code"]), (404, &json!("not_found")), "{path}");
        assert_eq!(case.raw("GET", path, &[], b"").status, 404, "GET {path}");
    }
    let started = std::time::Instant::now();
    while unknown() < before + 4 && started.elapsed() < Duration::from_secs(20) {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(unknown() >= before + 4, "{} of 4 unknown paths are counted", unknown() - before);
}

#[tokio::test]
async fn an_odd_event_of_the_gateway_loses_no_delivery() {
    let case = Case::<Zid>::given("order.create").await;
    let sent = api_gateway_event("zid", &case.request(&case.payload()));
    for (pointer, odd) in [
        ("/rawQueryString", json!(null)),
        ("/pathParameters/topic", json!(null)),
        ("/isBase64Encoded", json!(null)),
        ("/headers/x-odd", json!(["a", 5])),
        ("/headers/x-odd", json!("caf\u{e9}")),
        ("/requestContext/timeEpoch", json!("today")),
        ("/requestContext/requestId", json!(null)),
        ("/queryStringParameters", json!([1])),
        ("/stageVariables", json!("none")),
    ] {
        let mut event = sent.clone();
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        event.pointer_mut(parent).expect("a parent")[name] = odd.clone();
        let response = case.invoke(&event);
        assert_eq!(response["statusCode"], 200, "{pointer} {odd}: {response}");
    }
    assert_eq!(case.bodies().await, [case.payload()], "equal deliveries are one event");
}

#[tokio::test]
async fn a_signature_in_upper_case_is_accepted() {
    let case = Case::<Tiki>::given("order.status").await;
    let body = case.payload();
    let mut request = case.request(&body);
    let signature = request.headers.value("x-signature").expect("a signature").to_ascii_uppercase();
    request.headers.set("x-signature", signature.replace("SHA1", "sha1"));
    assert_eq!(case.stack.send("tiki", &request).status, 200);
    assert_eq!(case.bodies().await, [body]);
}

#[tokio::test]
async fn a_stock_key_proves_no_return() {
    let case = Case::<Tiki>::given("aftersale.cr").await;
    let body = case.payload();
    let row = find(Tiki::EVENTS, "stock.changed").expect("a row");
    let mut request = delivery::<Tiki>(case.store.clone(), row, body.clone(), &demo_credential("tiki"));
    request.topic = Some("aftersale".to_owned());
    assert_eq!(case.stack.send("tiki", &request).status, 401, "at the topic's own URL");
    for topic in [Some("stock".to_owned()), None] {
        request.topic = topic;
        assert_eq!(case.stack.send("tiki", &request).status, 200);
    }
    let published = case.stack.published_once(1, &case.store);
    assert_eq!(published[0]["type"], "commerce.unknown.received", "{}", published[0]);
}

#[tokio::test]
async fn a_post_with_a_key_and_without_a_body_is_kept() {
    let case = Case::<Zort>::given("ADDORDER").await;
    let mut request = case.request(b"");
    (request.query, request.topic) = (String::new(), None);
    let response = case.stack.send("zort", &request);
    assert_eq!(response.status, 200, "{}", response.body);
    assert_eq!(case.bodies().await, [b""], "kept, although it is empty");
    request.headers = inlet::request::Headers::default();
    assert_eq!(case.stack.send("zort", &request).status, 200, "a portal's probe");
    assert_eq!(case.bodies().await.len(), 1, "a probe leaves nothing");
}

#[tokio::test]
async fn an_unusual_topic_is_an_unknown_event() {
    let case = Case::<Zid>::given("order.create").await;
    let body = br#"{"strange":"topic"}"#;
    let headers = case.proof(body);
    let lines: Vec<&[u8]> = headers.iter().map(Vec::as_slice).collect();
    let long = "x".repeat(3_000);
    for topic in ["b%C3%A9", "a%00b", "%25%32%46", "%zz", "a%20b", "%F0%9F%92%A9", "%3Cscript%3E", &long] {
        let response = case.raw("POST", &format!("/zid/{}/{topic}", case.store), &lines, body);
        assert_eq!(response.status, 200, "{topic}: {}", response.body);
    }
    case.still_accepts("topics");
}

#[tokio::test]
async fn an_unusual_query_loses_no_delivery() {
    let case = Case::<Zort>::given("ADDORDER").await;
    let body = case.payload();
    let headers = case.proof(&body);
    let lines: Vec<&[u8]> = headers.iter().map(Vec::as_slice).collect();
    let path = format!("/zort/{}/ADDORDER", case.store);
    let (long, many) = (format!("x={}", "x".repeat(7_000)), "a=b&".repeat(1_500));
    for query in ["method=%00", "method=%ff%fe", "%zz=%", "&&&===", "method=ADDORDER&method=x", &long, &many]
    {
        let response = case.raw("POST", &format!("{path}?{query}"), &lines, &body);
        assert_eq!(response.status, 200, "{}: {}", &query[..query.len().min(30)], response.body);
    }
    let huge = format!("{path}?x={}", "x".repeat(200_000));
    let response = case.raw("POST", &huge, &lines, &body);
    assert!([200, 400, 413, 414, 431].contains(&response.status), "a huge query: {}", response.status);
    case.still_accepts("queries");
}

#[tokio::test]
async fn an_unusual_probe_is_answered() {
    let case = Case::<Zort>::given("ADDORDER").await;
    let path = format!("/zort/{}", case.store);
    for query in ["", "?%ff", "?method=ADDORDER", "?payload=%7B%22id%22%3A1%7D"] {
        let response = case.raw("GET", &format!("{path}{query}"), &[b"x-note: \xff"], b"");
        assert_eq!(response.status, 200, "{query}: {}", response.body);
    }
    let request = Request { method: Method::Head, ..case.request(b"") };
    assert_eq!(case.stack.send("zort", &request).status, 200);
    assert!(case.bodies().await.is_empty(), "a probe leaves nothing");
}
