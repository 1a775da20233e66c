//! A call of a provider's API and its response. Both know which of their parts are secret, and mask them.

use std::fmt;

use serde_json::{Map, Value};

use super::destination::Target;
use crate::secret::Secret;
use crate::tools::escape::escaped;

/// Replaces a secret in text for people.
const MASK: &str = "***";

/// Length of a provider's message in our own errors, in characters.
const MESSAGE_LENGTH: usize = 200;

/// The HTTP methods of the providers' APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Reads without changing anything.
    Get,
    /// Creates or changes.
    Post,
    /// Removes.
    Delete,
}

/// A call of a provider's API. `Display` masks the secrets; only [`Call::raw_request`] contains them.
#[derive(Clone)]
pub struct Call {
    verb: Verb,
    path: &'static str,
    query: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, &'static str, BodyPart)>,
    body: Option<BodyPart>,
}

/// A part of a request.
#[derive(Clone)]
pub enum BodyPart {
    /// A value that is not secret.
    Plain(Value),
    /// A URL, whose query may contain a secret.
    Target(Target),
    /// A secret text.
    Secret(Secret),
    /// Named parts.
    Object(Vec<(String, BodyPart)>),
}

/// A call with its secrets, only to be sent: it cannot be formatted.
pub struct RawRequest {
    /// The method.
    pub verb: Verb,
    /// Path and query, without the API's base URL.
    pub path: String,
    /// The headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body, JSON.
    pub body: Option<Vec<u8>>,
}

impl Verb {
    /// Returns the name of the method.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

impl Call {
    /// Returns a call of this path. The path begins with a slash.
    pub fn new(verb: Verb, path: &'static str) -> Self {
        Self { verb, path, query: Vec::new(), headers: Vec::new(), body: None }
    }

    /// Adds a parameter to the query.
    #[must_use]
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Adds a header: `prefix`, then the secret.
    #[must_use]
    pub fn secret_header(mut self, name: &'static str, prefix: &'static str, secret: &Secret) -> Self {
        self.headers.push((name, prefix, BodyPart::Secret(secret.clone())));
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value, BodyPart::Plain(Value::Null)));
        self
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(mut self, body: BodyPart) -> Self {
        self.body = Some(body);
        self.header("content-type", "application/json")
    }

    /// Returns the request with its secrets.
    pub fn raw_request(&self) -> RawRequest {
        let value = |prefix: &str, part: &BodyPart| match part {
            BodyPart::Secret(secret) => format!("{prefix}{}", secret.text()),
            _ => prefix.to_owned(),
        };
        RawRequest {
            verb: self.verb,
            path: self.path_and_query(),
            headers: self.headers.iter().map(|(name, prefix, part)| (*name, value(prefix, part))).collect(),
            body: self.body.as_ref().map(|body| body.value(Secrets::Sent).to_string().into_bytes()),
        }
    }

    /// Makes a [`Reply`] of the response to this call. It masks the secrets of the call in every message.
    pub fn reply(&self, status: u16, body: Vec<u8>) -> Reply {
        let mut secrets = Vec::new();
        let parts = self.headers.iter().map(|(_, _, part)| part).chain(&self.body);
        parts.for_each(|part| part.collect(&mut secrets));
        Reply { status, body, secrets }
    }

    /// Returns the call as text behind this base URL, with its secrets masked.
    pub fn shown(&self, base: &str) -> String {
        let mut lines = vec![format!("{} {base}{}", self.verb.as_str(), self.path_and_query())];
        lines.extend(self.shown_headers().iter().map(|(name, value)| format!("{name}: {value}")));
        if let Some(body) = self.shown_body() {
            lines.push(String::new());
            lines.push(format!("{body:#}"));
        }
        lines.join("\n")
    }

    /// Returns the method.
    pub fn verb(&self) -> Verb {
        self.verb
    }

    /// Returns the headers with their secrets masked.
    pub fn shown_headers(&self) -> Vec<(&'static str, String)> {
        let masked = |part: &BodyPart| if matches!(part, BodyPart::Secret(_)) { MASK } else { "" };
        self.headers.iter().map(|(name, prefix, part)| (*name, format!("{prefix}{}", masked(part)))).collect()
    }

    /// Returns the body with its secrets masked.
    pub fn shown_body(&self) -> Option<Value> {
        self.body.as_ref().map(|body| body.value(Secrets::Masked))
    }

