//! A response of a provider's API, and the ways in which it is not usable.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::secret::Secret;

/// A response. `Debug` shows the status alone, because bodies hold personal data.
#[derive(Clone)]
pub struct Response {
    status: u16,
    retry_after: Option<Duration>,
    body: Vec<u8>,
}

/// The reason why a response is not usable. It contains nothing of the body.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Failure {
    /// The credentials are not accepted: 401, 403, or a redirect to a login page.
    #[error("the provider does not accept the credentials of its API (status {status})")]
    Unauthorized {
        /// The status.
        status: u16,
    },
    /// Too many requests.
    #[error("the provider accepts no more requests at the moment")]
    RateLimited {
        /// The time to wait, if the response names one.
        retry_after: Option<Duration>,
    },
    /// The object does not exist, or exists no more.
    #[error("the provider has no such object")]
    NotFound,
    /// The provider does not accept the request.
    #[error("the provider rejects the request (status {status})")]
    Refused {
        /// The status.
        status: u16,
    },
    /// The provider failed.
    #[error("the provider failed (status {status})")]
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

/// A token for an API, which the API gave.
#[derive(Clone, Debug)]
pub struct Token {
    /// The token.
    pub secret: Secret,
    /// The time for which it is valid, if the response contains it.
    pub lifetime: Option<Duration>,
}

impl Response {
    /// Takes a response. `retry_after` is the value of that header.
    pub fn new(status: u16, retry_after: Option<&str>, body: Vec<u8>) -> Self {
        // The providers document seconds; a date in this header is rare and would need a clock.
        let seconds = retry_after.and_then(|text| text.trim().parse().ok());
        Self { status, retry_after: seconds.map(Duration::from_secs), body }
    }

    /// Returns the body as JSON.
    ///
    /// # Errors
    /// A [`Failure`] for every status but 2xx, and for a body that is not JSON.
    pub fn json(&self) -> Result<Value, Failure> {
        let status = self.status;
        match status {
            200..=299 => {}
            // Some providers redirect to a login page where others respond 401.
            300..=399 | 401 | 403 => return Err(Failure::Unauthorized { status }),
            404 => return Err(Failure::NotFound),
            429 => return Err(Failure::RateLimited { retry_after: self.retry_after }),
            500..=599 => return Err(Failure::Unavailable { status }),
            _ => return Err(Failure::Refused { status }),
        }
        serde_json::from_slice(&self.body).map_err(|_| self.unreadable("JSON"))
    }

    /// Returns the body's object.
    ///
    /// # Errors
    /// As for [`Response::json`], and for JSON that is not an object.
    pub fn object(&self) -> Result<Map<String, Value>, Failure> {
        match self.json()? {
            Value::Object(object) => Ok(object),
            _ => Err(self.unreadable("JSON object")),
        }
    }

    /// Takes the list under `key`. A success without it is not usable: some providers report errors with status 200.
    ///
    /// # Errors
    /// When there is no list.
    pub fn list(&self, object: &mut Map<String, Value>, key: &'static str) -> Result<Vec<Value>, Failure> {
        match object.remove(key) {
            Some(Value::Array(list)) => Ok(list),
            _ => Err(self.unreadable(key)),
        }
    }

    /// Reads a token from the member `name`, with its `expires_in` in seconds.
    ///
    /// # Errors
    /// When there is no token.
    pub fn token(&self, name: &'static str) -> Result<Token, Failure> {
        let object = self.object()?;
        let text = object.get(name).and_then(Value::as_str).ok_or_else(|| self.unreadable(name))?;
        let secret = Secret::new(text).map_err(|_| self.unreadable(name))?;
        let seconds = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
        let lifetime = object.get("expires_in").and_then(seconds).map(Duration::from_secs);
        Ok(Token { secret, lifetime })
    }

    /// Returns the failure of a body that lacks this part.
    pub fn unreadable(&self, expected: &'static str) -> Failure {
        Failure::Unreadable { status: self.status, expected }
    }

    /// Returns the status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns the body as text, for a provider that writes the time to wait into it.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status).finish_non_exhaustive()
    }
}
