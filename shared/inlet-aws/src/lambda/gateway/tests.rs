//! Odd events, and both readers of an event compared.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn event(event: &Value) -> Event {
    serde_json::from_str(&event.to_string()).unwrap()
}

fn request(of: &Value) -> Result<Request, InvalidEvent> {
    event(of).into_request("zid", is_topic)
}

fn is_topic(part: &str) -> bool {
    part == "order.create"
}

/// Returns the readings of both parts, the typed one where the event fits its types.
fn readings(of: &Value) -> (Option<Event>, Event) {
    let text = of.to_string();
    read_both_ways(serde_json::from_str(&text).unwrap())
}

/// Returns an event as API Gateway sends it.
fn sent() -> Value {
    json!({
        "version": "2.0",
        "routeKey": "ANY /zid/{store}/{topic}",
        "rawPath": "/zid/riyadh/order.create",
        "rawQueryString": "a=%2B1&b",
        "cookies": ["c=1"],
        "headers": {"authorization": "Basic x", "content-type": "application/json"},
        "queryStringParameters": {"a": "+1", "b": ""},
        "pathParameters": {"store": "riyadh", "topic": "order.create"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "http": {"method": "POST", "path": "/zid/riyadh/order.create", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "x"},
            "requestId": "JKJaXmPLvHcESHA=",
            "stage": "$default",
            "time": "12/Jun/2025:08:01:12 +0000",
            "timeEpoch": 1_749_715_272_345_u64,
        },
        "body": "{}",
        "isBase64Encoded": false,
    })
}

/// Returns the event with another value at a pointer.
fn with(pointer: &str, value: Value) -> Value {
    let mut event = sent();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    event.pointer_mut(parent).unwrap()[name] = value;
    event
}

#[test]
fn an_event_of_api_gateway_fits_the_types() {
    let (typed, tolerant) = readings(&sent());
    assert!(typed == Some(tolerant), "both read the same");
    let request = request(&sent()).unwrap();
    assert_eq!((request.store.as_str(), request.topic.as_deref()), ("riyadh", Some("order.create")));
    assert_eq!(request.headers.value("Authorization"), Some("Basic x"));
    assert_eq!((request.query.as_str(), request.body.as_slice()), ("a=%2B1&b", &b"{}"[..]));
    assert_eq!(request.method, Method::Post);
    assert_eq!(event(&sent()).api_request().as_deref(), Some("JKJaXmPLvHcESHA="));
}

#[test]
fn the_arrival_is_api_gateways_if_it_is_close_to_the_own_clock() {
    let now_ms = 1_749_715_272_345_i64;
    let at = |ms| ReceivedAt::from_millis(ms).unwrap();
    let within = i64::try_from(MAX_CLOCK_DIFFERENCE.as_millis()).unwrap();
    for (time, arrived_ms) in [
        (json!(now_ms - 59_000), now_ms - 59_000),
        (json!(now_ms + 500), now_ms + 500),
        (json!(now_ms - within), now_ms - within),
        (json!(now_ms + within), now_ms + within),
        (json!(now_ms - within - 1), now_ms),
        (json!(now_ms + within + 1), now_ms),
        (json!(now_ms / 1_000), now_ms),
        (json!("today"), now_ms),
        (json!(1e300), now_ms),
        (Value::Null, now_ms),
    ] {
        let event = event(&json!({"requestContext": {"timeEpoch": time}}));
        assert_eq!(event.received_at(at(now_ms)), at(arrived_ms), "{time}");
    }
    assert_eq!(event(&json!({})).received_at(at(now_ms)), at(now_ms));
}

#[test]
fn a_null_in_an_event_is_an_absent_field() {
    let event = json!({
        "version": "2.0",
        "rawPath": "/zid/field/order.create",
        "rawQueryString": null,
        "headers": {"authorization": "Basic eA==", "x-empty": null},
        "pathParameters": {"store": "field", "topic": null},
        "requestContext": {"http": {"method": "POST"}, "requestId": null},
        "body": "{}",
        "isBase64Encoded": null,
    });
    let read = request(&event).unwrap();
    assert_eq!(
        (read.store.as_str(), read.topic, read.query.as_str()),
        ("field", Some("order.create".to_owned()), "")
    );
    assert_eq!(
        (read.headers.value("authorization"), read.headers.value("x-empty")),
        (Some("Basic eA=="), None)
    );
    assert_eq!(read.body, b"{}");
    for event in [
        json!({"rawPath": "/zid/field", "headers": null, "pathParameters": null, "requestContext": null}),
        json!({"rawPath": "/zid/field", "requestContext": {"http": null}, "body": null}),
    ] {
        let read = request(&event).unwrap();
        assert_eq!((read.store.as_str(), read.method, read.body.len()), ("field", Method::Post, 0));
    }
}

