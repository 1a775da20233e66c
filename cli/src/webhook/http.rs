//! Calls of a provider's API over HTTP: in bounded time, of bounded size, and never to where an answer points.

use std::time::Duration;

use inlet::tools::registration::{Call, Reply, Verb};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Url};

use crate::failure::Failure;
use crate::http::builder;

/// Longest to reach the API: as long as a person waits without a word.
const CONNECT: Duration = Duration::from_secs(5);

/// Largest answer, in bytes. A list of webhooks has some kilobytes.
const LARGEST: usize = 4 * 1024 * 1024;

/// Where the API is, and how long it is waited for.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ApiAt {
    /// Another address of the provider's API, such as a sandbox's; HTTPS, or this machine
    #[arg(long, value_name = "URL")]
    api: Option<String>,
    /// How long to wait for each answer of it
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    wait: u64,
}

impl ApiAt {
    /// An API at this address.
    #[cfg(test)]
    pub(crate) fn of(url: &str) -> Self {
        Self { api: Some(url.to_owned()), wait: 2 }
    }

    /// The address, which is `base` unless it is elsewhere.
    fn base<'a>(&'a self, base: &'a str) -> &'a str {
        self.api.as_deref().unwrap_or(base).trim_end_matches('/')
    }

    /// Whether it is on this machine, as an API is that a test or a tunnel stands in for.
    pub(super) fn is_here(&self, base: &str) -> bool {
        Url::parse(self.base(base)).is_ok_and(|url| is_here(&url))
    }
}

/// A provider's API.
pub(crate) struct Http {
    base: String,
    client: Client,
}

impl Http {
    /// The API at `base`, unless it is elsewhere.
    pub(crate) fn new(base: &str, at: &ApiAt) -> Result<Self, Failure> {
        let base = at.base(base);
        if !is_private(base) {
            return Err(Failure::Unusable {
                what: format!("{base} is no address that an access may be sent to"),
                next: "give --api as https://…; http://… only on this machine".to_owned(),
            });
        }
        let client = builder()
            .user_agent(concat!("inlet/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .timeout(Duration::from_secs(at.wait))
            .build();
        Ok(Self { base: base.to_owned(), client: client.map_err(|error| Failure::Tls(error.into()))? })
    }

    /// Where it is.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Sends a call and hears the answer, whatever its status.
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
                what: format!("what is to be sent as {name} holds characters that no header can"),
                next: "check the access: it may have been cut or wrapped when it was copied".to_owned(),
            })?;
            value.set_sensitive(true);
            headers.insert(HeaderName::from_static(name), value);
        }
        let request = self.client.request(method, format!("{}{}", self.base, raw.path)).headers(headers);
        let request = request.body(raw.body.unwrap_or_default());
        let mut answer = request.send().await.map_err(no_answer)?;
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(no_answer)? {
            body.extend_from_slice(&chunk);
            if body.len() > LARGEST {
                return Err(Failure::NoAnswer("its answer has no end".into()));
            }
        }
        Ok(call.reply(status, body))
    }
}

/// Whether nobody on the way can read what is sent there.
fn is_private(base: &str) -> bool {
    let Ok(url) = Url::parse(base) else {
        return false;
    };
    url.query().is_none() && (url.scheme() == "https" || url.scheme() == "http" && is_here(&url))
}

/// Whether it is this machine.
fn is_here(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
}

/// Whether a provider somewhere else can send to this address, and nobody on the way can read it.
pub(super) fn is_for_providers(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| url.scheme() == "https" && !is_here(&url))
}

/// The address is known, and may hold what nobody needs to read.
fn no_answer(error: reqwest::Error) -> Failure {
    Failure::NoAnswer(error.without_url().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_this_machine_can_reach_is_no_address_for_a_provider() {
        assert!(is_for_providers("https://api.example/v1"));
        for address in
            ["http://127.0.0.1:4566", "https://localhost:4566", "https://[::1]", "http://api.example", "x"]
        {
            assert!(!is_for_providers(address), "{address}");
        }
        let at = |api: Option<&str>| ApiAt { api: api.map(str::to_owned), wait: 1 };
        for (api, here) in [
            (None, false),
            (Some("https://sandbox.example"), false),
            (Some("https://localhost.example"), false),
            (Some("http://127.0.0.1:1/"), true),
        ] {
            assert_eq!(at(api).is_here("https://api.zid.sa"), here, "{api:?}");
        }
    }

    #[test]
    fn an_access_goes_nowhere_in_the_clear() {
        for base in
            ["https://api.example/v4", "http://127.0.0.1:1", "http://localhost:8080/x", "http://[::1]:1"]
        {
            assert!(is_private(base), "{base}");
        }
        for base in [
            "http://api.example",
            "http://localhost.example",
            "ftp://127.0.0.1",
            "api.example",
            "https://a?b",
        ] {
            assert!(!is_private(base), "{base}");
        }
    }
}
