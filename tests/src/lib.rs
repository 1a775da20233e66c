//! What the tests of the whole share: deliveries, the sample events, the schemas, and the way to the local stack.

pub mod deliveries;
pub mod repository;
pub mod samples;
pub mod schemas;
pub mod stack;
