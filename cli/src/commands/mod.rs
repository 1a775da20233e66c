//! The commands: a file each, with its `Arguments` and its `run`.

pub(crate) mod doctor;
pub(crate) mod urls;
pub(crate) mod secret;
pub(crate) mod send;
pub(crate) mod event;
pub(crate) mod completions;
pub(crate) mod man;
