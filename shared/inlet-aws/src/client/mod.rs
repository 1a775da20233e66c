//! Configuration, clients and limits: the only place that reads the environment and the clock.

pub mod config;
pub mod clock;
pub mod connect;
pub mod aws_error;
pub mod timeouts;
pub mod rate_limit;
