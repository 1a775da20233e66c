//! A provider whose API can be read.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::observation::{Observation, Page, RequestLimit, Window};
use super::request::Request;
use super::response::{Failure, Response, Token};
use crate::canonical::Kind;
use crate::provider::Provider;

/// A provider whose API can be read.
pub trait Source: Provider {
    /// The credentials for the API of one store, as the parameter store has them. They are not those of the webhooks.
    type Access: DeserializeOwned + Send + Sync;
    /// The place in one list.
    type Walk: Serialize + DeserializeOwned + Clone + Send + Sync;

    /// The required fields of the credentials, each with the place where the user finds it.
    const ACCESS: &'static [(&'static str, &'static str)];
    /// The kinds of objects that the API lists. Every other kind cannot be read, and no completeness is known for it.
    const KINDS: &'static [Kind];
    /// The kinds of [`Source::KINDS`] that webhooks bring too. Without webhooks there is nothing to compare.
    const COMPARED: &'static [Kind] = Self::KINDS;
    /// The kinds of which a walk over all time returns every object that exists, by the provider's pages. Only of these
    /// an absence can mean a deletion. The lists of all others are of a window.
    const WHOLE_LISTS: &'static [Kind] = &[];
    /// The requests that a reader may send, to one account of the provider: [`Source::limit_scope`].
    const LIMIT: RequestLimit;

    /// Returns the field that the access lacks for this kind, if the kind needs more than [`Source::ACCESS`].
    fn lacks(_: Kind, _: &Self::Access) -> Option<&'static str> {
        None
    }

    /// Returns the account whose requests the provider counts together, if stores with several accesses can have the
    /// same one. `None` if the limit counts for each access, or its scope is not documented.
    fn limit_scope(_: &Self::Access) -> Option<String> {
        None
    }

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

    /// Returns the request for the whole object of an observation, if the list lacks a part of it. `None` if the item
    /// of the list is the whole object.
    fn detail(_: &Observation, _: &Self::Access, _: Option<&Token>) -> Option<Request> {
        None
    }

    /// Reads the response to [`Source::detail`].
    ///
    /// # Errors
    /// A [`Failure`] if it is not usable.
    fn read_detail(_: &Observation, response: &Response) -> Result<Observation, Failure> {
        Err(response.unreadable("detail"))
    }
}

/// Work that is done for a provider whose API can be read, by its type.
pub trait SourceVisitor {
    /// Does the work.
    fn visit<S: Source>(&mut self);
}
