//! TikiNOW's aftersales API, read for reconciliation: customer returns.
//!
//! Source: open.tiki.vn, aftersales-service-group/api-search-cr. Orders and stock cannot be read: the pages of their
//! lists could not be read, and no page with a list of the salable stock was found. The search has no filter by
//! time, and the direction of its order is not documented, so it is read to its end. Its items have no time of change:
//! they are of all time, so the share of a window is not known.

use std::time::Duration;

use inlet::canonical::{Canonical, Kind};
use inlet::provider::catalogue::text_at;
use inlet::reconcile::{
    Comparison, Coverage, Failure, HeaderValue, Observation, Page, Request, RequestLimit, Response, Source,
    Then, Token, Window,
};
use inlet::secret::Secret;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::canonical::ticket;

use crate::Tiki;

/// The base of the newer pages.
const BASE: &str = "https://api.tikinow.vn";

/// The token of an in-house app: open.tiki.vn, oauth-2-0/auth-flows/client-credentials.
const TOKEN_URL: &str = "https://api.tiki.vn/sc/oauth2/token";

/// The objects on a page. The default is 10; the maximum is not documented.
const PAGE_LEN: u32 = 50;

/// The limit is not documented.
const LIMIT: RequestLimit = RequestLimit { requests: 30, every: Duration::from_mins(1) };

/// The credentials of an in-house app of Tiki's developer platform. `Debug` shows no secret.
#[derive(Clone, Debug, Deserialize)]
pub struct Access {
    /// The app's id.
    pub client_id: Secret,
    /// The app's secret.
    pub client_secret: Secret,
}

/// The place in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    window: Window,
    offset: u32,
    /// True if a page had a return without a time: it may be older than the window.
    #[serde(default)]
    has_undated: bool,
}

impl Source for Tiki {
    type Access = Access;
    type Walk = Walk;
    const ACCESS: &'static [(&'static str, &'static str)] = &[
        ("client_id", "of an in-house app of Tiki's developer platform"),
        ("client_secret", "of the same app"),
    ];
    const KINDS: &'static [Kind] = &[Kind::ReturnOrder];
    const LIMIT: RequestLimit = LIMIT;

    fn begin(kind: Kind, window: Window) -> Option<Walk> {
        (kind == Kind::ReturnOrder).then_some(Walk { window, offset: 0, has_undated: false })
    }

    fn token_request(access: &Access) -> Option<Request> {
        let basic =
            HeaderValue::Basic { user: access.client_id.clone(), password: access.client_secret.clone() };
        let request = Request::post_form(TOKEN_URL, "grant_type=client_credentials");
        Some(request.header("authorization", basic))
    }

    fn next(walk: &Walk, _: &Access, token: Option<&Token>) -> Request {
        let Walk { offset, .. } = walk;
        let path = "/aftersales/2.0/customer_return/search";
        let request =
            Request::get(format!("{BASE}{path}?ordering=created_at&limit={PAGE_LEN}&offset={offset}"));
        authorized(request, token)
    }

    fn read(walk: &Walk, response: &Response) -> Result<Page<Walk>, Failure> {
        let List { objects, count } = list(response)?;
        let read = u32::try_from(objects.len()).unwrap_or(u32::MAX);
        let offset = walk.offset.saturating_add(read);
        let observations: Vec<Observation> = objects.into_iter().filter_map(observe).collect();
        let has_undated =
            walk.has_undated || observations.iter().any(|observed| observed.changed_at.is_none());
        let whole = if has_undated { Coverage::Unknown } else { Coverage::Complete };
        let then = match count {
            _ if read == 0 => Then::Done(Coverage::Unknown),
            Some(count) if u64::from(offset) >= count => Then::Done(whole),
            // A short page is the last one, unless the count names more: then Tiki's maximum is below ours.
            None if read < PAGE_LEN => Then::Done(Coverage::Unknown),
            _ => Then::Continue(Walk { offset, has_undated, ..walk.clone() }),
        };
        let in_window = |observed: &Observation| walk.window.contains(observed.changed_at);
        Ok(Page { observations: observations.into_iter().filter(in_window).collect(), then })
    }

    /// The detail has the history, from which the time of the last change is known.
    fn detail(observed: &Observation, _: &Access, token: Option<&Token>) -> Option<Request> {
        let code = &observed.entity;
        // A code of other characters could change the path.
        let is_code = code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let request = || Request::get(format!("{BASE}/aftersales/2.0/customer_return/{code}/detail"));
        is_code.then(|| authorized(request(), token))
    }

    fn read_detail(_: &Observation, response: &Response) -> Result<Observation, Failure> {
        let object = inner(response)?;
        observe(Value::Object(object)).ok_or_else(|| response.unreadable("code"))
    }
}

/// Adds the token.
fn authorized(request: Request, token: Option<&Token>) -> Request {
    match token {
        Some(token) => request.header("authorization", HeaderValue::bearer(&token.secret)),
        None => request,
    }
}

struct List {
    objects: Vec<Value>,
    count: Option<u64>,
}

/// Reads a list in the form of the package search, `{count, results}`, or below `data` with `success`.
fn list(response: &Response) -> Result<List, Failure> {
    let mut object = inner(response)?;
    let count = object.get("count").and_then(Value::as_u64);
    Ok(List { objects: response.list(&mut object, "results")?, count })
}

