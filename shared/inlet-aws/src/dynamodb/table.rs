//! The event table: the owners of all items, made from one client.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;

use crate::dynamodb::attempts::AttemptItems;
use crate::dynamodb::dynamo::Dynamo;
use crate::dynamodb::events::Events;
use crate::dynamodb::forgotten::ForgottenEntities;
use crate::dynamodb::pending::Pending;
use crate::dynamodb::queue_position::QueuePositions;
use crate::dynamodb::receipts::Receipts;
use crate::dynamodb::reconciliation::Reconciliations;
use crate::dynamodb::store_hours::StoreHours;
use crate::dynamodb::time_index::TimeIndex;

/// The event table: an owner for each kind of item.
#[derive(Clone, Debug)]
pub struct Table {
    /// Events, with their bodies and messages.
    pub events: Events,
    /// The index of events by arrival.
    pub time_index: TimeIndex,
    /// The hours in which each store has events.
    pub store_hours: StoreHours,
    /// Receipts, tombstones and parked markers.
    pub receipts: Receipts,
    /// Attempts at messages that are not processed yet.
    pub attempts: AttemptItems,
    /// The sweeper's cursors and pending list.
    pub pending: Pending,
    /// The position of the processor on the queue.
    pub queue_positions: QueuePositions,
    /// The reconciler's lease and cursors.
    pub reconciliations: Reconciliations,
    /// Entities that were forgotten.
    pub forgotten: ForgottenEntities,
    /// The calls, for reads that cross owners.
    pub(crate) dynamo: Dynamo,
}

impl Table {
    /// The table of this name, which keeps items for `retention_days`.
    pub fn new(client: Client, name: impl Into<Arc<str>>, retention_days: u32) -> Self {
        let retention = Duration::from_hours(u64::from(retention_days).saturating_mul(24));
        let dynamo = Dynamo::new(client, name, retention);
        let store_hours = StoreHours::new(dynamo.clone());
        Self {
            events: Events::new(dynamo.clone()),
            time_index: TimeIndex::new(dynamo.clone()),
            receipts: Receipts::new(dynamo.clone()),
            attempts: AttemptItems::new(dynamo.clone()),
            pending: Pending::with_hours(dynamo.clone(), store_hours.clone()),
            store_hours,
            queue_positions: QueuePositions::new(dynamo.clone()),
            reconciliations: Reconciliations::new(dynamo.clone()),
            forgotten: ForgottenEntities::new(dynamo.clone()),
            dynamo,
        }
    }
}
