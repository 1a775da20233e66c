//! The provider's side, for the command and for tests: sample deliveries, credentials, registration.

pub(crate) mod profile;
pub(crate) mod credential;
pub(crate) mod payloads;
pub(crate) mod lifecycle;
pub(crate) mod sender;
pub(crate) mod portal;
pub(crate) mod registration;
