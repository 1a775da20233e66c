//! DealPOS's REST API v3, read for reconciliation: invoices by a rolling window of their dates, and changes of stock.
//!
//! Sources: developer.dealpos.com/guides/api-dashboard and /openapi/openapi/invoice. Public clients show the token and
//! `Inventory/Modified`. Only stock has a filter by time of change. So invoices are listed by date, their heads are
//! compared, and the details of those that differ are read.

pub mod invoices;
mod stock;

use std::time::Duration;

use inlet::canonical::Kind;
use inlet::provider::catalogue::text_at;
use inlet::reconcile::{
    Failure, HeaderValue, NumberedPages, Observation, Page, PageLimits, Request, RequestLimit, Response,
    Source, Token, Window,
};
use inlet::secret::Secret;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::DealPos;

/// The objects on a page. The maximum is not documented; public clients read 500 and 1,000.
const PAGE_LIMITS: PageLimits = PageLimits { page_len: 500 };

/// Half of the 50 requests in 180 seconds that DealPOS accepts from all programs of a merchant together:
/// developer.dealpos.com/guides/api-dashboard.
const LIMIT: RequestLimit = RequestLimit { requests: 25, every: Duration::from_mins(3) };

/// The credentials for the API of one merchant. `Debug` shows no secret.
#[derive(Clone, Debug, Deserialize)]
pub struct Access {
    /// The merchant's part of the address: `{subdomain}.dealpos.net`.
    pub subdomain: Subdomain,
    /// The client's id.
    pub client_id: Secret,
    /// The client's secret.
    pub client_secret: Secret,
}

/// One label of a host name. No other text is accepted, so that credentials are sent only to DealPOS.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Subdomain(String);

/// The text is not one label of a host name.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("a subdomain has letters, digits and dashes")]
pub struct NotASubdomain;

impl TryFrom<String> for Subdomain {
    type Error = NotASubdomain;

    fn try_from(text: String) -> Result<Self, NotASubdomain> {
        let is_label =
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if is_label { Ok(Self(text)) } else { Err(NotASubdomain) }
    }
}

/// The place in one list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    window: Window,
    list: Listed,
    pages: NumberedPages,
}

/// The lists that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Listed {
    Invoices,
    Stock,
}

impl Source for DealPos {
    type Access = Access;
    type Walk = Walk;
    const ACCESS: &'static [(&'static str, &'static str)] = &[
        ("subdomain", "the part of the address before .dealpos.net"),
        ("client_id", "from DealPOS's API dashboard"),
        ("client_secret", "from DealPOS's API dashboard"),
    ];
    const KINDS: &'static [Kind] = &[Kind::Order, Kind::Stock];
    /// No webhook brings stock.
    const COMPARED: &'static [Kind] = &[Kind::Order];
    const LIMIT: RequestLimit = LIMIT;

    /// DealPOS counts the requests of a merchant, whatever the client: developer.dealpos.com/guides/api-dashboard. Host
    /// names have no case.
    fn limit_scope(access: &Access) -> Option<String> {
        Some(access.subdomain.0.to_ascii_lowercase())
    }

    fn begin(kind: Kind, window: Window) -> Option<Walk> {
        let list = match kind {
            Kind::Order => Listed::Invoices,
            Kind::Stock => Listed::Stock,
            _ => return None,
        };
        Some(Walk { window, list, pages: NumberedPages::first() })
    }

    fn token_request(access: &Access) -> Option<Request> {
        let members =
            vec![("client_id", access.client_id.clone()), ("client_secret", access.client_secret.clone())];
        Some(Request::post_secrets(url(access, "Token/OAuth2"), members))
    }

    fn next(walk: &Walk, access: &Access, token: Option<&Token>) -> Request {
        let page = walk.pages.page;
        authorized(
            match walk.list {
                Listed::Invoices => invoices::list_request(access, walk.window, page),
                Listed::Stock => stock::list_request(access, walk.window, page),
            },
            token,
        )
    }

    fn read(walk: &Walk, response: &Response) -> Result<Page<Walk>, Failure> {
        let (objects, total, observe): (_, _, fn(Value) -> _) = match walk.list {
            Listed::Invoices => {
                let (objects, total) = invoices::read_heads(response)?;
                (objects, Some(total), invoices::observe_head)
            }
            Listed::Stock => (stock::read_items(response)?, None, stock::observe),
        };
        let observations: Vec<Observation> = objects.into_iter().filter_map(observe).collect();
        let ids = observations.iter().map(|observed| observed.entity.clone()).collect();
        let then = walk.pages.after(ids, total, PAGE_LIMITS);
        Ok(Page { observations, then: then.map(|pages| Walk { pages, ..walk.clone() }) })
    }

    /// Heads have other names than webhooks: `Due` for `DueDate`, `Amount` for `SalesNTax`.
    fn detail(observed: &Observation, access: &Access, token: Option<&Token>) -> Option<Request> {
        (observed.kind == Kind::Order).then(|| invoices::detail_request(access, token, &observed.entity))
    }

    fn read_detail(_: &Observation, response: &Response) -> Result<Observation, Failure> {
        invoices::read_detail(response)
    }
}

/// Returns the address of a path.
fn url(access: &Access, path: &str) -> String {
    format!("https://{}.dealpos.net/api/v3/{path}", access.subdomain.0)
}

/// Adds the token.
fn authorized(request: Request, token: Option<&Token>) -> Request {
    match token {
        Some(token) => request.header("authorization", HeaderValue::bearer(&token.secret)),
        None => request,
    }
}

/// Returns the body as JSON. A refusal for too many requests has the seconds to wait in its text.
fn json(response: &Response) -> Result<Value, Failure> {
    response.json().map_err(|failure| match failure {
        Failure::RateLimited { retry_after: None } => {
            Failure::RateLimited { retry_after: seconds_in(&response.text()).map(Duration::from_secs) }
        }
        failure => failure,
    })
}

/// Returns the first number in the member `Message`.
fn seconds_in(body: &str) -> Option<u64> {
    let message = text_at(&serde_json::from_str(body).ok()?, "Message")?;
    let digits = message.split(|c: char| !c.is_ascii_digit()).find(|digits| !digits.is_empty())?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests;
