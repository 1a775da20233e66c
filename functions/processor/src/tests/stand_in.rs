//! A server in place of the endpoint, of the Invoke API of Lambda and of Parameter Store.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector, http_client_fn};
use aws_types::SdkConfig;
use serde_json::{Value, json};

/// A request that the server received.
#[derive(Clone, Debug)]
pub(super) struct ReceivedRequest {
    pub(super) path: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
    /// The connection's number.
    pub(super) connection: usize,
}

/// The server's reply.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    Response {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: String,
    },
    /// The connection ends.
    Close,
    /// This reply after a delay.
    After(Duration, Box<Reply>),
}

impl Reply {
    pub(super) fn status(status: u16) -> Self {
        Self::Response { status, headers: Vec::new(), body: String::new() }
    }

    pub(super) fn json(body: &str) -> Self {
        Self::Response { status: 200, headers: Vec::new(), body: body.to_owned() }
    }

    pub(super) fn with(self, name: &'static str, value: &str) -> Self {
        match self {
            Self::Response { status, mut headers, body } => {
                headers.push((name, value.to_owned()));
                Self::Response { status, headers, body }
            }
            other => other,
        }
    }

    pub(super) fn after(self, time: Duration) -> Self {
        Self::After(time, Box::new(self))
    }
}

type Handler = dyn Fn(&ReceivedRequest) -> Reply + Send + Sync;

/// The server. Requests for Parameter Store get the secrets; all others go to the handler.
#[derive(Clone)]
pub(super) struct StandIn {
    pub(super) url: String,
    requests: Arc<Mutex<Vec<ReceivedRequest>>>,
    secrets: Arc<Mutex<Option<String>>>,
    reads: Arc<AtomicUsize>,
}

impl StandIn {
    pub(super) fn start(handler: impl Fn(&ReceivedRequest) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let secrets = Arc::new(Mutex::new(Some(json!([SECRET]).to_string())));
        let stand_in = Self { url, requests: Arc::default(), secrets, reads: Arc::default() };
        let (shared, handler): (Self, Arc<Handler>) = (stand_in.clone(), Arc::new(handler));
        thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate() {
                let (stand_in, handler) = (shared.clone(), Arc::clone(&handler));
                thread::spawn(move || stand_in.serve(stream.unwrap(), connection, &*handler));
            }
        });
        stand_in
    }

    /// Returns the requests so far, without those for Parameter Store.
    pub(super) fn requests(&self) -> MutexGuard<'_, Vec<ReceivedRequest>> {
        self.requests.lock().unwrap()
    }

    /// Returns how often the secrets were read.
    pub(super) fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    pub(super) fn set_secrets(&self, secrets: Option<&str>) {
        *self.secrets.lock().unwrap() = secrets.map(str::to_owned);
    }

    /// Returns the configuration of clients that take this server for AWS.
    pub(super) fn sdk_config(&self) -> SdkConfig {
        let settings = HttpConnectorSettings::builder().build();
        let connector =
            SharedHttpConnector::new(Connector::builder().connector_settings(settings).build_http());
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("eu-central-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                "x", "x", None, None, "test",
            )))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .retry_config(RetryConfig::disabled())
            .endpoint_url(&self.url)
            .build()
    }

    fn serve(&self, mut stream: TcpStream, connection: usize, handler: &Handler) {
        while let Some(request) = read(&mut stream, connection) {
            let mut reply =
                if request.headers.get("x-amz-target").is_some_and(|it| it.starts_with("AmazonSSM")) {
                    self.parameters()
                } else {
                    self.requests().push(request.clone());
                    handler(&request)
                };
            while let Reply::After(time, next) = reply {
                thread::sleep(time);
                reply = *next;
            }
            let Reply::Response { status, headers, body } = reply else { return };
            let has = |wanted: &str| headers.iter().any(|(name, _)| *name == wanted);
            let (promises_more, closes) = (has("content-length"), has("connection"));
            let len = format!("content-length: {}\r\n", body.len());
            let headers: Vec<String> = headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}\r\n"))
                .chain((!promises_more).then_some(len))
                .collect();
            let response = format!("HTTP/1.1 {status} x\r\n{}\r\n{body}", headers.concat());
            if stream.write_all(response.as_bytes()).is_err() || closes {
                return;
            }
        }
    }

    fn parameters(&self) -> Reply {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let secrets = self.secrets.lock().unwrap();
        let list: Vec<Value> =
            secrets.iter().map(|value| json!({"Name": "/inlet-consumer/test", "Value": value})).collect();
        Reply::json(&json!({"Parameters": list, "InvalidParameters": []}).to_string())
            .with("content-type", "application/x-amz-json-1.1")
    }
}

/// 32 bytes.
pub(super) const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

fn read(stream: &mut TcpStream, connection: usize) -> Option<ReceivedRequest> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let mut lines = head.lines();
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let len = headers.get("content-length").and_then(|len| len.parse().ok()).unwrap_or_default();
    let mut body = vec![0; len];
    stream.read_exact(&mut body).ok()?;
    Some(ReceivedRequest { path, headers, body: String::from_utf8(body).ok()?, connection })
}
