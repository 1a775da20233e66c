//! Log lines, metrics, traces and the time that each step takes.

pub mod log;
pub mod metrics;
pub mod trace;
pub mod timing;
