//! Code that the end-to-end tests share: deliveries, marked ones among them, the sample events, the schemas, the access to
//! the local stack, the fault matrix, and stand-ins for the providers' own APIs.

pub mod canary;
pub mod deliveries;
pub mod event_catalogue;
pub mod faults;
pub mod operations;
pub mod repository;
pub mod samples;
pub mod schemas;
pub mod stack;
pub mod stand_in;
