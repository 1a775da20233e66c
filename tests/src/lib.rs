//! What the tests of the whole share: deliveries, the sample events, the schemas, the way to the local stack, and
//! the proof by faults.

pub mod deliveries;
pub mod faults;
pub mod operations;
pub mod repository;
pub mod samples;
pub mod schemas;
pub mod stack;
