//! Inlet's domain on AWS. The story: [`environment`] reads the world once, [`connect`] opens the clients,
//! [`gateway`] turns an HTTP API event into a request and an answer into a response ([`invocation`] a request into
//! an event), [`secrets`] keeps the stores' credentials at hand, [`journal`] and [`queue`] keep and send events in the form that [`record`] gives them, in the
//! layout of the [`table`] and its [`attributes`], [`quarantine`] keeps what did not verify until [`reverify`]
//! accepts it, [`deadline`] says how long each of them may take,
//! [`log`] says one line a delivery with the [`metrics`] in it, [`trace`] tells X-Ray the same, and [`receiver`] wires it all together for a provider.
//!
//! Behind the queue: [`batch`] reads what Lambda hands over, [`ledger`] keeps the books with the [`receipts`] and
//! the [`tries`], and [`processor`] wires them to a consumer. The [`sweeper`] walks the [`arrivals`] and sends again, at a [`pace`], what
//! is [`unproven`] and cannot be waiting, by the [`progress`] of the processor. On purpose, [`replay`] sends events
//! again, and [`redrive`] dead letters; [`forget`] lets an entity's events go.
//!
//! For people who look: the [`newest`] events, the [`fates`] of some, the [`history`] of an entity, and what is
//! [`held`] in quarantine. They only read.
//!
//! Deliberately absent: what any one provider does.

/// Why a function ended: the Lambda runtime's boxed error.
pub use lambda_runtime::Error;

pub mod environment;
pub mod clock;
pub mod connect;
pub mod gateway;
pub mod invocation;
mod allowance;
pub mod deadline;
pub mod secrets;
pub mod record;
pub mod attributes;
pub mod table;
mod blob;
pub mod journal;
pub mod queue;
pub mod quarantine;
pub mod reverify;
pub mod metrics;
pub mod steps;
pub mod trace;
pub mod log;
pub mod receiver;
pub mod batch;
pub mod receipts;
pub mod tries;
pub mod ledger;
pub mod progress;
pub mod processor;
pub mod arrivals;
pub mod unproven;
pub mod pace;
pub mod sweeper;
pub mod replay;
pub mod redrive;
pub mod forget;
pub mod newest;
pub mod fates;
pub mod history;
pub mod held;
