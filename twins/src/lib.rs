//! Twins of the providers: each holds the truth of one store, sends its webhooks, and responds to the requests of its API
//! with the quirks that the provider's pages and public clients show.
//!
//! A twin has no clock and no connection. [`world::World`] runs it in simulated time, [`server::TwinServer`] serves its API
//! over HTTP.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a broken invariant of a twin must be seen: nothing but tests and `inlet twin` runs one"
)]

pub mod random;
pub mod dispatch;
pub mod world;
pub mod server;
pub mod zid;
pub mod zort;
pub mod dealpos;
pub mod zip;
pub mod tiki;
pub mod any;

use std::collections::BTreeMap;

use inlet::reconcile::Source;
use inlet::tools::registration::Registering;
use jiff::Timestamp;
use serde_json::Value;

use self::random::Random;

/// A twin of the provider [`Twin::Provider`].
pub trait Twin {
    /// The provider.
    type Provider: Source + Registering;

    /// Returns the access that the API accepts.
    fn access() -> Value;

    /// Changes an object, or creates one, and returns the webhook that the provider sends for it.
    fn change(&mut self, random: &mut Random, now: Timestamp) -> Webhook;

    /// Responds to a request to the API.
    fn respond(&mut self, request: &ApiRequest, now: Timestamp) -> ApiResponse;

    /// Returns every object: its id, the time of its last change, and its state as events have it.
    fn truth(&self) -> Vec<Truth>;

    /// Returns every state that each object was in, the oldest first, if the API lists them.
    fn histories(&self) -> BTreeMap<String, Vec<String>> {
        BTreeMap::new()
    }
}

/// Returns the ids of the orders that may still change, among the newest 400.
fn newest_open<O>(orders: &BTreeMap<u64, O>, is_done: impl Fn(&O) -> bool) -> Vec<u64> {
    let newest = orders.iter().rev().take(400);
    newest.filter(|(_, order)| !is_done(order)).map(|(id, _)| *id).collect()
}

/// A webhook before it is sent.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// The provider's name of the event.
    pub event: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

/// The state of an object at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// The id.
    pub entity: String,
    /// The time of the last change.
    pub changed_at: Timestamp,
    /// The fields, by their names in the canonical object.
    pub state: Vec<(&'static str, String)>,
}

/// A request to the API.
#[derive(Clone, Debug, Default)]
pub struct ApiRequest {
    /// The path, without the query.
    pub path: String,
    /// The query's fields, decoded.
    pub query: BTreeMap<String, String>,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl ApiRequest {
    /// Returns a request with the query in its decoded form.
    pub fn new(path_and_query: &str, headers: BTreeMap<String, String>, body: Vec<u8>) -> Self {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let decoded =
            |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let query = pairs.map(|(name, value)| (decoded(name), decoded(value))).collect();
        Self { path: path.to_owned(), query, headers, body }
    }

    /// Returns a field of the query; empty if there is none.
    pub fn field(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// Returns a number of the query.
    pub fn number(&self, name: &str) -> Option<usize> {
        self.field(name).parse().ok()
    }

    /// Returns a header; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// A response of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiResponse {
    /// The status.
    pub status: u16,
    /// The header `Retry-After`.
    pub retry_after: Option<u64>,
    /// The body.
    pub body: String,
}

impl ApiResponse {
    /// Returns a response with this status and JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        Self { status, retry_after: None, body: body.to_string() }
    }
}

/// A limit on requests that the twin holds: so many in any stretch of the time.
#[derive(Clone, Debug)]
pub struct Limiter {
    most: usize,
    millis: i64,
    sent: Vec<i64>,
    /// The largest number of requests in any stretch.
    pub peak: usize,
}

impl Limiter {
    /// Returns a limit of `most` requests in so many milliseconds.
    pub fn new(most: usize, millis: i64) -> Self {
        Self { most, millis, sent: Vec::new(), peak: 0 }
    }

    /// Counts a request. Returns the seconds to wait if it is one too many.
    pub fn refuses(&mut self, now: Timestamp) -> Option<u64> {
        let now = now.as_millisecond();
        self.sent.retain(|at| now - at < self.millis);
        self.sent.push(now);
        self.peak = self.peak.max(self.sent.len());
        let oldest = self.sent.first().copied().unwrap_or(now);
        let wait = u64::try_from((self.millis - (now - oldest)) / 1000 + 1).unwrap_or(1);
        (self.sent.len() > self.most).then_some(wait)
    }
}
