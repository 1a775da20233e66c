//! A request of the API. It carries secrets and shows none of them.

use std::fmt;

use inlet::secret::Secret;

use super::Access;

/// A GET request. `Display` and `Debug` show the path and no header.
#[derive(Clone)]
pub struct Request {
    path: String,
    headers: Vec<(&'static str, HeaderValue)>,
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
}

impl Request {
    /// Returns a request for orders, customers, carts or categories.
    pub(super) fn manager(access: &Access, path: impl Into<String>) -> Self {
        Self::new(access, path, "x-manager-token")
    }

    /// Returns a request for products or stock. Zid answers it with 401 if `Store-Id` is absent.
    pub(super) fn catalogue(access: &Access, path: impl Into<String>) -> Self {
        let mut request = Self::new(access, path, "access-token");
        if let Some(id) = &access.store_id {
            request.headers.push(("store-id", HeaderValue::Plain(id.clone())));
        }
        request
    }

    fn new(access: &Access, path: impl Into<String>, token_header: &'static str) -> Self {
        let secret = |prefix, secret: &Secret| HeaderValue::Secret { prefix, secret: secret.clone() };
        let headers = vec![
            ("authorization", secret("Bearer ", &access.authorization)),
            (token_header, secret("", &access.manager_token)),
            // Names of states are translated into this language.
            ("accept-language", HeaderValue::Plain("en".to_owned())),
        ];
        Self { path: path.into(), headers }
    }

    /// Returns path and query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the headers, names in lower case.
    pub fn headers(&self) -> &[(&'static str, HeaderValue)] {
        &self.headers
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GET {}{}", super::BASE, self.path)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("path", &self.path).finish_non_exhaustive()
    }
}
