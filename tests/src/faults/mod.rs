//! The proof by faults: the real binaries, the real emulator, and between them a proxy that does what networks do.
//!
//! A [`call`] is told by its request, a [`plan`] says which call fails and how, the [`proxy`] does it (over
//! [`http`]), and a [`function`] is a binary run as Lambda would run it, with its life in our hand. Each case has a
//! [`world`] of its own; a [`sender`] delivers, the [`ledger`] counts, the [`matrix`] is all of the cases, the
//! [`soak`] is one long one, and an [`outage`] one that outlasts every net.

pub mod call;
pub mod plan;
pub(crate) mod http;
pub mod proxy;
pub mod function;
pub mod world;
pub mod sender;
pub mod ledger;
pub mod matrix;
pub mod soak;
pub mod outage;
