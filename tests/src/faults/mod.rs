//! The fault matrix: the real binaries, the real emulator, and a proxy between them that behaves like a bad network.
//!
//! A [`call`] is recognised by its request, a [`plan`] names the call that fails and the fault, the [`proxy`] applies it (over
//! [`http`]), and a [`function`] is a binary run as Lambda runs it, started and killed by the test. Each case has a
//! [`world`] of its own; a [`sender`] delivers, the [`reconciliation`] counts, the [`matrix`] is all of the cases, the
//! [`soak`] is one long one, and an [`outage`] one that outlasts every net. [`order`] has rows for the [`states`] of an
//! entity, on instances whose [`clock`] may be wrong, [`blind`] has Parameter Store's faults, and [`flood`] invented names.
//! [`behind`] has the faults of a [`consumer`] in the modes `function` and `https`.

pub mod call;
pub mod plan;
pub mod http;
pub mod proxy;
pub mod function;
pub(crate) mod clock;
pub mod world;
pub mod sender;
pub mod reconciliation;
pub mod matrix;
pub mod soak;
pub mod outage;
pub mod states;
pub mod order;
pub mod blind;
pub mod flood;
pub mod consumer;
pub mod behind;
