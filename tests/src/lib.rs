//! Code that the end-to-end tests share: deliveries, marked ones among them, the sample events, the schemas, the access to
//! the local stack, the fault matrix, and stand-ins for the providers' own APIs.

pub use xtask::local_stack::demo_credential;
pub use xtask::{operations, repository};

pub mod canary;
pub mod deliveries;
pub mod faults;
pub mod stack;
pub mod stand_in;
pub mod template;
