//! Sending deliveries as a provider does.

pub(crate) mod simulated_provider;
pub(crate) mod generator;
pub(crate) mod twin;
