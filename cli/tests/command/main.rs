//! The `inlet` command as people and scripts use it: the real binary against the local stack. Needs `make up`.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]

mod inlet;
mod help;
mod deployment;
mod doctor;
mod readme;
mod secret;
mod store;
mod send;
mod twin;
mod urls;
mod given;
mod fake_aws;
mod small_aws;
mod given_back;
mod mistyped_store;
mod outages;
mod night_shift;
mod list;
mod tail;
mod show;
mod timeline;
mod stats;
mod forward;
mod replay;
mod dead_letters;
mod redrive;
mod quarantine;
mod search;
mod tables;
mod reverify;
mod reconcile;
mod webhook;
mod forget;
mod verify;
mod restore;
mod runbook;
mod mcp;
mod console;
