//! The commands: one file each, with its `Arguments` and its `run`.

pub(crate) mod doctor;
pub(crate) mod urls;
pub(crate) mod events;
pub(crate) mod secret;
pub(crate) mod store;
pub(crate) mod webhook;
pub(crate) mod send;
pub(crate) mod sample_event;
pub(crate) mod quarantine;
pub(crate) mod list;
pub(crate) mod tail;
pub(crate) mod show;
pub(crate) mod timeline;
pub(crate) mod stats;
pub(crate) mod forward;
pub(crate) mod replay;
pub(crate) mod dead_letters;
pub(crate) mod redrive;
pub(crate) mod reverify;
pub(crate) mod forget;
pub(crate) mod verify;
pub(crate) mod restore;
pub(crate) mod console;
pub(crate) mod mcp;
pub(crate) mod completions;
pub(crate) mod man;
