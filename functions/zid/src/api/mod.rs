//! Zid's merchant API, read for reconciliation: orders by their time of change, products by the order of change, and
//! abandoned carts.
//!
//! Sources: docs.zid.sa/list-of-orders, docs.zid.sa/rate-limiting-644369m0, and Zid's Python SDK with its recorded
//! responses.

mod walk;
pub mod orders;
pub mod products;
mod carts;

use std::time::Duration;

use inlet::canonical::Kind;
use inlet::reconcile::{
    Failure, HeaderValue, Observation, Page, Request, RequestLimit, Response, Source, Token, Window,
};
use inlet::secret::Secret;
use serde::Deserialize;

use crate::Zid;

pub use orders::Counts;
pub use walk::Walk;

/// The base of every path.
pub const BASE: &str = "https://api.zid.sa";

/// Half of the 60 requests in a minute that Zid accepts from each app in each store:
/// docs.zid.sa/rate-limiting-644369m0.
const LIMIT: RequestLimit = RequestLimit { requests: 30, every: Duration::from_mins(1) };

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

impl Source for Zid {
    type Access = Access;
    type Walk = Walk;
    const ACCESS: &'static [(&'static str, &'static str)] = &[
        ("authorization", "the Authorization token of the app"),
        ("manager_token", "the access_token of the store"),
    ];
    const KINDS: &'static [Kind] = &[Kind::Order, Kind::Product, Kind::Cart];
    /// The list of products has no filter. Those of orders and carts are read by a window of time.
    const WHOLE_LISTS: &'static [Kind] = &[Kind::Product];
    const LIMIT: RequestLimit = LIMIT;

    fn lacks(kind: Kind, access: &Access) -> Option<&'static str> {
        (kind == Kind::Product && access.store_id.is_none()).then_some("store_id")
    }

    fn begin(kind: Kind, window: Window) -> Option<Walk> {
        match kind {
            Kind::Order => Some(Walk::orders(window)),
            Kind::Product => Some(Walk::products(window)),
            Kind::Cart => Some(Walk::carts(window)),
            _ => None,
        }
    }

    fn next(walk: &Walk, access: &Access, _: Option<&Token>) -> Request {
        walk.next(access)
    }

    fn read(walk: &Walk, response: &Response) -> Result<Page<Walk>, Failure> {
        walk.read(response)
    }

    /// The view of an order has its history, which the list lacks.
    fn detail(observed: &Observation, access: &Access, _: Option<&Token>) -> Option<Request> {
        match observed.kind {
            Kind::Order => observed.entity.parse().ok().map(|id| orders::view_request(access, id)),
            Kind::Product => products::view_request(access, &observed.entity),
            _ => None,
        }
    }

    fn read_detail(observed: &Observation, response: &Response) -> Result<Observation, Failure> {
        match observed.kind {
            Kind::Order => orders::read_view(response),
            _ => products::read_view(response),
        }
    }
}

/// Returns a request for orders, customers, carts or categories.
fn manager_request(access: &Access, path: &str) -> Request {
    request(access, path, "x-manager-token")
}

/// Returns a request for products or stock. Zid's response is 401 if `Store-Id` is absent.
fn catalogue_request(access: &Access, path: &str) -> Request {
    let request = request(access, path, "access-token");
    match &access.store_id {
        Some(id) => request.header("store-id", HeaderValue::Plain(id.clone())),
        None => request,
    }
}

fn request(access: &Access, path: &str, token_header: &'static str) -> Request {
    Request::get(format!("{BASE}{path}"))
        .header("authorization", HeaderValue::bearer(&access.authorization))
        .header(token_header, HeaderValue::secret(&access.manager_token))
        // Names of states are translated into this language.
        .header("accept-language", HeaderValue::Plain("en".to_owned()))
}

#[cfg(test)]
mod tests;
