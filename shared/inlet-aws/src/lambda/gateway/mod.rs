//! API Gateway's HTTP API, payload format 2.0: its event as a request, and a response in its format.
//!
//! An event is read twice at most. `typed` uses the types of `lambda_http`, which AWS maintains. They refuse an event
//! as a whole for one odd field, such as a header with a character outside ASCII, so `tolerant` reads what they refuse,
//! field by field. `lambda_http` also converts its types to an `http::Request`; that conversion panics, so
//! `clippy.toml` forbids it.

mod tolerant;
mod typed;

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use inlet::path::Target;
use inlet::provider::response::Response;
use inlet::received_at::ReceivedAt;
use inlet::request::{Method, Request};
use inlet::store::StoreName;
use lambda_http::Body;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The largest difference between API Gateway's clock and the instance's own at which API Gateway's counts. A time that
/// is further off is not the request's: it is a sample's, or of an event that was kept and sent again.
const MAX_CLOCK_DIFFERENCE: Duration = Duration::from_mins(5);

/// The response in API Gateway's format.
pub type GatewayResponse = ApiGatewayV2httpResponse;

/// The part of an event that a receiver needs. It has no `Debug`, because it contains the request.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    method: Method,
    /// The path with everything in front of the provider, as API Gateway received it or decoded.
    path: String,
    parameters: PathParameters,
    query: String,
    /// The values of each header by its name in lower case.
    headers: BTreeMap<String, Vec<String>>,
    request_id: Option<String>,
    /// When API Gateway got the request.
    arrived: Option<ReceivedAt>,
    body: Option<Vec<u8>>,
    is_base64: bool,
}

/// The parts of the path that match the route's variables, decoded. Each is empty if the route does not have it.
#[derive(Clone, Default, PartialEq, Eq)]
struct PathParameters {
    store: String,
    topic: String,
    /// Everything behind the provider, from the route `/{provider}/{proxy+}`.
    proxy: String,
}

/// An event that is not a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEvent {
    /// The body is marked as base64 and is not.
    #[error("{}", self.reason())]
    Base64,
    /// The path contains no store of the provider.
    #[error("{}", self.reason())]
    Path,
}

impl InvalidEvent {
    /// Returns the reason, for the log.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Base64 => "the body is not base64",
            Self::Path => "the path contains no store",
        }
    }
}

impl<'de> Deserialize<'de> for Event {
    /// Fails only if the text is not JSON. The text must outlive the deserializer: use `serde_json::from_slice` or
    /// `from_str`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer).map(Self::from)
    }
}

impl From<&RawValue> for Event {
    /// Reads any JSON: a value that is not an event has no store.
    fn from(event: &RawValue) -> Self {
        typed::read(event).unwrap_or_else(|| tolerant::read(event))
    }
}

impl Event {
    /// Returns API Gateway's id of the request, which its access log contains too.
    pub fn api_request(&self) -> Option<String> {
        self.request_id.clone()
    }

    /// Returns the time at which API Gateway got the request, and `now` if the event has no such time. One clock for
    /// all instances keeps deliveries in order, wherever each of them is stored.
    pub fn received_at(&self, now: ReceivedAt) -> ReceivedAt {
        let is_close = |arrived: &ReceivedAt| {
            arrived.since(now) <= MAX_CLOCK_DIFFERENCE && now.since(*arrived) <= MAX_CLOCK_DIFFERENCE
        };
        self.arrived.filter(is_close).unwrap_or(now)
    }

    /// Returns the HTTP method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Returns the first of these providers whose name the path contains, followed by a store's name.
    pub fn provider<'p>(&self, providers: &[&'p str]) -> Option<&'p str> {
        Target::find(&self.path, providers).map(|target| target.provider)
    }

    /// Returns the request to the receiver of `provider`. `is_topic` returns true for the provider's documented topics.
    ///
    /// # Errors
    /// [`InvalidEvent`] when the body's encoding is broken or the path contains no store.
    pub fn into_request(
        self,
        provider: &str,
        is_topic: impl Fn(&str) -> bool,
    ) -> Result<Request, InvalidEvent> {
        let (store, topic) = self.target(provider, is_topic).ok_or(InvalidEvent::Path)?;
        let body = match (self.body, self.is_base64) {
            (None, _) => Vec::new(),
            (Some(body), false) => body,
            (Some(text), true) => STANDARD.decode(text).map_err(|_| InvalidEvent::Base64)?,
        };
        let each = |(name, values): (String, Vec<String>)| {
            values.into_iter().map(move |value| (name.clone(), value))
        };
        let headers = self.headers.into_iter().flat_map(each).collect();
        Ok(Request { method: self.method, store, topic, query: self.query, headers, body })
    }

    /// Returns the store and the topic. The variables of the route are exact; the path may contain the provider's name
    /// twice, for example as a base path and as the provider.
    fn target(&self, provider: &str, is_topic: impl Fn(&str) -> bool) -> Option<(StoreName, Option<String>)> {
        let PathParameters { store, topic, proxy } = &self.parameters;
        let paths = [format!("{provider}/{store}/{topic}"), format!("{provider}/{proxy}"), self.path.clone()];
        let known = [!store.is_empty(), !proxy.is_empty(), true];
        let mut targets = paths
            .iter()
            .zip(known)
            .filter(|(_, is_known)| *is_known)
            .filter_map(|(path, _)| Target::find(path, &[provider]));
        let first = targets.next()?;
        let topic_of = |target: &Target<'_>| target.topic(&is_topic).map(str::to_owned);
        let topic = topic_of(&first).or_else(|| {
            targets.filter(|target| target.store == first.store).find_map(|target| topic_of(&target))
        });
        Some((first.store, topic))
    }
}

/// Returns an event as both parts read it, for tests that compare them; the typed one if the event fits its types.
#[doc(hidden)]
pub fn read_both_ways(event: &RawValue) -> (Option<Event>, Event) {
    (typed::read(event), tolerant::read(event))
}

/// Returns the response in API Gateway's format. A header whose value HTTP does not allow is left out.
pub fn gateway_response(response: Response) -> GatewayResponse {
    let mut gateway_response = GatewayResponse::default();
    gateway_response.status_code = response.status.into();
    for (name, value) in response.headers {
        // Not from text: that refuses characters outside ASCII, which a store's page may have.
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            gateway_response.headers.insert(HeaderName::from_static(name), value);
        }
    }
    gateway_response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    gateway_response.body = Some(Body::Text(response.body.to_string()));
    gateway_response
}

#[cfg(test)]
mod tests;
