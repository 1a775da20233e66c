//! The proof by faults: the real binaries, the real emulator, and between them a proxy that does what networks do.
//!
//! A [`call`] is told by its request, a [`plan`] says which call fails and how, the [`proxy`] does it (over
//! [`http`]), and a [`function`] is a binary run as Lambda would run it, with its life in our hand.

pub mod call;
pub mod plan;
mod http;
pub mod proxy;
pub mod function;
