//! Reads stored events and the log lines of their deliveries.

pub(crate) mod list;
pub(crate) mod follow;
pub(crate) mod change;
pub(crate) mod replayed;
pub(crate) mod delivery_log;
pub(crate) mod page;
pub(crate) mod quarantined;
