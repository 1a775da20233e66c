//! ZORT's Open API v4, read for reconciliation: orders, returns and purchases by their time of change to the minute,
//! and products by day.
//!
//! Sources: developers.zortout.com/api-reference/{order, product, return-order, purchase-order}. Facts that only public
//! clients show are marked so. Contacts have no filter by time and are not read; transfers have no page that could be
//! read.

mod response;
mod walk;

use std::time::Duration;

use inlet::canonical::Kind;
use inlet::reconcile::{Failure, HeaderValue, Page, Request, RequestLimit, Response, Source, Token, Window};
use inlet::secret::Secret;
use serde::Deserialize;

use crate::Zort;

pub use walk::Walk;

/// The base of every path.
pub const BASE: &str = "https://open-api.zortout.com/v4";

/// The limit is not documented. Public clients pause 300 ms between two pages; a request a second is slower.
const LIMIT: RequestLimit = RequestLimit { requests: 60, every: Duration::from_mins(1) };

/// The credentials for the API of one store. `Debug` shows no secret.
#[derive(Clone, Debug, Deserialize)]
pub struct Access {
    /// The name of the store at ZORT.
    pub storename: String,
    /// The key.
    pub apikey: Secret,
    /// The secret of the key.
    pub apisecret: Secret,
}

impl Source for Zort {
    type Access = Access;
    type Walk = Walk;
    const ACCESS: &'static [(&'static str, &'static str)] = &[
        ("storename", "the store's name at ZORT"),
        ("apikey", "from ZORT's API settings"),
        ("apisecret", "from ZORT's API settings"),
    ];
    const KINDS: &'static [Kind] = &[Kind::Order, Kind::ReturnOrder, Kind::PurchaseOrder, Kind::Product];
    const LIMIT: RequestLimit = LIMIT;

    fn begin(kind: Kind, window: Window) -> Option<Walk> {
        Walk::begin(kind, window)
    }

    fn next(walk: &Walk, access: &Access, _: Option<&Token>) -> Request {
        Request::get(format!("{BASE}{}", walk.path()))
            .header("storename", HeaderValue::Plain(access.storename.clone()))
            .header("apikey", HeaderValue::secret(&access.apikey))
            .header("apisecret", HeaderValue::secret(&access.apisecret))
    }

    fn read(walk: &Walk, response: &Response) -> Result<Page<Walk>, Failure> {
        walk.read(response)
    }
}

#[cfg(test)]
mod tests;
