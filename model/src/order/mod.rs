//! A model of the deduplication of deliveries whose bodies have no time of their own.
//!
//! The rest of this crate checks that nothing is lost. This part checks the *order*: which of two deliveries is a
//! duplicate, which is a new state, and which `receivedtime` each event gets. It has one entity, and every call of the
//! protocol on the event, its receipt and the entity's item `latest` is a step of its own.
//!
//! # The protocol
//! [`inlet::dedup`] is the rule, which the product uses as well; [`storing`] has the calls. A receiver, or the
//! processor for an event that only the queue has, stores a delivery that arrived at `t` as follows:
//!
//! 1. It writes the event. The id contains content and arrival, so that this needs no condition.
//! 2. It moves `latest` to the event, on the condition that `latest` is older, has no noted duplicate at or after `t`,
//!    and is not the same content within the retry window.
//! 3. If the condition fails, it decides from the item that the table returns. The event is new, or a duplicate, or
//!    older than `latest`, or later than `latest` although its arrival is not (then its arrival becomes the one of
//!    `latest` plus one). Each outcome is a write on the condition that `latest` is still the same item.
//!
//! A duplicate is noted on `latest` before its event gets the receipt of a duplicate. If a delivery of another content
//! is stored later that arrived before the noted duplicate, the duplicate was a new state: its receipt is made void,
//! and the sweeper publishes it. A void receipt never becomes the receipt of a duplicate again.
//!
//! # Order between two deliveries
//! A receiver that has not responded yet knows that the content of `latest` was stored before this response. So
//! everything that `latest` shows counts as earlier, independently of the clocks. That alone keeps the order under
//! skewed clocks. There is one exception, which only improves the order of deliveries that overlap: a receiver whose
//! first writes are slow reads `latest` in the meantime. If `latest` has changed since that read, the change overlaps
//! with this delivery, and the arrivals decide.
//!
//! The processor stores an event that only the queue has, at any later time, so there the arrivals decide.
//!
//! # Limits of every protocol
//! If a delivery is on the queue alone and another one in the table alone, no service saw both, and only the clocks of
//! their receivers order them. So the properties do not cover a run in which the clocks contradict the true order of a
//! delivery that went through the queue.
//!
//! # Simpler than the code
//! All equal deliveries fall into one retry window. The sweeper sends events without a receipt once no receiver works
//! any more. It walks past events with a receipt, and returns only to events that are listed as pending. Parking, dead
//! letters and redrives are in the other part of this crate.

pub mod scenario;
pub mod flaw;
pub mod storing;
pub mod receiver;
pub mod processor;
pub mod world;
pub mod protocol;
pub mod properties;
