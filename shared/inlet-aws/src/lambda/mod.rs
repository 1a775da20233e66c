//! The Lambda functions: the receiver, the router, the processor and the sweeper, without their `main`.

pub mod gateway;
pub mod receiver;
pub mod router;
pub mod batch;
pub mod processing_store;
pub mod processor;
pub mod deferred;
pub mod sweeper;
