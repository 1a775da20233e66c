//! The results of reading an API: observations, pages, and the share of a window that was seen.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical::{Canonical, Kind, State};

/// The number of requests that a reader may send in a time, for each store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLimit {
    /// The number of requests: at most half of what the provider documents, because the merchant's other programs share
    /// its limit.
    pub requests: u32,
    /// The time.
    pub every: Duration,
}

/// The window of time that a walk reads: changes from `since` on, as of `now`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The first change to see. No provider documents whether its bound is inclusive, so callers let windows overlap.
    #[serde(with = "as_text")]
    pub since: Timestamp,
    /// The time at which the walk begins.
    #[serde(with = "as_text")]
    pub now: Timestamp,
}

impl Window {
    /// Returns whether an object with this time of change is in the window. One without a time counts as in it.
    pub fn contains(&self, changed_at: Option<Timestamp>) -> bool {
        changed_at.is_none_or(|at| at >= self.since)
    }
}

/// The state of one object at the provider, as the API returned it.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// The kind of object.
    pub kind: Kind,
    /// The provider's id, as the id of the object's events has it.
    pub entity: String,
    /// The time of the last change. Absent if the object has none that can be read.
    pub changed_at: Option<Timestamp>,
    /// The events with which it is compared.
    pub comparison: Comparison,
    /// The fields by which the state is compared, under the names of the canonical object.
    pub state: Vec<(&'static str, String)>,
    /// The changes of the state that the provider still lists, oldest first. Most have none.
    pub history: Vec<Change>,
    /// The canonical object, as consumers read it.
    pub data: Canonical,
    /// The object as returned. It has the names of a webhook's body.
    pub object: Value,
}

/// The events with which an observation is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The newest event of the entity: the observation is a state.
    Newest,
    /// Every event of the entity: the observation is something that happened once, such as a capture.
    Any,
}

/// A change of an object's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The time of the change.
    pub at: Timestamp,
    /// The provider's name of the state after the change.
    pub status: String,
    /// The same state in the common vocabulary, if the name has a documented meaning.
    pub state: Option<State>,
    /// The entry as returned.
    pub entry: Value,
}

/// The content of a page.
#[derive(Debug)]
pub struct Page<W> {
    /// The objects of the page that are in the window.
    pub observations: Vec<Observation>,
    /// The walk that goes on, or the end.
    pub then: Then<W>,
}

/// The step after a page.
#[derive(Debug, PartialEq, Eq)]
pub enum Then<W> {
    /// There is more to read.
    Continue(W),
    /// The walk is done.
    Done(Coverage),
}

impl<W> Then<W> {
    /// Returns the same step of another walk.
    pub fn map<V>(self, wrap: impl FnOnce(W) -> V) -> Then<V> {
        match self {
            Self::Continue(walk) => Then::Continue(wrap(walk)),
            Self::Done(coverage) => Then::Done(coverage),
        }
    }
}

/// The share of the window that a walk saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// Everything, by the provider's own count or by the order of the list.
    Complete,
    /// The provider returned the same page again, so later pages cannot be read.
    Incomplete,
    /// Unknown: the list has neither a count nor an order that is documented.
    Unknown,
}

/// Instants as RFC 3339, so that a stored walk can be read by people.
mod as_text {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(at)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| de::Error::custom("not an RFC 3339 instant"))
    }
}
