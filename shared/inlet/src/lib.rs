//! Inlet's domain: how a webhook delivery is proved, read, identified, kept and answered.
//!
//! The story, in the order of the modules. A [`request::Unverified`] arrives for a [`store::StoreName`].
//! The [`provider::Provider`] says what was offered as proof; [`proof`] compares it with the store's
//! [`secret::Secret`]s and hands out a [`proof::Verified`] [`delivery`], or nothing. The provider reads the
//! delivery into a [`reading::Reading`] with the help of its [`catalogue`], of the tolerant [`json`] fields
//! and of the [`canonical`] objects. Reading and delivery together are an [`event::Event`] with an
//! [`event::EventId`], and [`drift`] where it is not what is known of its event; [`receive`] journals it, enqueues its [`message`] and returns an [`answer`]. What is not
//! proved goes into [`quarantine`] instead; what the provider makes of the answer stands in [`patience`]. Behind
//! the queue, [`process`] hands the messages to whoever consumes them. The [`sender`] plays the provider's part, with
//! samples that [`fresh`] makes new and credentials of a [`form`], for tests and for whoever tries a deployment. Before
//! any of it, the provider has to be told where to send: [`portal`] is what a person does for it, [`registration`] what
//! is asked of the provider's own API.
//!
//! Deliberately absent: any provider's name, any AWS type, input and output, the clock, the environment.

pub mod store;
pub mod request;
pub mod secret;
pub mod provider;
pub mod patience;
pub mod proof;
pub mod delivery;
pub mod json;
pub mod decimal;
pub mod money;
pub mod time;
pub mod personal;
pub mod canonical;
pub mod catalogue;
pub mod reading;
pub mod event;
pub mod drift;
pub mod dedup;
pub mod message;
pub mod answer;
pub mod quarantine;
pub mod receive;
pub mod process;
pub mod form;
pub mod sender;
pub mod fresh;
pub mod portal;
pub mod registration;

#[cfg(test)]
mod keyed;
