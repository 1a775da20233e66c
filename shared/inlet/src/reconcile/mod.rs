//! Reading a provider's own API, to find what its webhooks never brought. Nothing is sent here, and the clock is an
//! argument.
//!
//! A provider that has a readable API implements [`Source`]. Its lists are read by walks. A walk is a value that can be
//! stored between two requests:
//!
//! 1. [`Source::begin`] returns the walk over the changes of one kind of object in a [`Window`].
//! 2. [`Source::next`] returns the next request of a walk.
//! 3. The caller sends it and passes the [`Response`] to [`Source::read`], which returns the [`Observation`]s of the page
//!    and the next step.
//! 4. The walk ends with a [`Coverage`], which says whether everything in the window was seen.

mod request;
mod response;
mod pages;

use std::time::Duration;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical::Kind;
use crate::provider::Provider;
use crate::secret::Secret;

pub use pages::{NumberedPages, PageLimits};
pub use request::{HeaderValue, Method, Request};
pub use response::{Failure, Response};

/// A provider whose API can be read.
pub trait Source: Provider {
    /// The credentials for the API of one store, as the parameter store has them. They are not those of the webhooks.
    type Access: DeserializeOwned + Send + Sync;
    /// The place in one list.
    type Walk: Serialize + DeserializeOwned + Clone + Send + Sync;

    /// The kinds of objects that the API lists. Every other kind cannot be read, and no completeness is known for it.
    const KINDS: &'static [Kind];
    /// The requests that a reader may send.
    const LIMIT: RequestLimit;

    /// Begins a walk over the objects of this kind that changed in the window; nothing if the API does not list them.
    fn begin(kind: Kind, window: Window) -> Option<Self::Walk>;

    /// Returns the request for a token, if the API needs one that is not in the credentials.
    fn token_request(_: &Self::Access) -> Option<Request> {
        None
    }

    /// Reads the response to [`Source::token_request`].
    ///
    /// # Errors
    /// A [`Failure`] if it contains no token.
    fn read_token(response: &Response) -> Result<Token, Failure> {
        response.token("access_token")
    }

    /// Returns the next request of a walk. `token` is the one that was asked for, if the API needs one.
    fn next(walk: &Self::Walk, access: &Self::Access, token: Option<&Token>) -> Request;

    /// Reads the response to [`Source::next`].
    ///
    /// # Errors
    /// A [`Failure`] if it is no answer. The walk has not moved, so the same request can be sent again.
    fn read(walk: &Self::Walk, response: &Response) -> Result<Page<Self::Walk>, Failure>;
}

/// A token for an API, which the API gave.
#[derive(Clone, Debug)]
pub struct Token {
    /// The token.
    pub secret: Secret,
    /// The time for which it is valid, if the response contains it.
    pub lifetime: Option<Duration>,
}

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
