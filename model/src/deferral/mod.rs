//! A model of deliveries whose store's credentials cannot be read: Parameter Store fails, and becomes readable again at
//! any time.
//!
//! # The protocol
//! A receiver that cannot read the credentials
//!
//! 1. writes the request into the quarantine, then
//! 2. counts it on the store's marker, and then returns 2xx. If either fails, the response is a 503.
//!
//! Once a minute the sweeper looks for markers that count more requests than were verified, and
//!
//! 1. reads the marker, then the credentials, then the deferred requests of the store;
//! 2. lists each event of a genuine request as pending, stores it, sends it, and deletes the request; a forged request
//!    is written among the refused ones, which the sweeper does not read, and then deleted;
//! 3. notes on the marker the count that it read first.
//!
//! Both numbers of the marker only grow, so that no late or repeated call can hide a request. The product
//! deletes a marker when an hour has passed since its last request; that is not in the model.
//!
//! # Simpler than the code
//! An event that is stored and is on the pending list or on the queue reaches the consumer: the first part of this
//! crate checks that. Here it is the end. All requests are of one store.

pub mod flaw;
pub mod scenario;
pub mod world;
pub mod programs;
pub mod protocol;
pub mod properties;
