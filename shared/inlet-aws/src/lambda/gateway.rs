//! API Gateway's HTTP API, payload format 2.0: its event as a request, and a response in its format.
//!
//! The event's type has few fields on purpose: a header with a character outside ASCII, or a field that a later format
//! adds, must not fail a delivery.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use inlet::provider::response::Response;
use inlet::request::{Method, Request};
use inlet::store::{NotAStoreName, StoreName};
use serde::{Deserialize, Serialize};

/// The part of an event that a receiver needs. It has no `Debug`, because it contains the request.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Event {
    raw_path: String,
    raw_query_string: String,
    headers: BTreeMap<String, String>,
    path_parameters: Option<BTreeMap<String, String>>,
    request_context: RequestContext,
    body: Option<String>,
    is_base64_encoded: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    http: Http,
    request_id: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Http {
    method: String,
}

/// An event that is no request.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEvent {
    /// The body is marked as base64 and is not.
    #[error("{}", self.reason())]
    Base64,
    /// The URL contains no store.
    #[error("{}", self.reason())]
    Store(#[source] NotAStoreName),
}

impl InvalidEvent {
    /// Returns the reason, for the log.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Base64 => "the body is not base64",
            Self::Store(_) => "the path contains no store",
        }
    }
}

/// A response in API Gateway's format.
#[derive(Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct GatewayResponse {
    status_code: u16,
    headers: BTreeMap<&'static str, String>,
    body: String,
    is_base64_encoded: bool,
}

impl Event {
    /// Returns API Gateway's id of the request, which its access log contains too.
    pub fn api_request(&self) -> Option<String> {
        let id = &self.request_context.request_id;
        (!id.is_empty()).then(|| id.clone())
    }

    /// Returns the request to the receiver of `provider`.
    ///
    /// # Errors
    /// [`InvalidEvent`] when the body's encoding is broken or the path contains no store.
    pub fn into_request(self, provider: &str) -> Result<Request, InvalidEvent> {
        let (store, topic) = self.route(provider);
        let store = StoreName::parse(&store).map_err(InvalidEvent::Store)?;
        let body = match (self.body, self.is_base64_encoded) {
            (None, _) => Vec::new(),
            (Some(text), false) => text.into_bytes(),
            (Some(text), true) => STANDARD.decode(text).map_err(|_| InvalidEvent::Base64)?,
        };
        let method = Method::parse(&self.request_context.http.method);
        let headers = self.headers.into_iter().collect();
        Ok(Request { method, store, topic, query: self.raw_query_string, headers, body })
    }

    /// Returns the store and the topic: API Gateway's path parameters, else the segments after the provider.
    fn route(&self, provider: &str) -> (String, Option<String>) {
        let parameter = |name: &str| self.path_parameters.as_ref().and_then(|p| p.get(name)).cloned();
        if let Some(store) = parameter("store") {
            return (store, parameter("topic").filter(|topic| !topic.is_empty()));
        }
        let mut parts = self.raw_path.split('/').skip_while(|part| *part != provider).skip(1);
        let store = parts.next().unwrap_or_default().to_owned();
        (store, parts.next().filter(|topic| !topic.is_empty()).map(str::to_owned))
    }
}

impl From<Response> for GatewayResponse {
    fn from(answer: Response) -> Self {
        let json = ("content-type", "application/json".to_owned());
        Self {
            status_code: answer.status,
            headers: answer.headers.into_iter().chain([json]).collect(),
            body: answer.body.to_string(),
            is_base64_encoded: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn request(event: serde_json::Value) -> Result<Request, InvalidEvent> {
        serde_json::from_value::<Event>(event).unwrap().into_request("zid")
    }

    #[test]
    fn takes_the_parameters_of_the_route() {
        let request = request(json!({
            "version": "2.0",
            "rawPath": "/prod/zid/riyadh/order.create",
            "rawQueryString": "a=%2B1&b",
            "headers": {"Authorization": "Basic x", "x-name": "سارة"},
            "pathParameters": {"store": "riyadh", "topic": "order.create"},
            "requestContext": {"http": {"method": "POST"}, "timeEpoch": 1},
            "body": "{}",
        }))
        .unwrap();
        assert_eq!((request.store.as_str(), request.topic.as_deref()), ("riyadh", Some("order.create")));
        assert_eq!(request.headers.value("authorization"), Some("Basic x"));
        assert_eq!((request.query.as_str(), request.body.as_slice()), ("a=%2B1&b", &b"{}"[..]));
        assert_eq!(request.method, Method::Post);
    }

    #[test]
    fn takes_the_path_where_there_are_no_parameters() {
        for (path, topic) in
            [("/zid/riyadh", None), ("/zid/riyadh/", None), ("/base/zid/riyadh/app", Some("app"))]
        {
            let request = request(json!({"rawPath": path})).unwrap();
            assert_eq!((request.store.as_str(), request.topic.as_deref()), ("riyadh", topic), "{path}");
        }
    }

    #[test]
    fn refuses_a_path_without_a_store_and_a_body_that_is_not_base64() {
        for path in ["", "/", "/zid", "/zid/", "/zid/Not-A-Store", "/tiki/riyadh"] {
            assert_eq!(
                request(json!({"rawPath": path})).err(),
                Some(InvalidEvent::Store(NotAStoreName)),
                "{path}"
            );
        }
        let broken = json!({"rawPath": "/zid/a", "body": "%%%", "isBase64Encoded": true});
        assert_eq!(request(broken).err(), Some(InvalidEvent::Base64));
    }

    proptest! {
        #[test]
        fn a_body_in_base64_is_the_body_that_was_sent(body: Vec<u8>) {
            let event = json!({"rawPath": "/zid/a", "body": STANDARD.encode(&body), "isBase64Encoded": true});
            prop_assert_eq!(request(event).unwrap().body, body);
        }
    }

    #[test]
    fn an_answer_keeps_its_headers_and_is_json() {
        let response = GatewayResponse::from(Response::see_other("https://shop.example/"));
        let json = serde_json::to_value(response).unwrap();
        assert_eq!(json["statusCode"], 303);
        assert_eq!(
            json["headers"],
            json!({"content-type": "application/json", "location": "https://shop.example/"})
        );
        assert_eq!(json["body"], "{}");
    }
}