#[test]
fn an_odd_field_costs_that_field_only() {
    let pointers = [
        "/version",
        "/routeKey",
        "/cookies",
        "/queryStringParameters",
        "/pathParameters",
        "/stageVariables",
        "/requestContext/accountId",
        "/requestContext/authorizer",
        "/requestContext/timeEpoch",
        "/requestContext/http/path",
        "/requestContext/http/sourceIp",
        "/requestContext/requestId",
        "/isBase64Encoded",
        "/headers/x-odd",
        "/headers/content-type",
        "/unknown",
    ];
    let odd = [
        json!(null),
        json!(5),
        json!(1.5),
        json!([]),
        json!([null]),
        json!({}),
        json!({"a": [1]}),
        json!("caf\u{e9}"),
    ];
    for (pointer, odd) in pointers.iter().flat_map(|pointer| odd.iter().map(move |odd| (pointer, odd))) {
        let read =
            request(&with(pointer, odd.clone())).unwrap_or_else(|why| panic!("{pointer} {odd}: {why}"));
        assert_eq!(
            (read.store.as_str(), read.topic.as_deref()),
            ("riyadh", Some("order.create")),
            "{pointer} {odd}"
        );
        assert_eq!((read.method, read.body.as_slice()), (Method::Post, &b"{}"[..]), "{pointer} {odd}");
        assert_eq!(read.headers.value("authorization"), Some("Basic x"), "{pointer} {odd}");
    }
}

