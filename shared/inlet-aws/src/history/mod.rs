//! The events of an entity with their messages, and the event log of reconciliation. The command and the reconciler use
//! it.

pub mod event_status;
pub mod entity;
pub mod event_log;
