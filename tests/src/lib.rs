//! What the tests of the whole share: the sample events, the schemas, and the way to the local stack.

pub mod repository;
pub mod samples;
pub mod schemas;
pub mod stack;
