//! A share of a processor, by the kernel's control groups (the first or the second version of them; needs root).

use std::fs;
use std::path::{Path, PathBuf};

/// 128 MB of the 1,769 that have a whole processor: 7.2 %, in microseconds of every 20 ms, Lambda's own period.
const QUOTA_US: u32 = 1_440;
const PERIOD_US: u32 = 20_000;

/// A process's CPU limit, until it is dropped.
pub struct CpuLimit(PathBuf);

/// Limits a process; returns `None` if the kernel or our rights do not allow it.
pub fn limit_cpu(process: u32) -> Option<CpuLimit> {
    let group = |base: &str| Path::new(base).join(format!("inlet-bench-{process}"));
    let first = group("/sys/fs/cgroup/cpu");
    if fs::create_dir(&first).is_ok() {
        let limit = CpuLimit(first);
        fs::write(limit.0.join("cpu.cfs_period_us"), PERIOD_US.to_string()).ok()?;
        fs::write(limit.0.join("cpu.cfs_quota_us"), QUOTA_US.to_string()).ok()?;
        fs::write(limit.0.join("cgroup.procs"), process.to_string()).ok()?;
        return Some(limit);
    }
    let second = group("/sys/fs/cgroup");
    fs::create_dir(&second).ok()?;
    let limit = CpuLimit(second);
    fs::write(limit.0.join("cpu.max"), format!("{QUOTA_US} {PERIOD_US}")).ok()?;
    fs::write(limit.0.join("cgroup.procs"), process.to_string()).ok()?;
    Some(limit)
}

impl Drop for CpuLimit {
    fn drop(&mut self) {
        // A group can be removed when its processes have left it.
        if let Some(parent) = self.0.parent() {
            for process in fs::read_to_string(self.0.join("cgroup.procs")).unwrap_or_default().lines() {
                let _ = fs::write(parent.join("cgroup.procs"), process);
            }
        }
        let _ = fs::remove_dir(&self.0);
    }
}
