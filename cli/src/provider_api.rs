//! A provider's own API over HTTP, read for reconciliation: at the pace that the provider allows, with a timeout and a
//! size limit, and without following redirects.

use std::time::Duration;

use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;
use inlet::reconcile::{Api, Method, Request, Response};
use inlet_aws::client::clock;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Url};

use crate::failure::Failure;
use crate::http::{builder, is_on_this_machine};

/// Timeout of a connection, and of a whole response: 500 objects take a provider some seconds.
const CONNECT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_mins(1);

/// Size limit of a response, in bytes: 500 objects of 64 KB each.
const MAX_RESPONSE: usize = 32 * 1024 * 1024;

/// The consequence of a failed call.
const NO_RESPONSE: &str = "there is no complete response";

/// The API of a provider, or of a twin of it.
pub(crate) struct ProviderApi {
    client: Client,
    /// The address that takes the place of the provider's own.
    twin: Option<Url>,
}

impl ProviderApi {
    /// Returns the API at the provider's own addresses, or at this one.
    ///
    /// # Errors
    /// If credentials must not be sent to the address, or the root certificates are unusable.
    pub(crate) fn new(twin: Option<&str>) -> Result<Self, Failure> {
        let twin = twin.map(confidential).transpose()?;
        let client = match &twin {
            // A proxy would resolve this machine's address to itself.
            Some(url) if is_on_this_machine(url.as_str()) => builder().no_proxy(),
            _ => builder(),
        };
        let client = client
            .user_agent(concat!("inlet/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .timeout(TIMEOUT)
            .build();
        Ok(Self { client: client.map_err(|error| Failure::Tls(error.into()))?, twin })
    }

    /// Returns the address of a request: scheme, host and port are those of the twin, if there is one.
    fn url(&self, request: &Request) -> Result<Url, Fault> {
        let url = Url::parse(request.url()).map_err(|error| Fault::permanent(NO_RESPONSE, error))?;
        let Some(twin) = &self.twin else { return Ok(url) };
        let mut at = twin.clone();
        at.set_path(url.path());
        at.set_query(url.query());
        Ok(at)
    }

    async fn call(&self, request: &Request) -> Result<Response, Fault> {
        let mut headers = HeaderMap::new();
        for (name, value) in request.headers() {
            let mut value = HeaderValue::try_from(value.text().as_ref()).map_err(|_| {
                Fault::permanent(NO_RESPONSE, "a credential has a character that a header cannot have")
            })?;
            value.set_sensitive(true);
            headers.insert(HeaderName::from_static(name), value);
        }
        let method = match request.method() {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let call = self.client.request(method, self.url(request)?).headers(headers);
        let call = match request.body() {
            Some(body) => call.body(body.into_owned()),
            None => call,
        };
        // The URL is removed from errors: it is long, and the message names the provider.
        let failed = |error: reqwest::Error| Fault::transient(NO_RESPONSE, error.without_url());
        let mut response = call.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let retry_after =
            response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_RESPONSE {
                return Err(Fault::permanent(NO_RESPONSE, "the response is too large"));
            }
        }
        Ok(Response::new(status, retry_after.as_deref(), body))
    }
}

impl Api for ProviderApi {
    fn now(&self) -> ReceivedAt {
        clock::now()
    }

    async fn send(&self, request: &Request) -> Result<Response, Fault> {
        self.call(request).await
    }

    async fn pause(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// Returns the address if credentials may be sent there: it is encrypted, or on this machine.
fn confidential(address: &str) -> Result<Url, Failure> {
    let url = Url::parse(address).ok();
    let is_fit = |url: &Url| {
        let is_confidential =
            url.scheme() == "https" || (url.scheme() == "http" && is_on_this_machine(url.as_str()));
        is_confidential && url.path() == "/" && url.query().is_none()
    };
    url.filter(is_fit).ok_or_else(|| Failure::Unusable {
        what: format!("credentials must not be sent to {address}"),
        next: "give --api as https://host, or as http://127.0.0.1:PORT of a program on this machine"
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_twin_replaces_the_host_and_nothing_else() {
        let api = ProviderApi::new(Some("http://127.0.0.1:8123")).unwrap();
        let request = Request::get("https://api.example/v1/orders?page=2&since=2025-06-12%2008:00");
        assert_eq!(
            api.url(&request).unwrap().as_str(),
            "http://127.0.0.1:8123/v1/orders?page=2&since=2025-06-12%2008:00"
        );
        let real = ProviderApi::new(None).unwrap();
        assert_eq!(real.url(&request).unwrap().host_str(), Some("api.example"));
    }

    #[test]
    fn credentials_go_to_encrypted_addresses_alone() {
        for (address, is_fit) in [
            ("https://sandbox.example", true),
            ("http://127.0.0.1:8123", true),
            ("http://sandbox.example", false),
            ("https://sandbox.example/v1", false),
            ("sandbox.example", false),
        ] {
            assert_eq!(confidential(address).is_ok(), is_fit, "{address}");
        }
    }
}
