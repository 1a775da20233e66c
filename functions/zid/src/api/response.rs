//! A response of the API, and the failures that it may be.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

/// A response. `Debug` shows the status alone, because bodies hold personal data.
#[derive(Clone)]
pub struct Response {
    status: u16,
    retry_after: Option<Duration>,
    body: Vec<u8>,
}

/// The reason why a response cannot be used. It contains nothing of the body.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Failure {
    /// The credentials are not accepted: 401, 403, or a redirect to a login page.
    #[error("Zid does not accept the credentials (status {status})")]
    Unauthorized {
        /// The status.
        status: u16,
    },
    /// Too many requests.
    #[error("Zid accepts no more requests at the moment")]
    RateLimited {
        /// The time to wait, if the response names one.
        retry_after: Option<Duration>,
    },
    /// The object does not exist, or exists no more.
    #[error("Zid does not know the object")]
    NotFound,
    /// Zid does not accept the request.
    #[error("Zid refuses the request (status {status})")]
    Refused {
        /// The status.
        status: u16,
    },
    /// Zid failed.
    #[error("Zid failed (status {status})")]
    Unavailable {
        /// The status.
        status: u16,
    },
    /// The body is not the documented one.
    #[error("the response (status {status}) has no {expected}")]
    Unreadable {
        /// The status.
        status: u16,
        /// The part that is absent.
        expected: &'static str,
    },
}

impl Response {
    /// Takes a response. `retry_after` is the value of that header.
    pub fn new(status: u16, retry_after: Option<&str>, body: Vec<u8>) -> Self {
        // The documentation has seconds; a date in this header is rare and would need a clock.
        let seconds = retry_after.and_then(|text| text.trim().parse().ok());
        Self { status, retry_after: seconds.map(Duration::from_secs), body }
    }

    /// Returns the body's object.
    pub(super) fn object(&self) -> Result<Map<String, Value>, Failure> {
        let status = self.status;
        match status {
            200..=299 => {}
            // Zid redirects to a login page where others answer 401.
            300..=399 | 401 | 403 => return Err(Failure::Unauthorized { status }),
            404 => return Err(Failure::NotFound),
            429 => return Err(Failure::RateLimited { retry_after: self.retry_after }),
            500..=599 => return Err(Failure::Unavailable { status }),
            _ => return Err(Failure::Refused { status }),
        }
        serde_json::from_slice(&self.body).map_err(|_| self.unreadable("JSON object"))
    }

    /// Returns the list under `key`. A success without it is a failure: Zid reports some errors with status 200.
    pub(super) fn list(
        &self,
        object: &mut Map<String, Value>,
        key: &'static str,
    ) -> Result<Vec<Value>, Failure> {
        match object.remove(key) {
            Some(Value::Array(list)) => Ok(list),
            _ => Err(self.unreadable(key)),
        }
    }

    pub(super) fn unreadable(&self, expected: &'static str) -> Failure {
        Failure::Unreadable { status: self.status, expected }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status).finish_non_exhaustive()
    }
}
