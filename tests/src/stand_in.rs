//! Stand-ins for the providers' own APIs for webhooks: they behave as the providers' pages describe, where those are
//! silent as integrators' code does, and they fail on demand.
//!
//! The sources of each provider's facts are in `functions/{provider}/src/tools/registration.rs`.

use std::collections::VecDeque;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use hyper::{Method, Request, Response};
use inlet::request::{Fields, Plus};
use serde_json::{Map, Value, json};

use crate::faults::http::{Closed, Reply, Server, broken_off, whole};

/// The access credential of each provider's API.
pub const ZORT_ACCESS: &str =
    r#"{"storename":"acc3ss-store","apikey":"acc3ss-key","apisecret":"acc3ss-secret"}"#;
/// See [`ZORT_ACCESS`].
pub const ZID_ACCESS: &str = r#"{"authorization":"acc3ss-app","manager_token":"acc3ss-manager"}"#;
/// See [`ZORT_ACCESS`].
pub const TIKI_ACCESS: &str = r#"{"token":"acc3ss-token"}"#;

/// A configured response to a call.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// The documented response.
    Well,
    /// This status and body; nothing is done.
    Says(u16, &'static str),
    /// This status and body, although the call is done.
    DoesAndSays(u16, &'static str),
    /// A response after the caller's timeout.
    Slowly,
    /// Half of a response, although the call is done.
    BreaksOff,
}

/// All three APIs on one address, until it is dropped.
pub struct StandIn {
    /// Their address.
    pub url: String,
    state: Arc<Mutex<State>>,
    _end: mpsc::Sender<()>,
}

/// The providers' state.
#[derive(Default)]
pub struct State {
    /// ZORT's one set of keys and URLs.
    pub zort: Option<Map<String, Value>>,
    /// Zid's subscriptions.
    pub zid: Vec<Value>,
    /// The response to a second subscription to the same event and URL; it is accepted if this is `None`.
    pub zid_duplicate: Option<u16>,
    /// Tiki's registrations, the newest last.
    pub tiki: Vec<Value>,
    /// The configured responses to the next calls; the documented ones after that.
    pub behaviours: VecDeque<Behaviour>,
    /// The received calls: method, path and query.
    pub requests: Vec<String>,
}

impl StandIn {
    /// Starts the APIs.
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let (end, ended) = mpsc::channel::<()>();
        let (sender, receiver) = mpsc::channel();
        let shared = state.clone();
        thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let handler = move |request| {
                let state = shared.clone();
                async move { respond(&state, request).await }
            };
            let server = runtime.block_on(Server::start(handler)).expect("a free port");
            sender.send(server.address).expect("a waiting receiver");
            runtime.block_on(async {
                while let Err(mpsc::TryRecvError::Empty) = ended.try_recv() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            });
        });
        let address = receiver.recv().expect("an address");
        Self { url: format!("http://{address}"), state, _end: end }
    }

    /// Returns the providers' state, to read and to change.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Configures the responses to the next calls.
    pub fn behaviours(&self, behaviours: impl IntoIterator<Item = Behaviour>) {
        self.state().behaviours = behaviours.into_iter().collect();
    }

    /// Returns the calls since the last call of this function.
    pub fn take_requests(&self) -> Vec<String> {
        std::mem::take(&mut self.state().requests)
    }
}

async fn respond(state: &Mutex<State>, request: Request<Bytes>) -> Result<Reply, Closed> {
    let (mood, done) = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let path = request.uri().path_and_query().map_or("", |path| path.as_str());
        let asked = format!("{} {path}", request.method());
        state.requests.push(asked);
        let mood = state.behaviours.pop_front().unwrap_or(Behaviour::Well);
        let done = match mood {
            Behaviour::Says(..) | Behaviour::Slowly => (200, String::new()),
            _ => act(&mut state, &request),
        };
        (mood, done)
    };
    match mood {
        Behaviour::Well => Ok(whole(response(done.0, done.1))),
        Behaviour::Says(status, body) | Behaviour::DoesAndSays(status, body) => {
            Ok(whole(response(status, body.to_owned())))
        }
        Behaviour::BreaksOff => Ok(broken_off(response(done.0, done.1))),
        Behaviour::Slowly => {
            tokio::time::sleep(Duration::from_secs(5)).await;
            Err(Closed)
        }
    }
}

fn response(status: u16, body: String) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::from(body)).expect("a status that exists")
}

