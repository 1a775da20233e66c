//! A call of a provider's API and what it hears. Both know which of their parts are secret, and show none of them.

use std::fmt;

use serde_json::{Map, Value};

use super::destination::Target;
use crate::secret::Secret;
use crate::tools::sender::escaped;

/// What stands in a secret's place where it is shown.
const MASK: &str = "***";

/// How much of what a provider says is told on, in characters.
const TOLD: usize = 200;

/// The HTTP methods of the providers' APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Reads and changes nothing.
    Get,
    /// Makes or changes.
    Post,
    /// Removes.
    Delete,
}

/// A call of a provider's API. `Display` shows all of it but the secrets; only [`Call::wire`] holds those.
#[derive(Clone)]
pub struct Call {
    verb: Verb,
    path: &'static str,
    query: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, &'static str, BodyPart)>,
    body: Option<BodyPart>,
}

/// A part of what is sent.
#[derive(Clone)]
pub enum BodyPart {
    /// Anybody may see it.
    Plain(Value),
    /// A URL, whose query may be a secret.
    Target(Target),
    /// Nobody may see it.
    Secret(Secret),
    /// Parts by their names.
    Object(Vec<(String, BodyPart)>),
}

/// A call with its secrets, for the wire and nothing else: it cannot be formatted.
pub struct RawRequest {
    /// The method.
    pub verb: Verb,
    /// Path and query, to stand behind the API's base.
    pub path: String,
    /// The headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body, JSON.
    pub body: Option<Vec<u8>>,
}

impl Verb {
    /// The method's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

impl Call {
    /// A call of this path, which begins with a slash.
    pub fn new(verb: Verb, path: &'static str) -> Self {
        Self { verb, path, query: Vec::new(), headers: Vec::new(), body: None }
    }

    /// The same with a parameter in the query.
    #[must_use]
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// The same with a header that holds a secret behind `prefix`.
    #[must_use]
    pub fn secret_header(mut self, name: &'static str, prefix: &'static str, secret: &Secret) -> Self {
        self.headers.push((name, prefix, BodyPart::Secret(secret.clone())));
        self
    }

    /// The same with a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value, BodyPart::Plain(Value::Null)));
        self
    }

    /// The same with a JSON body.
    #[must_use]
    pub fn json(mut self, body: BodyPart) -> Self {
        self.body = Some(body);
        self.header("content-type", "application/json")
    }

    /// How the call goes over the wire.
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

    /// What the provider answered to this call.
    pub fn reply(&self, status: u16, body: Vec<u8>) -> Reply {
        let mut secrets = Vec::new();
        let parts = self.headers.iter().map(|(_, _, part)| part).chain(&self.body);
        parts.for_each(|part| part.collect(&mut secrets));
        Reply { status, body, secrets }
    }

    /// What the call is, behind this base, with its secrets masked.
    pub fn shown(&self, base: &str) -> String {
        let mut lines = vec![format!("{} {base}{}", self.verb.as_str(), self.path_and_query())];
        lines.extend(self.shown_headers().iter().map(|(name, value)| format!("{name}: {value}")));
        if let Some(body) = self.shown_body() {
            lines.push(String::new());
            lines.push(format!("{body:#}"));
        }
        lines.join("\n")
    }

    /// The method.
    pub fn verb(&self) -> Verb {
        self.verb
    }

    /// The headers with their secrets masked.
    pub fn shown_headers(&self) -> Vec<(&'static str, String)> {
        let masked = |part: &BodyPart| if matches!(part, BodyPart::Secret(_)) { MASK } else { "" };
        self.headers.iter().map(|(name, prefix, part)| (*name, format!("{prefix}{}", masked(part)))).collect()
    }

    /// The body with its secrets masked.
    pub fn shown_body(&self) -> Option<Value> {
        self.body.as_ref().map(|body| body.value(Secrets::Masked))
    }

    /// Path and query, to stand behind the API's base. Nothing secret stands there.
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
    /// A text that anybody may see.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Plain(Value::String(text.into()))
    }

    /// Parts by their names.
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

/// What a provider answered. `Debug` shows the status alone: settings come with their keys.
pub struct Reply {
    status: u16,
    body: Vec<u8>,
    secrets: Vec<Secret>,
}

impl Reply {
    /// The status code.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status is a 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body, where it is JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The refusal that the status alone says, for providers that document no more. None for a 2xx.
    pub fn refusal(&self, told: &str) -> Option<Refusal> {
        let told = self.told(told);
        match self.status {
            200..=299 => None,
            401 | 403 => Some(Refusal::Unauthorized { told }),
            429 => Some(Refusal::TooMany { told }),
            500..=599 => Some(Refusal::Failed { status: self.status, told }),
            status => Some(Refusal::Refused { status, told }),
        }
    }

    /// The refusal of an answer that says in its own words, whatever the status, that it is one.
    pub fn refused(&self, told: &str) -> Refusal {
        let told = self.told(told);
        self.refusal(&told).unwrap_or(Refusal::Refused { status: self.status, told })
    }

    /// The refusal of an answer that has no form that anybody documents.
    pub fn unreadable(&self, expected: &'static str) -> Refusal {
        Refusal::Unreadable { status: self.status, expected }
    }

    /// What of a text of the provider's may be told on: one line, not too long, nothing that the call kept secret.
    fn told(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            let quoted = Value::from(secret.text()).to_string();
            let escaped = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
            text = text.replace(escaped, MASK).replace(secret.text(), MASK);
        }
        let line: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
        let line: Vec<&str> = line.into_iter().filter(|word| !word.is_empty()).collect();
        let line = line.join(" ");
        match line.char_indices().nth(TOLD) {
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

/// Why a provider did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    /// The access does not open the API.
    #[error("the provider does not accept the access to its API{}", quoted(.told))]
    Unauthorized {
        /// The provider's words.
        told: String,
    },
    /// Too many calls.
    #[error("the provider answers that there were too many calls (429){}", quoted(.told))]
    TooMany {
        /// The provider's words.
        told: String,
    },
    /// It does not do it.
    #[error("the provider refuses it with status {status}{}", quoted(.told))]
    Refused {
        /// The status code; it may be a 200.
        status: u16,
        /// The provider's words.
        told: String,
    },
    /// It failed.
    #[error("the provider failed with status {status}{}", quoted(.told))]
    Failed {
        /// The status code.
        status: u16,
        /// The provider's words.
        told: String,
    },
    /// The answer has no form that anybody documents.
    #[error("the provider's answer (status {status}) cannot be read: it is not {expected}")]
    Unreadable {
        /// The status code.
        status: u16,
        /// What was expected.
        expected: &'static str,
    },
}

fn quoted(told: &str) -> String {
    if told.is_empty() { String::new() } else { format!(": {told:?}") }
}
