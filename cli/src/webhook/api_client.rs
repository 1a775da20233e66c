//! Calls a provider's API over HTTP: with a timeout, a size limit, and without following redirects.

use std::time::Duration;

use inlet::tools::registration::{Call, Reply, Verb};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Url};

use crate::failure::Failure;
use crate::http::builder;

/// Timeout of a connection. A person waits in front of it.
const CONNECT: Duration = Duration::from_secs(5);

/// Default timeout of a call, in seconds: a provider's API may start a process for it.
const CALL_SECONDS: u64 = 30;

/// Size limit of a response, in bytes. A list of webhooks has some kilobytes.
const MAX_RESPONSE: usize = 4 * 1024 * 1024;

/// The API's address and timeout.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ApiAt {
    /// Base URL of the provider's API, such as a sandbox; HTTPS, or on this machine
    #[arg(long, value_name = "URL")]
    api: Option<String>,
    /// Timeout of each call
    #[arg(long, value_name = "SECONDS", default_value_t = CALL_SECONDS)]
    wait: u64,
}

impl ApiAt {
    /// Returns an API at this address, or at the documented one.
    pub(crate) fn new(api: Option<String>) -> Self {
        Self { api, wait: CALL_SECONDS }
    }

    /// Returns an API at this address.
    #[cfg(test)]
    pub(crate) fn of(url: &str) -> Self {
        Self { api: Some(url.to_owned()), wait: 2 }
    }

    /// Returns the address: `base` if the user gave none.
    pub(crate) fn base<'a>(&'a self, base: &'a str) -> &'a str {
        self.api.as_deref().unwrap_or(base).trim_end_matches('/')
    }

    /// Returns true if the API is on this machine, as in a test or behind a tunnel.
    pub(crate) fn is_this_machine(&self, base: &str) -> bool {
        Url::parse(self.base(base)).is_ok_and(|url| is_local(&url))
    }
}

/// A client of a provider's API.
pub(crate) struct ApiClient {
    base: String,
    client: Client,
}

impl ApiClient {
    /// Returns a client of the API at `base`, or at the address that the user gave.
    ///
    /// # Errors
    /// If an access must not be sent to the address.
    pub(crate) fn new(base: &str, at: &ApiAt) -> Result<Self, Failure> {
        let base = at.base(base);
        if !is_confidential(base) {
            return Err(Failure::Unusable {
                what: format!("the access must not be sent to {base}: it is not HTTPS"),
                next: "give --api as https://…; http://… is only possible on this machine".to_owned(),
            });
        }
        let client = builder()
            .user_agent(concat!("inlet/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .timeout(Duration::from_secs(at.wait))
            .build();
        Ok(Self { base: base.to_owned(), client: client.map_err(|error| Failure::Tls(error.into()))? })
    }

    /// Returns the base URL.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Sends a call and returns the response, whatever its status.
    ///
    /// # Errors
    /// If there is no complete response.
    pub(crate) async fn send(&self, call: &Call) -> Result<Reply, Failure> {
        let raw = call.raw_request();
        let method = match raw.verb {
            Verb::Get => Method::GET,
            Verb::Post => Method::POST,
            Verb::Delete => Method::DELETE,
        };
        let mut headers = HeaderMap::new();
        for (name, value) in raw.headers {
            let mut value = HeaderValue::try_from(value).map_err(|_| Failure::Unusable {
                what: format!("the value of {name} contains characters that an HTTP header cannot"),
                next: "check the access: a line break may have been copied with it".to_owned(),
            })?;
            value.set_sensitive(true);
            headers.insert(HeaderName::from_static(name), value);
        }
        let request = self.client.request(method, format!("{}{}", self.base, raw.path)).headers(headers);
        let request = request.body(raw.body.unwrap_or_default());
        let mut response = request.send().await.map_err(no_response)?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(no_response)? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_RESPONSE {
                return Err(Failure::ApiUnreachable("the response is too large".into()));
            }
        }
        Ok(call.reply(status, body))
    }
}

/// Returns true if the address is encrypted or on this machine.
fn is_confidential(base: &str) -> bool {
    let Ok(url) = Url::parse(base) else {
        return false;
    };
    url.query().is_none() && (url.scheme() == "https" || url.scheme() == "http" && is_local(&url))
}

/// Returns true for this machine.
fn is_local(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
}

/// Returns true if a provider can send to this address, encrypted.
pub(crate) fn is_public(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| url.scheme() == "https" && !is_local(&url))
}

/// Removes the URL from the error: it may contain secrets, and the user knows it.
fn no_response(error: reqwest::Error) -> Failure {
    Failure::ApiUnreachable(error.without_url().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_address_is_not_public() {
        assert!(is_public("https://api.example/v1"));
        for address in
            ["http://127.0.0.1:4566", "https://localhost:4566", "https://[::1]", "http://api.example", "x"]
        {
            assert!(!is_public(address), "{address}");
        }
        let at = |api: Option<&str>| ApiAt { api: api.map(str::to_owned), wait: 1 };
        for (api, here) in [
            (None, false),
            (Some("https://sandbox.example"), false),
            (Some("https://localhost.example"), false),
            (Some("http://127.0.0.1:1/"), true),
        ] {
            assert_eq!(at(api).is_this_machine("https://api.zid.sa"), here, "{api:?}");
        }
    }

    #[test]
    fn an_access_is_never_sent_in_the_clear() {
        for base in
            ["https://api.example/v4", "http://127.0.0.1:1", "http://localhost:8080/x", "http://[::1]:1"]
        {
            assert!(is_confidential(base), "{base}");
        }
        for base in [
            "http://api.example",
            "http://localhost.example",
            "ftp://127.0.0.1",
            "api.example",
            "https://a?b",
        ] {
            assert!(!is_confidential(base), "{base}");
        }
    }
}
