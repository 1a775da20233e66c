//! The Lambda functions: the receiver, the router, the processor and the sweeper, without their `main`.

pub mod gateway;
pub mod receiver;
pub mod router;
pub mod batch;
pub mod ledger;
pub mod processor;
pub mod deferred;
pub mod sweeper;
