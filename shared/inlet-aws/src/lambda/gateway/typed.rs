//! An event read with the types of `lambda_http`.

use std::collections::BTreeMap;

use inlet::received_at::ReceivedAt;
use inlet::request::Method;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::http;
use serde_json::value::RawValue;

use super::{Event, PathParameters};

/// Returns the event; `None` if it does not fit the types.
pub(super) fn read(event: &RawValue) -> Option<Event> {
    let event: ApiGatewayV2httpRequest = serde_json::from_str(event.get()).ok()?;
    let method = event.request_context.http.method;
    if method == http::Method::GET {
        // The types also read an empty method as GET: a delivery would count as a probe, and be lost.
        return None;
    }
    let mut headers = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in &event.headers {
        headers.entry(name.as_str().to_owned()).or_default().push(value.to_str().ok()?.to_owned());
    }
    let mut parameters = event.path_parameters;
    let mut parameter = |name: &str| parameters.remove(name).unwrap_or_default();
    Some(Event {
        method: Method::parse(method.as_str()),
        path: event.raw_path.unwrap_or_default(),
        parameters: PathParameters {
            store: parameter("store"),
            topic: parameter("topic"),
            proxy: parameter("proxy"),
        },
        query: event.raw_query_string.unwrap_or_default(),
        headers,
        // The types read an absent time as zero.
        arrived: Some(event.request_context.time_epoch)
            .filter(|millis| *millis != 0)
            .and_then(ReceivedAt::from_millis),
        request_id: event.request_context.request_id.filter(|id| !id.is_empty()),
        body: event.body.map(String::into_bytes),
        is_base64: event.is_base64_encoded,
    })
}
