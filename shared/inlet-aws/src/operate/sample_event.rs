//! API Gateway events for `sam local invoke`, made from requests: the reverse of [`crate::lambda::gateway`].

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use inlet::request::Request;
use serde_json::{Value, json};

/// An API that does not exist, in an account that does not exist.
const API: &str = "a1b2c3d4e5";
const HOST: &str = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com";
const AGENT: &str = "sample/1.0";

/// Returns the event of a request to a provider's function, in payload format 2.0.
pub fn api_gateway_event(provider: &str, request: &Request) -> Value {
    let store = request.store.as_str();
    let (path, route, parameters) = match &request.topic {
        Some(topic) => (
            format!("/{provider}/{store}/{topic}"),
            format!("ANY /{provider}/{{store}}/{{topic}}"),
            json!({"store": store, "topic": topic}),
        ),
        None => {
            (format!("/{provider}/{store}"), format!("ANY /{provider}/{{store}}"), json!({"store": store}))
        }
    };
    let headers: BTreeMap<&str, &str> = request
        .headers
        .iter()
        .chain([("host", HOST), ("user-agent", AGENT), ("x-forwarded-proto", "https")])
        .collect();
    let mut event = json!({
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": headers,
        "pathParameters": parameters,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": API,
            "domainName": HOST,
            "domainPrefix": API,
            "http": {
                "method": request.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": AGENT,
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": route,
            "stage": "$default",
            "time": "12/Jun/2025:08:01:12 +0000",
            "timeEpoch": 1_749_715_272_345_u64,
        },
        "isBase64Encoded": false,
    });
    let body = match str::from_utf8(&request.body) {
        Ok("") => None,
        Ok(text) => Some((text.to_owned(), false)),
        Err(_) => Some((STANDARD.encode(&request.body), true)),
    };
    if let (Some((body, in_base64)), Some(event)) = (body, event.as_object_mut()) {
        event.insert("body".to_owned(), body.into());
        event.insert("isBase64Encoded".to_owned(), in_base64.into());
    }
    event
}