#[test]
fn a_body_of_another_type_is_kept_as_its_json() {
    for (body, bytes) in
        [(json!({"a": 1}), &br#"{"a":1}"#[..]), (json!(5), b"5"), (json!([1]), b"[1]"), (json!(null), b"")]
    {
        assert_eq!(request(&with("/body", body)).unwrap().body, bytes);
    }
    let half_of_a_pair = sent().to_string().replace(r#""body":"{}""#, r#""body":"\ud800x""#);
    let event: Event = serde_json::from_str(&half_of_a_pair).unwrap();
    assert_eq!(event.into_request("zid", is_topic).unwrap().body, b"\xed\xa0\x80x");
}

#[test]
fn an_event_without_a_method_is_a_delivery() {
    for event in [with("/requestContext/http/method", json!("")), with("/requestContext", json!({}))] {
        assert_eq!(request(&event).unwrap().method, Method::Post);
    }
    for (name, method) in [("GET", Method::Get), ("HEAD", Method::Head), ("PUT", Method::Other)] {
        assert_eq!(request(&with("/requestContext/http/method", json!(name))).unwrap().method, method);
    }
}

#[test]
fn a_value_that_is_not_an_object_has_no_store() {
    for event in [json!([]), json!("x"), json!(null), json!(1), json!({}), json!({"body": 5})] {
        assert_eq!(request(&event).err(), Some(InvalidEvent::Path), "{event}");
    }
    assert!(serde_json::from_str::<Event>("{").is_err(), "not JSON");
}

#[test]
fn a_path_that_is_slightly_wrong_reaches_its_store() {
    let cases = [
        ("/zid/riyadh", None),
        ("/base/zid/riyadh/order.create", Some("order.create")),
        ("//ZID//Riyadh//order.create/", Some("order.create")),
        ("/zid/riyadh/api/v3/order.create", Some("order.create")),
        ("/zid/riyadh/new.event", Some("new.event")),
        ("/%7Aid/riyadh/order%2Ecreate", Some("order.create")),
    ];
    for (path, topic) in cases {
        let request = request(&json!({"rawPath": path})).unwrap();
        assert_eq!((request.store.as_str(), request.topic.as_deref()), ("riyadh", topic), "{path}");
    }
}

#[test]
fn the_routes_variables_are_surer_than_the_path() {
    let twice = "/zid/zid/riyadh/order.create";
    let cases = [
        (json!({"proxy": "riyadh/order.create"}), "riyadh", Some("order.create")),
        (json!({"proxy": "/Riyadh//order.create/"}), "riyadh", Some("order.create")),
        (json!({"store": "riyadh", "topic": "order.create"}), "riyadh", Some("order.create")),
        (json!({"store": "riyadh", "topic": ""}), "riyadh", None),
        (json!({"store": "not a store"}), "zid", Some("order.create")),
        (json!({}), "zid", Some("order.create")),
    ];
    for (parameters, store, topic) in cases {
        let request = request(&json!({"rawPath": twice, "pathParameters": parameters})).unwrap();
        assert_eq!((request.store.as_str(), request.topic.as_deref()), (store, topic), "{parameters}");
    }
    let split = json!({"rawPath": "/zid/riyadh/order.create", "pathParameters": {"store": "riyadh"}});
    assert_eq!(request(&split).unwrap().topic.as_deref(), Some("order.create"));
}

#[test]
fn refuses_a_path_without_a_store_and_a_body_that_is_not_base64() {
    for path in ["", "/", "/zid", "/zid/", "/zid/not_a_store", "/tiki/riyadh"] {
        assert_eq!(request(&json!({"rawPath": path})).err(), Some(InvalidEvent::Path), "{path}");
    }
    let broken = json!({"rawPath": "/zid/a", "body": "%%%", "isBase64Encoded": true});
    assert_eq!(request(&broken).err(), Some(InvalidEvent::Base64));
}

#[test]
fn a_response_keeps_its_headers_and_is_json() {
    let response = gateway_response(Response::see_other("https://shop.example/caf\u{e9}"));
    let json = serde_json::to_value(response).unwrap();
    assert_eq!((&json["statusCode"], &json["isBase64Encoded"]), (&json!(303), &json!(false)));
    assert_eq!(
        json["headers"],
        json!({"content-type": "application/json", "location": "https://shop.example/caf\u{e9}"})
    );
    assert_eq!(json["body"], "{}");
    let forged = gateway_response(Response::see_other("https://shop.example/\r\nset-cookie: a"));
    assert_eq!(serde_json::to_value(forged).unwrap()["headers"], json!({"content-type": "application/json"}));
}

/// Returns true if each header is a text, the only form that API Gateway sends. `lambda_http` also reads a list of
/// bytes.
fn has_plain_headers(event: &Value) -> bool {
    event["headers"].as_object().is_none_or(|headers| headers.values().all(Value::is_string))
}

/// Returns true if no list is in the place of an object that both parts read. `lambda_http` takes its elements for the
/// object's fields, in their order; API Gateway sends no such list.
fn has_no_list_as_object(event: &Value) -> bool {
    ["/requestContext", "/requestContext/http"]
        .iter()
        .all(|pointer| !event.pointer(pointer).is_some_and(Value::is_array))
}

fn odd_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-zA-Z-]{1,8}", inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn odd_event() -> impl Strategy<Value = Value> {
    let pointers = vec![
        "/version",
        "/rawPath",
        "/path",
        "/rawQueryString",
        "/cookies",
        "/headers",
        "/headers/x-a",
        "/headers/X-A",
        "/queryStringParameters",
        "/pathParameters",
        "/pathParameters/store",
        "/pathParameters/topic",
        "/pathParameters/proxy",
        "/requestContext",
        "/requestContext/requestId",
        "/requestContext/http",
        "/requestContext/http/method",
        "/requestContext/timeEpoch",
        "/body",
        "/isBase64Encoded",
    ];
    prop::collection::vec((prop::sample::select(pointers), odd_value()), 0..4).prop_map(|changes| {
        let mut event = sent();
        for (pointer, value) in changes {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            if let Some(Value::Object(parent)) = event.pointer_mut(parent) {
                parent.insert(name.to_owned(), value);
            }
        }
        event
    })
}

proptest! {
    #[test]
    fn an_event_that_both_read_is_the_same_request(odd in odd_event()) {
        let (typed, tolerant) = readings(&odd);
        if let Some(typed) = typed && has_plain_headers(&odd) && has_no_list_as_object(&odd) {
            prop_assert!(typed == tolerant, "{}", odd);
        }
    }

    #[test]
    fn every_event_that_the_tolerant_part_reads_survives(odd in odd_event()) {
        let alone = readings(&odd).1.into_request("zid", is_topic);
        let both = request(&odd);
        prop_assert!(both.is_ok() || alone.is_err(), "{}", odd);
    }

    #[test]
    fn a_body_in_base64_is_the_body_that_was_sent(body: Vec<u8>) {
        let mut event = with("/body", json!(STANDARD.encode(&body)));
        event["isBase64Encoded"] = json!(true);
        prop_assert_eq!(request(&event).unwrap().body, body);
    }

    #[test]
    fn any_json_is_read(value in odd_value()) {
        prop_assert_eq!(request(&value).err(), Some(InvalidEvent::Path));
    }
}
