//! The layout of the event table: the key of each item.
//!
//! An entity's items share the partition key `{provider}/{store}/{kind}/{entity}`:
//!
//! | sort key | item |
//! |---|---|
//! | `event/{digest}` | an event |
//! | `receipt/{digest}` | the receipt of a processed event, or the tombstone of a forgotten one |
//! | `parked/{digest}` | the marker that an event waits for an operator |
//! | `replay/{digest}/{replay}` | the record that an operator sent an event again, and when it was processed again |
//! | `latest` | the entity's latest delivery, where some of its events carry no time of their own |
//! | `tried` | the attempts at the message that all other messages of the entity wait for |
//! | `forgotten` | the time at which the entity was forgotten |
//!
//! Bytes that are too large for one item are in chunks, under `chunk/{entity}/{n}` and the sort key
//! `{digest}/{received_ms}/{sha256}`. Each chunk of a body is in a partition of its own, because a partition takes
//! 1,000 writes of 1 KB a second. Version 0.2 wrote chunks under `part/{sha256}/{n}` and `part`; events that have
//! such chunks stay readable.
//!
//! Requests that failed verification are under `quarantine/{provider}/{store}` and `{arrival}/{digest}`, in no index;
//! deferred ones under `!deferred/{arrival}/{digest}`, which sorts before them. Beside the stores' partitions are
//! `quarantine/{provider}/_deferred`, the stores that have deferred requests, and `quarantine/{provider}/_quota`, the size
//! of what was kept in each hour. `{provider}/_pending` has the events that a receiver hands over to the sweeper, and
//! `{provider}/_stores`, with the sort key `names`, the names of the provider's stores. `hours/{provider}/{store}` has a
//! marker for each hour in which the store has events, and the hour as its sort key. Three partitions belong to no
//! entity: `processor`, `sweeper` and `reconciler`.

use inlet::event::EventId;

use crate::dynamodb::dynamo::Key;

/// The key of an event.
pub(crate) fn event_key(id: &EventId) -> Key {
    Key::new(id.entity_path(), format!("{EVENT_PREFIX}{}", id.digest()))
}

/// The beginning of an event's sort key. Stored data: the value must stay.
pub(crate) const EVENT_PREFIX: &str = "event/";

/// The key of an event's receipt. Stored data: the value must stay.
pub(crate) fn receipt_key(id: &EventId) -> Key {
    Key::new(id.entity_path(), format!("receipt/{}", id.digest()))
}

/// The key of an event's parked marker. Stored data: the value must stay.
pub(crate) fn parked_key(id: &EventId) -> Key {
    Key::new(id.entity_path(), format!("parked/{}", id.digest()))
}

/// The key of the record that an event was sent again. Stored data: the value must stay.
pub(crate) fn replay_key(id: &EventId, replay: &str) -> Key {
    Key::new(id.entity_path(), format!("{}{replay}", replays_prefix(id)))
}

/// The beginning of the sort keys of an event's replay records.
pub(crate) fn replays_prefix(id: &EventId) -> String {
    format!("{REPLAY_PREFIX}{}/", id.digest())
}

/// The beginning of a replay record's sort key. Stored data: the value must stay.
pub(crate) const REPLAY_PREFIX: &str = "replay/";

/// The key of the latest delivery of an event's entity. Stored data: the value must stay.
pub(crate) fn latest_key(id: &EventId) -> Key {
    Key::new(id.entity_path(), "latest")
}

/// The key of the attempts at the message that an event's entity waits for. Stored data: `tried` keeps its first
/// name.
pub(crate) fn attempts_key(id: &EventId) -> Key {
    Key::new(id.entity_path(), "tried")
}

/// The key of the note that an event's entity was forgotten.
pub(crate) fn forgotten_key(id: &EventId) -> Key {
    Key::new(id.entity_path(), FORGOTTEN)
}

/// The sort key of the note that an entity was forgotten. Stored data: the value must stay.
pub(crate) const FORGOTTEN: &str = "forgotten";

/// The first part of every partition of the quarantine. Stored data: the value must stay.
pub(crate) const QUARANTINE: &str = "quarantine/";
