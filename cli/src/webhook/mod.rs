//! Webhooks at a provider's own API: opens the API for a store, lists, carries out a plan and confirms it.

pub(crate) mod session;
pub(crate) mod register;
pub(crate) mod carry_out;
pub(crate) mod swap;
pub(crate) mod step_result;
pub(crate) mod report;
pub(crate) mod access;
pub(crate) mod api_client;
