//! The function behind the API's route `$default`: requests whose path matches no receiver's route.
//!
//! API Gateway compares paths exactly and in one case. So the router reads the path tolerantly and invokes the receiver
//! that it names with the unchanged event; the receiver verifies the request under its own role. The router has no
//! credentials and cannot reach table or queue. A path that names no receiver is counted, logged and answered 404.

use std::sync::Arc;

use aws_types::SdkConfig;
use inlet::fault::Fault;
use inlet::provider::response::{Refusal, Response};
use inlet::request::Method;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use crate::client::clock;
use crate::client::config::{Config, ConfigError, LogLevel};
use crate::client::connect::sdk_config;
use crate::lambda::gateway::{Event, gateway_response};
use crate::telemetry::log::{self, may_deliver};
use crate::telemetry::metrics::{self, Dimension, Measured};

/// The service that runs the receivers.
pub trait Invoker: Send + Sync + 'static {
    /// Invokes a function with an event and returns its response.
    ///
    /// # Errors
    /// A [`Fault`] when the function cannot be invoked, or fails.
    fn invoke(
        &self,
        function: &str,
        event: &RawValue,
    ) -> impl Future<Output = Result<Box<RawValue>, Fault>> + Send;
}

/// Runs the router's function until Lambda ends it.
///
/// # Errors
/// When the configuration is incomplete or the Lambda runtime API cannot be reached.
pub async fn run<I: Invoker>(invoker: impl FnOnce(&SdkConfig) -> I) -> Result<(), Error> {
    log::install_panic_hook();
    let config = Config::from_process()?;
    let receivers = config.receivers.as_deref().ok_or_else(|| ConfigError::without("INLET_RECEIVERS"))?;
    let router = Arc::new(Router {
        invoker: invoker(&sdk_config(&config)?),
        receivers: receivers_in(receivers),
        stage: config.stage.clone(),
        log_level: config.log_level,
    });
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let router = Arc::clone(&router);
        async move { Ok::<_, Error>(router.handle(&event.payload, &event.context.request_id).await) }
    }))
    .await
}

/// The router.
struct Router<I> {
    invoker: I,
    /// The providers' names and their receivers' function names.
    receivers: Vec<(String, String)>,
    stage: String,
    log_level: LogLevel,
}

/// The log line of a request.
#[derive(Default, Serialize)]
struct Line<'r> {
    message: &'static str,
    outcome: &'static str,
    request: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_request: Option<String>,
    /// The provider that the path names. The path itself is not logged, because a sender chooses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'static str>,
    /// The status of the router's own response.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
}

/// Parses `{provider}={function},…`; empty entries are providers that are not deployed.
fn receivers_in(list: &str) -> Vec<(String, String)> {
    let entries = list.split(',').filter_map(|entry| entry.trim().split_once('='));
    entries.map(|(provider, function)| (provider.to_owned(), function.to_owned())).collect()
}

impl<I: Invoker> Router<I> {
    async fn handle(&self, sent: &RawValue, request: &str) -> Box<RawValue> {
        let event = Event::from(sent);
        let names: Vec<&str> = self.receivers.iter().map(|(provider, _)| provider.as_str()).collect();
        let provider = event.provider(&names);
        let receiver = self.receivers.iter().find(|(name, _)| Some(name.as_str()) == provider);
        let line = Line { message: "routing", request, api_request: event.api_request(), ..Line::default() };
        match receiver {
            Some((provider, function)) => {
                self.forward(sent, function, Line { provider: Some(provider), ..line }).await
            }
            None => self.refuse(event.method(), line),
        }
    }

    async fn forward(&self, sent: &RawValue, function: &str, line: Line<'_>) -> Box<RawValue> {
        let mut measured = Measured::of_stage(&self.stage);
        match self.invoker.invoke(function, sent).await {
            Ok(response) => {
                self.write(LogLevel::Info, &Line { outcome: "forwarded", ..line }, &measured);
                response
            }
            Err(fault) => {
                measured = measured.with_dimension(Dimension::Provider, line.provider.unwrap_or_default());
                measured.count(metrics::UNAVAILABLE);
                let response = Response::refusal(Refusal::Unavailable);
                let (status, fault) = (Some(response.status), Some(fault.chain()));
                self.write(
                    LogLevel::Error,
                    &Line { outcome: "unavailable", status, fault, ..line },
                    &measured,
                );
                raw(response)
            }
        }
    }