/// Returns the object of a response: below `data`, if there is one. A response with status 200 may contain an error.
fn inner(response: &Response) -> Result<Map<String, Value>, Failure> {
    let mut object = response.object()?;
    if object.get("success") == Some(&Value::Bool(false)) {
        let error = Value::Object(object);
        return Err(match text_at(&error, "error.status_code").as_deref() {
            Some("401" | "403") => Failure::Unauthorized { status: response.status() },
            _ => Failure::Refused { status: response.status() },
        });
    }
    match object.remove("data") {
        Some(Value::Object(inner)) => object = inner,
        Some(list @ Value::Array(_)) => {
            object.insert("results".to_owned(), list);
        }
        _ => {}
    }
    Ok(object)
}

/// Returns a customer return as observed; `None` without its code. Webhooks call the code `ref_code`.
fn observe(object: Value) -> Option<Observation> {
    let entity = text_at(&object, "code").filter(|code| !code.trim().is_empty())?;
    Some(Observation {
        kind: Kind::ReturnOrder,
        entity,
        // Only the time of creation is documented, not the time of the last change.
        changed_at: newest_entry(&object),
        comparison: Comparison::Newest,
        state: text_at(&object, "status").map(|status| ("status", status)).into_iter().collect(),
        history: Vec::new(),
        data: canonical(&object)?,
        object,
    })
}

/// Returns a customer's return as a canonical object, read by the names that webhooks have.
fn canonical(object: &Value) -> Option<Canonical> {
    ticket(&json!({
        "ref_code": text_at(object, "code"),
        "order_code": text_at(object, "order.order_code").or_else(|| text_at(object, "order_code")),
        "status": text_at(object, "status"),
        "type": "cr",
    }))
}

/// Returns the time of the newest entry of `histories`, which the detail has.
fn newest_entry(object: &Value) -> Option<Timestamp> {
    let entries = object.get("histories").and_then(Value::as_array)?;
    entries.iter().filter_map(|entry| text_at(entry, "created_at")?.parse().ok()).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> Access {
        serde_json::from_value(json!({"client_id": "app", "client_secret": "s3cret"})).unwrap()
    }

    fn walk() -> Walk {
        let at = |text: &str| text.parse().unwrap();
        let window = Window { since: at("2024-05-09T00:00:00Z"), now: at("2024-05-10T00:00:00Z") };
        Tiki::begin(Kind::ReturnOrder, window).unwrap()
    }

    fn response(status: u16, body: &Value) -> Response {
        Response::new(status, None, body.to_string().into_bytes())
    }

    #[test]
    fn a_token_is_requested_without_a_secret_in_the_url() {
        let request = Tiki::token_request(&access()).unwrap();
        assert_eq!(request.body().as_deref(), Some("grant_type=client_credentials"));
        assert_eq!(request.headers()[1].1.text(), "Basic YXBwOnMzY3JldA==");
        assert!(!format!("{request} {request:?}").contains("s3cret"));
        let token =
            Tiki::read_token(&response(200, &json!({"access_token": "t", "expires_in": 3600}))).unwrap();
        assert_eq!(token.lifetime, Some(Duration::from_hours(1)));
        let next = Tiki::next(&walk(), &access(), Some(&token));
        assert_eq!(next.headers()[0].1.text(), "Bearer t");
        let failure = Tiki::read_token(&response(200, &json!({"error": "x"}))).unwrap_err();
        assert_eq!(failure, Failure::Unreadable { status: 200, expected: "access_token" });
    }

    #[test]
    fn only_a_list_with_times_is_known_to_be_of_the_window() {
        let read = |first: &Value, second: &Value| {
            let page = |results: &Value| response(200, &json!({"count": 2, "results": [results]}));
            let Then::Continue(next) = Tiki::read(&walk(), &page(first)).unwrap().then else {
                panic!("it ended")
            };
            Tiki::read(&next, &page(second)).unwrap().then
        };
        let bare = json!({"code": "CR1", "status": "approved"});
        let dated = json!({"code": "CR2", "histories": [{"created_at": "2024-05-09T07:00:00+07:00"}]});
        assert_eq!(read(&dated, &dated), Then::Done(Coverage::Complete));
        for (first, second) in [(&bare, &dated), (&dated, &bare)] {
            assert_eq!(read(first, second), Then::Done(Coverage::Unknown));
        }
    }

    #[test]
    fn every_page_is_read_even_if_pages_are_short() {
        let all: Vec<Value> =
            (0..25).map(|n| json!({"code": format!("CR{n}"), "status": "approved"})).collect();
        let (mut walk, mut seen, mut requests) = (walk(), Vec::new(), 0);
        let coverage = loop {
            let offset = usize::try_from(walk.offset).unwrap();
            let results: Vec<&Value> = all.iter().skip(offset).take(10).collect();
            let body = json!({"count": all.len(), "next": null, "previous": null, "results": results});
            let page = Tiki::read(&walk, &response(200, &body)).unwrap();
            seen.extend(page.observations.into_iter().map(|observed| observed.entity));
            requests += 1;
            match page.then {
                Then::Continue(next) => walk = next,
                Then::Done(coverage) => break coverage,
            }
        };
        assert_eq!((seen.len(), requests, coverage), (25, 3, Coverage::Unknown));
    }

    #[test]
    fn an_error_in_a_success_is_a_failure() {
        let body = |code: u16| json!({"success": false, "error": {"status_code": code, "message": "x"}});
        let failure = |code| Tiki::read(&walk(), &response(200, &body(code))).unwrap_err();
        assert_eq!(failure(401), Failure::Unauthorized { status: 200 });
        assert_eq!(failure(400), Failure::Refused { status: 200 });
    }

    #[test]
    fn orders_and_stock_cannot_be_read() {
        let Walk { window, .. } = walk();
        assert!(Tiki::begin(Kind::Order, window).is_none() && Tiki::begin(Kind::Stock, window).is_none());
        assert_eq!(Tiki::KINDS, [Kind::ReturnOrder]);
    }
}
