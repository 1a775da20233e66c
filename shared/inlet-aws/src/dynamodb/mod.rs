//! The event table in DynamoDB: the calls, the layout, and one owner for each kind of item.
//!
//! | module | items |
//! |---|---|
//! | `dynamo` | the calls: read, conditional writes, batches, queries |
//! | `by_entity` | work on many items: in order for each entity, several entities at once |
//! | `keys` | the layout: the key of each item |
//! | [`table`] | all owners, made from one client |
//! | [`events`] | events, with their bodies and messages |
//! | [`gzip`] | compression of stored bytes |
//! | [`record`] `record_item` | an event without its bytes: as JSON, and as attributes |
//! | [`integrity`] | comparison of a stored event with its own hashes and keys |
//! | `latest` | the newest event of each entity: deduplication within a retry window |
//! | [`time_index`] | the index of events by arrival |
//! | [`store_hours`], [`hours_to_read`] | the hours in which each store has events, and those that a reader must read |
//! | [`receipts`] | receipts, tombstones and parked markers |
//! | [`attempts`] | attempts at a message that is not processed yet |
//! | [`pending`] | the sweeper's cursors and pending list |
//! | [`queue_position`] | the position of the processor on the queue |
//! | [`reconciliation`] | the reconciler's lease and cursors |
//! | [`quarantine`] | requests that failed verification |
//! | `store_names` | the names of a provider's stores, shared by its receivers |
//! | [`forgotten`] | entities that were forgotten |

pub(crate) mod dynamo;
pub(crate) mod by_entity;
pub(crate) mod keys;
pub mod attributes;
pub mod gzip;
pub mod record;
pub(crate) mod record_item;
pub(crate) mod chunks;
pub(crate) mod stored_event;
pub mod events;
pub mod integrity;
pub(crate) mod latest;
pub mod time_index;
pub mod store_hours;
pub mod receipts;
pub mod attempts;
pub mod pending;
pub mod hours_to_read;
pub mod queue_position;
pub mod reconciliation;
pub mod quarantine;
pub(crate) mod quarantine_quota;
pub(crate) mod quarantined_request;
pub(crate) mod deferred_stores;
pub(crate) mod store_names;
pub mod forgotten;
pub mod table;
