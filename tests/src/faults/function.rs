//! A function's binary, run as Lambda runs it: its Runtime API, its environment, its timeout, and its end.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use hyper::{Request, Response, StatusCode};
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, mpsc};

use crate::faults::call::Operation;
use crate::faults::http::{Closed, Reply, Server, whole};
use crate::faults::plan::{Fault, Plan};
use crate::faults::proxy::{KillSwitch, Kills, Proxy, Upstream};

/// The address of a function's proxy, in the values of its variables.
pub const PROXY: &str = "{proxy}";

/// The program and its settings.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The binary.
    pub binary: PathBuf,
    /// The variables that its template gives it. [`PROXY`] in a value becomes the address of its proxy.
    pub variables: BTreeMap<String, String>,
    /// Its timeout.
    pub timeout: Duration,
    /// The file of its output.
    pub log: PathBuf,
}

/// The end of an invocation.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// The function returned this.
    Returned(Value),
    /// The function reported an error.
    Failed(Value),
    /// Its process died.
    Died,
    /// It timed out, and was ended.
    TimedOut,
}

/// A function: at most one process, as one of Lambda's execution environments.
#[derive(Debug)]
pub struct Function {
    spec: Spec,
    plan: Plan,
    proxy: Proxy,
    kill_switch: KillSwitch,
    kills: Kills,
    process: Option<Process>,
}

#[derive(Debug)]
struct Process {
    child: Child,
    invocations: mpsc::Sender<(String, Value)>,
    results: mpsc::Receiver<Ended>,
    _runtime: Server,
}

impl Function {
    /// Returns a function whose calls fail by `plan`. Its process starts with its first invocation.
    pub async fn new(spec: Spec, upstream: impl Into<Upstream>, plan: Plan) -> Self {
        let (kill_switch, kills) = KillSwitch::new();
        let proxy =
            Proxy::start(upstream, plan.clone(), kill_switch.clone()).await.expect("a port for the proxy");
        Self { spec, plan, proxy, kill_switch, kills, process: None }
    }

    /// Invokes the function, in a new process if the last one ended.
    pub async fn invoke(&mut self, event: Value) -> Ended {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = format!("00000000-0000-4000-8000-{:012x}", NEXT.fetch_add(1, Ordering::Relaxed));
        let mut process = match self.process.take() {
            Some(process) => process,
            None => self.started().await,
        };
        process.invocations.send((id, event)).await.expect("the Runtime API is there");
        let ended = tokio::select! {
            biased;
            Some(dead) = self.kills.recv() => {
                process.child.kill().await.expect("a process that can be killed");
                // The caller may have ended with the process.
                let _ = dead.send(());
                Ended::Died
            }
            Some(ended) = process.results.recv() => ended,
            _ = process.child.wait() => Ended::Died,
            () = tokio::time::sleep(self.spec.timeout) => {
                process.child.kill().await.expect("a process that can be killed");
                Ended::TimedOut
            }
        };
        if matches!(ended, Ended::Returned(_) | Ended::Failed(_)) {
            self.process = Some(process);
        }
        ended
    }

    /// Ends the process between two invocations, as Lambda may do at any time.
    pub fn recycle(&mut self) {
        self.process = None;
    }

    async fn started(&self) -> Process {
        let (invocations, waiting) = mpsc::channel(1);
        let (sender, results) = mpsc::channel(1);
        let runtime = Arc::new(Runtime {
            waiting: Mutex::new(waiting),
            results: sender,
            timeout: self.spec.timeout,
            plan: self.plan.clone(),
            kill_switch: self.kill_switch.clone(),
        });
        let server = Server::start(move |request| {
            let runtime = Arc::clone(&runtime);
            async move { runtime.handle(request).await }
        });
        let server = server.await.expect("a port for the Runtime API");
        let child =
            self.command(server.address).spawn().unwrap_or_else(|e| panic!("{:?}: {e}", self.spec.binary));
        Process { child, invocations, results, _runtime: server }
    }

    fn command(&self, runtime: SocketAddr) -> Command {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(&self.spec.log).expect("a log");
        let name = self.spec.binary.parent().and_then(|folder| folder.file_name()).unwrap_or_default();
        let proxy = self.proxy.endpoint();
        let variables = self.spec.variables.iter().map(|(name, value)| (name, value.replace(PROXY, &proxy)));
        let mut command = Command::new(&self.spec.binary);
        command
            .env_clear()
            .envs(variables)
            .env("AWS_ENDPOINT_URL", &proxy)
            .env("AWS_LAMBDA_RUNTIME_API", runtime.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .kill_on_drop(true);
        command
    }
}

/// Lambda's Runtime API for one process.
struct Runtime {
    waiting: Mutex<mpsc::Receiver<(String, Value)>>,
    results: mpsc::Sender<Ended>,
    timeout: Duration,
    plan: Plan,
    kill_switch: KillSwitch,
}

impl Runtime {
    async fn handle(&self, request: Request<Bytes>) -> Result<Reply, Closed> {
        let path = request.uri().path().to_owned();
        if path.ends_with("/invocation/next") {
            return self.next().await;
        }
        let body = serde_json::from_slice(request.body()).unwrap_or_default();
        if path.ends_with("/response") {
            return self.respond(body).await;
        }
        let _ = self.results.send(Ended::Failed(body)).await;
        Ok(accepted())
    }

    async fn next(&self) -> Result<Reply, Closed> {
        let (id, event) = self.waiting.lock().await.recv().await.ok_or(Closed)?;
        let deadline = UNIX_EPOCH.elapsed().unwrap_or_default() + self.timeout;
        let response = Response::builder()
            .header("content-type", "application/json")
            .header("lambda-runtime-aws-request-id", id)
            .header("lambda-runtime-deadline-ms", deadline.as_millis().to_string())
            .header(
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:us-east-1:000000000000:function:faults",
            )
            .header("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000;Sampled=0")
            .body(Bytes::from(event.to_string()));
        Ok(whole(response.expect("a response")))
    }

    /// Passes the function's response on. The process may be killed before that, as at any other call.
    async fn respond(&self, body: Value) -> Result<Reply, Closed> {
        if let Some(Fault::KillBefore | Fault::KillAfter) = self.plan.next(&Operation::response()) {
            self.kill_switch.kill().await;
            return Err(Closed);
        }
        let _ = self.results.send(Ended::Returned(body)).await;
        Ok(accepted())
    }
}

fn accepted() -> Reply {
    let mut response = Response::new(Bytes::from_static(b"{\"status\":\"OK\"}"));
    *response.status_mut() = StatusCode::ACCEPTED;
    whole(response)
}