fn act(state: &mut State, request: &Request<Bytes>) -> (u16, String) {
    let header =
        |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    let (status, said) = match (request.method(), request.uri().path()) {
        (method, path @ ("/Webhook/GetWebhook" | "/Webhook/UpdateWebhook")) => {
            let open = ["storename", "apikey", "apisecret"].map(header);
            if open != ["acc3ss-store", "acc3ss-key", "acc3ss-secret"] {
                (200, json!({"resCode": "100", "resDesc": "the store is not known"}))
            } else if *method == Method::GET && path.ends_with("GetWebhook") {
                (200, zort_settings(state))
            } else {
                (200, zort_update(state, body))
            }
        }
        (method, "/v1/managers/webhooks") => {
            if [header("authorization"), header("x-manager-token")] == ["Bearer acc3ss-app", "acc3ss-manager"]
            {
                zid(state, method, request.uri().query().unwrap_or_default(), body)
            } else {
                (401, json!({"message": "Unauthenticated"}))
            }
        }
        (&Method::POST, "/business/v1/register-webhooks") => tiki(state, header("authorization"), body),
        _ => (404, json!({"message": "not found"})),
    };
    (status, said.to_string())
}

/// Returns a sentence without webhooks, and with webhooks the settings, without a result code.
fn zort_settings(state: &State) -> Value {
    match &state.zort {
        Some(settings) => Value::Object(settings.clone()),
        None => json!({"resCode": "100", "resDesc": "Webhook not found"}),
    }
}

/// Replaces everything: a blank or absent trigger is switched off.
fn zort_update(state: &mut State, body: Value) -> Value {
    let Value::Object(mut fields) = body else {
        return json!({"res": {"resCode": "100", "resDesc": "no settings"}});
    };
    if ["key1", "key2", "key3"]
        .iter()
        .any(|key| fields.get(*key).and_then(Value::as_str).is_none_or(str::is_empty))
    {
        return json!({"res": {"resCode": "100", "resDesc": "a key is missing"}});
    }
    fields.retain(|_, value| value.as_str().is_some_and(|text| !text.is_empty()));
    fields.insert("hookVersion".into(), json!(4));
    state.zort = Some(fields);
    json!({"res": {"resCode": 200, "resDesc": "Success"}})
}

fn zid(state: &mut State, method: &Method, query: &str, body: Value) -> (u16, Value) {
    match *method {
        Method::GET => (200, json!({"data": state.zid})),
        Method::DELETE => {
            let fields = Fields::parse(query.as_bytes(), Plus::Space);
            let id = fields.value("original_id").unwrap_or_default().into_owned();
            state.zid.retain(|one| one["original_id"] != json!(id));
            (200, json!({"message": "deleted"}))
        }
        _ => {
            let same =
                |one: &&Value| one["event"] == body["event"] && one["target_url"] == body["target_url"];
            if let (Some(status), Some(_)) = (state.zid_duplicate, state.zid.iter().find(same)) {
                // It repeats the request, as validating servers do.
                return (status, json!({"message": "the webhook exists", "input": body}));
            }
            let subscription = json!({
                "id": "7d3f0c2e-0000-4000-8000-000000000001", "event": body["event"],
                "target_url": body["target_url"], "conditions": body["conditions"],
                "original_id": body["original_id"].to_string(), "subscriber": body["subscriber"], "active": true,
                "status": "ready", "health_status": "healthy", "broken_at": null,
            });
            state.zid.push(subscription.clone());
            (200, json!({"data": subscription}))
        }
    }
}

fn tiki(state: &mut State, authorization: &str, body: Value) -> (u16, Value) {
    let denied = |status: u16, message: &str, code: &str| {
        let error = json!({"status_code": status, "message": message, "message_code": code});
        (status, json!({"success": false, "error": error, "meta_data": {"request_id": "r-1"}}))
    };
    if authorization != "Bearer acc3ss-token" {
        return denied(401, "Unauthorized", "INVALID_TOKEN");
    }
    let webhooks = body["sync_webhook"].as_object().cloned().unwrap_or_default();
    let fits = |webhook: &Value| webhook["secret_key"].as_str().is_some_and(|key| key.len() == 32);
    let places = body["sync_inventory_location"].as_array().map_or(0, Vec::len);
    if places == 0 || !webhooks.contains_key("order") || !webhooks.values().all(fits) {
        return denied(400, "Bad request", "INVALID_BODY");
    }
    state.tiki.push(body);
    (200, json!({"success": true}))
}
