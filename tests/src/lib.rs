//! What the tests of the whole share: deliveries, marked ones among them, the sample events, the schemas, the way to
//! the local stack, the proof by faults, and what stands in for the providers' own APIs.

pub mod canary;
pub mod deliveries;
pub mod faults;
pub mod operations;
pub mod repository;
pub mod samples;
pub mod schemas;
pub mod stack;
pub mod stand_in;
