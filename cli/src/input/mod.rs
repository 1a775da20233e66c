//! The input of commands: files, times and filters.

pub(crate) mod source;
pub(crate) mod time_arg;
pub(crate) mod suggest;
pub(crate) mod filters;
pub(crate) mod event_ids;
