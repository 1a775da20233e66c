//! Inlet's domain: how a webhook delivery is verified, parsed, identified, stored and answered.
//!
//! No I/O, no clock, no environment, no AWS and no provider's name: time, secrets and settings are arguments.
//!
//! The modules, from the bottom layer to the top. A module uses only modules above it in this list.
//!
//! | layer | modules |
//! |---|---|
//! | basic types | [`received_at`], [`fault`], [`trust`], [`store`], [`secret`], [`personal`] |
//! | values of a body | [`value`]: decimal, money, time, JSON fields |
//! | what consumers read | [`canonical`]: the objects in an event's `data` |
//! | what a provider defines | [`provider`]: the trait, its retry policy, its event catalogue, its responses |
//! | a delivery on its way | [`request`], [`proof`], [`delivery`], [`event`], [`dedup`], [`message`], [`drift`] |
//! | the two paths | [`receive`]: from a request to a response; [`process`]: from a message to a receipt |
//! | for people and tests | `tools`: sample deliveries, credential shapes, registration (cargo feature `tools`) |

pub mod received_at;
pub mod fault;
pub mod trust;
pub mod store;
pub mod secret;
pub mod personal;
pub mod value;
pub mod canonical;
pub mod request;
pub mod provider;
pub mod proof;
pub mod delivery;
pub mod event;
pub mod dedup;
pub mod message;
pub mod drift;
pub mod receive;
pub mod process;
pub mod reconcile;
#[cfg(feature = "tools")]
pub mod tools;

#[cfg(test)]
mod test_provider;
