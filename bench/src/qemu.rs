//! Counts the instructions of binaries for arm64: QEMU runs them, and its plugin `qemu/instructions.c` counts.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crate::backends::Backends;
use crate::certificates::Certificates;
use crate::contender::Contender;
use crate::function::Function;
use crate::measure::Failure;
use crate::place;
use crate::wrapper::Wrapper;

/// The time between two looks at a count: the function does nothing more if it has not changed.
const INTERVAL: Duration = Duration::from_millis(50);

/// A function whose instructions are counted.
pub struct Counted {
    /// The running function.
    pub function: Function,
    count: PathBuf,
}

impl Counted {
    /// Starts one of our receivers, and waits until it asks for an event.
    pub fn start(provider: &str, certificates: &Certificates, backends: &Backends) -> Result<Self, Failure> {
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
    pub fn instructions(&self) -> Result<u64, Failure> {
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

    fn read(&self) -> Result<u64, Failure> {
        // The plugin was not loaded, or has another interface.
        let none = "QEMU's plugin counted nothing";
        let bytes = fs::read(&self.count)?.try_into().map_err(|_| none)?;
        match u64::from_ne_bytes(bytes) {
            0 => Err(none.into()),
            count => Ok(count),
        }
    }
}
