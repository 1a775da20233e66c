//! Code that acts as the provider, for the command and for tests. No receiver links it.

pub mod profile;
pub mod credential_shape;
pub mod escape;
pub mod sender;
pub mod sample_variant;
pub mod lifecycle;
pub mod portal;
pub mod event_catalogue;
pub mod registration;
