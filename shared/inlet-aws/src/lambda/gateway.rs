//! API Gateway's HTTP API, payload format 2.0: its event as a request, and a response in its format.
//!
//! The event's type has few fields on purpose: a header with a character outside ASCII, or a field that a later format
//! adds, must not fail a delivery.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use inlet::provider::response::Response;
use inlet::received_at::ReceivedAt;
use inlet::request::{Method, Request};
use inlet::store::{NotAStoreName, StoreName};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// The largest difference between API Gateway's clock and the instance's own at which API Gateway's counts. A time that
/// is further off is not the request's: it is a sample's, or of an event that was kept and sent again.
const MAX_CLOCK_DIFFERENCE: Duration = Duration::from_mins(5);

/// The part of an event that a receiver needs. It has no `Debug`, because it contains the request.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Event {
    #[serde(deserialize_with = "null_as_absent")]
    raw_path: String,
    #[serde(deserialize_with = "null_as_absent")]
    raw_query_string: String,
    #[serde(deserialize_with = "null_as_absent")]
    headers: BTreeMap<String, Option<String>>,
    #[serde(deserialize_with = "null_as_absent")]
    path_parameters: BTreeMap<String, Option<String>>,
    #[serde(deserialize_with = "null_as_absent")]
    request_context: RequestContext,
    body: Option<String>,
    #[serde(deserialize_with = "null_as_absent")]
    is_base64_encoded: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    #[serde(deserialize_with = "null_as_absent")]
    http: Http,
    #[serde(deserialize_with = "null_as_absent")]
    request_id: String,
    time_epoch: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Http {
    #[serde(deserialize_with = "null_as_absent")]
    method: String,
}

/// Reads a field whose `null` means that it is absent: tools that build events write it for empty fields.
fn null_as_absent<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
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

    /// Returns the time at which API Gateway got the request, and `now` if the event has no such time. One clock for all
    /// instances keeps deliveries in order, wherever each of them is stored.
    pub fn received_at(&self, now: ReceivedAt) -> ReceivedAt {
        let arrived = self.request_context.time_epoch.as_i64().and_then(ReceivedAt::from_millis);
        let is_close = |arrived: &ReceivedAt| {
            arrived.since(now) <= MAX_CLOCK_DIFFERENCE && now.since(*arrived) <= MAX_CLOCK_DIFFERENCE
        };
        arrived.filter(is_close).unwrap_or(now)
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
        let headers = self.headers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        Ok(Request { method, store, topic, query: self.raw_query_string, headers, body })
    }

    /// Returns the store and the topic: each API Gateway's path parameter, else the path's segment after the provider.
    fn route(&self, provider: &str) -> (String, Option<String>) {
        let parameter = |name: &str| self.path_parameters.get(name).cloned().flatten();
        let mut parts =
            self.raw_path.split('/').skip_while(|part| *part != provider).skip(1).map(str::to_owned);
        let (store, topic) = (parts.next(), parts.next());
        let topic = parameter("topic").or(topic).filter(|topic| !topic.is_empty());
        (parameter("store").or(store).unwrap_or_default(), topic)
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
        let read = request(event).unwrap();
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
            json!({"rawPath": "/zid/field", "requestContext": {"http": null}}),
        ] {
            assert_eq!(request(event).unwrap().store.as_str(), "field");
        }
    }

    fn request(event: serde_json::Value) -> Result<Request, InvalidEvent> {
        serde_json::from_value::<Event>(event).unwrap().into_request("zid")
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
            let event = json!({"requestContext": {"timeEpoch": time}});
            let event: Event = serde_json::from_value(event).unwrap();
            assert_eq!(event.received_at(at(now_ms)), at(arrived_ms), "{time}");
        }
        assert_eq!(Event::default().received_at(at(now_ms)), at(now_ms));
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
