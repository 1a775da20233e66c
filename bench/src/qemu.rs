//! Counts the instructions of binaries for arm64: QEMU runs them, and its plugin `qemu/instructions.c` counts.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crate::backends::Backends;
use crate::certificates::Certificates;
use crate::contender::Contender;
use crate::function::Function;
use crate::place;
use crate::runtime_api::RuntimeError;
use crate::wrapper::Wrapper;

/// The time between two looks at a count: the function does nothing more if it has not changed.
const INTERVAL: Duration = Duration::from_millis(50);

/// The reason that nothing was counted.
#[derive(Debug, thiserror::Error)]
pub enum NotCounted {
    /// A file or a process failed.
    #[error("QEMU cannot be used")]
    Io(#[from] io::Error),
    /// The function failed.
    #[error("the function is of no use: {0}")]
    Runtime(#[from] RuntimeError),
    /// The plugin was not loaded, or has another interface.
    #[error("QEMU's plugin counted nothing")]
    NoCount,
}

/// A function whose instructions are counted.
pub struct Counted {
    /// The running function.
    pub function: Function,
    count: PathBuf,
}

impl Counted {
    /// Starts one of our receivers, and waits until it asks for an event.
    pub fn start(
        provider: &str,
        certificates: &Certificates,
        backends: &Backends,
    ) -> Result<Self, NotCounted> {
        let count = place::state().join("instructions");
        // The file of an older function, which may still run and count into it.
        if count.exists() {
            fs::remove_file(&count)?;
        }
        let plugin = place::state().join("instructions.so");
        let words = [
            "qemu-aarch64".to_owned(),
            "-plugin".to_owned(),
            format!("{},count={}", plugin.display(), count.display()),
        ];
        let wrapper = Wrapper::qemu(words.into());
        let function = Function::start(Contender::Inlet, provider, &wrapper, certificates, backends, &[])?;
        function.ready()?;
        Ok(Self { function, count })
    }

    /// Returns the instructions so far, once the function waits.
    pub fn instructions(&self) -> Result<u64, NotCounted> {
        let mut last = self.read()?;
        loop {
            thread::sleep(INTERVAL);
            let now = self.read()?;
            if now == last {
                return Ok(now);
            }
            last = now;
        }
    }

    fn read(&self) -> Result<u64, NotCounted> {
        let bytes = fs::read(&self.count)?.try_into().map_err(|_| NotCounted::NoCount)?;
        match u64::from_ne_bytes(bytes) {
            0 => Err(NotCounted::NoCount),
            count => Ok(count),
        }
    }
}
