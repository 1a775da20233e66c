//! A model of the path of a delivery, and its check over every interleaving of steps and faults within bounds.
//!
//! A [`scenario`] has the deliveries and the number of faults, a [`flaw`] is a fault in the protocol that is built in
//! on purpose. The [`world`] is the whole state at one moment: the [`services`] (DynamoDB, SQS, EventBridge) and the
//! programs that call them, which are the [`receiver`], the [`processor`], the [`sweeper`] and the [`operator`]. The
//! [`protocol`] has the possible steps of a state, [`properties`] the properties, and [`check`] visits all states.
//!
//! # Steps
//! A program is a state machine: its next call, and its next state after the reply. Every call is a step of its own,
//! and between any two calls of one program all others may act. A call can go well or, at the cost of one fault: fail
//! without effect; fail for its caller and take effect later, at any time, even after everything else (a lost reply is
//! the case in which it takes effect immediately); be sent again by the SDK while the first one is still on its way; or
//! never be made, because the program is killed there. Further faults are a message that becomes visible while its
//! processor still works, and a sweeper that misjudges a queue which is only backed up. Without a fault, at any time:
//! the deduplication window passes, the provider sends an equal delivery again (whatever the response was) or sends no
//! more, the operator redrives.
//!
//! # Checks, and why they are enough
//! [`properties::MUST_HOLD`], in every reachable state, and [`properties::MUST_BE_SEEN`], so that
//! nothing holds only because nothing happened. Faults are counted and all other steps make progress: no path
//! leads back to a state that it has passed, which [`check::ends`] proves for each scenario by a walk of its own,
//! written apart from stateright and with another hash, that must reach the same number of states. Every run therefore
//! ends, and a property of the end is checked in the states without a next step. stateright's own `eventually` is not
//! used: by its documentation it overlooks cycles and paths that join. States are distinguished by 64-bit fingerprints:
//! among a million of them the chance that two share one is below one in ten million, and both walks would have to be
//! unlucky.
//!
//! # Bounds
//! [`scenario::Scenario::usual`]: up to three deliveries, one to three faults of any kind anywhere, up to two
//! processors at the same time, two receives before the dead-letter queue (deployed: five tries), one re-send by the
//! sweeper before it parks, or none (deployed: 5). The program of this package prints them with the numbers of states,
//! and takes more faults as its argument.
//!
//! One fault more shows where they end, with the sweeper that parks immediately: a redrive notes the event, its
//! unparking is late, and between the two the sweeper's parking takes effect once more and removes the note. Then the
//! event is neither parked nor pending, until it is redriven or replayed once more.
//!
//! # Deliberately simpler than the code
//! - Time is only its order. Settled ages, token buckets and rates choose *when* the sweeper acts; here it acts
//!   at any time. Retention and TTL do not run out, and equal deliveries all fall into one window.
//! - The receiver does not know its own write again: a new event and an unprocessed duplicate are both
//!   enqueued, so that knowing it changes the log and not the outcome.
//! - An event is one item, however many chunks its body has: the head is written last, and an event without a head is
//!   not stored.
//! - A batch is one message. The fourth part, [`batch`], has a batch with several messages of one entity.
//! - A delivery that does not verify is refused at the end. An operator's `reverify` and replay are not in the model.
//! - The dead-letter queue takes every message: it has no deduplication window of its own here, so a message that is
//!   sent to it must not count as a duplicate there.
//!
//! # The order of an entity's states
//! Which of two deliveries is a duplicate and which is a new state, and which one is the newest, is checked by the
//! second part, [`order`], with steps and properties of its own.
//!
//! # Credentials that cannot be read
//! The third part, [`deferral`], has Parameter Store failing: receivers defer deliveries, and the sweeper verifies
//! them.
//!
//! # A batch
//! The fourth part, [`batch`], has the messages of one entity at one processor, which writes the receipt of a message
//! while the next one is consumed.
//!
//! # Webhooks that are never sent
//! The fifth part, [`reconciliation`], has webhooks that are never sent, discarded, late or repeated, and the
//! reconciler that publishes what they did not bring.
//!
//! # Deliberately broken
//! Each [`flaw::Flaw`] is found, and `tests/flaws.rs` lists the properties that it breaks: a check that finds nothing in
//! a broken protocol proves nothing about a sound one.
#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a place out of bounds is a bug of the model, and a panic is how a check fails"
)]

pub mod variant;
pub mod scenario;
pub mod flaw;
pub mod world;
pub mod services;
pub mod receiver;
pub mod processor;
pub mod sweeper;
pub mod operator;
pub mod protocol;
pub mod properties;
pub mod order;
pub mod deferral;
pub mod batch;
pub mod reconciliation;
pub mod check;
