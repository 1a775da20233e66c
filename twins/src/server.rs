//! A twin's API over HTTP, on this machine.

use std::collections::{BTreeMap, VecDeque};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Response, Uri, header};
use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::{ApiRequest, ApiResponse, Twin};

/// A twin whose API is served until this value is dropped.
#[derive(Debug)]
pub struct TwinServer<T> {
    /// The address of the API, without a path.
    pub url: String,
    served: Arc<Mutex<Served<T>>>,
    _end: oneshot::Sender<()>,
}

/// The state of a server.
#[derive(Debug)]
struct Served<T> {
    twin: T,
    clock: fn() -> Timestamp,
    /// The configured responses to the next requests.
    responses: VecDeque<ApiResponse>,
    /// The requested paths, with their queries.
    requests: Vec<String>,
}

impl<T: Twin + Send + 'static> TwinServer<T> {
    /// Serves a twin on a free port of this machine, on a thread of its own.
    ///
    /// # Errors
    /// If there is no free port.
    pub fn start(twin: T, clock: fn() -> Timestamp) -> std::io::Result<Self> {
        Self::start_on(0, twin, clock)
    }

    /// Serves a twin on this port of this machine, on a thread of its own; 0 is a free port.
    ///
    /// # Errors
    /// If the port is not free.
    pub fn start_on(port: u16, twin: T, clock: fn() -> Timestamp) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let served = Served { twin, clock, responses: VecDeque::new(), requests: Vec::new() };
        let served = Arc::new(Mutex::new(served));
        let router = Router::new().fallback(respond::<T>).with_state(Arc::clone(&served));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (end, ended) = oneshot::channel::<()>();
        thread::spawn(move || {
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                tokio::select! {
                    served = axum::serve(listener, router) => served,
                    _ = ended => Ok(()),
                }
            })
        });
        Ok(Self { url, served, _end: end })
    }

    /// Reads or changes the twin.
    pub fn twin<R>(&self, visit: impl FnOnce(&mut T) -> R) -> R {
        visit(&mut locked(&self.served).twin)
    }

    /// Configures the responses to the next requests.
    pub fn set_responses(&self, responses: impl IntoIterator<Item = ApiResponse>) {
        locked(&self.served).responses = responses.into_iter().collect();
    }

    /// Returns the requests since the last call of this function: path and query.
    pub fn take_requests(&self) -> Vec<String> {
        std::mem::take(&mut locked(&self.served).requests)
    }
}

fn locked<T>(served: &Mutex<Served<T>>) -> MutexGuard<'_, Served<T>> {
    served.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn respond<T: Twin + Send + 'static>(
    State(served): State<Arc<Mutex<Served<T>>>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers: BTreeMap<String, String> =
        headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut served = locked(&served);
    served.requests.push(path.to_owned());
    let configured = served.responses.pop_front();
    let now = (served.clock)();
    let request = ApiRequest::new(path, headers, body.to_vec());
    response(configured.unwrap_or_else(|| served.twin.respond(&request, now)))
}

fn response(response: ApiResponse) -> Response<Body> {
    let ApiResponse { status, retry_after, body } = response;
    let mut response = Response::builder().status(status).header(header::CONTENT_TYPE, "application/json");
    if let Some(seconds) = retry_after {
        response = response.header(header::RETRY_AFTER, seconds);
    }
    response.body(Body::from(body)).expect("a status that exists")
}
