//! Reading a provider's own API, to find what its webhooks never brought. Nothing is sent here, and the clock is an
//! argument.
//!
//! A provider that has a readable API implements [`Source`]. Its lists are read by walks. A walk is a value that can be
//! stored between two requests:
//!
//! 1. [`Source::begin`] returns the walk over the changes of one kind of object in a [`Window`].
//! 2. [`Source::next`] returns the next request of a walk.
//! 3. The caller sends it and passes the [`Response`] to [`Source::read`], which returns the [`Observation`]s of the
//!    page and the next step.
//! 4. The walk ends with a [`Coverage`], which says whether everything in the window was seen.

mod request;
mod response;
mod observation;
mod pages;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::canonical::Kind;
use crate::provider::Provider;

pub use observation::{Change, Comparison, Coverage, Observation, Page, RequestLimit, Then, Window};
pub use pages::{NumberedPages, PageLimits};
pub use request::{HeaderValue, Method, Request};
pub use response::{Failure, Response, Token};

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

    /// Begins a walk over the objects of this kind that changed in the window; `None` if the API does not list them.
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
    /// A [`Failure`] if it is not usable. The walk has not moved, so the same request can be sent again.
    fn read(walk: &Self::Walk, response: &Response) -> Result<Page<Self::Walk>, Failure>;
}
