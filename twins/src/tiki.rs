//! TikiNOW's twin: customer returns. Sources of its behaviour: open.tiki.vn, aftersales-service-group (api-search-cr,
//! api-get-cr-detail, the list of statuses) and oauth-2-0/auth-flows/client-credentials.
//!
//! Its orders and its stock cannot be read: no page that could be read shows their lists. The names inside an entry of
//! `histories`, and which status follows which, are inferred.

use inlet_tiki::Tiki;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone, offset};
use serde_json::{Value, json};

use crate::random::Random;
use crate::{ApiRequest, ApiResponse, Truth, Twin, Webhook};

const HANOI: Offset = offset(7);

/// `tw1n-app:tw1n-secret` in base 64.
const BASIC: &str = "Basic dHcxbi1hcHA6dHcxbi1zZWNyZXQ=";

const TOKEN: &str = "tw1n-token";

const SEARCH: &str = "/aftersales/2.0/customer_return/search";

/// The statuses of a return in the order in which they follow.
const STATUSES: [&str; 6] = [
    "waiting_for_approve",
    "approved",
    "pickup_successful",
    "arrived_at_aftersales",
    "resolution_in_progress",
    "refunded",
];
const REJECTED: &str = "rejected";

/// The aftersales API of one partner.
#[derive(Clone, Debug, Default)]
pub struct TikiTwin {
    /// The returns, the oldest first.
    returns: Vec<CustomerReturn>,
}

#[derive(Clone, Debug)]
struct CustomerReturn {
    status: &'static str,
    created_at: Timestamp,
    histories: Vec<(&'static str, Timestamp)>,
}

impl Twin for TikiTwin {
    type Provider = Tiki;

    fn access() -> Value {
        json!({"client_id": "tw1n-app", "client_secret": "tw1n-secret"})
    }

    fn change(&mut self, random: &mut Random, now: Timestamp) -> Webhook {
        let open: Vec<usize> =
            (0..self.returns.len()).filter(|at| !self.returns[*at].is_done()).rev().take(50).collect();
        let at = if open.len() < 5 || random.happens(250) {
            let history = vec![(STATUSES[0], now)];
            self.returns.push(CustomerReturn { status: STATUSES[0], created_at: now, histories: history });
            self.returns.len() - 1
        } else {
            let at = random.one_of(&open);
            let ticket = &mut self.returns[at];
            let next = STATUSES.iter().position(|status| *status == ticket.status).map(|at| STATUSES[at + 1]);
            ticket.status = next.filter(|_| !random.happens(100)).unwrap_or(REJECTED);
            ticket.histories.push((ticket.status, now));
            at
        };
        let body = json!({"data": {
            "date": local(now),
            "ref_code": code(at),
            "order_code": order_code(at),
            "status": self.returns[at].status,
            "type": "cr",
        }});
        Webhook { event: "aftersale.cr", body: body.to_string().into_bytes() }
    }

    fn respond(&mut self, request: &ApiRequest, _: Timestamp) -> ApiResponse {
        if request.path == "/sc/oauth2/token" {
            let is_app =
                request.header("authorization") == BASIC && request.body == b"grant_type=client_credentials";
            return if is_app {
                ApiResponse::json(
                    200,
                    &json!({"access_token": TOKEN, "expires_in": 3600, "token_type": "bearer"}),
                )
            } else {
                refusal(401, "INVALID_CLIENT")
            };
        }
        if request.header("authorization") != format!("Bearer {TOKEN}") {
            return refusal(401, "INVALID_TOKEN");
        }
        if request.path == SEARCH {
            return self.search(request);
        }
        let named = request.path.strip_prefix("/aftersales/2.0/customer_return/");
        let named = named.and_then(|path| path.strip_suffix("/detail"));
        match (0..self.returns.len()).find(|at| named == Some(code(*at).as_str())) {
            Some(at) => ApiResponse::json(200, &self.returns[at].json(at, true)),
            None => refusal(404, "NOT_FOUND"),
        }
    }

    fn truth(&self) -> Vec<Truth> {
        let truth = |(at, ticket): (usize, &CustomerReturn)| Truth {
            entity: code(at),
            changed_at: ticket.histories.last().map_or(ticket.created_at, |(_, time)| *time),
            state: vec![("status", ticket.status.to_owned())],
        };
        self.returns.iter().enumerate().map(truth).collect()
    }
}

impl TikiTwin {
    /// The search has no filter by time.
    fn search(&self, request: &ApiRequest) -> ApiResponse {
        let (offset, limit) = (request.number("offset").unwrap_or(0), request.number("limit").unwrap_or(10));
        let page = self.returns.iter().enumerate().skip(offset).take(limit);
        let results: Vec<Value> = page.map(|(at, ticket)| ticket.json(at, false)).collect();
        let next = (offset + results.len() < self.returns.len())
            .then(|| format!("https://api.tikinow.vn{SEARCH}?limit={limit}&offset={}", offset + limit));
        let list = json!({"count": self.returns.len(), "next": next, "previous": null, "results": results});
        ApiResponse::json(200, &list)
    }
}

impl CustomerReturn {
    fn is_done(&self) -> bool {
        self.status == REJECTED || self.status == STATUSES[5]
    }

    /// Only the detail has the histories.
    fn json(&self, at: usize, is_whole: bool) -> Value {
        let mut ticket = json!({
            "code": code(at),
            "status": self.status,
            "order": {"order_code": order_code(at)},
            "created_at": local(self.created_at),
        });
        if is_whole {
            let entry =
                |(status, time): &(&str, Timestamp)| json!({"status": status, "created_at": local(*time)});
            ticket["histories"] = self.histories.iter().map(entry).collect();
        }
        ticket
    }
}

fn code(at: usize) -> String {
    format!("CR2412770{:04}", at + 1000)
}

fn order_code(at: usize) -> String {
    format!("51204{:04}", at + 4000)
}

fn local(at: Timestamp) -> String {
    at.to_zoned(TimeZone::fixed(HANOI)).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

fn refusal(status: u16, code: &str) -> ApiResponse {
    let error = json!({"status_code": status, "message": "Refused", "message_code": code});
    ApiResponse::json(status, &json!({"success": false, "error": error, "meta_data": {"request_id": "tw1n"}}))
}
