//! The fault matrix: the real binaries, the real emulator, and a proxy between them that behaves like a bad network.
//!
//! | subject | modules |
//! |---|---|
//! | faults | [`call`]: a call, found by its request; [`plan`]: the calls that fail; [`proxy`], [`http`]: apply it |
//! | one case | [`function`]: a binary run as Lambda runs it; [`world`]: its table, queues and bus; [`sender`] |
//! | its check | [`reconciliation`]: compares deliveries with stored and processed events |
//! | cases | [`matrix`]: every fault of every call; [`soak`]: a long case; [`outage`]; `concurrent`: many at a time |
//! | the order of states | [`order`] and [`states`], on instances whose `clock` may be wrong |
//! | Parameter Store | [`blind`]: its faults; [`flood`]: invented store names; [`names`]: faults of their shared list |
//! | consumers | [`behind`] and [`consumer`]: the modes `function` and `https` |

pub mod call;
pub mod plan;
pub mod http;
pub mod proxy;
pub mod function;
pub(crate) mod clock;
pub mod world;
pub mod sender;
pub mod reconciliation;
pub mod concurrent;
pub mod matrix;
pub mod soak;
pub mod outage;
pub mod states;
pub mod order;
pub mod blind;
pub mod flood;
pub mod names;
pub mod consumer;
pub mod behind;
