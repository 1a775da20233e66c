//! The parts that every provider's tests share.
//!
//! | layer | modules |
//! |---|---|
//! | the receiver's ports | [`ports`]: journal, queue, quarantine and secrets in memory, which fail on demand |
//! | a provider's promises | [`mod@contract`]: the tests that every provider passes; [`coverage`]: every field of a body is mapped or left out on purpose |
//!
//! A port fails at the calls that a plan lists:
//!
//! ```
//! use inlet_testing::ports::{Failure, MemoryQueue, Plan};
//!
//! let queue = MemoryQueue::failing(Plan::nth(2, Failure::After));
//! assert_eq!(queue.calls(), 0);
//! ```

pub mod ports;
pub mod coverage;
pub mod contract;
