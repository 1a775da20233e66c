//! Counts instructions: the contender runs on valgrind's simulated processor, which has no instructions for SHA.

use std::fs;
use std::io;
use std::path::PathBuf;

use crate::backends::Backends;
use crate::certificates::Certificates;
use crate::contender::Contender;
use crate::corpus::Delivery;
use crate::function::Function;
use crate::place;
use crate::runtime_api::RuntimeError;
use crate::wrapper::Wrapper;

/// Marks the end of the part of a start before connections; only our functions open any. Looking up the first host
/// starts the first thread, and the C library has symbols even if the program has none. The time at which the host is
/// found is random, so the connection itself does not mark the place.
fn before_warming(contender: Contender) -> Option<&'static str> {
    (contender == Contender::Inlet).then_some("--dump-before=pthread_create*")
}

/// The instructions of one run.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    /// Until connections are opened before the first event; the total if the program opens none.
    pub before_warming: u64,
    /// The total.
    pub total: u64,
}

/// The reason that nothing was counted.
#[derive(Debug, thiserror::Error)]
pub enum NotCounted {
    /// A file or a process failed.
    #[error("valgrind cannot be used")]
    Io(#[from] io::Error),
    /// The function failed.
    #[error("the function is of no use")]
    Runtime(#[from] RuntimeError),
}

/// Counts the instructions of a start and these deliveries.
pub fn count(
    contender: Contender,
    provider: &str,
    deliveries: &[Delivery],
    certificates: &Certificates,
    backends: &Backends,
) -> Result<Count, NotCounted> {
    let folder = place::state().join("callgrind");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let out = format!("--callgrind-out-file={}", folder.join("out").display());
    let mut command = vec!["valgrind".to_owned(), "--tool=callgrind".to_owned(), out];
    command.extend(before_warming(contender).map(str::to_owned));
    let wrapper = Wrapper::valgrind(command);
    let function = Function::start(contender, provider, &wrapper, certificates, backends, &[])?;
    function.ready()?;
    for delivery in deliveries {
        function.deliver(&delivery.event)?;
    }
    function.end()?;
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)?.flatten().map(|entry| entry.path()).collect();
    files.sort();
    // The parts are numbered `out.1`, `out.2`, and the last is `out`.
    files.rotate_left(1);
    let parts: Vec<u64> = files.iter().filter_map(|file| totals(&fs::read_to_string(file).ok()?)).collect();
    Ok(Count { before_warming: parts.first().copied().unwrap_or(0), total: parts.iter().sum() })
}

/// Returns the sum of a profile.
pub fn totals(profile: &str) -> Option<u64> {
    let line = profile.lines().find_map(|line| line.strip_prefix("totals:"))?;
    line.trim().parse().ok()
}
