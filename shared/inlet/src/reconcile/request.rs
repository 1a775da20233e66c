//! A request to a provider's API. It carries secrets and shows none of them.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::proof::MacAlgorithm;
use crate::secret::Secret;

/// The method of a request. Both only read: DealPOS documents its lists with a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`.
    Get,
    /// `POST`, with a body.
    Post,
}

/// A request. `Display` and `Debug` show the URL, and neither headers nor the body.
#[derive(Clone)]
pub struct Request {
    method: Method,
    url: String,
    headers: Vec<(&'static str, HeaderValue)>,
    body: Body,
}

/// The body of a request.
#[derive(Clone)]
enum Body {
    Absent,
    /// Text without a secret.
    Plain(String),
    /// The members of a JSON object of secrets: how APIs ask for a token.
    Secrets(Vec<(&'static str, Secret)>),
}

/// The value of a header.
#[derive(Clone, Debug)]
pub enum HeaderValue {
    /// Public text.
    Plain(String),
    /// A public prefix before a secret.
    Secret {
        /// The prefix, for example `Bearer `.
        prefix: &'static str,
        /// The secret.
        secret: Secret,
    },
    /// `Basic` with a user and a password: RFC 7617.
    Basic {
        /// The user.
        user: Secret,
        /// The password.
        password: Secret,
    },
}

impl HeaderValue {
    /// Returns the value `Bearer {token}`.
    pub fn bearer(token: &Secret) -> Self {
        Self::Secret { prefix: "Bearer ", secret: token.clone() }
    }

    /// Returns the secret as the whole value.
    pub fn secret(secret: &Secret) -> Self {
        Self::Secret { prefix: "", secret: secret.clone() }
    }

    /// Returns the HMAC-SHA256 of a message, in base64.
    pub fn hmac_sha256_base64(key: &Secret, message: &[u8]) -> Self {
        Self::Plain(STANDARD.encode(MacAlgorithm::HmacSha256.sign(key, message)))
    }

    /// Returns the value with its secrets, for the program that sends it.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Plain(text) => Cow::Borrowed(text),
            Self::Secret { prefix, secret } => {
                Cow::Owned(format!("{prefix}{}", String::from_utf8_lossy(secret.key())))
            }
            Self::Basic { user, password } => {
                let pair = [user.key(), b":", password.key()].concat();
                Cow::Owned(format!("Basic {}", STANDARD.encode(pair)))
            }
        }
    }
}

impl Request {
    /// Returns a `GET` request. The URL must contain no secret: it is shown.
    pub fn get(url: impl Into<String>) -> Self {
        Self { method: Method::Get, url: url.into(), headers: Vec::new(), body: Body::Absent }
    }

    /// Returns a `POST` request with a JSON body, which contains no secret.
    pub fn post(url: impl Into<String>, body: &Value) -> Self {
        Self::post_body(url, "application/json", Body::Plain(body.to_string()))
    }

    /// Returns a `POST` request with a JSON object of secrets.
    pub fn post_secrets(url: impl Into<String>, members: Vec<(&'static str, Secret)>) -> Self {
        Self::post_body(url, "application/json", Body::Secrets(members))
    }

    /// Returns a `POST` request with a form, which contains no secret.
    pub fn post_form(url: impl Into<String>, form: &str) -> Self {
        Self::post_body(url, "application/x-www-form-urlencoded", Body::Plain(form.to_owned()))
    }

    fn post_body(url: impl Into<String>, content_type: &str, body: Body) -> Self {
        let post = Self { method: Method::Post, url: url.into(), headers: Vec::new(), body };
        post.header("content-type", HeaderValue::Plain(content_type.to_owned()))
    }

    /// Adds a header. Names are in lower case.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Returns the method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Returns the whole URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the headers, names in lower case.
    pub fn headers(&self) -> &[(&'static str, HeaderValue)] {
        &self.headers
    }

    /// Returns the body with its secrets, for the program that sends it; `None` for a `GET`.
    pub fn body(&self) -> Option<Cow<'_, str>> {
        match &self.body {
            Body::Absent => None,
            Body::Plain(text) => Some(Cow::Borrowed(text)),
            Body::Secrets(members) => {
                let text = |secret: &Secret| String::from_utf8_lossy(secret.key()).into_owned();
                let object = members.iter().map(|(name, secret)| ((*name).to_owned(), text(secret).into()));
                Some(Cow::Owned(Value::Object(object.collect()).to_string()))
            }
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = match self.method {
            Method::Get => "GET",
            Method::Post => "POST",
        };
        write!(f, "{method} {}", self.url)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text).unwrap()
    }

    #[test]
    fn secrets_are_sent_and_never_shown() {
        let request = Request::post_secrets("https://x.test/t", vec![("client_secret", secret("s3cret"))])
            .header("authorization", HeaderValue::Basic { user: secret("u"), password: secret("p4ss") });
        assert_eq!(request.body().as_deref(), Some(r#"{"client_secret":"s3cret"}"#));
        assert_eq!(request.headers()[1].1.text(), "Basic dTpwNHNz");
        let shown = format!("{request} {request:?} {:?}", request.headers());
        assert!(shown.starts_with("POST https://x.test/t"), "{shown}");
        assert!(
            !shown.contains("s3cret") && !shown.contains("p4ss") && !shown.contains("dTpwNHNz"),
            "{shown}"
        );
    }
}
