//! The events that an entity has, and the port to them.

use std::future::Future;

use serde_json::Value;

use crate::event::{Event, EventId};
use crate::fault::Fault;
use crate::proof::Verified;
use crate::received_at::ReceivedAt;

/// An event of an entity, as it was published.
#[derive(Clone, Debug)]
pub struct Published {
    /// Its id.
    pub id: EventId,
    /// Its arrival.
    pub received_at: ReceivedAt,
    /// True if it was reconciled, false if a webhook brought it.
    pub is_reconciled: bool,
    /// The canonical object in its message.
    pub data: Value,
}

/// The events of an entity.
#[derive(Clone, Debug, Default)]
pub struct EntityHistory {
    /// The events, in the order of their arrival.
    pub events: Vec<Published>,
    /// True if an event of the entity is damaged, so that its content is not known.
    pub is_damaged: bool,
    /// The time up to which the entity was forgotten, if it was. Changes before it must not come back.
    pub forgotten: Option<ReceivedAt>,
}

/// The result of publishing an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publication {
    /// It is stored and sent.
    Published,
    /// An equal event was stored before.
    Known,
    /// The entity was forgotten meanwhile, so nothing was stored.
    Forgotten,
}

/// The port to the stored events.
pub trait EventLog {
    /// Returns the events of the entity under this path.
    fn history(&self, entity_path: &str) -> impl Future<Output = Result<EntityHistory, Fault>> + Send;

    /// Stores and sends an event that was reconciled.
    fn publish(&self, event: Verified<Event>) -> impl Future<Output = Result<Publication, Fault>> + Send;
}
