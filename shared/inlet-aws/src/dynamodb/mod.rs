//! The event table in DynamoDB: its layout, and a file for each kind of item.

pub mod table;
pub mod attributes;
pub mod record;
pub(crate) mod blob;
pub mod journal;
pub mod arrivals;
pub mod receipts;
pub mod attempts;
pub mod pending;
pub mod queue_position;
pub mod quarantine;
pub mod forgotten;