    /// Returns path and query. They contain no secret.
    pub fn path_and_query(&self) -> String {
        let pairs: Vec<String> =
            self.query.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        let separator = if pairs.is_empty() { "" } else { "?" };
        format!("{}{separator}{}", self.path, pairs.join("&"))
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown(""))
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[derive(Clone, Copy)]
enum Secrets {
    Sent,
    Masked,
}

impl BodyPart {
    /// Returns a text that is not secret.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Plain(Value::String(text.into()))
    }

    /// Returns an object of named parts.
    pub fn object<N: Into<String>>(parts: impl IntoIterator<Item = (N, Self)>) -> Self {
        Self::Object(parts.into_iter().map(|(name, part)| (name.into(), part)).collect())
    }

    fn value(&self, secrets: Secrets) -> Value {
        match (self, secrets) {
            (Self::Plain(value), _) => value.clone(),
            (Self::Target(target), Secrets::Sent) => target.unmasked().into(),
            (Self::Target(target), Secrets::Masked) => target.to_string().into(),
            (Self::Secret(secret), Secrets::Sent) => secret.text().into(),
            (Self::Secret(_), Secrets::Masked) => MASK.into(),
            (Self::Object(parts), _) => {
                let member = |(name, part): &(String, Self)| (name.clone(), part.value(secrets));
                Value::Object(parts.iter().map(member).collect::<Map<_, _>>())
            }
        }
    }

    fn collect(&self, secrets: &mut Vec<Secret>) {
        match self {
            Self::Plain(_) => {}
            // A URL whose query is shown masked is masked as a whole where it is quoted.
            Self::Target(target) if target.to_string() == target.unmasked() => {}
            Self::Target(target) => secrets.extend(Secret::new(target.unmasked())),
            Self::Secret(secret) => secrets.push(secret.clone()),
            Self::Object(parts) => parts.iter().for_each(|(_, part)| part.collect(secrets)),
        }
    }
}

/// A provider's response. `Debug` shows the status only: the body may contain keys.
pub struct Reply {
    status: u16,
    body: Vec<u8>,
    secrets: Vec<Secret>,
}

impl Reply {
    /// Returns the status code.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns true for a 2xx status.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns the body if it is JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Returns the body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the error of the status, with the provider's message. `None` for a 2xx status.
    pub fn error(&self, message: &str) -> Option<ApiError> {
        let message = self.printable(message);
        match self.status {
            200..=299 => None,
            401 | 403 => Some(ApiError::Unauthorized { message }),
            429 => Some(ApiError::TooMany { message }),
            500..=599 => Some(ApiError::Failed { status: self.status, message }),
            status => Some(ApiError::Rejected { status, message }),
        }
    }

    /// Returns the error for a response whose body reports one, whatever the status.
    pub fn reported_error(&self, message: &str) -> ApiError {
        let message = self.printable(message);
        self.error(&message).unwrap_or(ApiError::Rejected { status: self.status, message })
    }

    /// Returns the error for a response of an undocumented form.
    pub fn unreadable(&self, expected: &'static str) -> ApiError {
        ApiError::Unreadable { status: self.status, expected }
    }

    /// Returns a provider's text in a form that can be shown: one line, shortened, without the secrets of the call.
    fn printable(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            let quoted = Value::from(secret.text()).to_string();
            let escaped = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
            text = text.replace(escaped, MASK).replace(secret.text(), MASK);
        }
        let line: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
        let line: Vec<&str> = line.into_iter().filter(|word| !word.is_empty()).collect();
        let line = line.join(" ");
        match line.char_indices().nth(MESSAGE_LENGTH) {
            Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
            None => line,
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("status", &self.status).finish_non_exhaustive()
    }
}

/// The error in a provider's response.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ApiError {
    /// The access is not valid.
    #[error("the provider rejected the access to its API{}", quoted(.message))]
    Unauthorized {
        /// The provider's message.
        message: String,
    },
    /// The provider's rate limit is reached.
    #[error("the provider's rate limit is reached (429){}", quoted(.message))]
    TooMany {
        /// The provider's message.
        message: String,
    },
    /// The provider rejects the call.
    #[error("the provider rejected the call with status {status}{}", quoted(.message))]
    Rejected {
        /// The status code. It may be 200.
        status: u16,
        /// The provider's message.
        message: String,
    },
    /// The provider failed.
    #[error("the provider failed with status {status}{}", quoted(.message))]
    Failed {
        /// The status code.
        status: u16,
        /// The provider's message.
        message: String,
    },
    /// The response has an undocumented form.
    #[error("the provider's response (status {status}) is not {expected}")]
    Unreadable {
        /// The status code.
        status: u16,
        /// The documented form.
        expected: &'static str,
    },
}

fn quoted(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message:?}") }
}
