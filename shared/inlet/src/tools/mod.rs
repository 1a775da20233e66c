//! Tools for people and tests: they act as the provider. No receiver uses them.

pub mod profile;
pub mod credential_shape;
pub mod sender;
pub mod sample_variant;
pub mod portal;
pub mod event_catalogue;
pub mod registration;