    fn refuse(&self, method: Method, line: Line<'_>) -> Box<RawValue> {
        let mut measured = Measured::of_stage(&self.stage);
        measured.count_if(may_deliver(method), metrics::UNKNOWN_PATH);
        let response = not_found();
        let (status, method) = (Some(response.status), Some(method.as_str()));
        self.write(LogLevel::Warn, &Line { outcome: log::UNKNOWN_PATH, status, method, ..line }, &measured);
        raw(response)
    }

    /// Writes the line and its metrics. If the level hides the line, its metrics are written alone.
    fn write(&self, level: LogLevel, line: &Line<'_>, measured: &Measured) {
        let mut members = measured.members(clock::now());
        if level <= self.log_level
            && let Ok(serde_json::Value::Object(line)) = serde_json::to_value(line)
        {
            members.insert("level".to_owned(), level.as_str().into());
            members.extend(line);
        }
        if !members.is_empty() {
            println!("{}", serde_json::Value::Object(members));
        }
    }
}

fn not_found() -> Response {
    let message = "This URL belongs to no provider and store. Webhook URLs are /{provider}/{store}/{topic}.";
    let body = json!({"error": {"code": "not_found", "message": message}});
    Response { status: 404, headers: Vec::new(), body }
}

fn raw(response: Response) -> Box<RawValue> {
    #[expect(clippy::expect_used, reason = "a response consists of texts and numbers")]
    to_raw_value(&gateway_response(response)).expect("a response can be written as JSON")
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use serde_json::Value;

    /// Receivers that respond with their own name, or not at all.
    #[derive(Default)]
    struct Receivers {
        invoked: Mutex<Vec<(String, String)>>,
        are_down: bool,
    }

    impl Invoker for Receivers {
        async fn invoke(&self, function: &str, event: &RawValue) -> Result<Box<RawValue>, Fault> {
            if self.are_down {
                return Err(Fault::transient("the receiver cannot be invoked", "TooManyRequestsException"));
            }
            self.invoked.lock().unwrap().push((function.to_owned(), event.get().to_owned()));
            Ok(to_raw_value(function).unwrap())
        }
    }

    fn router(invoker: Receivers) -> Router<Receivers> {
        let receivers = receivers_in("acme=stack-AcmeFunction-1,,other=stack-OtherFunction-2,");
        Router { invoker, receivers, stage: "dev".into(), log_level: LogLevel::Error }
    }

    async fn response(router: &Router<Receivers>, path: &str) -> Value {
        let event = json!({"rawPath": path, "requestContext": {"http": {"method": "POST"}}, "body": "{ }"});
        let sent = to_raw_value(&event).unwrap();
        serde_json::from_str(router.handle(&sent, "1").await.get()).unwrap()
    }

    #[tokio::test]
    async fn a_request_reaches_the_receiver_that_its_path_names() {
        let router = router(Receivers::default());
        for path in ["//acme/riyadh", "/ACME/riyadh/paid", "/prod/acme//riyadh/", "/%61cme/riyadh"] {
            assert_eq!(response(&router, path).await, "stack-AcmeFunction-1", "{path}");
        }
        assert_eq!(response(&router, "/Other/riyadh").await, "stack-OtherFunction-2");
        let (_, event) = router.invoker.invoked.lock().unwrap().pop().unwrap();
        assert!(event.contains(r#""body":"{ }""#), "the event is unchanged: {event}");
    }

    #[tokio::test]
    async fn a_path_that_names_no_receiver_is_not_found() {
        let router = router(Receivers::default());
        for path in ["/", "/acme", "/acme/", "/acmee/riyadh", "/riyadh/acme", "/.env"] {
            let response = response(&router, path).await;
            assert_eq!(response["statusCode"], 404, "{path}");
            let body: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
            assert_eq!(body["error"]["code"], "not_found", "{path}");
        }
        assert!(router.invoker.invoked.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_receiver_that_cannot_be_invoked_is_our_fault() {
        let router = router(Receivers { are_down: true, ..Receivers::default() });
        assert_eq!(response(&router, "//acme/riyadh").await["statusCode"], 503);
    }

    #[test]
    fn a_list_of_receivers_may_have_empty_entries() {
        assert_eq!(receivers_in(""), []);
        assert_eq!(receivers_in(",zid=f,"), [("zid".to_owned(), "f".to_owned())]);
    }
}
