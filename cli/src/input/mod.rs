//! What a user gives to a command: files, times and filters.

pub(crate) mod source;
pub(crate) mod time_arg;
pub(crate) mod filters;
