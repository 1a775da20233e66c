//! The Lambda functions: the receiver, the router, the processor, the sweeper and the reconciler, without their `main`.

pub mod gateway;
pub mod receiver;
pub mod router;
pub mod batch;
pub mod processing_store;
pub mod processor;
pub mod deferred;
pub mod sweeper;
pub mod reconciler;
