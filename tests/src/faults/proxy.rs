//! A proxy between a function and AWS, which loses, delays, doubles and cuts off calls.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use hyper::{Request, Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use crate::faults::call::{Operation, Service};
use crate::faults::http::{Closed, Reply, Server, broken_off, send, whole};
use crate::faults::plan::{Fault, Plan};

/// Delay of a slow response: below the 2 s that the functions wait for one attempt.
const SLOWNESS: Duration = Duration::from_millis(1_200);

/// Delay of a call that is done late: below the same 2 s.
const HOLD: Duration = Duration::from_millis(1_500);

/// Duration of a hanging call: longer than any caller waits.
const FOREVER: Duration = Duration::from_mins(10);

/// Ends the process behind a proxy.
#[derive(Clone, Debug)]
pub struct KillSwitch(mpsc::UnboundedSender<oneshot::Sender<()>>);

/// The channel on which the owner of the process receives the request to kill it.
pub type Kills = mpsc::UnboundedReceiver<oneshot::Sender<()>>;

impl KillSwitch {
    /// Returns a kill_switch and the channel of its requests.
    pub fn new() -> (Self, Kills) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    /// Kills the process, and returns when it is dead.
    pub async fn kill(&self) {
        let (done, dead) = oneshot::channel();
        // Without an owner there is no process.
        if self.0.send(done).is_ok() {
            let _ = dead.await;
        }
    }
}

/// The addresses behind a proxy.
#[derive(Clone, Copy, Debug)]
pub struct Upstream {
    /// The emulator.
    pub aws: SocketAddr,
    /// The consumer, if it is another function or an endpoint.
    pub consumer: Option<SocketAddr>,
}

impl Upstream {
    /// Returns the address that gets calls of this operation.
    fn address_of(self, operation: &Operation) -> SocketAddr {
        self.consumer.filter(|_| operation.service == Service::Consumer).unwrap_or(self.aws)
    }
}

impl From<SocketAddr> for Upstream {
    fn from(aws: SocketAddr) -> Self {
        Self { aws, consumer: None }
    }
}

/// A proxy in front of the emulator, and of the consumer.
#[derive(Debug)]
pub struct Proxy {
    server: Server,
}

impl Proxy {
    /// Starts a proxy to `upstream` that fails by `plan`.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start(
        upstream: impl Into<Upstream>,
        plan: Plan,
        kill_switch: KillSwitch,
    ) -> io::Result<Self> {
        let upstream = upstream.into();
        let server = Server::start(move |request| {
            let (plan, kill_switch) = (plan.clone(), kill_switch.clone());
            // In a task of its own, a call continues even if its caller is gone.
            let task = tokio::spawn(async move {
                let mut reply = pass(upstream, &plan, &kill_switch, request).await?;
                if plan.hides_date() {
                    reply.headers_mut().remove("date");
                }
                Ok(reply)
            });
            async move { task.await.unwrap_or(Err(Closed)) }
        });
        Ok(Self { server: server.await? })
    }

    /// Returns the address that the function uses as AWS.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.server.address)
    }
}

