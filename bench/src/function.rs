//! A running function: its process, its runtime interface, and the kernel's counters of it.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::backends::Backends;
use crate::certificates::Certificates;
use crate::contender::Contender;
use crate::runtime_api::{Response, RuntimeApi, RuntimeError};
use crate::wrapper::Wrapper;

/// Maximum duration of any step: an interpreter under valgrind is the slowest.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Time in which a function that waits for its next event may still be busy with the last.
const SETTLING: Duration = Duration::from_millis(20);

/// The output of a function so far.
type Log = Arc<Mutex<Vec<u8>>>;

/// A running function.
pub struct Function {
    api: RuntimeApi,
    child: Child,
    started: Instant,
    log: Log,
}

/// The measurements of a start.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// From the process's creation to its first request for an event.
    pub wall: Duration,
    /// CPU time used until then.
    pub cpu: Duration,
}

impl Function {
    /// Starts a contender under the wrapper, with further environment variables.
    pub fn start(
        contender: Contender,
        provider: &str,
        wrapper: &Wrapper,
        certificates: &Certificates,
        backends: &Backends,
        variables: &[(&str, String)],
    ) -> io::Result<Self> {
        let api = RuntimeApi::open()?;
        let mut words = wrapper.words(contender, provider).into_iter();
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        contender.surround(&mut command, certificates, backends, &api.address.to_string());
        command.envs(variables.iter().map(|(name, value)| (*name, value)));
        let started = Instant::now();
        let mut child = command.spawn()?;
        let (log, ignored) = (Log::default(), Log::default());
        collect_output(child.stdout.take(), &log);
        // The wrapping command writes output of its own.
        collect_output(child.stderr.take(), if wrapper.is_any() { &ignored } else { &log });
        Ok(Self { api, child, started, log })
    }

    /// Waits until it asks for an event for the first time.
    pub fn ready(&self) -> Result<Start, RuntimeError> {
        let at = self.api.wait_for_next(TIMEOUT)?;
        thread::sleep(SETTLING);
        Ok(Start { wall: at.duration_since(self.started), cpu: self.cpu() })
    }

    /// Delivers an event, and waits until the function asks for the next.
    pub fn deliver(&self, event: &[u8]) -> Result<Response, RuntimeError> {
        let response = self.api.deliver(event, TIMEOUT)?;
        self.api.wait_for_next(TIMEOUT)?;
        Ok(response)
    }

    /// Returns the CPU time so far of all threads that still exist.
    pub fn cpu(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.id())).into_iter().flatten().flatten();
        tasks.map(|task| running(&task.path())).sum()
    }

    /// Returns the CPU time once it no longer grows.
    pub fn settled_cpu(&self) -> Duration {
        thread::sleep(SETTLING);
        self.cpu()
    }

    /// Returns the peak of its resident memory, in bytes.
    pub fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib =
            peak.and_then(|peak| peak.split_whitespace().next()).and_then(|kib| kib.parse::<u64>().ok());
        kib.unwrap_or(0) * 1024
    }

    /// Returns the number of bytes that it has logged.
    pub fn log_bytes(&self) -> u64 {
        thread::sleep(SETTLING);
        self.log.lock().unwrap_or_else(PoisonError::into_inner).len() as u64
    }

    /// Returns its log.
    pub fn log(&self) -> String {
        thread::sleep(SETTLING);
        String::from_utf8_lossy(&self.log.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// Returns its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it so that a wrapping command can still write its results.
    pub fn end(mut self) -> io::Result<()> {
        Command::new("kill").arg(self.id().to_string()).status()?;
        self.child.wait().map(|_| ())
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a thread's CPU time in nanoseconds: the first number of its `schedstat`.
fn running(task: &Path) -> Duration {
    let schedstat = fs::read_to_string(task.join("schedstat")).unwrap_or_default();
    let nanos = schedstat.split(' ').next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

/// Reads the output into the log.
fn collect_output(from: Option<impl Read + Send + 'static>, log: &Log) {
    let log = Arc::clone(log);
    let Some(mut from) = from else { return };
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(len @ 1..) = from.read(&mut buffer) {
            log.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&buffer[..len]);
        }
    });
}
