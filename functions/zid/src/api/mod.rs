//! Zid's merchant API, read for reconciliation: the requests to send and the responses to read. Nothing is sent here,
//! and the clock is an argument.
//!
//! A [`Walk`] reads one kind of object over a window of time. It is a value that can be stored between two requests:
//!
//! 1. [`Walk::next`] returns the next request, if the budget allows one.
//! 2. The caller sends it and passes the [`Response`] to [`Walk::read`], which returns the observations and the walk's
//!    next step.
//! 3. The walk ends with a [`Coverage`], which says whether everything in the window was seen.
//!
//! Sources: docs.zid.sa/list-of-orders, docs.zid.sa/rate-limiting-644369m0, and Zid's Python SDK with its recorded
//! responses.

mod request;
mod response;
mod walk;
pub mod orders;
pub mod products;
mod carts;

use inlet::canonical::Kind;
use inlet::secret::Secret;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

pub use orders::Counts;
pub use request::{HeaderValue, Request};
pub use response::{Failure, Response};
pub use walk::{Coverage, Next, Page, Then, Walk, Window};

/// The base of every path.
pub const BASE: &str = "https://api.zid.sa";

/// The requests that Zid accepts in a minute, for each app in each store: docs.zid.sa/rate-limiting-644369m0.
pub const REQUESTS_PER_MINUTE: u32 = 60;

/// The credentials for the API of one store. `Debug` shows none of them.
#[derive(Clone, Debug, Deserialize)]
pub struct Access {
    /// The app's token, for `Authorization`.
    pub authorization: Secret,
    /// The store's `access_token`, for `X-Manager-Token` or `Access-Token`.
    pub manager_token: Secret,
    /// The store's number, for `Store-Id`. Products cannot be read without it.
    pub store_id: Option<String>,
}

/// The state of one object at Zid, as the API returned it.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// The kind of object.
    pub kind: Kind,
    /// Zid's id, as the id of the object's events has it.
    pub entity: String,
    /// The time of the last change. Absent if the object has none that can be read.
    pub changed_at: Option<Timestamp>,
    /// The fields by which the state is compared, under the names of the canonical object.
    pub state: Vec<(&'static str, String)>,
    /// The changes of the state that Zid still lists, oldest first. Only the view of one order has them.
    pub history: Vec<Change>,
    /// The object as returned. It has the names of a webhook's body.
    pub object: Value,
}

/// A change of an order's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The time of the change.
    pub at: Timestamp,
    /// The translated name of the state after the change.
    pub status: String,
}

#[cfg(test)]
mod tests;
