//! The fault matrix: the real binaries, the real emulator, and a proxy between them that behaves like a bad network.
//!
//! | subject | modules |
//! |---|---|
//! | faults | [`call`]: a call, recognised by its request; [`plan`]: the calls that fail, and how; [`proxy`] and
//! [`http`]: apply a plan | | one case | [`function`]: a binary run as Lambda runs it, started and killed by the test;
//! [`world`]: its table, queues and bus; [`sender`]: deliveries; [`reconciliation`]: the comparison with stored and
//! processed events |
//! | cases | [`matrix`]: every fault of every call; [`soak`]: one long case; [`outage`]: a fault that lasts longer than all retries; [`concurrent`]: many cases at a time |
//! | the order of states | [`order`] and [`states`], on instances whose [`clock`] may be wrong |
//! | Parameter Store | [`blind`]: its faults; [`flood`]: invented store names |
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
pub(crate) mod concurrent;
pub mod matrix;
pub mod soak;
pub mod outage;
pub mod states;
pub mod order;
pub mod blind;
pub mod flood;
pub mod consumer;
pub mod behind;