/// Handles a call, with its fault if it has one.
async fn pass(
    upstream: Upstream,
    plan: &Plan,
    kill_switch: &KillSwitch,
    request: Request<Bytes>,
) -> Result<Reply, Closed> {
    let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
    let operation = match target {
        Some(target) => Operation::of(target),
        None => Operation::handing_over(request.uri().path()),
    };
    let Some(operation) = operation else {
        return forward(upstream.aws, request).await.map(whole);
    };
    let upstream = upstream.address_of(&operation);
    let Some(fault) = plan.next(&operation) else {
        return forward(upstream, request).await.map(whole);
    };
    match fault {
        Fault::Refuse => Err(Closed),
        Fault::ServerError => Ok(whole(error(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError"))),
        Fault::Throttle => {
            let is_consumer = operation.service == Service::Consumer;
            let status = if is_consumer { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::BAD_REQUEST };
            Ok(whole(error(status, operation.service.throttled())))
        }
        Fault::Deny => Ok(whole(error(StatusCode::BAD_REQUEST, "AccessDeniedException"))),
        Fault::TimeoutLost => {
            tokio::time::sleep(FOREVER).await;
            Err(Closed)
        }
        Fault::TimeoutApplied => {
            forward(upstream, request).await?;
            tokio::time::sleep(FOREVER).await;
            Err(Closed)
        }
        Fault::Slow => {
            let response = forward(upstream, request).await?;
            tokio::time::sleep(SLOWNESS).await;
            Ok(whole(response))
        }
        Fault::DoneLate => {
            tokio::time::sleep(HOLD).await;
            forward(upstream, request).await.map(whole)
        }
        Fault::CloseMidResponse => forward(upstream, request).await.map(broken_off),
        Fault::Partial => send_half(upstream, &operation, request).await,
        Fault::KillBefore => {
            kill_switch.kill().await;
            Err(Closed)
        }
        Fault::KillAfter => {
            let _ = forward(upstream, request).await;
            kill_switch.kill().await;
            Err(Closed)
        }
    }
}

async fn forward(upstream: SocketAddr, request: Request<Bytes>) -> Result<Response<Bytes>, Closed> {
    send(upstream, request).await.map_err(|_| Closed)
}

/// Returns an error of AWS's JSON protocols.
fn error(status: StatusCode, code: &str) -> Response<Bytes> {
    let body = json!({"__type": code, "message": "as planned"}).to_string();
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert("content-type", hyper::header::HeaderValue::from_static("application/x-amz-json-1.0"));
    response
}

/// Sends the first half of a batch. In the response, the other half has failed.
async fn send_half(
    upstream: SocketAddr,
    operation: &Operation,
    request: Request<Bytes>,
) -> Result<Reply, Closed> {
    let Some((first, rest)) = split_batch(operation, request.body()) else {
        return forward(upstream, request).await.map(whole);
    };
    let (mut head, _) = request.into_parts();
    head.headers.remove("content-length");
    let response = forward(upstream, Request::from_parts(head, Bytes::from(first.to_string()))).await?;
    let (head, body) = response.into_parts();
    let response_body: Value = serde_json::from_slice(&body).unwrap_or_default();
    Ok(whole(Response::from_parts(head, Bytes::from(with_failed_rest(response_body, &rest).to_string()))))
}

/// The part of a batch that fails.
enum Rest {
    Entries(usize),
    Items(Value),
}

/// Returns the batch with its first half, and the rest.
fn split_batch(operation: &Operation, body: &Bytes) -> Option<(Value, Rest)> {
    let mut batch: Value = serde_json::from_slice(body).ok()?;
    match (operation.service, operation.name.as_str()) {
        (Service::EventBridge, "PutEvents") => {
            let entries = batch["Entries"].as_array_mut().filter(|entries| entries.len() > 1)?;
            let rest = entries.split_off(entries.len() / 2);
            Some((batch, Rest::Entries(rest.len())))
        }
        (Service::DynamoDb, "BatchWriteItem") => {
            let tables = batch["RequestItems"].as_object_mut()?;
            let (table, requests) = tables.iter_mut().next()?;
            let requests = requests.as_array_mut().filter(|requests| requests.len() > 1)?;
            let rest = requests.split_off(requests.len() / 2);
            let rest = json!({table.clone(): rest});
            Some((batch, Rest::Items(rest)))
        }
        _ => None,
    }
}

/// Returns the service's response to the first half, with the failed part added.
fn with_failed_rest(mut response_body: Value, rest: &Rest) -> Value {
    match rest {
        Rest::Entries(count) => {
            let failed = json!({"ErrorCode": "InternalFailure", "ErrorMessage": "as planned"});
            let before = response_body["FailedEntryCount"].as_u64().unwrap_or_default();
            if let Some(entries) = response_body["Entries"].as_array_mut() {
                entries.extend(std::iter::repeat_n(failed, *count));
            }
            response_body["FailedEntryCount"] = json!(before + *count as u64);
        }
        Rest::Items(items) => response_body["UnprocessedItems"] = items.clone(),
    }
    response_body
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::faults::http::NoResponse;
    use crate::faults::plan::{Calls, Rule};

    /// Starts a service that counts its calls.
    async fn service() -> (Server, Arc<AtomicU32>) {
        let done = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&done);
        let server = Server::start(move |request: Request<Bytes>| {
            count.fetch_add(1, Ordering::SeqCst);
            let request: Value = serde_json::from_slice(request.body()).unwrap_or_default();
            let entries: Vec<Value> = request["Entries"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|_| json!({"EventId": "x"}))
                .collect();
            let response_body = json!({"FailedEntryCount": 0, "Entries": entries, "done": true});
            async move { Ok(whole(Response::new(Bytes::from(response_body.to_string())))) }
        });
        (server.await.unwrap(), done)
    }

    fn put() -> Operation {
        Operation::new(Service::DynamoDb, "PutItem")
    }

    fn request(target: &str, body: &Value) -> Request<Bytes> {
        Request::post("/")
            .header("host", "x")
            .header("x-amz-target", target)
            .body(Bytes::from(body.to_string()))
            .unwrap()
    }

    #[tokio::test]
    async fn a_hidden_date_does_not_reach_the_function() {
        let with_date = |_| async {
            let response = Response::builder().header("date", "Tue, 01 Dec 2026 00:00:00 GMT");
            Ok(whole(response.body(Bytes::from("{}")).unwrap()))
        };
        let service = Server::start(with_date).await.unwrap();
        for (hides, expected) in [(false, Some("Tue, 01 Dec 2026 00:00:00 GMT")), (true, None)] {
            let plan = Plan::default();
            if hides {
                plan.hide_date();
            }
            let (kill_switch, _kills) = KillSwitch::new();
            let proxy = Proxy::start(service.address, plan, kill_switch).await.unwrap();
            let call = request("DynamoDB_20120810.PutItem", &json!({}));
            let response = send(proxy.server.address, call).await.unwrap();
            let date = response.headers().get("date").map(|date| date.to_str().unwrap());
            assert_eq!(date, expected, "hides: {hides}");
        }
    }

    /// Returns the result of a call with this fault: the response within a second, and the number of executions.
    async fn call_with(fault: Fault) -> (Option<Result<Response<Bytes>, NoResponse>>, u32) {
        let (service, done) = service().await;
        let (kill_switch, mut kills) = KillSwitch::new();
        tokio::spawn(async move {
            while let Some(dead) = kills.recv().await {
                dead.send(()).unwrap();
            }
        });
        let plan = Plan::new(vec![Rule::new(&put(), Calls::Every, fault)]);
        let proxy = Proxy::start(service.address, plan, kill_switch).await.unwrap();
        let call = send(proxy.server.address, request("DynamoDB_20120810.PutItem", &json!({})));
        let response = tokio::time::timeout(Duration::from_millis(700), call).await.ok();
        (response, done.load(Ordering::SeqCst))
    }

    #[tokio::test]
    async fn each_fault_has_its_named_effect() {
        for (fault, applied) in
            [(Fault::Refuse, 0), (Fault::KillBefore, 0), (Fault::KillAfter, 1), (Fault::CloseMidResponse, 1)]
        {
            let (response, done) = call_with(fault).await;
            assert!(matches!(response, Some(Err(NoResponse::Http(_)))), "{fault}: {response:?}");
            assert_eq!(done, applied, "{fault}");
        }
        for (fault, applied) in
            [(Fault::TimeoutLost, 0), (Fault::TimeoutApplied, 1), (Fault::Slow, 1), (Fault::DoneLate, 0)]
        {
            let (response, done) = call_with(fault).await;
            assert!(response.is_none(), "{fault}: {response:?}");
            assert_eq!(done, applied, "{fault}");
        }
        for (fault, status) in
            [(Fault::ServerError, 500), (Fault::Throttle, 400), (Fault::Deny, 400), (Fault::Partial, 200)]
        {
            let (response, done) = call_with(fault).await;
            assert_eq!(response.unwrap().unwrap().status(), status, "{fault}");
            assert_eq!(done, u32::from(status == 200), "{fault}");
        }
    }

    #[tokio::test]
    async fn a_slow_response_arrives_later() {
        let (service, _) = service().await;
        let plan = Plan::new(vec![Rule::new(&put(), Calls::Every, Fault::Slow)]);
        let proxy = Proxy::start(service.address, plan, KillSwitch::new().0).await.unwrap();
        let response =
            send(proxy.server.address, request("DynamoDB_20120810.PutItem", &json!({}))).await.unwrap();
        assert_eq!(response.status(), 200);
    }

    #[tokio::test]
    async fn other_calls_pass() {
        let (service, done) = service().await;
        let plan = Plan::new(vec![Rule::new(&put(), Calls::Every, Fault::Refuse)]);
        let proxy = Proxy::start(service.address, plan.clone(), KillSwitch::new().0).await.unwrap();
        for target in ["DynamoDB_20120810.GetItem", "AmazonSQS.SendMessage", "unheard-of"] {
            let response = send(proxy.server.address, request(target, &json!({}))).await.unwrap();
            assert_eq!(response.status(), 200, "{target}");
        }
        assert_eq!((done.load(Ordering::SeqCst), plan.struck()), (3, 0));
    }

    #[tokio::test]
    async fn half_of_the_entries_fail() {
        let (service, _) = service().await;
        let put = Operation::new(Service::EventBridge, "PutEvents");
        let plan = Plan::new(vec![Rule::new(&put, Calls::Every, Fault::Partial)]);
        let proxy = Proxy::start(service.address, plan, KillSwitch::new().0).await.unwrap();
        let entries = json!({"Entries": [{"n": 1}, {"n": 2}, {"n": 3}]});
        let response = send(proxy.server.address, request("AWSEvents.PutEvents", &entries)).await.unwrap();
        let response_body: Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(response_body["FailedEntryCount"], 2);
        let failed: Vec<bool> = response_body["Entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry.get("ErrorCode").is_some())
            .collect();
        assert_eq!(failed, [false, true, true], "in the order of the entries");
    }

    #[test]
    fn half_of_the_items_fail() {
        let batch = Operation::new(Service::DynamoDb, "BatchWriteItem");
        let items = json!({"RequestItems": {"t": [1, 2, 3, 4]}}).to_string();
        let (first, rest) = split_batch(&batch, &Bytes::from(items)).unwrap();
        assert_eq!(first, json!({"RequestItems": {"t": [1, 2]}}));
        assert_eq!(
            with_failed_rest(json!({"UnprocessedItems": {}}), &rest)["UnprocessedItems"],
            json!({"t": [3, 4]})
        );
    }
}
